"""Jobs for many organizations at once, on the engine's connection: what a look at all of them found due.

As `enqueue` adds one in the session of its organization: the rows are the outbox, and whoever calls this wakes the
workers (`Added.queues`) after the commit.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Table, func, select

from adsapp.core import db
from adsapp.core.db.constructs import any_of
from adsapp.core.db.rows import insert_many
from adsapp.jobs.enqueue import COLUMNS, DEFAULTS
from adsapp.jobs.models import Job, JobCount, JobDependency, QueueLimit
from adsapp.jobs.registry import Processor
from adsapp.jobs.states import PENDING, On, Queue, State

JOBS, LIMITS, COUNTS = (cast(Table, each.__table__) for each in (Job, QueueLimit, JobCount))

Place = tuple[uuid.UUID, Queue]


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """A job to add. `after` is one that has to end first, however it ends; it is locked, or added along with this."""

    id: uuid.UUID
    organization_id: uuid.UUID
    kind: Processor
    payload: db.SecretJson
    title: str
    subject: str
    priority: int
    run_at: datetime
    created_by: str
    after: uuid.UUID | None = None


@dataclass(frozen=True)
class Added:
    """What was added to which queues."""

    queues: frozenset[Queue] = field(default_factory=frozenset)


def add_jobs(connection: Connection, new: Sequence[NewJob], now: datetime, attempts: int) -> Added:
    """Add them in two statements. `attempts`: for kinds that do not say how often they are tried."""
    insert_many(connection, Job, [_columns(each, now, attempts) for each in new])
    insert_many(connection, JobDependency, [_edge(each) for each in new if each.after])
    return Added(frozenset(each.kind.queue for each in new))


def _columns(new: NewJob, now: datetime, attempts: int) -> dict[str, Any]:
    given = {
        "id": new.id,
        "organization_id": new.organization_id,
        "queue": new.kind.queue,
        "processor": new.kind.name,
        "title": new.title[:200],
        "subject": new.subject,
        "priority": new.priority,
        "state": State.DELAYED if new.after or new.run_at > now else State.WAITING,
        "payload": new.payload,
        "run_at": new.run_at,
        "created_at": now,
        "created_by": new.created_by[:200],
        "max_attempts": new.kind.attempts or attempts,
        "timeout_seconds": new.kind.timeout_seconds,
        "routine": new.kind.internal,
        "blocked_by": 1 if new.after else 0,
    }
    return {name: given.get(name, DEFAULTS.get(name)) for name in COLUMNS}


def _edge(new: NewJob) -> dict[str, Any]:
    return {
        "organization_id": new.organization_id,
        "job_id": new.id,
        "needs_id": new.after,
        "on": On.ALWAYS,
        "condition": None,
        "resolved_at": None,
        "met": None,
    }


def room(connection: Connection, organizations: Collection[uuid.UUID]) -> dict[Place, int]:
    """How many more jobs may wait in a queue, for those organizations that limit it."""
    limited = select(LIMITS.c.organization_id, LIMITS.c.queue, LIMITS.c.waiting).where(
        any_of(LIMITS.c.organization_id, organizations), LIMITS.c.waiting.is_not(None)
    )
    most = {(row.organization_id, row.queue): row.waiting for row in connection.execute(limited)}
    return {place: max(0, waiting - _waiting(connection, place)) for place, waiting in most.items()}


def _waiting(connection: Connection, place: Place) -> int:
    organization_id, queue = place
    counted = select(func.sum(COUNTS.c.count)).where(
        COUNTS.c.organization_id == organization_id, COUNTS.c.queue == queue, COUNTS.c.state.in_(PENDING)
    )
    return int(connection.scalar(counted) or 0)


def states_of(connection: Connection, job_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, State]:
    """The states of these jobs; one that is gone is not among them."""
    if not job_ids:
        return {}
    found = connection.execute(select(JOBS.c.id, JOBS.c.state).where(any_of(JOBS.c.id, job_ids)))
    return {row.id: row.state for row in found}


def held(connection: Connection, job_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, State]:
    """The same, and none of these ends until this transaction does. One that just now does, or is changed otherwise,
    is not among them: nobody waits for it here, so that nobody waits in a circle."""
    wanted = list(job_ids)
    if not wanted:
        return {}
    rows = connection.execute(
        select(JOBS.c.id, JOBS.c.state)
        .where(any_of(JOBS.c.id, wanted))
        .order_by(JOBS.c.id)
        .with_for_update(read=True, skip_locked=True)
    )
    return {row.id: row.state for row in rows}
