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

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from adsapp.core.bulk import insert_many
from adsapp.jobs.models import Job, JobLog, StatsDay, StatsHour, StatsMinute
from adsapp.jobs.states import Queue, State

JOBS = cast(Table, Job.__table__)

# What the history wants to know of a job that ended; updates that end jobs return these.
ENDED = tuple(
    JOBS.c[name]
    for name in (
        "id",
        "organization_id",
        "queue",
        "processor",
        "title",
        "state",
        "priority",
        "attempt",
        "created_at",
        "started_at",
        "progress_done",
        "progress_failed",
        "error_code",
        "error",
        "result",
        "cancel_requested_at",
    )
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
    insert_many(connection, JobLog, [_log(row, now) for row in ended])
    sums = _summed(ended, now)
    for model, span, cut in SPANS:
        _add(connection, model, span, now.replace(**cut), sums)  # type: ignore[arg-type]


def _log(row: Any, now: datetime) -> dict[str, Any]:
    return {
        "organization_id": row.organization_id,
        "job_id": row.id,
        "queue": row.queue,
        "processor": row.processor,
        "title": row.title,
        "state": row.state,
        "priority": row.priority,
        "attempts": row.attempt,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "finished_at": now,
        "done": row.progress_done,
        "failed": row.progress_failed,
        "error_code": row.error_code,
        "error": row.error,
    }


def _summed(ended: Iterable[Any], now: datetime) -> dict[Place, Sums]:
    sums: dict[Place, Sums] = defaultdict(lambda: dict.fromkeys(SUMS, 0))
    for row in ended:
        into = sums[row.organization_id, row.queue]
        started = row.started_at or now
        into[State(row.state).value] += 1
        into["wait_ms"] += _milliseconds(started - row.created_at)
        into["run_ms"] += _milliseconds(now - started)
    return sums


def _add(connection: Connection, model: Any, span: str, moment: datetime, sums: dict[Place, Sums]) -> None:
    upsert = _upsert(connection.dialect.name, model, span)
    # in one order, so that two transactions lock the same sums one after the other
    for (organization_id, queue), values in sorted(sums.items()):
        connection.execute(upsert, {"organization_id": organization_id, "queue": queue, span: moment, **values})


@cache
def _upsert(dialect: str, model: Any, span: str) -> Any:
    insertion = (postgresql if dialect == "postgresql" else sqlite).insert(model)
    return insertion.on_conflict_do_update(
        index_elements=["organization_id", "queue", span],
        set_={name: getattr(model, name) + insertion.excluded[name] for name in SUMS},
    )


def _milliseconds(span: timedelta) -> int:
    return max(0, int(span.total_seconds() * 1000))
