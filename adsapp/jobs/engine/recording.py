"""The record of what ended: one immutable row in `job_logs` for each end, and the sums by minute, hour and day.

Written in the transaction that ends the job, so that what is counted is what is there, and last in it: these sums are
what every worker adds to, so whoever holds them waits for nothing else.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Insert, Table, bindparam, insert, select

from adsapp.core.db import UtcDateTime
from adsapp.core.db.constructs import Together, add_to_existing, any_of
from adsapp.jobs.engine.spread import bucket_of
from adsapp.jobs.models import Job, JobLog, StatsDay, StatsHour, StatsMinute, StatsSpread
from adsapp.jobs.states import Measure, Queue, State

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
        "due_at",
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
SUMS = ("completed", "failed", "cancelled", "wait_ms", "run_ms", "items")
SPANS: tuple[tuple[Any, str, dict[str, int]], ...] = (
    (StatsMinute, "minute", {"second": 0, "microsecond": 0}),
    (StatsHour, "hour", {"minute": 0, "second": 0, "microsecond": 0}),
    (StatsDay, "day", {"hour": 0, "minute": 0, "second": 0, "microsecond": 0}),
)

# The rows of `job_logs` are made if the jobs are: nothing of them travels.
_LOG = insert(JobLog).from_select(
    [*SAME, "job_id", "attempts", "done", "failed", "finished_at"],
    select(
        *(JOBS.c[name] for name in SAME),
        JOBS.c.id,
        JOBS.c.attempt,
        JOBS.c.progress_done,
        JOBS.c.progress_failed,
        bindparam("now", type_=UtcDateTime()),
    ).where(any_of(JOBS.c.id, "job_ids")),
)


def _adding_to(model: Any, span: str) -> Insert:
    named = {"organization_id": "organization", "queue": "of_queue", span: f"the_{span}"} | {n: n for n in SUMS}
    table = model.__table__
    values = {column: bindparam(name, type_=table.c[column].type) for column, name in named.items()}
    return insert(table).values(values).ext(add_to_existing(table, ["organization_id", "queue", span], SUMS))


_ADD_UP = Together(*(_adding_to(model, span) for model, span, _ in SPANS))
_SPREAD = insert(StatsSpread).ext(
    add_to_existing(
        cast(Table, StatsSpread.__table__), ["organization_id", "queue", "minute", "measure", "bucket"], ["count"]
    )
)

Sums = dict[str, int]
Place = tuple[uuid.UUID, Queue]


def record(
    connection: Connection, ended: Sequence[Any], now: datetime, items: Mapping[Place, int] | None = None
) -> None:
    """Write history and statistics of jobs that just ended (rows with the columns ENDED, in their final state), and
    how many things were done besides that no progress has told yet."""
    if ended:
        connection.execute(_LOG, {"job_ids": [row.id for row in ended], "now": now})
    _add_up(connection, _summed(ended, now, items or {}), now)
    if ended:
        _spread(connection, ended, now)


def add_items(connection: Connection, place: Place, items: int, now: datetime) -> None:
    """A running job has done so many more things; last in its transaction, as above."""
    _add_up(connection, {place: dict.fromkeys(SUMS, 0) | {"items": items}}, now)


def _add_up(connection: Connection, by_place: Mapping[Place, Sums], now: datetime) -> None:
    moments = {f"the_{span}": now.replace(**cut) for _, span, cut in SPANS}  # type: ignore[arg-type]
    # in one order, so that two transactions lock the same sums one after the other
    for (organization_id, queue), sums in sorted(by_place.items()):
        values = {"organization": organization_id, "of_queue": queue, **moments, **sums}
        _ADD_UP.execute(connection, values)


def _summed(ended: Iterable[Any], now: datetime, items: Mapping[Place, int]) -> dict[Place, Sums]:
    sums: dict[Place, Sums] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    for row in ended:
        into = sums[row.organization_id, row.queue]
        into[State(row.state).value] += 1
        for measure, milliseconds in _times(row, now).items():
            into[f"{measure}_ms"] += milliseconds
    for place, count in items.items():
        sums[place]["items"] += count
    return sums


def _spread(connection: Connection, ended: Sequence[Any], now: datetime) -> None:
    """Of those that were begun: one that was cancelled before has not waited to its end."""
    counted: Counter[tuple[uuid.UUID, Queue, Measure, int]] = Counter()
    for row in ended:
        for measure, milliseconds in _times(row, now).items() if row.started_at else ():
            counted[row.organization_id, row.queue, measure, bucket_of(milliseconds)] += 1
    names, minute = ("organization_id", "queue", "measure", "bucket"), now.replace(second=0, microsecond=0)
    rows = [
        {**dict(zip(names, place, strict=True)), "minute": minute, "count": count}
        for place, count in sorted(counted.items())
    ]
    if rows:
        connection.execute(_SPREAD, rows)


def _times(row: Any, now: datetime) -> dict[Measure, int]:
    started = row.started_at or now
    waited_since = row.due_at or row.created_at
    return {Measure.WAIT: _milliseconds(started - waited_since), Measure.RUN: _milliseconds(now - started)}


def _milliseconds(span: timedelta) -> int:
    return max(0, int(span.total_seconds() * 1000))
