"""The one job of a campaign or an e-mail, from start to end: freeze the audience, send by slices, finish, stop.

Each run of the job looks at what is sent first and does the next thing; whatever was interrupted goes on from what is
written.
"""

import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, select, update

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, JobCancelled, Progress, Queue, Snooze
from adsapp.jobs.queries.jobs import has_due_jobs
from adsapp.outbound.freezing import Freezing
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.turns import SliceResult
from adsapp.outbound.words import with_reason

SKIP_CHUNK: Final = 2000


@dataclass(frozen=True)
class Run:
    """What a run needs of what is sent, copied: the session's objects do not outlive a transaction."""

    status: OutboundStatus
    is_frozen: bool
    audience: Mapping[str, Any]
    account_id: uuid.UUID
    is_unreachable: bool


R = TypeVar("R", bound=Run)


class SendingJob(ABC, Generic[R]):
    """A run of the job. A subclass names its tables and words, and does what differs."""

    it: ClassVar[str]  # "the campaign"
    queue: ClassVar[Queue]
    recipients: ClassVar[Any]  # with a column `owner`
    owner: ClassVar[str]
    to_go: ClassVar[tuple[StrEnum, StrEnum]]  # statuses of a recipient: pending, sending
    skipped: ClassVar[tuple[StrEnum, str, str]]  # whom a cancel leaves: status, code, words

    def __init__(self, owner_id: uuid.UUID, progress: Progress) -> None:
        self.owner_id, self.progress = owner_id, progress

    @abstractmethod
    def locked(self) -> AbstractContextManager[Any]:
        """What is sent, locked and read afresh; None if it is gone."""

    @abstractmethod
    def lock(self) -> None:
        """Lock what is sent to the end of the transaction, and read none of it."""

    @abstractmethod
    def begin(self, sent: Any) -> R:
        """Take it up, locked: start it if its time has come, hold it back if it must not go on, settle what a worker
        left behind. Committed by the caller."""

    def begun(self) -> None:
        """That is committed."""

    @abstractmethod
    def freezing(self, run: R) -> Freezing:
        """How its audience becomes its ledger."""

    @abstractmethod
    def send_slice(self, run: R, seconds: float) -> SliceResult:
        """Send for a turn."""

    @abstractmethod
    def report(self, run: R) -> None:
        """Take the job's progress from the ledger's counters."""

    @abstractmethod
    def completed(self, sent: Any) -> None:
        """Write down that it is through, locked."""

    @abstractmethod
    def cancelled(self, sent: Any, by: str) -> None:
        """Write down that it was cancelled, locked."""

    @abstractmethod
    def why_paused(self) -> tuple[datetime | None, str]:
        """Until when (None: until somebody resumes it), and why."""

    def run(self) -> dict[str, Any] | None:
        """Do its next share; returns once it is through, raises Snooze while it is not."""
        run = self._open()
        if run is None:
            return None
        try:
            return self._go_on(run)
        except JobCancelled:
            self._cancel(run)
            raise

    def _open(self) -> R | None:
        with self.locked() as sent:
            if sent is None or sent.job_id != self.progress.job_id:
                return None  # deleted, or another job has it by now
            run = self.begin(sent)
            self.progress.commit()
        self.begun()
        return run

    def _go_on(self, run: R) -> dict[str, Any] | None:
        if run.status is OutboundStatus.PAUSED and run.is_frozen and self._nobody_is_left():
            return self._complete()
        if run.status is OutboundStatus.PAUSED:
            raise self._paused()
        if run.status is OutboundStatus.CANCELLED:
            raise JobCancelled
        if run.status is OutboundStatus.COMPLETED:
            return None
        seconds = context.settings().slice_seconds
        if not run.is_frozen and not self.freezing(run).run(until=time.monotonic() + seconds):
            raise Snooze(utcnow(), "its audience is being prepared")
        self.report(run)
        ended = self.send_slice(run, seconds)
        self.report(run)
        return self._after(ended)

    def others_wait(self) -> bool:
        """True if another job of the queue waits for a thread: this one then gives its own up."""
        return has_due_jobs(self.queue)

    def _after(self, ended: SliceResult) -> dict[str, Any] | None:
        if ended.status is OutboundStatus.CANCELLED:
            raise JobCancelled
        if ended.status is OutboundStatus.PAUSED and not self._nobody_is_left():
            raise self._paused()
        if ended.run_at is not None:
            raise Snooze(ended.run_at, ended.reason)
        return self._complete()

    def _paused(self) -> Snooze:
        with db.read_only():
            until, reason = self.why_paused()
        return Snooze(until, with_reason(f"{self.it} is paused", reason))

    def _complete(self) -> dict[str, Any]:
        """Through, unless somebody was given back meanwhile. A paused one with nobody left waits for nothing."""
        with self.locked() as sent:
            may_end = sent is not None and sent.status in (OutboundStatus.SENDING, OutboundStatus.PAUSED)
            if not may_end or not self._nobody_is_to_go():
                raise Snooze(utcnow() + timedelta(seconds=0.1), "somebody is to be sent to again")
            self.completed(sent)
            self.progress.commit()
        return {self.owner: str(self.owner_id)}

    def _nobody_is_left(self) -> bool:
        with db.read_only():
            return self._nobody_is_to_go()

    def _nobody_is_to_go(self) -> bool:
        to_go = select(self.recipients.id).where(self._mine, self.recipients.status.in_(self.to_go))
        return db.session.scalar(to_go.limit(1)) is None

    @property
    def _mine(self) -> ColumnElement[bool]:
        mine: ColumnElement[bool] = getattr(self.recipients, self.owner) == self.owner_id
        return mine

    def _cancel(self, run: R) -> None:
        """Skip who is left, by chunks, once nothing is on its way."""
        with self.locked() as sent:
            if sent is None:
                return  # it was deleted, and everybody in it
            by = select(Job.cancel_requested_by).where(Job.id == self.progress.job_id)
            self.cancelled(sent, db.session.scalar(by) or "")
            self.progress.commit()
        while self._skip_some():
            self.progress.commit()
        db.session.rollback()
        self.report(run)

    def _skip_some(self) -> int:
        """Skip a chunk of the pending recipients of what was cancelled; how many there were."""
        self.lock()
        pending = select(self.recipients.id).where(self._mine, self.recipients.status == self.to_go[0])
        ids = db.session.scalars(pending.order_by(self.recipients.id).limit(SKIP_CHUNK)).all()
        if not ids:
            return 0
        status, code, words = self.skipped
        change = update(self.recipients).where(self.recipients.id.in_(ids))
        db.session.execute(
            change.values(status=status, error_code=code, error_message=words, updated_at=utcnow()),
            execution_options={"synchronize_session": False},
        )
        return len(ids)
