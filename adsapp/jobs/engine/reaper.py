"""The reaper: jobs whose lease is over go back for another attempt, or fail at their last one."""

from sqlalchemy import (
    Engine,
    select,
    text,
)

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import engine_transaction
from adsapp.jobs.engine import completion
from adsapp.jobs.engine.claims import CLAIMED, JOBS, _as_claim, log

ACTIVE = text("state = 'active'")  # as the index of leases has it, word for word


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
        completion.expire(connection, clock, [_as_claim(row) for row in lost], retry_seconds)
    for row in lost:
        log.warning("worker_lost", job_id=str(row.id), processor=row.processor, attempt=row.attempt)
    return len(lost)
