"""The record of what ended: one immutable row in `job_logs` for each end, and the sums by minute, hour and day.

Written in the transaction that ends the job, so that what is counted is what is there, and last in it: these sums are
what every worker adds to, so whoever holds them waits for nothing else.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Insert, Table, bindparam, insert, select

from adsapp.core.db import UtcDateTime
from adsapp.core.db.constructs import Together, add_to_existing, any_of
from adsapp.core.db.rows import add_up_many
from adsapp.jobs.engine.spread import bucket_of
from adsapp.jobs.models import Job, JobLog, StatsDay, StatsHour, StatsMinute, StatsSpread
from adsapp.jobs.states import Measure, Queue

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
MILLISECOND = timedelta(milliseconds=1)

Place = tuple[uuid.UUID, Queue]


@dataclass
class Tally:
    """What one queue of one organization adds: to its sums, and to the buckets of its times."""

    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SUMS, 0))
    spread: Counter[tuple[Measure, int]] = field(default_factory=Counter)

    def count(self, row: Any, now: datetime) -> None:
        """One more that ended. One that was cancelled before it began is in the sums and in no bucket: its wait had no
        end."""
        began = row.started_at or now
        waited = max(0, (began - (row.due_at or row.created_at)) // MILLISECOND)
        ran = max(0, (now - began) // MILLISECOND)
        self.sums[row.state.value] += 1
        self.sums["wait_ms"] += waited
        self.sums["run_ms"] += ran
        if row.started_at:
            self.spread[Measure.WAIT, bucket_of(waited)] += 1
            self.spread[Measure.RUN, bucket_of(ran)] += 1


def record(
    connection: Connection, ended: Sequence[Any], now: datetime, items: Mapping[Place, int] | None = None
) -> None:
    """Write history and statistics of jobs that just ended (rows with the columns ENDED, in their final state), and
    how many things were done besides that no progress has told yet."""
    if ended:
        connection.execute(_LOG, {"job_ids": [row.id for row in ended], "now": now})
    _add_up(connection, _tallies(ended, now, items or {}), now)


def add_items(connection: Connection, place: Place, items: int, now: datetime) -> None:
    """A running job has done so many more things; last in its transaction, as above."""
    _add_up(connection, _tallies((), now, {place: items}), now)


def _tallies(ended: Iterable[Any], now: datetime, items: Mapping[Place, int]) -> list[tuple[Place, Tally]]:
    """In one order, so that two transactions lock the same sums one after the other."""
    tallies: defaultdict[Place, Tally] = defaultdict(Tally)
    for row in ended:
        tallies[row.organization_id, row.queue].count(row, now)
    for place, count in items.items():
        tallies[place].sums["items"] += count
    return sorted(tallies.items(), key=lambda tally: tally[0])


def _add_up(connection: Connection, tallies: Sequence[tuple[Place, Tally]], now: datetime) -> None:
    moments = {f"the_{span}": now.replace(**cut) for _, span, cut in SPANS}  # type: ignore[arg-type]
    for (organization_id, queue), tally in tallies:
        values = {"organization": organization_id, "of_queue": queue, **moments, **tally.sums}
        _ADD_UP.execute(connection, values)
    spread = [
        {"bucket": bucket, "count": count, "measure": measure, "organization_id": organization_id, "queue": queue}
        for (organization_id, queue), tally in tallies
        for (measure, bucket), count in sorted(tally.spread.items())
    ]
    add_up_many(connection, StatsSpread, spread, sums=("count",), same={"minute": moments["the_minute"]})
