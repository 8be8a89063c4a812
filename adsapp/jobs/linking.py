"""Adding dependencies: the edges between a job and those it needs, in the transaction that adds the job."""

import uuid
from collections.abc import Sequence

from sqlalchemy import Uuid, bindparam, select, text, update

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid
from adsapp.jobs.dependencies import After, is_met, why_unmet
from adsapp.jobs.models import Job, JobDependency
from adsapp.jobs.states import FINAL, On, State


def wait_for(job: Job, after: Sequence[After]) -> None:
    """Let a job that was just added wait for others; Invalid for an unknown one, Conflict where it waits in vain."""
    if not after:
        return
    needed = _locked([each.job_id for each in after])
    open_needs = 0
    for each in after:
        other = needed.get(each.job_id)
        if other is None:
            raise Invalid.field("after", f"There is no job {each.job_id} in this organization")
        open_needs += _add_edge(job, each, other)
    if open_needs:
        job.blocked_by = open_needs
        job.state = State.DELAYED
    db.session.flush()


def _locked(job_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Job]:
    # Against the moment in which they end: either that transaction sees our edges, or we see its end.
    rows = db.session.scalars(
        select(Job)
        .where(Job.id.in_(job_ids))
        .order_by(Job.id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def _add_edge(job: Job, each: After, other: Job) -> bool:
    """True where the needed job has not ended yet."""
    is_open = other.state not in FINAL
    if not is_open and not is_met(each.on, each.condition, other.state, other.result):
        raise Conflict(why_unmet(each.on, each.condition, other.title, other.state))
    db.session.add(
        JobDependency(
            organization_id=job.organization_id,
            job_id=job.id,
            resolved_at=None if is_open else utcnow(),
            met=None if is_open else True,
            **each.as_row(),
        )
    )
    return is_open


def let_parent_wait(parent: uuid.UUID, child: Job) -> None:
    """The parent goes on only when the child has ended, however it ends."""
    edge = After(parent, On.ALWAYS).as_row() | {"needs_id": child.id}
    db.session.add(JobDependency(organization_id=child.organization_id, job_id=parent, **edge))
    db.session.execute(update(Job).where(Job.id == parent).values(blocked_by=Job.blocked_by + 1))


_REACHES = text(
    """
    with recursive needed (id) as (
        select needs_id from job_dependencies
        where organization_id = :organization_id and job_id = :start and resolved_at is null
        union
        select d.needs_id from job_dependencies d join needed on d.job_id = needed.id
        where d.organization_id = :organization_id and d.resolved_at is null
    )
    select 1 from needed where id = :target
    """
).bindparams(*(bindparam(name, type_=Uuid()) for name in ("organization_id", "start", "target")))


def refuse_circle(after: Sequence[After], parent: uuid.UUID | None) -> None:
    """A parent waits for its child, so the child must not wait for the parent, by whatever way."""
    if parent is None:
        return
    for each in after:
        if each.job_id == parent or _reaches(each.job_id, parent):
            raise Invalid.field("after", f"A circle: {each.job_id} waits for {parent}, which would wait for this job")


def _reaches(start: uuid.UUID, target: uuid.UUID) -> bool:
    ids = {"organization_id": db.require_organization_id(), "start": start, "target": target}
    return db.session.execute(_REACHES, ids, execution_options={"names_organization": True}).first() is not None
