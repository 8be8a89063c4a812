"""Who holds which job: claim by conditional update, heartbeat, and the reaper that takes jobs from the silent."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import UtcDateTime, engine_transaction
from adsapp.core.db.constructs import any_of, random_uuid, skip_existing
from adsapp.core.db.rows import insert_many
from adsapp.core.logs import get_logger
from adsapp.jobs.models import Job, JobAttempt, QueueControl, in_state
from adsapp.jobs.progress import Claim
from adsapp.jobs.registry import unpausable
from adsapp.jobs.states import State

log = get_logger()


JOBS = cast(Table, Job.__table__)
CLAIMED = (JOBS.c.id, *(JOBS.c[each.name] for each in fields(Claim) if each.name != "job_id"))


@dataclass(frozen=True)
class WorkerIdentity:
    """The process that claims: its row in `workers` and its name for people."""

    id: uuid.UUID
    name: str


def claim(
    engine: Engine, clock: DatabaseClock, worker: WorkerIdentity, job_id: uuid.UUID, lease: float
) -> Claim | None:
    """Take one waiting job; None if somebody else has it, it was cancelled or paused: the message is dropped."""
    with engine_transaction(engine) as connection:
        return claim_many(connection, clock.now(), worker, [job_id], lease).get(job_id)


def claim_many(
    connection: Connection, now: datetime, worker: WorkerIdentity, job_ids: Sequence[uuid.UUID], lease: float
) -> dict[uuid.UUID, Claim]:
    """Take those of the jobs that still may begin, each under a lease of its own. It waits for no lock."""
    held = {"job_ids": job_ids, "now": now, "until": now + timedelta(seconds=lease), "by_worker": worker.id}
    if connection.dialect.name == "postgresql":
        rows = connection.execute(_claiming_and_noting(), held | {"by_name": worker.name}).all()
        return {row.id: _as_claim(row) for row in rows}
    claims = [_as_claim(row) for row in connection.execute(_claiming(), held)]
    attempts = [_attempt(claim, worker, now) for claim in claims]
    insert_many(connection, JobAttempt, attempts, only_new=True)
    return {claim.job_id: claim for claim in claims}


@cache
def _claiming_and_noting() -> Any:
    """The claim and its attempts in one statement. A job that was snoozed goes on with the attempt it has."""
    claimed = _claiming().cte("claimed")
    attempt = (
        claimed.c.organization_id,
        claimed.c.id,
        claimed.c.attempt,
        bindparam("by_worker", type_=Uuid()),
        bindparam("by_name", type_=Text()),
        bindparam("now", type_=UtcDateTime()),
    )
    names = ["organization_id", "job_id", "attempt", "worker_id", "worker", "started_at"]
    noted = insert(JobAttempt).from_select(names, select(*attempt)).ext(skip_existing())
    return select(claimed).add_cte(noted.cte("noted"))


@cache
def _claiming() -> Any:
    now = bindparam("now", type_=UtcDateTime())
    is_paused = exists().where(
        QueueControl.organization_id == JOBS.c.organization_id,
        QueueControl.queue == JOBS.c.queue,
        or_(
            and_(QueueControl.processor == "", JOBS.c.processor.not_in(unpausable())),
            QueueControl.processor == JOBS.c.processor,
        ),
        or_(QueueControl.paused_until.is_(None), QueueControl.paused_until > now),
    )
    may_begin = select(JOBS.c.id).where(
        any_of(JOBS.c.id, "job_ids"),
        in_state(State.WAITING),
        JOBS.c.blocked_by == 0,
        JOBS.c.run_at <= now,
        ~is_paused,
    )
    return (
        update(JOBS)
        .where(JOBS.c.id.in_(may_begin.with_for_update(skip_locked=True, of=JOBS)))
        .values(
            state=State.ACTIVE,
            attempt=JOBS.c.attempt + case((JOBS.c.handed_back, 0), else_=1),
            lease_id=random_uuid(),
            lease_until=bindparam("until", type_=UtcDateTime()),
            claimed_at=now,
            worker_id=bindparam("by_worker", type_=Uuid()),
            due_at=func.coalesce(JOBS.c.due_at, JOBS.c.run_at),
            started_at=func.coalesce(JOBS.c.started_at, now),
            wait_reason=None,
            handed_back=False,
        )
        .returning(*CLAIMED)
    )


def _as_claim(row: Any) -> Claim:
    return Claim(row.id, *row[1:])


def _attempt(claimed: Claim, worker: WorkerIdentity, now: datetime) -> dict[str, Any]:
    return {
        "organization_id": claimed.organization_id,
        "job_id": claimed.job_id,
        "attempt": claimed.attempt,
        "worker_id": worker.id,
        "worker": worker.name,
        "started_at": now,
    }
