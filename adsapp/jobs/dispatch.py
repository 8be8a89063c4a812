"""Dispatch: moves due rows into the broker, in fair turns between organizations.

A sweep every 100 ms on every worker process, for the queues it works on. What is due, delayed, retried or paused is all
decided here: the broker stays shallow and may be flushed at any moment. The cost of a sweep grows with the number of
organizations that have work, never with the number of jobs: it reads the head of each one's part of an index.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Uuid,
    column,
    or_,
    select,
    text,
    true,
    union_all,
    update,
    values,
)

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import engine_transaction
from adsapp.jobs.models import Job, QueueControl
from adsapp.jobs.queue import Broker
from adsapp.jobs.states import PENDING, Priority, Queue, State

WINDOW = 500  # ids of one queue that lie in the broker at most
DISPATCH_AGAIN_SECONDS = 10  # a dispatched job not claimed in this time was lost in the broker
FEWEST_HEADS = 20  # of one organization and priority, looked at in one sweep
MOST_HEADS = 1000  # of one priority, shared by the organizations
AGEING_SECONDS = 60  # a wait of so long lifts a job by one priority, so that low work is late but never starved

# The organizations with work in a queue, by jumping from one to the next in the index instead of reading all jobs.
_ORGANIZATIONS = text(
    """
    with recursive busy (organization_id) as (
        select (select organization_id from jobs
                where queue = :queue and state in ('waiting', 'delayed') and dispatched_at is null
                order by organization_id limit 1)
        union all
        select (select jobs.organization_id from jobs
                where queue = :queue and state in ('waiting', 'delayed') and dispatched_at is null
                and jobs.organization_id > busy.organization_id
                order by jobs.organization_id limit 1)
        from busy where busy.organization_id is not null
    )
    select organization_id from busy where organization_id is not null
    """
).columns(column("organization_id", Uuid()))


@dataclass(frozen=True)
class Head:
    """A job that is due, as far as dispatch must know it."""

    id: uuid.UUID
    organization_id: uuid.UUID
    priority: int  # with its age taken into account
    run_at: datetime


def sweep(engine: Engine, clock: DatabaseClock, broker: Broker, queue: Queue) -> int:
    """Hand the due jobs of a queue to its consumers; returns how many."""
    room = WINDOW - broker.pending(queue)
    if room <= 0:
        return 0
    with engine_transaction(engine) as connection:
        chosen = take_due(connection, queue, clock.now(), room)
    for head in chosen:
        broker.push(queue, head.id, head.priority)
    return len(chosen)


def dispatch_again(engine: Engine, clock: DatabaseClock) -> int:
    """Make jobs due again that were dispatched and never claimed: the broker lost them. Returns how many."""
    with engine_transaction(engine) as connection:
        lost = clock.now() - timedelta(seconds=DISPATCH_AGAIN_SECONDS)
        return connection.execute(
            update(Job).where(Job.state == State.WAITING, Job.dispatched_at < lost).values(dispatched_at=None)
        ).rowcount


def give_back(engine: Engine, job_id: uuid.UUID) -> None:
    """Undo the dispatch of a job that nobody has begun, so that another worker gets it at once."""
    with engine_transaction(engine) as connection:
        connection.execute(update(Job).where(Job.id == job_id, Job.state == State.WAITING).values(dispatched_at=None))


def take_due(connection: Connection, queue: Queue, now: datetime, limit: int) -> list[Head]:
    """Mark up to `limit` due jobs as dispatched, each organization's best first, and return them in their turn."""
    busy = connection.execute(_ORGANIZATIONS, {"queue": queue.value}).scalars().all()
    organizations = [one for one in busy if one not in _paused(connection, queue, now)] if busy else []
    if not organizations:
        return []
    each = min(limit, max(FEWEST_HEADS, MOST_HEADS // len(organizations)))
    heads = in_turns(_heads(connection, queue, now, organizations, each))[:limit]
    locked = (
        select(Job.id).where(Job.id.in_([head.id for head in heads]), *_is_open()).with_for_update(skip_locked=True)
    )
    taken = set(
        connection.execute(
            update(Job).where(Job.id.in_(locked)).values(state=State.WAITING, dispatched_at=now).returning(Job.id)
        ).scalars()
    )
    return [head for head in heads if head.id in taken]


def in_turns(heads: Sequence[Head]) -> list[Head]:
    """Each organization's best job, then each one's second: nobody waits behind another's million."""
    ordered = sorted(heads, key=lambda head: (head.organization_id, head.priority, head.run_at, head.id))
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


def _is_open() -> tuple[ColumnElement[bool], ...]:
    return (Job.state.in_(PENDING), Job.dispatched_at.is_(None))


def _paused(connection: Connection, queue: Queue, now: datetime) -> set[uuid.UUID]:
    still = or_(QueueControl.paused_until.is_(None), QueueControl.paused_until > now)
    paused = select(QueueControl.organization_id).where(QueueControl.queue == queue, still)
    return set(connection.execute(paused).scalars())


def _heads(
    connection: Connection, queue: Queue, now: datetime, organizations: Sequence[uuid.UUID], each: int
) -> list[Head]:
    return [
        Head(row.id, row.organization_id, aged(row.priority, row.run_at, now), row.run_at)
        for row in _head_rows(connection, queue, now, organizations, each)
    ]


def _head_rows(
    connection: Connection, queue: Queue, now: datetime, organizations: Sequence[uuid.UUID], each: int
) -> Iterator[Any]:
    """The first `each` due jobs of every organization and priority, straight from the index."""
    columns = (Job.id, Job.organization_id, Job.priority, Job.run_at)
    due = select(*columns).where(Job.queue == queue, Job.run_at <= now, *_is_open()).order_by(Job.run_at).limit(each)
    if connection.dialect.name == "postgresql":
        every = values(column("id", Uuid()), name="every").data([(one,) for one in organizations])
        parts = [
            due.where(Job.organization_id == every.c.id, Job.priority == priority).lateral(f"heads_{int(priority)}")
            for priority in Priority
        ]
        yield from connection.execute(
            union_all(*(select(part).select_from(every.join(part, true())) for part in parts))
        )
        return
    for one in organizations:
        for priority in Priority:
            yield from connection.execute(due.where(Job.organization_id == one, Job.priority == priority))
