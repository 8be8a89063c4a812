"""Dispatch: moves due rows into the broker, in fair turns between organizations.

A sweep every 100 ms on every worker process, for the queues it works on. What is due, delayed, retried, paused or
lost in the broker is all one query: the broker stays shallow and may be flushed at any moment.
"""

import uuid
from datetime import timedelta

from sqlalchemy import Engine, and_, func, or_, select, update

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import engine_transaction
from adsapp.jobs.leases import is_paused
from adsapp.jobs.models import Job
from adsapp.jobs.queue import Broker
from adsapp.jobs.states import Queue, State

WINDOW = 500  # ids of one queue that lie in the broker at most
DISPATCH_AGAIN_SECONDS = 10  # a dispatched job not claimed in this time was lost in the broker


def sweep(engine: Engine, clock: DatabaseClock, broker: Broker, queue: Queue) -> int:
    """Hand the due jobs of a queue to its consumers; returns how many."""
    room = WINDOW - broker.pending(queue)
    if room <= 0:
        return 0
    due = _take_due(engine, clock, queue, room)
    for job_id, priority in due:
        broker.push(queue, job_id, priority)
    return len(due)


def _take_due(engine: Engine, clock: DatabaseClock, queue: Queue, limit: int) -> list[tuple[uuid.UUID, int]]:
    now = clock.now()
    lost_before = now - timedelta(seconds=DISPATCH_AGAIN_SECONDS)
    due = and_(
        Job.queue == queue,
        Job.state.in_([State.WAITING, State.DELAYED]),
        Job.run_at <= now,
        or_(Job.dispatched_at.is_(None), Job.dispatched_at < lost_before),
        ~is_paused(now),
    )
    # Each organization's best job first, then each one's second: nobody waits behind another's million.
    turn = func.row_number().over(partition_by=Job.organization_id, order_by=[Job.priority, Job.run_at])
    ranked = select(Job.id, Job.priority, Job.run_at, turn.label("turn")).where(due).subquery()
    chosen = select(ranked.c.id).order_by(ranked.c.turn, ranked.c.priority, ranked.c.run_at).limit(limit)
    with engine_transaction(engine) as connection:
        if connection.execute(select(Job.id).where(due).limit(1)).first() is None:
            return []
        ids = connection.execute(chosen).scalars().all()
        locked = (
            connection.execute(select(Job.id).where(Job.id.in_(ids), due).with_for_update(skip_locked=True))
            .scalars()
            .all()
        )
        rows = connection.execute(
            update(Job)
            .where(Job.id.in_(locked))
            .values(state=State.WAITING, dispatched_at=now)
            .returning(Job.id, Job.priority)
        ).all()
    order = {job_id: position for position, job_id in enumerate(ids)}
    return [(row.id, int(row.priority)) for row in sorted(rows, key=lambda row: order[row.id])]
