"""The queue manager: what the console, the API and the command line do with jobs.

Services never commit: the edge that called them does, and what leaves the process (the nudge) leaves after that.
"""

import uuid
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, and_, case, or_, select, update

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict
from adsapp.jobs import endings, finishing, history
from adsapp.jobs.controls import drain, get_limit, pause_queue, resume_queue, set_limit
from adsapp.jobs.enqueueing import Step, enqueue, enqueue_flow, enqueue_many, find_idempotent
from adsapp.jobs.models import Job
from adsapp.jobs.nudging import NUDGE_BELOW, nudge
from adsapp.jobs.registry import all_over_once_cancelled, over_once_cancelled
from adsapp.jobs.states import FINAL, State, get_priority

__all__ = [
    "Step",
    "cancel",
    "cancel_all",
    "drain",
    "enqueue",
    "enqueue_flow",
    "enqueue_many",
    "find_idempotent",
    "get_limit",
    "pause_queue",
    "promote",
    "resume_queue",
    "retriable",
    "retry",
    "retry_all",
    "set_limit",
    "set_priority",
    "why_over",
]


def cancel(job: Job, by: str) -> None:
    """Cancel a job that has not begun; ask a running one to stop (it does within seconds). Finished: Conflict.

    Its children are cancelled with it.
    """
    if not cancel_all([job], by):
        raise Conflict(f"The job is {job.state.value} already; there is nothing left to cancel")


def cancel_all(jobs: Iterable[Job], by: str) -> int:
    """Cancel those of the jobs that have not ended, and their children; how many of the jobs that were."""
    jobs, now = list(jobs), utcnow()
    family = _locked(_with_children([job.id for job in jobs]))
    going = {job.id for job in family if job.state not in FINAL}
    asked = {"cancel_requested_at": now, "cancel_requested_by": by}
    connection = db.session.connection()
    ended = finishing.end_pending(connection, going, now, **asked)
    running = update(Job).where(Job.id.in_(going), Job.state == State.ACTIVE).values(**asked)
    db.session.execute(running, execution_options={"synchronize_session": False})
    in_vain = finishing.settle(connection, ended, now)
    for job in family:
        db.session.expire(job)
    for row in ended:
        if endings.is_told(row.processor):
            endings.tell_cancelled(db.session.get_one(Job, row.id), by)
    history.record(connection, in_vain, now)
    return len(going & {job.id for job in jobs})


def _with_children(job_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    found, generation = list(job_ids), list(job_ids)
    while generation:
        children = select(Job.id).where(Job.parent_id.in_(generation), Job.state.not_in(FINAL))
        generation = [child for child in db.session.scalars(children) if child not in found]
        found += generation
    return found


def _locked(job_ids: Sequence[uuid.UUID]) -> Sequence[Job]:
    # All at once and in one order, so that what is true of them stays true until they are changed.
    rows = select(Job).where(Job.id.in_(job_ids)).order_by(Job.id).with_for_update()
    return db.session.scalars(rows, execution_options={"populate_existing": True}).all()


def retriable() -> ColumnElement[bool]:
    """The jobs that can be retried: `why_over` for all of them at once."""
    goes_on = or_(Job.processor.not_in(all_over_once_cancelled()), Job.error.is_not(None))
    return or_(Job.state == State.FAILED, and_(Job.state == State.CANCELLED, goes_on))


def why_over(job: Job) -> str:
    """Why this cancelled job cannot be retried; empty where it can.

    One that was cancelled because it waited in vain (it says so as its error) touched nothing, and may be retried.
    """
    return over_once_cancelled(job.processor) if job.state == State.CANCELLED and job.error is None else ""


def retry(job: Job, by: str) -> None:
    """Begin a failed or cancelled job again, with all its attempts."""
    if not retry_all([job], by):
        if over := why_over(job):
            raise Conflict(over)
        raise Conflict(f"Only failed and cancelled jobs can be retried; this one is {job.state.value}")


def retry_all(jobs: Iterable[Job], by: str) -> int:
    """Begin those of the jobs again that failed or were cancelled; returns how many."""
    by_id = {job.id: job for job in _locked([job.id for job in jobs])}
    now = utcnow()
    again = db.session.execute(
        update(Job)
        .where(Job.id.in_(by_id), retriable())
        .values(
            state=case((Job.blocked_by > 0, State.DELAYED), else_=State.WAITING),
            run_at=now,
            failures=0,
            dispatched_at=None,
            finished_at=None,
            cancel_requested_at=None,
            cancel_requested_by=None,
            error=None,
            error_code=None,
            handed_back=False,
            wait_reason=f"retried by {by}",
        )
        .returning(Job.id),
        execution_options={"synchronize_session": False},
    ).scalars()
    begun = [by_id[job_id] for job_id in again]
    for job in by_id.values():
        db.session.expire(job)
    for job in begun[:NUDGE_BELOW]:
        nudge(job, limited=get_limit(job.queue) is not None)
    return len(begun)


def promote(job: Job) -> None:
    """Let a delayed job run now; Conflict where it is not delayed, or waits for other jobs."""
    if job.blocked_by:
        raise Conflict(f"This job waits for {job.blocked_by} other jobs to end; cancel those, or wait for them")
    moved = db.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == State.DELAYED, Job.blocked_by == 0)
        .values(state=State.WAITING, run_at=utcnow(), dispatched_at=None, wait_reason=None)
        .returning(Job.id)
    ).first()
    db.session.refresh(job)
    if moved is None:
        raise Conflict(f"Only a delayed job can be run early; this one is {job.state.value}")
    nudge(job, limited=get_limit(job.queue) is not None)


def set_priority(job: Job, priority: int) -> None:
    """Change the priority of a job that has not ended; it counts from the next time that it is taken up."""
    changed = db.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state.not_in(FINAL))
        .values(priority=get_priority(priority))
        .returning(Job.id)
    ).first()
    db.session.refresh(job)
    if changed is None:
        raise Conflict(f"The job is {job.state.value} already; its priority means nothing any more")
