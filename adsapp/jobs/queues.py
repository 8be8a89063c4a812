"""What an organization has set for its queues: pauses, limits; and workers that are asked to end."""

from datetime import datetime

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid
from adsapp.jobs.enqueue import wake
from adsapp.jobs.models import QueueControl, QueueLimit, Worker
from adsapp.jobs.queries.limits import get_limit
from adsapp.jobs.registry import require_processor
from adsapp.jobs.states import Queue
from adsapp.organizations.auditing import By


def pause_queue(queue: Queue, by: By, until: datetime | None = None, processor: str = "") -> QueueControl:
    """Pause a queue for this organization, or one kind of job in it; jobs that run go on, none is begun.

    `until` ends the pause by itself. Invalid without a reason, for a moment that is past, for an unknown processor.
    """
    if not by.reason.strip():
        raise Invalid.field("reason", "Say why, so that others know")
    if until is not None and until <= utcnow():
        raise Invalid.field("until", "should be in the future")
    control = QueueControl(
        organization_id=db.require_organization_id(),
        queue=queue,
        processor=_kind_of(queue, processor),
        paused_at=utcnow(),
        reason=by.reason.strip(),
        by=by.name,
        paused_until=until,
    )
    return db.session.merge(control)


def resume_queue(queue: Queue, processor: str = "") -> bool:
    """Let a paused queue, or a paused kind of job, go on; False if it was not paused."""
    paused = select(QueueControl).where(QueueControl.queue == queue, QueueControl.processor == processor)
    control = db.session.scalars(paused).first()
    if control is not None:
        db.session.delete(control)
        wake(queue)
    return control is not None


def _kind_of(queue: Queue, processor: str) -> str:
    if not processor:
        return ""
    known = require_processor(processor)
    if known.queue != queue:
        raise Invalid.field("processor", f"{processor} belongs to the queue {known.queue.value}, not to {queue.value}")
    return processor


def set_limit(
    queue: Queue, by: By, *, at_once: int | None = None, per_minute: int | None = None, waiting: int | None = None
) -> QueueLimit | None:
    """Set all three limits of the queue; None lifts one, and with all lifted there is none any more."""
    for name, value in (("at_once", at_once), ("per_minute", per_minute), ("waiting", waiting)):
        if value is not None and value < 1:
            raise Invalid.field(name, f"should be 1 or more, or empty for no limit, not {value}")
    limit = get_limit(queue)
    if at_once is None and per_minute is None and waiting is None and (limit is None or limit.most_at_once is None):
        if limit is not None:
            db.session.delete(limit)
        return None
    if limit is None:
        limit = QueueLimit(organization_id=db.require_organization_id(), queue=queue)
        db.session.add(limit)
    limit.at_once, limit.per_minute, limit.waiting = at_once, per_minute, waiting
    limit.changed_by, limit.changed_at = by.name, utcnow()
    return limit


def cap(queue: Queue, most_at_once: int | None, by: By) -> int | None:
    """What the organization may run of the queue at once whatever it allows itself; None lifts it. What it was."""
    if most_at_once is not None and most_at_once < 1:
        raise Invalid.field("jobs_at_once", f"should be 1 or more, not {most_at_once}")
    limit = get_limit(queue)
    before = limit.most_at_once if limit else None
    if limit is None:
        if most_at_once is None:
            return None
        limit = QueueLimit(organization_id=db.require_organization_id(), queue=queue, changed_by=by.name)
        db.session.add(limit)
    limit.most_at_once = most_at_once
    if not any((limit.at_once, limit.per_minute, limit.waiting, most_at_once)):
        db.session.delete(limit)
    wake(queue)
    return before


def drain(worker: Worker, by: By) -> None:
    """Ask a worker process to begin nothing more, end what runs, and then end itself."""
    if worker.stopped_at is not None:
        raise Conflict("This worker has stopped already")
    worker.drain_requested_at, worker.drain_requested_by = utcnow(), by.name
