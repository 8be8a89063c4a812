"""An e-mail and the one job that sends it: enqueue the job, lock it, let it go on."""

from sqlalchemy import select

from adsapp import jobs
from adsapp.core import db
from adsapp.emails.models import Email
from adsapp.emails.subject import EMAIL
from adsapp.jobs import Job, Priority, State, transitions
from adsapp.jobs.idempotency import require_subject
from adsapp.organizations.auditing import NOBODY, By
from adsapp.outbound.statuses import OutboundStatus


def enqueue_job(
    email: Email, by: By, idempotency_key: str | None = None, digest: str | None = None, *, at_once: bool = False
) -> None:
    """Add the job that sends it, from its time on; it becomes the e-mail's own."""
    subject = EMAIL.of(email.id)
    job = jobs.enqueue(
        "send-email",
        {"email_id": str(email.id)},
        title=f"E-mail {email.name}"[:200],
        subject=subject,
        priority=Priority(email.priority),
        run_at=None if at_once else email.scheduled_at,
        idempotency_key=idempotency_key,
        digest=digest,
        created_by=by.name,
        total=email.audience_size,
    )
    email.job_id = require_subject(job, subject).id


def go_on(email: Email, count: int, by: By) -> None:
    """Let an e-mail that had ended send to those it was just given back."""
    if not count or email.status not in (OutboundStatus.COMPLETED, OutboundStatus.SENDING):
        return
    if email.status is OutboundStatus.COMPLETED:  # its job has ended, or is about to and looks no more
        email.status, email.finished_at = OutboundStatus.SENDING, None
        enqueue_job(email, by, at_once=True)
        return
    job = locked_job(email)
    if job is not None and job.state is State.DELAYED:
        transitions.promote(job, by=NOBODY)


def wake(email: Email, job: Job | None, by: By) -> None:
    """Let the job of an e-mail that is resumed begin, whatever became of it."""
    if job is None or job.state is State.COMPLETED:
        enqueue_job(email, by, at_once=email.status is not OutboundStatus.SCHEDULED)
    elif job.state in (State.FAILED, State.CANCELLED):
        transitions.retry(job, by)
    elif job.state is State.DELAYED and email.status is not OutboundStatus.SCHEDULED:
        transitions.promote(job, by=NOBODY)


def locked_job(email: Email) -> Job | None:
    """Its job, locked and read afresh; None if there is none."""
    if email.job_id is None:
        return None
    return db.session.scalars(
        select(Job)
        .where(Job.id == email.job_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
