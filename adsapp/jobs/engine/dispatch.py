"""Dispatch: moves due rows into the broker, in fair turns between organizations.

A sweep on every worker process, for the queues it works on: every 100 ms while there is something to hand out, else
when a commit wakes it or the next job is due (docs/adr/0009). What is due, delayed, retried or paused is all decided
here: the broker stays shallow and may be flushed at any moment. The cost of a sweep grows with the number of
organizations that have work, never with the number of jobs: it reads the head of each one's part of an index.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from math import inf
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    TextClause,
    Update,
    Uuid,
    bindparam,
    select,
    text,
    update,
)

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import UtcDateTime, engine_transaction, reading
from adsapp.core.db.constructs import any_of
from adsapp.jobs.broker import Broker
from adsapp.jobs.engine import limits
from adsapp.jobs.engine.limits import Head
from adsapp.jobs.models import OPEN, Job, QueueControl, in_state
from adsapp.jobs.registry import kind
from adsapp.jobs.scopes import EVERYONE, Scope
from adsapp.jobs.states import Priority, Queue, State

WINDOW = 500  # ids of one queue that lie in the broker at most
DISPATCH_AGAIN_SECONDS = 10  # a dispatched job not claimed in this time was lost in the broker
FEWEST_HEADS = 20  # of one organization, kind of job and priority, looked at in one sweep
MOST_HEADS = 1000  # of one priority, shared by the organizations
AGEING_SECONDS = 60  # a wait of so long lifts a job by one priority, so that low work is late but never starved

JOBS = cast(Table, Job.__table__)
CONTROLS = cast(Table, QueueControl.__table__)

# Who has work in a queue, and of which kind: by jumping from one to the next in the index instead of reading all jobs.
_WALK = f"""
    with recursive busy (id, organization_id, processor) as (
        select * from (
            select id, organization_id, processor from jobs where queue = :queue and {OPEN.text}
            order by organization_id, processor limit 1
        ) as first
        union all
        select jobs.id, jobs.organization_id, jobs.processor
        from busy join jobs on jobs.id = (
            select following.id from jobs as following
            where queue = :queue and {OPEN.text}
            and (following.organization_id, following.processor) > (busy.organization_id, busy.processor)
            order by following.organization_id, following.processor limit 1
        )
    )
"""  # noqa: S608  # our own constant
_BUSY = text(_WALK + "select organization_id, processor from busy").columns(organization_id=Uuid())  # noqa: S608

# When the first job of each of them is due, be it past or to come.
_SOONEST = text(
    f"""
    {_WALK}
    select organization_id, processor, min(first_at) as run_at from (
        select busy.organization_id, busy.processor, (
            select run_at from jobs
            where queue = :queue and organization_id = busy.organization_id and processor = busy.processor
            and priority = every.priority and {OPEN.text} and run_at is not null
            order by run_at limit 1
        ) as first_at
        from busy cross join (select 1 as priority union all select 2 union all select 3 union all select 4) as every
    ) as firsts
    where first_at is not null group by organization_id, processor
    """  # noqa: S608  # likewise
).columns(organization_id=Uuid(), run_at=UtcDateTime())

# The first due jobs of each of them, straight from the index: each priority's oldest, then the best of these.
_HEADS = text(
    f"""
    select head.id, busy.organization_id, head.priority, head.run_at
    from unnest(cast(:organizations as uuid[]), cast(:processors as text[])) as busy (organization_id, processor)
    cross join lateral (
        select oldest.* from (values (1), (2), (3), (4)) as every (priority)
        cross join lateral (
            select id, priority, run_at from jobs
            where queue = :queue and organization_id = busy.organization_id and processor = busy.processor
            and priority = every.priority and run_at <= :now and {OPEN.text}
            order by run_at limit :each
        ) as oldest
        order by greatest(1, oldest.priority - trunc(extract(epoch from :now - run_at) / :ageing)), run_at
        limit :each
    ) as head
    """  # noqa: S608  # likewise
).bindparams(bindparam("now", type_=UtcDateTime()))


def _changing(*where: ColumnElement[bool] | TextClause, **values: Any) -> Update:
    # Another sweep may be at the same jobs: what it has locked is its own.
    free = select(JOBS.c.id).where(*where).with_for_update(skip_locked=True)
    return update(JOBS).where(JOBS.c.id.in_(free)).values(**values)


_MARK = _changing(
    any_of(JOBS.c.id, "job_ids"),
    in_state(State.WAITING, State.DELAYED),
    JOBS.c.dispatched_at.is_(None),
    JOBS.c.blocked_by == 0,
    state=State.WAITING,
    dispatched_at=bindparam("now", type_=UtcDateTime()),
).returning(JOBS.c.id)
_UNDISPATCH = _changing(
    any_of(JOBS.c.id, "job_ids"), in_state(State.WAITING), JOBS.c.dispatched_at.is_not(None), dispatched_at=None
)
_UNDISPATCH_LOST = _changing(
    text("state = 'waiting'"),  # as the index has it, word for word
    JOBS.c.dispatched_at < bindparam("before"),
    dispatched_at=None,
)
_PAUSES = select(CONTROLS.c.organization_id, CONTROLS.c.processor, CONTROLS.c.paused_until).where(
    CONTROLS.c.queue == bindparam("queue")
)

# SQLite cannot look at the head of each in one statement, and it is not away: it is asked for one after another.
_ONE_HEAD = (
    select(JOBS.c.id, JOBS.c.organization_id, JOBS.c.priority, JOBS.c.run_at)
    .where(
        JOBS.c.queue == bindparam("queue"),
        JOBS.c.organization_id == bindparam("organization"),
        JOBS.c.processor == bindparam("processor"),
        JOBS.c.priority == bindparam("priority"),
        JOBS.c.run_at <= bindparam("now"),
        OPEN,
    )
    .order_by(JOBS.c.run_at)
    .limit(bindparam("each"))
)

Busy = tuple[uuid.UUID, str]  # organization, processor


def sweep(engine: Engine, clock: DatabaseClock, broker: Broker, queue: Queue, scope: Scope = EVERYONE) -> int:
    """Hand the due jobs of a queue to the consumers of a scope, of organizations in it; returns how many."""
    room = WINDOW - broker.pending(queue, scope.lane)
    if room <= 0:
        return 0
    with engine_transaction(engine) as connection:
        chosen = take_due(connection, queue, clock.now(), room, scope)
    broker.push_all(queue, [(head.id, head.priority) for head in chosen], scope.lane)
    return len(chosen)


class Sweeper:
    """Hands out the jobs of one queue, and tells when it has to look again."""

    def __init__(
        self, engine: Engine, clock: DatabaseClock, broker: Broker, queue: Queue, scope: Scope = EVERYONE
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._broker = broker
        self._queue = queue
        self._scope = scope
        self._is_busy = False  # the last sweep found something

    def look(self) -> float:
        """Hand out what is due; for how many seconds there is nothing more to do, as far as that is known."""
        if not self._is_busy and (rest := self._rest()) > 0:
            return rest
        self._is_busy = False
        self._is_busy = bool(sweep(self._engine, self._clock, self._broker, self._queue, self._scope))
        return 0.0 if self._is_busy else max(0.0, self._rest())

    def _rest(self) -> float:
        due = next_due(self._engine, self._clock, self._queue, self._scope)
        return inf if due is None else (due - self._clock.now()).total_seconds()


def first_due(connection: Connection, queue: Queue) -> datetime | None:
    """When the first open job of a queue is due, past or to come, over all organizations; None if none has a time."""
    rows = connection.execute(_SOONEST, {"queue": queue.value})
    return min((row.run_at for row in rows), default=None)


def next_due(engine: Engine, clock: DatabaseClock, queue: Queue, scope: Scope = EVERYONE) -> datetime | None:
    """When the next job of a queue may begin, as far as that is known; None if none has a time.

    A moment that is past: something is due and was not handed out, because a limit had no room or its row was locked.
    """
    now = clock.now()
    with reading(), engine_transaction(engine) as connection:
        rows = connection.execute(_SOONEST, {"queue": queue.value}).all()
        firsts = [row for row in rows if scope.serves(row.organization_id)]
        paused = _paused(connection, queue, now) if firsts else {}
    begins = (_begins(row.organization_id, row.processor, row.run_at, paused) for row in firsts)
    return min((moment for moment in begins if moment is not None), default=None)


def _begins(
    organization: uuid.UUID, processor: str, run_at: datetime, paused: Mapping[Busy, datetime | None]
) -> datetime | None:
    """When the job is due and no pause holds it; None if a pause has no end."""
    whole = [] if kind(processor).ignores_pause else [(organization, "")]
    ends = [paused[held] for held in (*whole, (organization, processor)) if held in paused]
    known = [end for end in ends if end is not None]
    return max([run_at, *known]) if len(known) == len(ends) else None


def dispatch_again(engine: Engine, clock: DatabaseClock) -> int:
    """Make jobs due again that were dispatched and never claimed: the broker lost them. Returns how many."""
    with engine_transaction(engine) as connection:
        before = clock.now() - timedelta(seconds=DISPATCH_AGAIN_SECONDS)
        return connection.execute(_UNDISPATCH_LOST, {"before": before}).rowcount


def undispatch(connection: Connection, job_ids: Collection[uuid.UUID]) -> None:
    """Undo the dispatch of jobs that nobody has begun, so that they are handed out again at once."""
    if job_ids:
        connection.execute(_UNDISPATCH, {"job_ids": job_ids})


def take_due(connection: Connection, queue: Queue, now: datetime, limit: int, scope: Scope = EVERYONE) -> list[Head]:
    """Mark up to `limit` due jobs as dispatched, each organization's best first, and return them in their turn."""
    rows = _busy(connection, queue)
    busy: list[Busy] = [(row.organization_id, row.processor) for row in rows if scope.serves(row.organization_id)]
    if not busy:
        return []
    paused = _paused(connection, queue, now)
    allowed = limits.take(connection, queue, {organization for organization, _ in busy}, now)
    open_to_us = [
        (organization, kind)
        for organization, kind in busy
        if not _is_held(organization, kind, paused) and allowed.room(organization) > 0
    ]
    if not open_to_us:
        return []
    each = min(limit, max(FEWEST_HEADS, MOST_HEADS // len(open_to_us)))
    heads = allowed.cut(in_turns(_heads(connection, queue, now, open_to_us, each)))[:limit]
    taken = _mark(connection, heads, now)
    allowed.note(connection, (head.organization_id for head in heads if head.id in taken))
    return [head for head in heads if head.id in taken]


def _mark(connection: Connection, heads: Sequence[Head], now: datetime) -> set[uuid.UUID]:
    return set(connection.execute(_MARK, {"job_ids": [head.id for head in heads], "now": now}).scalars())


def in_turns(heads: Iterable[Head]) -> list[Head]:
    """Each organization's best job, then each one's second: nobody waits behind another's million."""
    # by the ids' numbers: to compare two ids is many times slower
    ordered = sorted(heads, key=lambda head: (head.organization_id.int, head.priority, head.run_at, head.id.int))
    ranked = [
        (turn, head)
        for _, group in groupby(ordered, key=lambda head: head.organization_id)
        for turn, head in enumerate(group)
    ]
    ranked.sort(key=lambda pair: (pair[0], pair[1].priority, pair[1].run_at))
    return [head for _, head in ranked]


def aged(priority: int, run_at: datetime, now: datetime) -> int:
    """The priority of a job that has waited since `run_at`."""
    lifts = int((now - run_at).total_seconds() // AGEING_SECONDS)
    return max(Priority.CRITICAL, priority - lifts)


def _busy(connection: Connection, queue: Queue) -> Sequence[Any]:
    return connection.execute(_BUSY, {"queue": queue.value}).all()


def _is_held(organization: uuid.UUID, processor: str, paused: Collection[Busy]) -> bool:
    return (organization, processor) in paused or ((organization, "") in paused and not kind(processor).ignores_pause)


def _paused(connection: Connection, queue: Queue, now: datetime) -> dict[Busy, datetime | None]:
    """Who has paused the queue (the kind of job is empty) or one kind of job in it, and until when."""
    rows = connection.execute(_PAUSES, {"queue": queue})
    return {
        (row.organization_id, row.processor): row.paused_until
        for row in rows
        if row.paused_until is None or row.paused_until > now
    }


def _heads(connection: Connection, queue: Queue, now: datetime, busy: Sequence[Busy], each: int) -> Iterator[Head]:
    for job_id, organization_id, priority, run_at in _head_rows(connection, queue, now, busy, each):
        yield Head(job_id, organization_id, aged(priority, run_at, now), run_at)


def _head_rows(connection: Connection, queue: Queue, now: datetime, busy: Sequence[Busy], each: int) -> Iterable[Any]:
    asked = {"queue": queue.value, "now": now, "each": each}
    if connection.dialect.name == "postgresql":
        organizations, processors = zip(*busy, strict=True)
        of_these = {"organizations": list(organizations), "processors": list(processors), "ageing": AGEING_SECONDS}
        return connection.execute(_HEADS, asked | of_these)
    return (
        row
        for organization, processor in busy
        for priority in Priority
        for row in connection.execute(
            _ONE_HEAD, asked | {"organization": organization, "processor": processor, "priority": priority}
        )
    )
