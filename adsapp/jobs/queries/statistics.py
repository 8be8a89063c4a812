"""Figures of the four queues, from counters and minutes: no job is counted for a page."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, bindparam, func, select, union_all

from adsapp.core import db
from adsapp.core.db.prepared import fetch, own_rows
from adsapp.jobs.engine.recording import SUMS
from adsapp.jobs.models import Job, JobCount, StatsDay, StatsHour, StatsMinute
from adsapp.jobs.queries.oldest_waits import oldest_waits
from adsapp.jobs.registry import kinds_of, messaging
from adsapp.jobs.states import Queue, State
from adsapp.jobs.wait_reasons import Pause, RunConditions, run_conditions

MINUTES = 60  # full ones; the running minute comes behind them
MINUTE_LABELS = (*(f"{MINUTES - place} min ago" for place in range(MINUTES)), "this minute so far")
MOST_DAYS = 90
MINUTE, HOUR, DAY, COUNTS = (cast(Table, model.__table__).c for model in (StatsMinute, StatsHour, StatsDay, JobCount))


def _span(columns: Any) -> tuple[ColumnElement[bool], ...]:
    """The key is (organization, queue, moment): only with the queues named, a look at some time reads that time."""
    return (own_rows(columns), columns.queue.in_(list(Queue)))


def _moment(name: str = "moment") -> Any:
    return bindparam(name, type_=MINUTE.minute.type)


# Made once: these are read by every poll of every open page.
COUNTED = select(COUNTS.queue, COUNTS.processor, COUNTS.state, COUNTS.count).where(own_rows(COUNTS))
FAILED_SINCE = union_all(
    select(MINUTE.queue, func.sum(MINUTE.failed))
    .where(*_span(MINUTE), MINUTE.minute > _moment(), MINUTE.minute < _moment("hour"))
    .group_by(MINUTE.queue),
    select(HOUR.queue, func.sum(HOUR.failed)).where(*_span(HOUR), HOUR.hour >= _moment("hour")).group_by(HOUR.queue),
)
ENDED_SINCE = select(
    *(MINUTE[name] for name in ("queue", "minute", "completed", "failed", "cancelled", "items"))
).where(*_span(MINUTE), MINUTE.minute >= _moment())
ENDED_BY_DAY = (
    select(DAY.day, DAY.queue, *(DAY[name] for name in SUMS))
    .where(*_span(DAY), DAY.day >= _moment())
    .order_by(DAY.day, DAY.queue)
)


@dataclass(frozen=True)
class QueueStats:
    """One queue of this organization as it is now."""

    queue: Queue
    counts: Mapping[State, int]
    failed_today: int  # ends in failure in the last 24 hours, whatever became of those jobs since
    finished: Sequence[int]  # in each of the last 60 full minutes, oldest first, and in the running one
    failed: Sequence[int]  # likewise
    items: Sequence[int]  # likewise: what its jobs did, rows of imports for example
    waiting_since: datetime | None  # since when the oldest due job waits
    workers: int  # that serve this organization
    pause: Pause | None
    paused_kinds: Sequence[Pause] = ()  # pauses of one kind of job each, by name
    elsewhere: int = 0  # workers that serve other organizations only
    paused_count: int = 0  # of the waiting jobs, those that a pause holds back

    def of(self, state: str) -> int:
        """How many jobs are in this state."""
        return self.counts[State(state)]

    @property
    def total(self) -> int:
        """All jobs whose rows are kept: the states add up to it, and those held back are among the waiting."""
        return sum(self.counts.values())

    @property
    def status(self) -> str:
        """Its state, in the one word that every page says: see `queue_state` in macros/pills.html."""
        if self.pause is not None:
            return "paused"
        if self.lacks_worker:
            return "no worker"
        if self.paused_kinds:
            paused = {pause.processor for pause in self.paused_kinds}
            return "paused" if paused >= set(kinds_of(self.queue)) else "partly paused"
        return next((state for state in ("active", "waiting") if self.of(state)), "idle")

    @property
    def finished_last_hour(self) -> int:
        """Jobs that ended in the last 60 full minutes and in the running one."""
        return sum(self.finished)

    @property
    def lacks_worker(self) -> bool:
        """True if nobody works on the queue and nobody meant that."""
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
    items: int


@dataclass
class Minutes:
    """What ended in each of the last 60 full minutes, oldest first, and in the running one; as MINUTE_LABELS."""

    finished: list[int] = field(default_factory=lambda: [0] * len(MINUTE_LABELS))
    failed: list[int] = field(default_factory=lambda: [0] * len(MINUTE_LABELS))
    items: list[int] = field(default_factory=lambda: [0] * len(MINUTE_LABELS))


def queue_stats(
    conditions: RunConditions | None = None, minutes: Mapping[Queue, Minutes] | None = None
) -> list[QueueStats]:
    """All four queues, in four statements and that of the circumstances; `minutes` are read if none are given."""
    conditions = conditions or run_conditions()
    return _stats(conditions, last_minutes(conditions.now) if minutes is None else minutes)


def queues_at_a_glance(conditions: RunConditions) -> list[QueueStats]:
    """All four queues without the last hour, and with the oldest wait only if some queue lacks a worker."""
    return _stats(conditions, {}, with_waits=bool(queues_without_worker(conditions)))


def _stats(conditions: RunConditions, minutes: Mapping[Queue, Minutes], *, with_waits: bool = True) -> list[QueueStats]:
    kinds = counted_by_kind()
    counts, paused = _summed(kinds), _paused(kinds, conditions)
    waiting = oldest_waits() if with_waits and any(state == State.WAITING for _, state in counts) else {}
    failed = _failed_since(conditions.now - timedelta(days=1))
    unknown = Minutes()
    return [
        QueueStats(
            queue=queue,
            counts={state: counts[queue, state] for state in State},
            failed_today=failed.get(queue, 0),
            finished=minutes.get(queue, unknown).finished,
            failed=minutes.get(queue, unknown).failed,
            items=minutes.get(queue, unknown).items,
            waiting_since=waiting.get(queue),
            workers=conditions.workers.get(queue, 0),
            elsewhere=conditions.elsewhere.get(queue, 0),
            pause=conditions.pauses.get(queue),
            paused_kinds=[control for (its, _), control in sorted(conditions.kinds.items()) if its == queue],
            paused_count=paused[queue],
        )
        for queue in Queue
    ]


def counted() -> Counter[tuple[Queue, State]]:
    """Jobs by queue and state, routine work included, from the counters."""
    return _summed(counted_by_kind())


def counted_by_kind() -> Counter[tuple[Queue, str, State]]:
    """Jobs by queue, processor and state, without those that are zero."""
    found: Counter[tuple[Queue, str, State]] = Counter()
    for queue, processor, state, count in fetch(COUNTED):
        found[queue, processor, state] += count
    return +found


def _summed(kinds: Mapping[tuple[Queue, str, State], int]) -> Counter[tuple[Queue, State]]:
    found: Counter[tuple[Queue, State]] = Counter()
    for (queue, _, state), count in kinds.items():
        found[queue, state] += count
    return found


def _paused(kinds: Mapping[tuple[Queue, str, State], int], conditions: RunConditions) -> Counter[Queue]:
    """Of the waiting jobs of each queue, those that a pause holds back."""
    found: Counter[Queue] = Counter()
    for (queue, processor, state), count in kinds.items():
        if state == State.WAITING and conditions.pause_of(queue, processor):
            found[queue] += count
    return found


def begins_if_resumed(queue: Queue, kind: str = "") -> int:
    """How many waiting jobs begin if this queue, or this kind of job in it, is resumed: no other pause holds them."""
    conditions, kinds = run_conditions(), counted_by_kind()
    return _paused(kinds, conditions)[queue] - _paused(kinds, conditions.without(queue, kind))[queue]


def held_back(queue: Queue, kind: str = "") -> Sequence[Job]:
    """Of the jobs that begin then, those of kinds that message people."""
    conditions = run_conditions().without(queue, kind)
    kinds = [name for name in messaging() if conditions.pause_of(queue, name) is None and kind in ("", name)]
    wanted = select(Job).where(Job.queue == queue, Job.state == State.WAITING, Job.processor.in_(kinds))
    return db.session.scalars(wanted.order_by(Job.id)).all()


def queues_without_worker(conditions: RunConditions | None = None) -> list[Queue]:
    """Queues that are not paused and that no living worker serves."""
    conditions = conditions or run_conditions()
    return [queue for queue in Queue if queue not in conditions.pauses and not conditions.workers.get(queue)]


def history(days: int, now: datetime) -> list[Day]:
    """What ended on each of the last days (UTC), by queue, oldest first; `days` is cut to 1 … 90."""
    first = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=min(max(days, 1), MOST_DAYS) - 1)
    return [Day(f"{row.day:%Y-%m-%d}", *row[1:]) for row in fetch(ENDED_BY_DAY, moment=first)]


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
    found: Counter[Queue] = Counter()
    for queue, failed in fetch(FAILED_SINCE, moment=moment, hour=hour):
        found[queue] += failed
    return found


def hour_ago(now: datetime) -> datetime:
    """The first of the last 60 full minutes."""
    return now.replace(second=0, microsecond=0) - timedelta(minutes=MINUTES)


def last_minutes(now: datetime) -> dict[Queue, Minutes]:
    """The last hour of each queue, in one statement."""
    since = hour_ago(now)
    series = {queue: Minutes() for queue in Queue}
    for queue, minute, completed, failed, cancelled, items in fetch(ENDED_SINCE, moment=since):
        place = int((minute - since).total_seconds() // 60)
        if 0 <= place <= MINUTES:
            series[queue].finished[place] += completed + failed + cancelled
            series[queue].failed[place] += failed
            series[queue].items[place] += items
    return series
