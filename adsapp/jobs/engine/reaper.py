"""The reaper: jobs whose lease has ended go back for another attempt, or fail at their last one."""

from datetime import timedelta
from math import inf

from sqlalchemy import (
    Engine,
    select,
    text,
)

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import UtcDateTime, engine_transaction, reading
from adsapp.jobs.engine import completion, counting, dispatch, job_lines
from adsapp.jobs.engine.claims import CLAIMED, JOBS, _as_claim, log

ACTIVE = text("state = 'active'")  # as the index of leases has it, word for word

_FIRST = text(
    "select (select min(lease_until) from jobs where state = 'active') as lease_until, "
    "(select min(dispatched_at) from jobs where state = 'waiting') as dispatched_at"
).columns(lease_until=UtcDateTime(), dispatched_at=UtcDateTime())


def rest(engine: Engine, clock: DatabaseClock) -> float:
    """Seconds until a job may have to be taken back or dispatched again, by what is known now. It takes no lock."""
    with reading(), engine_transaction(engine) as connection:
        first = connection.execute(_FIRST).one()
    again = timedelta(seconds=dispatch.DISPATCH_AGAIN_SECONDS)
    moments = [first.lease_until, first.dispatched_at and first.dispatched_at + again]
    return min(((moment - clock.now()).total_seconds() for moment in moments if moment is not None), default=inf)


def reap(engine: Engine, clock: DatabaseClock, retry_seconds: float, limit: int = 100) -> int:
    """Take back active jobs whose lease has ended; returns how many. A new attempt, or failed at the last one."""
    with engine_transaction(engine) as connection:
        lost = connection.execute(
            select(*CLAIMED)
            .where(ACTIVE, JOBS.c.lease_until < clock.now())
            .order_by(JOBS.c.lease_until)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        completion.expire(connection, clock, [_as_claim(row) for row in lost], retry_seconds)
    claims = [_as_claim(row) for row in lost]
    for claim in claims:
        log.warning("worker_lost", kind=claim.processor, **job_lines.about(claim))
    counting.count_lost(claims)
    return len(lost)
