"""The queue manager: what the console, the API and the command line do with jobs.

Services never commit: the edge that called them does, and what leaves the process (the nudge) leaves after that.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.logs import get_logger
from adsapp.jobs import endings, finishing
from adsapp.jobs.models import Job, QueueControl
from adsapp.jobs.queue import Broker
from adsapp.jobs.registry import UnknownProcessor, get_processor
from adsapp.jobs.states import PENDING, Priority, Queue, State

log = get_logger()

# A nudge skips the sweep, so it is given only while the queue is nearly idle: under load the sweep decides who is
# next, and the broker stays shallow.
NUDGE_BELOW = 20


def enqueue(
    processor: str,
    payload: Mapping[str, Any],
    *,
    title: str | None = None,
    subject: str | None = None,
    priority: Priority = Priority.NORMAL,
    run_at: datetime | None = None,
    dedupe_key: str | None = None,
    created_by: str = "",
    total: int | None = None,
) -> Job:
    """Add a job in the caller's transaction; it starts after the commit.

    With `dedupe_key`, a job of that key which has not begun yet is returned instead of a second one.
    Raises Invalid for an unknown processor, a payload that does not fit, a priority out of range.
    """
    kind = _known(processor)
    kind.parse(payload)
    if dedupe_key and (known := _not_begun(dedupe_key)) is not None:
        return known
    now = utcnow()
    job = Job(
        organization_id=db.require_organization_id(),
        queue=kind.queue,
        processor=kind.name,
        title=title or kind.title,
        subject=subject,
        priority=_priority(priority),
        state=State.DELAYED if run_at and run_at > now else State.WAITING,
        payload=db.vault().seal_json(dict(payload)),
        run_at=run_at or now,
        wait_reason=None,
        dedupe_key=dedupe_key,
        created_by=created_by,
        max_attempts=kind.attempts or context.settings().job_attempts,
        timeout_seconds=kind.timeout_seconds,
        routine=kind.routine,
        progress_total=total,
    )
    db.session.add(job)
    db.session.flush()
    if job.state == State.WAITING:
        nudge(job)
    return job


def _known(name: str) -> Any:
    try:
        return get_processor(name)
    except UnknownProcessor as error:
        raise Invalid.field("processor", str(error)) from None


def _priority(value: int) -> Priority:
    try:
        return Priority(value)
    except ValueError:
        raise Invalid.field("priority", f"should be 1 (critical) to 4 (low), not {value}") from None


def _not_begun(dedupe_key: str) -> Job | None:
    return db.session.scalars(select(Job).where(Job.dedupe_key == dedupe_key, Job.state.in_(PENDING))).first()


def nudge(job: Job) -> None:
    """After the commit, push the id for a start within milliseconds. A lost nudge costs nothing but time."""
    broker: Broker = context.extension("broker")
    queue, job_id, priority = job.queue, job.id, int(job.priority)

    def push() -> None:
        try:
            if broker.pending(queue) < NUDGE_BELOW:
                broker.push(queue, job_id, priority)
        except Exception as error:  # the broker is down: the sweep brings the row when it is back
            log.warning("nudge_lost", job_id=str(job_id), error=type(error).__name__)

    db.after_commit(push)


def cancel(job: Job, by: str) -> None:
    """Cancel a job that has not begun; ask a running one to stop (it does within seconds). Finished: Conflict."""
    now = utcnow()
    stopped = db.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state.in_(PENDING))
        .values(
            state=State.CANCELLED,
            finished_at=now,
            cancel_requested_at=now,
            cancel_requested_by=by,
            run_at=None,
        )
        .returning(Job.id)
    ).first()
    if stopped is not None:
        db.session.refresh(job)
        finishing.record(db.session.connection(), job, State.CANCELLED, now)
        endings.tell_cancelled(job, by)
        return
    asked = db.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == State.ACTIVE)
        .values(cancel_requested_at=now, cancel_requested_by=by)
        .returning(Job.id)
    ).first()
    db.session.refresh(job)
    if asked is None:
        raise Conflict(f"The job is {job.state.value} already; there is nothing left to cancel")


def retry(job: Job, by: str) -> None:
    """Begin a failed or cancelled job again, with all its attempts."""
    again = db.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state.in_([State.FAILED, State.CANCELLED]))
        .values(
            state=State.WAITING,
            run_at=utcnow(),
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
        .returning(Job.id)
    ).first()
    db.session.refresh(job)
    if again is None:
        raise Conflict(f"Only failed and cancelled jobs can be retried; this one is {job.state.value}")
    nudge(job)


def promote(job: Job) -> None:
    """Let a delayed job run now."""
    moved = db.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == State.DELAYED)
        .values(state=State.WAITING, run_at=utcnow(), dispatched_at=None, wait_reason=None)
        .returning(Job.id)
    ).first()
    db.session.refresh(job)
    if moved is None:
        raise Conflict(f"Only a delayed job can be run early; this one is {job.state.value}")
    nudge(job)


def pause_queue(queue: Queue, *, by: str, reason: str, hours: float | None = None) -> QueueControl:
    """Pause a queue for this organization; jobs that run go on, none is begun."""
    if not reason.strip():
        raise Invalid.field("reason", "Say why, so that others know")
    until = utcnow() + timedelta(hours=hours) if hours else None
    control = QueueControl(
        organization_id=db.require_organization_id(),
        queue=queue,
        reason=reason.strip(),
        by=by,
        paused_until=until,
    )
    return db.session.merge(control)


def resume_queue(queue: Queue) -> None:
    """Let a paused queue go on; no effect where it is not paused."""
    control = db.session.scalars(select(QueueControl).where(QueueControl.queue == queue)).first()
    if control is not None:
        db.session.delete(control)
