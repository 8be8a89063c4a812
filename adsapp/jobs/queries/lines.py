"""A job as a line of a list: the columns shown and no others, read past the ORM, and equal if they are.

A page of fifty whole jobs takes the program longer than the database; and what is equal need not be drawn again.
"""

import uuid
from datetime import datetime
from typing import NamedTuple, cast

from sqlalchemy import Table

from adsapp.jobs.models import Job
from adsapp.jobs.states import FINAL, Queue, State


class JobLine(NamedTuple):
    """The columns of `Job` by their names."""

    id: uuid.UUID
    queue: Queue
    processor: str
    title: str
    state: State
    run_at: datetime | None
    wait_reason: str | None
    blocked_by: int
    created_at: datetime
    created_by: str
    finished_at: datetime | None
    attempt: int
    failures: int
    max_attempts: int
    handed_back: bool
    cancel_requested_at: datetime | None
    progress_total: int | None
    progress_done: int
    progress_failed: int
    error: str | None

    @property
    def is_finished(self) -> bool:
        """True in a final state."""
        return self.state in FINAL

    @property
    def is_stopping(self) -> bool:
        """True if it runs and was asked to stop."""
        return self.state == State.ACTIVE and self.cancel_requested_at is not None


AnyJob = Job | JobLine
JOBS = cast(Table, Job.__table__).c
LINE = tuple(JOBS[name] for name in JobLine._fields)  # what a statement selects
