"""Who holds which job: claim by conditional update, heartbeat, and the reaper that takes jobs from the silent."""

import threading
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, case, exists, func, or_, select, update

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import engine_transaction
from adsapp.core.ids import new_id
from adsapp.core.logs import get_logger
from adsapp.jobs import finishing
from adsapp.jobs.models import Job, JobAttempt, QueueControl
from adsapp.jobs.progress import Claim, Control
from adsapp.jobs.states import State

log = get_logger()

# A worker stops believing in its lease before the reaper does, so that two never believe in it at once.
SAFETY = 0.8


@dataclass(frozen=True)
class WorkerIdentity:
    """The process that claims: its row in `workers` and its name for people."""

    id: uuid.UUID
    name: str


def is_paused(now: datetime) -> ColumnElement[bool]:
    """SQL condition: the job's organization has paused its queue."""
    return exists().where(
        QueueControl.organization_id == Job.organization_id,
        QueueControl.queue == Job.queue,
        or_(QueueControl.paused_until.is_(None), QueueControl.paused_until > now),
    )


def claim(
    engine: Engine, clock: DatabaseClock, worker: WorkerIdentity, job_id: uuid.UUID, lease: float
) -> Claim | None:
    """Take a waiting job; None where somebody else has it, it was cancelled or paused: the message is dropped."""
    with engine_transaction(engine) as connection:
        now = clock.now()
        row = connection.execute(
            update(Job)
            .where(
                Job.id == job_id,
                Job.state == State.WAITING,
                Job.run_at <= now,
                ~is_paused(now),
            )
            .values(
                state=State.ACTIVE,
                attempt=Job.attempt + case((Job.handed_back, 0), else_=1),
                lease_id=new_id(),
                lease_until=now + timedelta(seconds=lease),
                worker_id=worker.id,
                started_at=func.coalesce(Job.started_at, now),
                wait_reason=None,
                handed_back=False,
            )
            .returning(Job)
        ).one_or_none()
        if row is None:
            return None
        claimed = _as_claim(row)
        _open_attempt(connection, claimed, worker, clock)
        return claimed


def _as_claim(row: object) -> Claim:
    names = (
        "organization_id",
        "processor",
        "payload",
        "attempt",
        "failures",
        "max_attempts",
        "timeout_seconds",
        "lease_id",
        "created_by",
        "progress_total",
        "progress_done",
        "progress_failed",
    )
    return Claim(job_id=row.id, **{name: getattr(row, name) for name in names})  # type: ignore[attr-defined]


def _open_attempt(connection: Connection, claimed: Claim, worker: WorkerIdentity, clock: DatabaseClock) -> None:
    # A job that was handed back goes on with the attempt it has.
    known = connection.execute(
        select(JobAttempt.id).where(
            JobAttempt.organization_id == claimed.organization_id,
            JobAttempt.job_id == claimed.job_id,
            JobAttempt.attempt == claimed.attempt,
        )
    ).scalar_one_or_none()
    if known is not None:
        return
    connection.execute(
        JobAttempt.__table__.insert().values(  # type: ignore[attr-defined]
            organization_id=claimed.organization_id,
            job_id=claimed.job_id,
            attempt=claimed.attempt,
            worker_id=worker.id,
            worker=worker.name,
            started_at=clock.now(),
        )
    )


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
        self._held: dict[uuid.UUID, Held] = {}
        self._lock = threading.Lock()

    def hold(self, claim: Claim) -> Control:
        """Begin to renew a claim's lease; the control tells the job when to stop."""
        now = time.monotonic()
        control = Control(deadline=now + claim.timeout_seconds)
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
            now = self._clock.now()
            renewed = {
                row.lease_id: row.cancel_requested_at
                for row in connection.execute(
                    update(Job)
                    .where(
                        Job.id.in_([held.claim.job_id for held in running]),
                        Job.lease_id.in_([held.claim.lease_id for held in running]),
                        Job.state == State.ACTIVE,
                    )
                    .values(lease_until=now + timedelta(seconds=self._lease))
                    .returning(Job.lease_id, Job.cancel_requested_at)
                )
            }
        for held in running:
            self._tell(held, renewed, started)

    def _tell(self, held: Held, renewed: dict[uuid.UUID | None, object], started: float) -> None:
        if held.claim.lease_id not in renewed:
            held.control.lost.set()
            return
        held.good_until = started + self._lease * SAFETY
        if renewed[held.claim.lease_id] is not None:
            held.control.cancelled.set()

    def doubt(self) -> None:
        """Tell every job whose lease could not be renewed in time that it is lost."""
        now = time.monotonic()
        for held in self.held():
            if now > held.good_until:
                held.control.lost.set()


def reap(engine: Engine, clock: DatabaseClock, retry_seconds: float, limit: int = 100) -> int:
    """Take back active jobs whose lease is over; returns how many. A new attempt, or failed at the last one."""
    with engine_transaction(engine) as connection:
        lost = connection.execute(
            select(Job)
            .where(Job.state == State.ACTIVE, Job.lease_until < clock.now())
            .order_by(Job.lease_until)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for row in lost:
            finishing.take_back(connection, clock, _as_claim(row), retry_seconds)
            log.warning("worker_lost", job_id=str(row.id), processor=row.processor, attempt=row.attempt)
        return len(lost)
