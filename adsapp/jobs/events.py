"""What people did to a job, kept with it: whoever changes its course notes it here, in the same transaction.

The audit has one event for each thing that somebody did, however many jobs it was done to; this has a row for each of
those jobs, so that a job's page finds them by the job. `Job.steered_at` tells without a look whether there are any.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, and_, bindparam, select

from adsapp.core.db.prepared import fetch, own_rows
from adsapp.core.db.rows import insert_rows
from adsapp.jobs.models import Job, JobEvent
from adsapp.jobs.queries.lines import JOBS
from adsapp.organizations.auditing import NAME_LENGTH, By

ERROR_LENGTH = 2000  # of a former end; the attempts have the whole text
MOST = 200  # of one job's events, the newest


class ActionKind(StrEnum):
    """What can be done to a job."""

    RETRY = "retry"
    CANCEL = "cancel"
    RUN = "run"
    MOVE = "move"
    PRIORITIZE = "prioritize"


class JobAction(NamedTuple):
    """An event as a job's page reads it; `operation` is the title of the operation's job if that is still kept."""

    at: datetime
    what: str
    by: str
    reason: str
    operation_id: uuid.UUID | None
    details: Mapping[str, Any]
    operation: str | None


@dataclass(frozen=True)
class Change:
    """A job that was changed, and what its event tells besides."""

    job_id: uuid.UUID
    details: Mapping[str, Any] = field(default_factory=dict)


def record(what: ActionKind, by: By, now: datetime, changes: Iterable[Change]) -> None:
    """Add an event to each of the jobs; their `steered_at` is the caller's to set, as it changes the rows anyway."""
    same: dict[str, Any] = {"at": now, "what": what.value, "by": by.name[:NAME_LENGTH], "reason": by.reason}
    same["operation_id"] = by.operation_id
    ticked = {"among": by.among} if by.among > 1 else {}
    insert_rows(JobEvent, [{"job_id": each.job_id, "details": {**ticked, **each.details}, **same} for each in changes])


def end_of(job: Job) -> dict[str, Any]:
    """How the job has ended, for the event of a retry, which makes the row forget it."""
    error = (job.error or "")[:ERROR_LENGTH]
    return {"state": job.state.value, "at": (job.finished_at or job.created_at).isoformat(), "error": error}


def actions_on(job: Job) -> list[JobAction]:
    """What people did to the job, oldest first: no statement if nobody did anything, else one."""
    if job.steered_at is None:
        return []
    return [JobAction._make(row) for row in reversed(fetch(OF_ONE, job=job.id))]


EVENTS = cast(Table, JobEvent.__table__).c
_OPERATION = cast(Table, Job.__table__).alias("operation")
OF_ONE = (
    select(
        *(EVENTS[name] for name in JobAction._fields if name != "operation"),
        _OPERATION.c.title.label("operation"),
    )
    .outerjoin(_OPERATION, and_(_OPERATION.c.id == EVENTS.operation_id, own_rows(_OPERATION.c)))
    .where(own_rows(EVENTS), EVENTS.job_id == bindparam("job", type_=JOBS.id.type))
    .order_by(EVENTS.id.desc())
    .limit(MOST)
)
