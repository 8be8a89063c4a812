"""Why a job does not run: in words for the person who waits for it.

What all jobs share (pauses, living workers, the time) is read once as `RunConditions`, so that a page of fifty jobs
asks as little as one job.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    CompoundSelect,
    Table,
    and_,
    func,
    literal,
    null,
    select,
    type_coerce,
    union_all,
)

from adsapp.core import context, db
from adsapp.core.clock import iso
from adsapp.core.db.constructs import database_time
from adsapp.core.db.prepared import fetch, own_rows
from adsapp.core.words import plural
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.models import JobCount, QueueControl, QueueLimit, Worker
from adsapp.jobs.queries.lines import AnyJob
from adsapp.jobs.registry import kind
from adsapp.jobs.scopes import Scope
from adsapp.jobs.states import PENDING, Queue, State
from adsapp.organizations.queries import OPERATOR

WORKERS = cast(Table, Worker.__table__).c
ALIVE_HEARTBEATS = 3  # at least: a lease may be shorter than so many heartbeats


@dataclass(frozen=True)
class WaitReason:
    """Why a job waits: a code for programs, words for people, and the moment it ends if that is known."""

    code: str
    text: str
    until: datetime | None = None

    def __str__(self) -> str:
        until = f" at {self.until.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if self.until else ""
        return self.text + until


class Pause(NamedTuple):
    """A queue, or one kind of job in it, that is paused: the columns of `QueueControl` by their names."""

    queue: Queue
    processor: str  # empty: the whole queue
    paused_at: datetime
    paused_until: datetime | None
    reason: str
    by: str


CONTROLS = cast(Table, QueueControl.__table__).c
PAUSES = select(*(CONTROLS[name] for name in Pause._fields)).where(own_rows(CONTROLS))


class Limit(NamedTuple):
    """What one queue may do for this organization: by its own choice, and by that of whoever runs the installation."""

    queue: Queue
    at_once: int | None
    most_at_once: int | None
    per_minute: int | None
    next_at: datetime | None
    active: int  # that run now

    def why(self, now: datetime) -> WaitReason | None:
        """Why nothing more begins; None if something may."""
        title = QUEUE_TITLES[self.queue]
        if self.most_at_once is not None and self.most_at_once <= self.active:
            text = f"Waits for its turn: {OPERATOR} lets this organization run {self.most_at_once:,} at once in {title}"
            return WaitReason("limit", text)
        if self.at_once is not None and self.at_once <= self.active:
            return WaitReason(
                "limit", f"Waits for its turn: {title} is limited to {plural(self.at_once, 'job')} at once"
            )
        if self.per_minute is not None and self.next_at is not None and self.next_at > now:
            text = (
                f"Waits for its turn: {title} is limited to {plural(self.per_minute, 'job')} a minute; the next begins"
            )
            return WaitReason("limit", text, self.next_at)
        return None


OF_QUEUES, COUNTS = cast(Table, QueueLimit.__table__).c, cast(Table, JobCount.__table__).c
_ACTIVE = (
    select(func.coalesce(func.sum(COUNTS.count), 0))
    .where(own_rows(COUNTS), COUNTS.queue == OF_QUEUES.queue, COUNTS.state == State.ACTIVE)
    .scalar_subquery()
)
LIMITS = select(*(OF_QUEUES[name] for name in Limit._fields[:-1]), _ACTIVE.label("active")).where(own_rows(OF_QUEUES))


@dataclass(frozen=True)
class RunConditions:
    """What decides for every job of this organization whether it may run now."""

    now: datetime
    pauses: Mapping[Queue, Pause]  # of whole queues
    kinds: Mapping[tuple[Queue, str], Pause]  # of one kind of job in a queue
    workers: Mapping[Queue, int]  # living worker processes of each queue that serve this organization
    elsewhere: Mapping[Queue, int] = field(default_factory=dict)  # those that serve other organizations only

    def pause_of(self, queue: Queue, processor: str) -> Pause | None:
        """What holds back this kind of job: the pause of its queue, unless it goes on all the same, or else its own."""
        whole = None if kind(processor).ignores_pause else self.pauses.get(queue)
        return whole or self.kinds.get((queue, processor))

    @cached_property
    def limits(self) -> Mapping[Queue, Limit]:
        """Of the queues that have one; read only if nothing else explains why a job waits."""
        return {limit.queue: limit for limit in map(Limit._make, fetch(LIMITS))}

    def without(self, queue: Queue, processor: str = "") -> "RunConditions":
        """As they would be without the pause of this queue, or of this kind of job in it."""
        if processor:
            return replace(self, kinds={place: one for place, one in self.kinds.items() if place != (queue, processor)})
        return replace(self, pauses={its: one for its, one in self.pauses.items() if its != queue})


def run_conditions() -> RunConditions:
    """Read them: one statement, whatever the number of jobs."""
    rows = fetch(_conditions(), silence=silence())
    living = [(moment, names, scope) for moment, names, scope, *_ in rows if moment is not None]
    now, own = living[0][0], db.current_organization_id()
    served: Counter[str] = Counter()
    elsewhere: Counter[str] = Counter()
    for _, names, scope in living:
        (served if own is None or Scope.from_json(scope).serves(own) else elsewhere).update(names or ())
    held = _in_force((row[3:] for row in rows if row[0] is None), now)
    return RunConditions(
        now,
        {queue: pause for (queue, processor), pause in held.items() if not processor},
        {place: pause for place, pause in held.items() if place[1]},
        {queue: served[queue.value] for queue in Queue},
        {queue: elsewhere[queue.value] for queue in Queue},
    )


_NOW = select(database_time())


def database_now() -> datetime:
    """The database's time, by which leases and heartbeats are judged."""
    return db.session.connection().execute(_NOW).scalar_one()


def pauses(now: datetime) -> dict[tuple[Queue, str], Pause]:
    """The queues and kinds of job this organization has paused, as far as the pause has not ended by itself."""
    return _in_force(fetch(PAUSES), now)


def _in_force(rows: Iterable[Sequence[Any]], now: datetime) -> dict[tuple[Queue, str], Pause]:
    found = map(Pause._make, rows)
    return {(one.queue, one.processor): one for one in found if one.paused_until is None or one.paused_until > now}


@cache
def _conditions() -> CompoundSelect[Any]:
    """The time beside the queues and scope of each living worker (without any, the time alone); then the pauses,
    without it."""
    now = database_time()
    lives = and_(
        WORKERS.heartbeat_at >= database_time(ago="silence"),
        WORKERS.stopped_at.is_(None),
        WORKERS.drain_requested_at.is_(None),
    )
    always = select(literal(1)).subquery("always").outerjoin(cast(Table, Worker.__table__), lives)
    of_workers = (WORKERS.queues, WORKERS.scope)
    living = select(now, *of_workers, *map(_nothing, PAUSES.selected_columns)).select_from(always)
    nothing = map(_nothing, (now, *of_workers))
    return union_all(living, PAUSES.with_only_columns(*nothing, *PAUSES.selected_columns))


def _nothing(column: Any) -> Any:
    return type_coerce(null(), column.type)


def alive_since(now: datetime) -> datetime:
    """A worker whose last sign of life is older counts as gone."""
    return now - silence()


def silence() -> timedelta:
    """A worker that gave no sign of life for so long is gone: as long as its jobs stay its own. A busy machine delays a
    heartbeat by some seconds, and then nothing is lost yet."""
    settings = context.settings()
    return timedelta(seconds=max(settings.lease_seconds, ALIVE_HEARTBEATS * settings.heartbeat_seconds))


def why_waiting(job: AnyJob, conditions: RunConditions | None = None) -> WaitReason | None:
    """Why a delayed or waiting job does not run; None for every other state."""
    if job.state not in PENDING:
        return None
    if job.blocked_by:
        return _blocked(job)
    conditions = conditions or run_conditions()
    if job.state == State.DELAYED and (job.run_at is None or job.run_at > conditions.now):
        return _not_due(job)
    return _due(job, conditions)


def _blocked(job: AnyJob) -> WaitReason:
    jobs = "1 other job" if job.blocked_by == 1 else f"{job.blocked_by:,} other jobs"
    return WaitReason("dependency", f"{_sentence(job.wait_reason)}: {jobs}" if job.wait_reason else f"Waits for {jobs}")


def _not_due(job: AnyJob) -> WaitReason:
    if job.run_at is None:
        return WaitReason("decision", job.wait_reason or "Waits until somebody lets it go on")
    if job.failures:
        return WaitReason("retry", f"{_sentence(job.wait_reason or 'The last attempt failed')}; due", job.run_at)
    if job.wait_reason:
        return WaitReason("handed_back", f"{_sentence(job.wait_reason)}; goes on", job.run_at)
    return WaitReason("later", "Due later,", job.run_at)


def _due(job: AnyJob, conditions: RunConditions) -> WaitReason:
    pause = conditions.pause_of(job.queue, job.processor)
    if pause is not None:
        what = kind(pause.processor).quoted_title if pause.processor else f"The queue {QUEUE_TITLES[job.queue]}"
        until = "; it ends" if pause.paused_until else ""
        return WaitReason("paused", f"{what} is paused by {pause.by}: {pause.reason}{until}", pause.paused_until)
    if not conditions.workers.get(job.queue):
        whose = " that serves this organization" if conditions.elsewhere.get(job.queue) else ""
        return WaitReason("no_worker", f"No worker{whose} is running for the queue {QUEUE_TITLES[job.queue]}")
    limit = conditions.limits.get(job.queue)
    if limit is not None and (why := limit.why(conditions.now)):
        return why
    if job.wait_reason:
        return WaitReason("free_worker", f"Waits for a free worker ({job.wait_reason})")
    return WaitReason("free_worker", "Waits for a free worker")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def pause_json(pause: Pause | None) -> dict[str, Any] | None:
    """Who paused, why, since when; `until` None: until somebody resumes it. None if nothing is paused."""
    if pause is None:
        return None
    return {
        "by": pause.by,
        "reason": pause.reason,
        "at": iso(pause.paused_at),
        "until": iso(pause.paused_until),
    }
