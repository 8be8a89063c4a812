"""The reaper: jobs whose lease is over go back for another attempt, or fail at their last one."""

from datetime import timedelta

from sqlalchemy import (
    Engine,
    bindparam,
    select,
    text,
)

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import UtcDateTime, engine_transaction, reading
from adsapp.jobs.engine import completion, dispatch
from adsapp.jobs.engine.claims import CLAIMED, JOBS, _as_claim, log

ACTIVE = text("state = 'active'")  # as the index of leases has it, word for word

_ANYTHING = text(
    "select exists (select 1 from jobs where state = 'active' and lease_until < :now) "
    "or exists (select 1 from jobs where state = 'waiting' and dispatched_at < :lost)"
).bindparams(bindparam("now", type_=UtcDateTime()), bindparam("lost", type_=UtcDateTime()))


def reap_all(engine: Engine, clock: DatabaseClock, retry_seconds: float) -> bool:
    """Take back jobs of silent workers and those that the broker lost; whether there were any.

    There seldom are, so it first looks without a lock: an installation at rest does nothing else all day.
    """
    now = clock.now()
    moments = {"now": now, "lost": now - timedelta(seconds=dispatch.DISPATCH_AGAIN_SECONDS)}
    with reading(), engine_transaction(engine) as connection:
        if not connection.execute(_ANYTHING, moments).scalar():
            return False
    found = reap(engine, clock, retry_seconds), dispatch.dispatch_again(engine, clock)
    return any(found)


def reap(engine: Engine, clock: DatabaseClock, retry_seconds: float, limit: int = 100) -> int:
    """Take back active jobs whose lease is over; returns how many. A new attempt, or failed at the last one."""
    with engine_transaction(engine) as connection:
        lost = connection.execute(
            select(*CLAIMED)
            .where(ACTIVE, JOBS.c.lease_until < clock.now())
            .order_by(JOBS.c.lease_until)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        completion.take_back(connection, clock, [_as_claim(row) for row in lost], retry_seconds)
    for row in lost:
        log.warning("worker_lost", job_id=str(row.id), processor=row.processor, attempt=row.attempt)
    return len(lost)
