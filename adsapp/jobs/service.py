"""The queue manager: what the console, the API and the command line do with jobs.

Services never commit: the edge that called them does, and what leaves the process (the nudge) leaves after that.
"""

from collections.abc import Iterable

from sqlalchemy import case, select, update

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict
from adsapp.jobs import endings, finishing
from adsapp.jobs.controls import drain, get_limit, pause_queue, resume_queue, set_limit
from adsapp.jobs.enqueueing import Step, enqueue, enqueue_flow, enqueue_many, find_idempotent
from adsapp.jobs.history import ENDED
from adsapp.jobs.models import Job
from adsapp.jobs.nudging import NUDGE_BELOW, nudge
from adsapp.jobs.states import FINAL, PENDING, State, get_priority

__all__ = [
    "Step",
    "cancel",
    "drain",
    "enqueue",
    "enqueue_flow",
    "enqueue_many",
    "find_idempotent",
    "get_limit",
    "pause_queue",
    "promote",
    "resume_queue",
    "retry",
    "retry_all",
    "set_limit",
    "set_priority",
]


def cancel(job: Job, by: str) -> None:
    """Cancel a job that has not begun; ask a running one to stop (it does within seconds). Finished: Conflict.

    Its children are cancelled with it.
    """
    if job.state in FINAL:
        raise Conflict(f"The job is {job.state.value} already; there is nothing left to cancel")
    stopped = _cancel_pending(job, by)
    asked = None if stopped else _ask_to_stop(job, by)
    db.session.refresh(job)
    if not stopped and asked is None:
        raise Conflict(f"The job is {job.state.value} already; there is nothing left to cancel")
    for child in db.session.scalars(select(Job).where(Job.parent_id == job.id, Job.state.not_in(FINAL))).all():
        cancel(child, by)


def _cancel_pending(job: Job, by: str) -> bool:
    now = utcnow()
    rows = db.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state.in_(PENDING))
        .values(
            state=State.CANCELLED,
            finished_at=now,
            cancel_requested_at=now,
            cancel_requested_by=by,
            run_at=None,
        )
        .returning(*(getattr(Job, column.name) for column in ENDED)),
        execution_options={"synchronize_session": False},
    ).all()
    finishing.settle(db.session.connection(), rows, now)
    if rows:
        endings.tell_cancelled(job, by)
    return bool(rows)


def _ask_to_stop(job: Job, by: str) -> object:
    return db.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == State.ACTIVE)
        .values(cancel_requested_at=utcnow(), cancel_requested_by=by)
        .returning(Job.id)
    ).first()


def retry(job: Job, by: str) -> None:
    """Begin a failed or cancelled job again, with all its attempts."""
    if not retry_all([job], by):
        raise Conflict(f"Only failed and cancelled jobs can be retried; this one is {job.state.value}")


def retry_all(jobs: Iterable[Job], by: str) -> int:
    """Begin those of the jobs again that failed or were cancelled; returns how many."""
    by_id = {job.id: job for job in jobs}
    now = utcnow()
    again = db.session.execute(
        update(Job)
        .where(Job.id.in_(by_id), Job.state.in_([State.FAILED, State.CANCELLED]))
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
        nudge(job)
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
    nudge(job)


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
