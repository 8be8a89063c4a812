"""Figures of the four queues, from counters and minutes: no job is counted for a page."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Result, Select, Table, func, select, text, union_all

from adsapp.core import db
from adsapp.jobs.models import Job, JobCount, QueueControl, StatsMinute
from adsapp.jobs.states import Priority, Queue, State
from adsapp.jobs.waiting import Circumstances, circumstances

MINUTES = 60
MOST_DAYS = 90
JOBS = cast(Table, Job.__table__)

# The key is (organization, queue, minute): a look at the last hour reads that hour alone only with the queues named.
EVERY_QUEUE = StatsMinute.queue.in_(list(Queue))


@dataclass(frozen=True)
class QueueStats:
    """One queue of this organization as it stands now."""

    queue: Queue
    counts: Mapping[State, int]
    failed_today: int  # in the last 24 hours
    finished: Sequence[int]  # in each of the last 60 full minutes, oldest first
    failed: Sequence[int]  # likewise
    waiting_since: datetime | None  # since when the oldest due job waits
    workers: int
    pause: QueueControl | None

    def of(self, state: str) -> int:
        """How many jobs are in this state."""
        return self.counts[State(state)]

    @property
    def finished_last_hour(self) -> int:
        """Jobs that ended in the last 60 full minutes."""
        return sum(self.finished)

    @property
    def lacks_worker(self) -> bool:
        """True where nobody works on the queue and nobody meant that."""
        return self.pause is None and not self.workers


@dataclass(frozen=True)
class Day:
    """What ended on one day (UTC) in one queue."""

    day: str
    queue: Queue
    completed: int
    failed: int
    cancelled: int
    wait_ms: int
    run_ms: int


@dataclass
class _Minutes:
    finished: list[int] = field(default_factory=lambda: [0] * MINUTES)
    failed: list[int] = field(default_factory=lambda: [0] * MINUTES)


def queue_stats(around: Circumstances | None = None) -> list[QueueStats]:
    """All four queues, in seven statements."""
    around = around or circumstances()
    counts = counted()
    failed, waiting, minutes = _failed_since(around.now - timedelta(days=1)), _oldest_waits(), _minutes(around.now)
    return [
        QueueStats(
            queue=queue,
            counts={state: counts[queue, state] for state in State},
            failed_today=failed.get(queue, 0),
            finished=minutes[queue].finished,
            failed=minutes[queue].failed,
            waiting_since=waiting[queue],
            workers=around.workers.get(queue, 0),
            pause=around.pauses.get(queue),
        )
        for queue in Queue
    ]


def counted() -> Counter[tuple[Queue, State]]:
    """Jobs by queue and state, routine work included, from the counters."""
    found: Counter[tuple[Queue, State]] = Counter()
    for row in db.session.scalars(select(JobCount)):
        found[row.queue, row.state] += row.count
    return found


def queues_without_worker(around: Circumstances | None = None) -> list[Queue]:
    """Queues that are not paused and that no living worker serves."""
    around = around or circumstances()
    return [queue for queue in Queue if queue not in around.pauses and not around.workers.get(queue)]


def history(days: int, now: datetime) -> list[Day]:
    """What ended on each of the last days (UTC), by queue, oldest first; `days` is cut to 1 … 90."""
    first = (now - timedelta(days=min(max(days, 1), MOST_DAYS) - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    day = _utc_day()
    sums = [func.sum(getattr(StatsMinute, name)) for name in ("completed", "failed", "cancelled", "wait_ms", "run_ms")]
    rows = db.session.execute(
        select(day, StatsMinute.queue, *sums)
        .where(EVERY_QUEUE, StatsMinute.minute >= first)
        .group_by(day, StatsMinute.queue)
        .order_by(day, StatsMinute.queue)
    )
    return [Day(str(row[0]), row[1], *(int(value) for value in row[2:])) for row in rows]


def _utc_day() -> ColumnElement[Any]:
    if db.session.connection().dialect.name == "postgresql":
        return func.date(func.timezone("UTC", StatsMinute.minute))
    return func.date(StatsMinute.minute)


def _failed_since(moment: datetime) -> dict[Queue, int]:
    rows = db.session.execute(
        select(StatsMinute.queue, func.sum(StatsMinute.failed))
        .where(EVERY_QUEUE, StatsMinute.minute > moment)
        .group_by(StatsMinute.queue)
    )
    return {row[0]: int(row[1]) for row in rows}


def _oldest_waits() -> dict[Queue, datetime | None]:
    # Exact, and yet no look over all that waits: the head of each queue and priority along the dispatcher's index, and
    # the few that lie in the broker. The indexes' conditions stand here word for word, else SQLite uses neither.
    organization_id = db.require_organization_id()
    heads = [_head(organization_id, queue, priority) for queue in Queue for priority in Priority]
    in_broker = (
        select(JOBS.c.queue, func.min(JOBS.c.run_at).label("run_at"))
        .where(JOBS.c.organization_id == organization_id, text("state = 'waiting'"), JOBS.c.dispatched_at.is_not(None))
        .group_by(JOBS.c.queue)
    )
    oldest: dict[Queue, datetime | None] = dict.fromkeys(Queue)
    rows: Result[Any] = db.session.execute(union_all(*heads, in_broker), execution_options={"names_organization": True})
    for row in rows:
        known = oldest[row.queue]
        oldest[row.queue] = row.run_at if known is None else min(known, row.run_at)
    return oldest


def _head(organization_id: uuid.UUID, queue: Queue, priority: Priority) -> Select[Any]:
    head = (
        select(JOBS.c.queue, JOBS.c.run_at)
        .where(
            JOBS.c.queue == queue,
            JOBS.c.organization_id == organization_id,
            JOBS.c.priority == priority,
            JOBS.c.state == State.WAITING,
            text("state in ('waiting', 'delayed') and dispatched_at is null"),
        )
        .order_by(JOBS.c.run_at)
        .limit(1)
        .subquery()
    )
    return select(head)


def _minutes(now: datetime) -> dict[Queue, _Minutes]:
    this_minute = now.replace(second=0, microsecond=0)
    # the running minute is left out: it would always look like a sudden stop
    since = this_minute - timedelta(minutes=MINUTES)
    rows = db.session.scalars(select(StatsMinute).where(EVERY_QUEUE, StatsMinute.minute >= since))
    return _spread(rows, since)


def _spread(rows: Iterable[StatsMinute], since: datetime) -> dict[Queue, _Minutes]:
    series = {queue: _Minutes() for queue in Queue}
    for row in rows:
        place = int((row.minute - since).total_seconds() // 60)
        if 0 <= place < MINUTES:
            series[row.queue].finished[place] += row.completed + row.failed + row.cancelled
            series[row.queue].failed[place] += row.failed
    return series
