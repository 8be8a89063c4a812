"""What a processor holds of its job: progress, items that failed, cancellation, fenced commits.

Progress is written in its own short transaction at most twice a second, and only while this worker still holds the
lease. `check` (called by `advance`) raises when the job was cancelled, ran out of time, or belongs to another worker.
"""

import contextlib
import math
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from adsapp.core import db
from adsapp.core.clock import DatabaseClock, utcnow
from adsapp.core.logs import get_logger
from adsapp.core.observing import traces
from adsapp.jobs.engine.recording import add_items
from adsapp.jobs.models import Job, JobItem
from adsapp.jobs.states import Queue

WRITE_EVERY_SECONDS = 0.5

log = get_logger()


class JobInterrupted(Exception):
    """Base of the reasons for which a processor must stop; processors let it pass."""


class JobCancelled(JobInterrupted):
    """Somebody asked to cancel the job."""


class JobTimedOut(JobInterrupted):
    """The job outran its time limit."""


class LeaseLost(JobInterrupted):
    """Another worker owns the job by now: write nothing more."""


class WorkerStopping(JobInterrupted):
    """This worker shuts down and its grace has ended: the job is released and taken up elsewhere."""


class Snooze(Exception):
    """Raised by a processor that did its share for now: the job goes on later, as the same attempt.

    `run_at` None means that it waits until somebody lets it go on (`jobs.transitions.promote`). A job that has children
    goes on when the last of them has ended, not before.
    """

    def __init__(self, run_at: datetime | None, reason: str = "") -> None:
        super().__init__(reason)
        self.run_at = run_at
        self.reason = reason

    @classmethod
    def for_children(cls, reason: str = "waits for its parts") -> "Snooze":
        """Goes on as soon as every child has ended."""
        return cls(utcnow(), reason)


class JobFailed(Exception):
    """Raised by a processor: what went wrong, in words for the user, and whether trying again can help."""

    def __init__(self, code: str, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.permanent = permanent


@dataclass
class Control:
    """What the heartbeat tells the running job; set by another thread, once. Nobody waits for it: no lock."""

    deadline: float  # time.monotonic()
    good_until: float = math.inf  # how long the lease is good by the local clock; time.monotonic()
    cancelled: bool = False
    lost: bool = False
    stopping: bool = False
    draining: bool = False  # no more work is begun; finish what runs

    @property
    def is_lost(self) -> bool:
        """True once another worker may hold the job. By the clock, too: after a stop of the whole process this may be
        asked before the heartbeat has said so."""
        return self.lost or time.monotonic() > self.good_until

    def check(self) -> None:
        """Raise the reason to stop, if there is one."""
        if self.is_lost:
            raise LeaseLost
        if self.cancelled:
            raise JobCancelled
        if time.monotonic() > self.deadline:
            raise JobTimedOut
        if self.stopping:
            raise WorkerStopping


@dataclass(frozen=True, eq=False)  # one object a claim: to compare all its fields would cost each job
class Claim:
    """A job that this worker holds."""

    job_id: uuid.UUID
    organization_id: uuid.UUID
    processor: str
    payload: db.SecretJson
    attempt: int
    failures: int
    max_attempts: int
    timeout_seconds: int
    lease_id: uuid.UUID
    created_by: str
    progress_total: int | None
    progress_done: int
    progress_failed: int
    claimed_at: datetime | None = None
    cancel_requested_at: datetime | None = None  # it is begun to come to a proper end, nothing else
    request_id: str | None = None  # of the request that led to it
    queue: Queue | None = None
    run_at: datetime | None = None  # since when it could have begun, this time
    traceparent: str | None = None  # the span that it belongs to


@dataclass(frozen=True)
class LinePace:
    """Between two lines of progress in the log lie so many things and so many seconds."""

    items: int = 10
    seconds: float = 2.0


@dataclass(frozen=True)
class Unwritten:
    """Progress and items that go into the database together with the end of the attempt."""

    columns: dict[str, int | None] = field(default_factory=dict)
    more: int = 0  # things that are done and not counted yet
    items: list[dict[str, object]] = field(default_factory=list)


class Progress:
    """Handed to every processor."""

    def __init__(
        self, engine: Engine, clock: DatabaseClock, claim: Claim, control: Control, pace: LinePace | None = None
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._claim = claim
        self._control = control
        self._total = claim.progress_total
        self._done = claim.progress_done
        self._failed = claim.progress_failed
        self._items: list[dict[str, object]] = []
        self._written_at = 0.0
        self._written = (self._total, self._done, self._failed)
        self._counted = self._done
        self._pace = pace or LinePace()
        self._told, self._told_at = self._done, time.monotonic()
        self._batch = (traces.now(), self._done, self._failed)

    @property
    def job_id(self) -> uuid.UUID:
        """The job's id."""
        return self._claim.job_id

    @property
    def organization_id(self) -> uuid.UUID:
        """The organization the job belongs to."""
        return self._claim.organization_id

    @property
    def lease_id(self) -> uuid.UUID:
        """What tells this hold of the job from any other: rows a job promises something for carry it."""
        return self._claim.lease_id

    @property
    def attempt(self) -> int:
        """Which attempt this is, from 1."""
        return self._claim.attempt

    @property
    def done(self) -> int:
        """How much is through by now, former attempts included."""
        return self._done

    @property
    def failed(self) -> int:
        """How many of these went badly."""
        return self._failed

    @property
    def created_by(self) -> str:
        """Who asked for the job."""
        return self._claim.created_by

    @property
    def is_lost(self) -> bool:
        """True once another worker may hold the job. For other threads of a job, which cannot be interrupted."""
        return self._control.is_lost

    @property
    def is_draining(self) -> bool:
        """True when the worker shuts down: hand back at the next good place."""
        return self._control.draining

    def start(self, total: int | None, *, done: int = 0, failed: int = 0) -> None:
        """Say how much there is to do (None: unknown) and how much an earlier attempt has done already."""
        self._total, self._done, self._failed = total, done, failed
        self.write()
        if total:
            self._tell()

    def advance(self, done: int = 1, failed: int = 0) -> None:
        """`done` more are through, `failed` of them badly; raises if the job must stop."""
        self._done += done
        self._failed += failed
        if time.monotonic() - self._written_at >= WRITE_EVERY_SECONDS:
            self.write()
        if self._done - self._told >= self._pace.items and time.monotonic() - self._told_at >= self._pace.seconds:
            self._tell()
        self.check()

    def item_failed(self, key: str, code: str, message: str, *, status: str = "failed") -> None:
        """Note one item that did not go as wished; written with the next progress. The log tells its code, and that
        at DEBUG: whose it is stands on the job's page."""
        log.debug("item_failed", status=status, code=code)
        self._items.append(
            {
                "organization_id": self._claim.organization_id,
                "job_id": self._claim.job_id,
                "attempt": self._claim.attempt,
                "key": key[:200],
                "status": status,
                "code": code,
                "message": message,
            }
        )

    def _tell(self) -> None:
        """A line in the log; who it is about is bound by the runner."""
        self._told, self._told_at = self._done, time.monotonic()
        log.info("job_progress", done=self._done, failed=self._failed, total=self._total)

    def check(self) -> None:
        """Raise if the job was cancelled, outran its time or belongs to another worker."""
        self._control.check()

    def write(self) -> None:
        """Write progress and items now; raises LeaseLost."""
        items, self._items = self._items, []
        standing = (self._total, self._done, self._failed)
        with self._transaction() as connection:
            job = connection.execute(
                update(Job)
                .where(Job.id == self._claim.job_id, Job.lease_id == self._claim.lease_id)
                .values(
                    progress_total=self._total,
                    progress_done=self._done,
                    progress_failed=self._failed,
                    progress_at=self._clock.now(),
                )
                .returning(Job.organization_id, Job.queue)
            ).first()
            if job and items:
                connection.execute(insert(JobItem), items)
            if job and self._more:
                add_items(connection, (job.organization_id, job.queue), self._more, self._clock.now())
        self._written_at, self._written = time.monotonic(), standing
        if not job:
            raise LeaseLost
        self._counted = self._done

    def unwritten(self) -> Unwritten:
        """What `write` would write now."""
        standing = (self._total, self._done, self._failed)
        if standing == self._written:
            return Unwritten(items=self._items)
        names = ("progress_total", "progress_done", "progress_failed")
        return Unwritten(dict(zip(names, standing, strict=True)), self._more, self._items)

    @property
    def _more(self) -> int:
        """Done since it was last counted; what is given back and done once more counts again."""
        return max(0, self._done - self._counted)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Connection]:
        # With one writer: if the processor is in the middle of a transaction of its own, a second one on
        # this thread would wait for itself, so the progress goes with the processor's.
        if db.has_one_writer(self._engine) and db.session().in_transaction():
            yield db.session().connection()
            return
        with db.engine_transaction(self._engine) as connection:
            yield connection

    def commit(self) -> None:
        """Commit the session's work only if this worker still holds the job: a late worker overwrites nothing."""
        if not db.session().in_transaction():
            return
        if not holds_lease(db.session().connection(), self._claim):
            db.session.rollback()
            raise LeaseLost
        db.session.commit()
        self._trace_batch()

    def _trace_batch(self) -> None:
        """A span from one commit to the next, with what was counted between."""
        began, done, failed = self._batch
        counted = {"adsapp.done": self._done - done, "adsapp.failed": self._failed - failed}
        traces.record("batch", began, counted)
        self._batch = (traces.now(), self._done, self._failed)


def holds_lease(connection: Connection, claim: Claim) -> bool:
    """True while the claim's lease is the job's; locks the row to the end of the transaction (PostgreSQL)."""
    held = connection.execute(
        select(Job.lease_id)
        .where(Job.id == claim.job_id, Job.organization_id == claim.organization_id)
        .with_for_update(read=True)
    ).scalar_one_or_none()
    return held == claim.lease_id
