"""Dispatch: moves due rows into the broker, in fair turns between organizations.

A sweep every 100 ms on every worker process, for the queues it works on. What is due, delayed, retried or paused is all
decided here: the broker stays shallow and may be flushed at any moment. The cost of a sweep grows with the number of
organizations that have work, never with the number of jobs: it reads the head of each one's part of an index.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Connection, Engine, Table, Uuid, bindparam, select, text, update

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import UtcDateTime, engine_transaction
from adsapp.core.db.constructs import any_of
from adsapp.jobs.broker import Broker
from adsapp.jobs.engine import limits
from adsapp.jobs.engine.limits import Head
from adsapp.jobs.models import OPEN, Job, QueueControl, in_state
from adsapp.jobs.registry import kind
from adsapp.jobs.states import Priority, Queue, State

WINDOW = 500  # ids of one queue that lie in the broker at most
DISPATCH_AGAIN_SECONDS = 10  # a dispatched job not claimed in this time was lost in the broker
FEWEST_HEADS = 20  # of one organization, kind of job and priority, looked at in one sweep
MOST_HEADS = 1000  # of one priority, shared by the organizations
AGEING_SECONDS = 60  # a wait of so long lifts a job by one priority, so that low work is late but never starved

JOBS = cast(Table, Job.__table__)

# Who has work in a queue, and of which kind: by jumping from one to the next in the index instead of reading all jobs.
_BUSY = text(
    f"""
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
    select organization_id, processor from busy
    """  # noqa: S608  # our own constant
).columns(organization_id=Uuid())

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

Busy = tuple[uuid.UUID, str]  # organization, processor


def sweep(engine: Engine, clock: DatabaseClock, broker: Broker, queue: Queue) -> int:
    """Hand the due jobs of a queue to its consumers; returns how many."""
    room = WINDOW - broker.pending(queue)
    if room <= 0:
        return 0
    with engine_transaction(engine) as connection:
        chosen = take_due(connection, queue, clock.now(), room)
    broker.push_all(queue, [(head.id, head.priority) for head in chosen])
    return len(chosen)


def dispatch_again(engine: Engine, clock: DatabaseClock) -> int:
    """Make jobs due again that were dispatched and never claimed: the broker lost them. Returns how many."""
    with engine_transaction(engine) as connection:
        lost = clock.now() - timedelta(seconds=DISPATCH_AGAIN_SECONDS)
        found = select(JOBS.c.id).where(text("state = 'waiting'"), JOBS.c.dispatched_at < lost)
        free = found.with_for_update(skip_locked=True)
        return connection.execute(update(JOBS).where(JOBS.c.id.in_(free)).values(dispatched_at=None)).rowcount


def undispatch(connection: Connection, job_ids: Collection[uuid.UUID]) -> None:
    """Undo the dispatch of jobs that nobody has begun, so that they are handed out again at once."""
    if not job_ids:
        return
    dispatched = select(JOBS.c.id).where(
        any_of(JOBS.c.id, job_ids), in_state(State.WAITING), JOBS.c.dispatched_at.is_not(None)
    )
    free = dispatched.with_for_update(skip_locked=True)
    connection.execute(update(JOBS).where(JOBS.c.id.in_(free)).values(dispatched_at=None))


def take_due(connection: Connection, queue: Queue, now: datetime, limit: int) -> list[Head]:
    """Mark up to `limit` due jobs as dispatched, each organization's best first, and return them in their turn."""
    busy: list[Busy] = [(row.organization_id, row.processor) for row in _busy(connection, queue)]
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
    # Another sweep may be at the same jobs: what it has locked is its own.
    locked = select(JOBS.c.id).where(
        any_of(JOBS.c.id, [head.id for head in heads]),
        in_state(State.WAITING, State.DELAYED),
        JOBS.c.dispatched_at.is_(None),
        JOBS.c.blocked_by == 0,
    )
    marked = (
        update(JOBS)
        .where(JOBS.c.id.in_(locked.with_for_update(skip_locked=True)))
        .values(state=State.WAITING, dispatched_at=now)
        .returning(JOBS.c.id)
    )
    return set(connection.execute(marked).scalars())


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


def _paused(connection: Connection, queue: Queue, now: datetime) -> set[Busy]:
    """Who has paused the queue (the kind of job is empty) or one kind of job in it."""
    controls = select(QueueControl.organization_id, QueueControl.processor, QueueControl.paused_until)
    rows = connection.execute(controls.where(QueueControl.queue == queue))
    return {(row.organization_id, row.processor) for row in rows if row.paused_until is None or row.paused_until > now}


def _heads(connection: Connection, queue: Queue, now: datetime, busy: Sequence[Busy], each: int) -> Iterator[Head]:
    for job_id, organization_id, priority, run_at in _head_rows(connection, queue, now, busy, each):
        yield Head(job_id, organization_id, aged(priority, run_at, now), run_at)


def _head_rows(connection: Connection, queue: Queue, now: datetime, busy: Sequence[Busy], each: int) -> Iterable[Any]:
    if connection.dialect.name == "postgresql":
        organizations, processors = zip(*busy, strict=True)
        return connection.execute(
            _HEADS,
            {
                "queue": queue.value,
                "now": now,
                "each": each,
                "ageing": AGEING_SECONDS,
                "organizations": list(organizations),
                "processors": list(processors),
            },
        )
    return (
        row
        for organization, processor in busy
        for priority in Priority
        for row in connection.execute(_one_head(queue, now, organization, processor, priority, each))
    )


def _one_head(
    queue: Queue, now: datetime, organization: uuid.UUID, processor: str, priority: Priority, each: int
) -> Any:
    return (
        select(JOBS.c.id, JOBS.c.organization_id, JOBS.c.priority, JOBS.c.run_at)
        .where(
            JOBS.c.queue == queue,
            JOBS.c.organization_id == organization,
            JOBS.c.processor == processor,
            JOBS.c.priority == priority,
            JOBS.c.run_at <= now,
            OPEN,
        )
        .order_by(JOBS.c.run_at)
        .limit(each)
    )
