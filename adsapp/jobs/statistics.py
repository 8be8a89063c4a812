"""Figures of the four queues, from counters and minutes: no job is counted for a page."""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Result, Select, Table, func, select, text, union_all

from adsapp.core import db
from adsapp.jobs.history import SUMS
from adsapp.jobs.models import OPEN, Job, JobCount, QueueControl, StatsDay, StatsHour, StatsMinute
from adsapp.jobs.states import Priority, Queue, State
from adsapp.jobs.waiting import Circumstances, circumstances

MINUTES = 60
MOST_DAYS = 90
JOBS = cast(Table, Job.__table__)


def of_every_queue(model: Any) -> ColumnElement[bool]:
    """The key is (organization, queue, moment): only with the queues named, a look at some time reads that time."""
    named: ColumnElement[bool] = model.queue.in_(list(Queue))
    return named


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
    """All four queues, in eight statements."""
    around = around or circumstances()
    kinds = counted_by_kind()
    counts = _summed(kinds)
    waiting = _oldest_waits({(queue, kind) for queue, kind, state in kinds if state == State.WAITING})
    failed, minutes = _failed_since(around.now - timedelta(days=1)), _minutes(around.now)
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
    return _summed(counted_by_kind())


def counted_by_kind() -> Counter[tuple[Queue, str, State]]:
    """Jobs by queue, processor and state, without those that are none."""
    found: Counter[tuple[Queue, str, State]] = Counter()
    for row in db.session.scalars(select(JobCount)):
        found[row.queue, row.processor, row.state] += row.count
    return +found


def _summed(kinds: Mapping[tuple[Queue, str, State], int]) -> Counter[tuple[Queue, State]]:
    found: Counter[tuple[Queue, State]] = Counter()
    for (queue, _, state), count in kinds.items():
        found[queue, state] += count
    return found


def queues_without_worker(around: Circumstances | None = None) -> list[Queue]:
    """Queues that are not paused and that no living worker serves."""
    around = around or circumstances()
    return [queue for queue in Queue if queue not in around.pauses and not around.workers.get(queue)]


def history(days: int, now: datetime) -> list[Day]:
    """What ended on each of the last days (UTC), by queue, oldest first; `days` is cut to 1 … 90."""
    first = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=min(max(days, 1), MOST_DAYS) - 1)
    rows = db.session.scalars(
        select(StatsDay).where(of_every_queue(StatsDay), StatsDay.day >= first).order_by(StatsDay.day, StatsDay.queue)
    )
    return [Day(f"{r.day:%Y-%m-%d}", r.queue, r.completed, r.failed, r.cancelled, r.wait_ms, r.run_ms) for r in rows]


@dataclass(frozen=True)
class QueueSummary:
    """One queue now and over some days; as the SQL function `get_organization_job_stats` has it on PostgreSQL."""

    queue: Queue
    waiting: int
    active: int
    delayed: int
    completed: int
    failed: int
    cancelled: int
    average_wait_ms: int
    average_run_ms: int


def get_organization_job_stats(days: int, now: datetime) -> list[QueueSummary]:
    """The four queues of this organization, by name; `days` is cut to 1 … 90 and counts today."""
    counts, ended = counted(), _summed_up(history(days, now))
    return [_summary(queue, counts, ended[queue]) for queue in sorted(Queue)]


def _summed_up(days: Iterable[Day]) -> dict[Queue, Counter[str]]:
    sums: dict[Queue, Counter[str]] = {queue: Counter() for queue in Queue}
    for day in days:
        sums[day.queue].update({name: getattr(day, name) for name in SUMS})
    return sums


def _summary(queue: Queue, counts: Mapping[tuple[Queue, State], int], ended: Mapping[str, int]) -> QueueSummary:
    finished = ended["completed"] + ended["failed"] + ended["cancelled"]
    return QueueSummary(
        queue=queue,
        waiting=counts[queue, State.WAITING],
        active=counts[queue, State.ACTIVE],
        delayed=counts[queue, State.DELAYED],
        completed=ended["completed"],
        failed=ended["failed"],
        cancelled=ended["cancelled"],
        average_wait_ms=ended["wait_ms"] // finished if finished else 0,
        average_run_ms=ended["run_ms"] // finished if finished else 0,
    )


def _failed_since(moment: datetime) -> dict[Queue, int]:
    """Whole hours from their sums, and the minutes before the first of them."""
    hour = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    minutes = select(StatsMinute.queue, StatsMinute.failed).where(
        of_every_queue(StatsMinute), StatsMinute.minute > moment, StatsMinute.minute < hour
    )
    hours = select(StatsHour.queue, StatsHour.failed).where(of_every_queue(StatsHour), StatsHour.hour >= hour)
    found: Counter[Queue] = Counter()
    for statement in (minutes, hours):
        for queue, failed in db.session.execute(statement):
            found[queue] += failed
    return found


def _oldest_waits(kinds: Collection[tuple[Queue, str]]) -> dict[Queue, datetime | None]:
    # Exact, and yet no look over all that waits: the head of each kind of job and priority along the dispatcher's
    # index, and the few that lie in the broker. The indexes' conditions stand here word for word, else SQLite uses
    # neither.
    oldest: dict[Queue, datetime | None] = dict.fromkeys(Queue)
    if not kinds:
        return oldest
    organization_id = db.require_organization_id()
    heads = [_head(organization_id, queue, kind, priority) for queue, kind in kinds for priority in Priority]
    in_broker = (
        select(JOBS.c.queue, func.min(JOBS.c.run_at).label("run_at"))
        .where(JOBS.c.organization_id == organization_id, text("state = 'waiting'"), JOBS.c.dispatched_at.is_not(None))
        .group_by(JOBS.c.queue)
    )
    rows: Result[Any] = db.session.execute(union_all(*heads, in_broker), execution_options={"names_organization": True})
    for row in rows:
        known = oldest[row.queue]
        oldest[row.queue] = row.run_at if known is None else min(known, row.run_at)
    return oldest


def _head(organization_id: uuid.UUID, queue: Queue, processor: str, priority: Priority) -> Select[Any]:
    head = (
        select(JOBS.c.queue, JOBS.c.run_at)
        .where(
            JOBS.c.queue == queue,
            JOBS.c.organization_id == organization_id,
            JOBS.c.processor == processor,
            JOBS.c.priority == priority,
            JOBS.c.state == State.WAITING,
            OPEN,
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
    rows = db.session.scalars(select(StatsMinute).where(of_every_queue(StatsMinute), StatsMinute.minute >= since))
    return _spread(rows, since)


def _spread(rows: Iterable[StatsMinute], since: datetime) -> dict[Queue, _Minutes]:
    series = {queue: _Minutes() for queue in Queue}
    for row in rows:
        place = int((row.minute - since).total_seconds() // 60)
        if 0 <= place < MINUTES:
            series[row.queue].finished[place] += row.completed + row.failed + row.cancelled
            series[row.queue].failed[place] += row.failed
    return series
