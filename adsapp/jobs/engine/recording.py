"""The record of what ended: one immutable row in `job_logs` for each end, and the sums by minute, hour and day.

Written in the transaction that ends the job, so that what is counted is what is there, and last in it: these sums are
what every worker adds to, so whoever holds them waits for nothing else.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Table, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from adsapp.core.db import UtcDateTime
from adsapp.core.db.rows import one_of_named
from adsapp.jobs.models import Job, JobLog, StatsDay, StatsHour, StatsMinute
from adsapp.jobs.states import Queue, State

JOBS = cast(Table, Job.__table__)

# What the sums, and whoever waited for a job, want to know of its end; updates that end jobs return these.
ENDED = tuple(
    JOBS.c[name]
    for name in (
        "id",
        "organization_id",
        "queue",
        "processor",
        "title",
        "state",
        "created_at",
        "started_at",
        "result",
        "cancel_requested_at",
    )
)

# Columns that a row of `job_logs` has as the job has them.
SAME = (
    "organization_id",
    "queue",
    "processor",
    "title",
    "state",
    "priority",
    "created_at",
    "started_at",
    "error_code",
    "error",
)
SUMS = ("completed", "failed", "cancelled", "wait_ms", "run_ms")
SPANS: tuple[tuple[Any, str, dict[str, int]], ...] = (
    (StatsMinute, "minute", {"second": 0, "microsecond": 0}),
    (StatsHour, "hour", {"minute": 0, "second": 0, "microsecond": 0}),
    (StatsDay, "day", {"hour": 0, "minute": 0, "second": 0, "microsecond": 0}),
)

Sums = dict[str, int]
Place = tuple[uuid.UUID, Queue]


def record(connection: Connection, ended: Sequence[Any], now: datetime) -> None:
    """Write history and statistics of jobs that just ended (rows with the columns ENDED, in their final state)."""
    if not ended:
        return
    dialect = connection.dialect.name
    connection.execute(_logging(dialect), {"job_ids": [row.id for row in ended], "now": now})
    moments = {f"the_{span}": now.replace(**cut) for _, span, cut in SPANS}  # type: ignore[arg-type]
    # in one order, so that two transactions lock the same sums one after the other
    for (organization_id, queue), sums in sorted(_summed(ended, now).items()):
        values = {"organization": organization_id, "of_queue": queue, **moments, **sums}
        for statement in _adding(dialect):
            connection.execute(statement, values)


@cache
def _logging(dialect: str) -> Any:
    """The rows of `job_logs` are made where the jobs are: nothing of them travels."""
    ended = select(
        *(JOBS.c[name] for name in SAME),
        JOBS.c.id,
        JOBS.c.attempt,
        JOBS.c.progress_done,
        JOBS.c.progress_failed,
        bindparam("now", type_=UtcDateTime()),
    ).where(one_of_named(dialect, JOBS.c.id, "job_ids"))
    return insert(JobLog).from_select([*SAME, "job_id", "attempts", "done", "failed", "finished_at"], ended)


def _summed(ended: Iterable[Any], now: datetime) -> dict[Place, Sums]:
    sums: dict[Place, Sums] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    for row in ended:
        into = sums[row.organization_id, row.queue]
        started = row.started_at or now
        into[State(row.state).value] += 1
        into["wait_ms"] += _milliseconds(started - row.created_at)
        into["run_ms"] += _milliseconds(now - started)
    return sums


@cache
def _adding(dialect: str) -> Sequence[Any]:
    """What adds to the sums of a minute, an hour and a day: on PostgreSQL one statement, on SQLite three."""
    upserts = [_upsert(dialect, model, span) for model, span, _ in SPANS]
    if dialect != "postgresql":
        return upserts
    *others, last = upserts
    return [last.add_cte(*(other.cte(f"other_{n}") for n, other in enumerate(others)))]


def _upsert(dialect: str, model: Any, span: str) -> Any:
    named = {"organization_id": "organization", "queue": "of_queue", span: f"the_{span}"} | {n: n for n in SUMS}
    values = {column: bindparam(name, type_=model.__table__.c[column].type) for column, name in named.items()}
    insertion = (postgresql if dialect == "postgresql" else sqlite).insert(model).values(values)
    return insertion.on_conflict_do_update(
        index_elements=["organization_id", "queue", span],
        set_={name: getattr(model, name) + insertion.excluded[name] for name in SUMS},
    )


def _milliseconds(span: timedelta) -> int:
    return max(0, int(span.total_seconds() * 1000))
