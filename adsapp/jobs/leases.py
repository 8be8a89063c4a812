"""Who holds which job: claim by conditional update, heartbeat, and the reaper that takes jobs from the silent."""

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql

from adsapp.core.bulk import insert_many, one_of, one_of_named
from adsapp.core.clock import DatabaseClock
from adsapp.core.db import UtcDateTime, engine_transaction, random_uuid
from adsapp.core.logs import get_logger
from adsapp.jobs import finishing
from adsapp.jobs.models import Job, JobAttempt, QueueControl, in_state
from adsapp.jobs.progress import Claim, Control
from adsapp.jobs.registry import all_going_on
from adsapp.jobs.states import State

log = get_logger()

# A worker stops believing in its lease before the reaper does, so that two never believe in it at once.
SAFETY = 0.8

ACTIVE = text("state = 'active'")  # as the index of leases has it, word for word


JOBS = cast(Table, Job.__table__)
CLAIMED = (JOBS.c.id, *(JOBS.c[each.name] for each in fields(Claim) if each.name != "job_id"))


@dataclass(frozen=True)
class WorkerIdentity:
    """The process that claims: its row in `workers` and its name for people."""

    id: uuid.UUID
    name: str


def claim(
    engine: Engine, clock: DatabaseClock, worker: WorkerIdentity, job_id: uuid.UUID, lease: float
) -> Claim | None:
    """Take one waiting job; None where somebody else has it, it was cancelled or paused: the message is dropped."""
    with engine_transaction(engine) as connection:
        return claim_many(connection, clock.now(), worker, [job_id], lease).get(job_id)


def claim_many(
    connection: Connection, now: datetime, worker: WorkerIdentity, job_ids: Sequence[uuid.UUID], lease: float
) -> dict[uuid.UUID, Claim]:
    """Take those of the jobs that still may begin, each under a lease of its own. It waits for no lock."""
    held = {"job_ids": job_ids, "now": now, "until": now + timedelta(seconds=lease), "by_worker": worker.id}
    if connection.dialect.name == "postgresql":
        rows = connection.execute(_claiming_and_noting(), held | {"by_name": worker.name}).all()
        return {row.id: _as_claim(row) for row in rows}
    claims = [_as_claim(row) for row in connection.execute(_claiming("sqlite"), held)]
    attempts = [_attempt(claim, worker, now) for claim in claims]
    insert_many(connection, JobAttempt, attempts, ignore_conflicts=True)
    return {claim.job_id: claim for claim in claims}


@cache
def _claiming_and_noting() -> Any:
    """The claim and its attempts in one statement. A job that was handed back goes on with the attempt it has."""
    claimed = _claiming("postgresql").cte("claimed")
    attempt = (
        claimed.c.organization_id,
        claimed.c.id,
        claimed.c.attempt,
        bindparam("by_worker", type_=Uuid()),
        bindparam("by_name", type_=Text()),
        bindparam("now", type_=UtcDateTime()),
    )
    names = ["organization_id", "job_id", "attempt", "worker_id", "worker", "started_at"]
    noted = postgresql.insert(JobAttempt).from_select(names, select(*attempt)).on_conflict_do_nothing()
    return select(claimed).add_cte(noted.cte("noted"))


@cache
def _claiming(dialect: str) -> Any:
    now = bindparam("now", type_=UtcDateTime())
    is_paused = exists().where(
        QueueControl.organization_id == JOBS.c.organization_id,
        QueueControl.queue == JOBS.c.queue,
        or_(
            and_(QueueControl.processor == "", JOBS.c.processor.not_in(all_going_on())),
            QueueControl.processor == JOBS.c.processor,
        ),
        or_(QueueControl.paused_until.is_(None), QueueControl.paused_until > now),
    )
    may_begin = select(JOBS.c.id).where(
        one_of_named(dialect, JOBS.c.id, "job_ids"),
        in_state(State.WAITING),
        JOBS.c.blocked_by == 0,
        JOBS.c.run_at <= now,
        ~is_paused,
    )
    return (
        update(JOBS)
        .where(JOBS.c.id.in_(may_begin.with_for_update(skip_locked=True, of=JOBS)))
        .values(
            state=State.ACTIVE,
            attempt=JOBS.c.attempt + case((JOBS.c.handed_back, 0), else_=1),
            lease_id=random_uuid(),
            lease_until=bindparam("until", type_=UtcDateTime()),
            claimed_at=now,
            worker_id=bindparam("by_worker", type_=Uuid()),
            started_at=func.coalesce(JOBS.c.started_at, now),
            wait_reason=None,
            handed_back=False,
        )
        .returning(*CLAIMED)
    )


def _as_claim(row: Any) -> Claim:
    return Claim(row.id, *row[1:])


def _attempt(claimed: Claim, worker: WorkerIdentity, now: datetime) -> dict[str, Any]:
    return {
        "organization_id": claimed.organization_id,
        "job_id": claimed.job_id,
        "attempt": claimed.attempt,
        "worker_id": worker.id,
        "worker": worker.name,
        "started_at": now,
    }


@dataclass
class Held:
    """A job this process works on, and how long its lease is good by the local clock."""

    claim: Claim
    control: Control
    good_until: float  # time.monotonic()


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

    def hold(self, claim: Claim) -> Control:
        """Begin to renew a claim's lease; the control tells the job when to stop."""
        now = time.monotonic()
        control = Control(now + claim.timeout_seconds, cancelled=claim.cancel_requested_at is not None)
        with self._lock:
            self._held[claim.lease_id] = Held(claim, control, now + self._lease * SAFETY)
        return control

    def release(self, claim: Claim) -> None:
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
                self._tell(held, renewed, started)

    def _renew(self, connection: Connection, running: Sequence[Held]) -> dict[uuid.UUID, datetime | None]:
        """Leases that were renewed, and since when their cancellation is asked for. It waits for no lock."""
        free = _rows_of(connection, running).with_for_update(skip_locked=True)
        until = self._clock.now() + timedelta(seconds=self._lease)
        renewed = connection.execute(
            update(JOBS)
            .where(JOBS.c.id.in_(free))
            .values(lease_until=until)
            .returning(JOBS.c.lease_id, JOBS.c.cancel_requested_at)
        )
        return {row.lease_id: row.cancel_requested_at for row in renewed}

    def _still_ours(self, connection: Connection, missing: Sequence[Held]) -> set[uuid.UUID]:
        """Leases whose rows somebody had locked just then: they wait for the next beat."""
        return set(connection.execute(_rows_of(connection, missing).with_only_columns(JOBS.c.lease_id)).scalars())

    def _tell(self, held: Held, renewed: dict[uuid.UUID, datetime | None], started: float) -> None:
        if held.claim.lease_id not in renewed:
            held.control.lost = True
            return
        held.good_until = started + self._lease * SAFETY
        if renewed[held.claim.lease_id] is not None:
            held.control.cancelled = True

    def doubt(self) -> None:
        """Tell every job whose lease could not be renewed in time that it is lost."""
        now = time.monotonic()
        for held in self.held():
            if now > held.good_until:
                held.control.lost = True


def _rows_of(connection: Connection, held: Sequence[Held]) -> Select[tuple[uuid.UUID]]:
    return select(JOBS.c.id).where(
        one_of(connection, JOBS.c.id, [each.claim.job_id for each in held]),
        one_of(connection, JOBS.c.lease_id, [each.claim.lease_id for each in held]),
        in_state(State.ACTIVE),
    )


def reap(engine: Engine, clock: DatabaseClock, retry_seconds: float, limit: int = 100) -> int:
    """Take back active jobs whose lease is over; returns how many. A new attempt, or failed at the last one."""
    with engine_transaction(engine) as connection:
        lost = connection.execute(
            select(*CLAIMED)
            .where(ACTIVE, JOBS.c.lease_until < clock.now())
            .order_by(JOBS.c.lease_until)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        finishing.take_back(connection, clock, [_as_claim(row) for row in lost], retry_seconds)
    for row in lost:
        log.warning("worker_lost", job_id=str(row.id), processor=row.processor, attempt=row.attempt)
    return len(lost)
