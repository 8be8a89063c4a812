"""The heartbeat: one thread a process renews the leases of running jobs and learns of cancellations.

A job that has outrun its timeout is no longer renewed, so a hung worker loses it.
"""

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    select,
    update,
)

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import UtcDateTime, engine_transaction
from adsapp.core.db.constructs import any_of
from adsapp.jobs.engine.claims import JOBS
from adsapp.jobs.models import in_state
from adsapp.jobs.progress import Claim, Control
from adsapp.jobs.states import State

# A worker stops believing in its lease before the reaper does, so that two never believe in it at once.
SAFETY = 0.8

_HELD = select(JOBS.c.id).where(
    any_of(JOBS.c.id, "job_ids"), any_of(JOBS.c.lease_id, "lease_ids"), in_state(State.ACTIVE)
)
_RENEW = (
    update(JOBS)
    .where(JOBS.c.id.in_(_HELD.with_for_update(skip_locked=True)))
    .values(lease_until=bindparam("until", type_=UtcDateTime()))
    .returning(JOBS.c.lease_id, JOBS.c.cancel_requested_at)
)
_STILL_OURS = _HELD.with_only_columns(JOBS.c.lease_id)


@dataclass
class Held:
    """A job this process works on."""

    claim: Claim
    control: Control


class Heartbeat:
    """Renews this process's leases in one statement and learns of cancellations. One thread a process.

    It stops renewing a job that has outrun its timeout, so that a hung worker loses it.
    """

    def __init__(self, engine: Engine, clock: DatabaseClock, lease: float, every: float) -> None:
        self._engine = engine
        self._clock = clock
        self._lease = lease
        self._every = every
        self._held: dict[uuid.UUID, Held] = {}  # by lease
        self._lock = threading.Lock()

    def track(self, claim: Claim) -> Control:
        """Begin to renew a claim's lease; the control tells the job when to stop."""
        now = time.monotonic()
        good_until = now + self._lease * SAFETY
        control = Control(now + claim.timeout_seconds, good_until, cancelled=claim.cancel_requested_at is not None)
        with self._lock:
            self._held[claim.lease_id] = Held(claim, control)
        return control

    def untrack(self, claim: Claim) -> None:
        """The job ended: renew no more."""
        with self._lock:
            self._held.pop(claim.lease_id, None)

    def held(self) -> list[Held]:
        """The jobs that run here now."""
        with self._lock:
            return list(self._held.values())

    def beat(self) -> None:
        """Renew all leases once. A database that does not answer costs the leases, never the thread."""
        started = time.monotonic()
        running = [held for held in self.held() if started <= held.control.deadline]
        if not running:
            return
        with engine_transaction(self._engine) as connection:
            renewed = self._renew(connection, running)
            missing = [held for held in running if held.claim.lease_id not in renewed]
            busy = self._still_ours(connection, missing) if missing else set()
        for held in running:
            if held.claim.lease_id not in busy:
                self._apply(held, renewed, started)

    def _renew(self, connection: Connection, running: Sequence[Held]) -> dict[uuid.UUID, datetime | None]:
        """Leases that were renewed, and since when their cancellation is asked for. It waits for no lock."""
        until = self._clock.now() + timedelta(seconds=self._lease)
        renewed = connection.execute(_RENEW, _named(running) | {"until": until})
        return {row.lease_id: row.cancel_requested_at for row in renewed}

    def _still_ours(self, connection: Connection, missing: Sequence[Held]) -> set[uuid.UUID]:
        """Leases whose rows somebody had locked just then: they wait for the next beat."""
        return set(connection.execute(_STILL_OURS, _named(missing)).scalars())

    def _apply(self, held: Held, renewed: dict[uuid.UUID, datetime | None], started: float) -> None:
        if held.claim.lease_id not in renewed:
            held.control.lost = True
            return
        held.control.good_until = started + self._lease * SAFETY
        if renewed[held.claim.lease_id] is not None:
            held.control.cancelled = True

    def expire_locally(self) -> None:
        """Tell every job whose lease could not be renewed in time that it is lost."""
        for held in self.held():
            if held.control.is_lost:
                held.control.lost = True


def _named(held: Sequence[Held]) -> dict[str, Any]:
    claims = [each.claim for each in held]
    return {"job_ids": [claim.job_id for claim in claims], "lease_ids": [claim.lease_id for claim in claims]}
