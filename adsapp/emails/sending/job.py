"""An e-mail's one job, from start to end: freeze the audience, send by slices, finish, stop.

Each run of the job looks at the e-mail first and does the next thing; whatever was interrupted goes on from what is
written. Chunks that a worker left behind when it died are sent again by the next slice, under their own keys.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.emails import consequences, ledger, reasons, service
from adsapp.emails.events import record
from adsapp.emails.models import Email, EmailChunk, EmailRecipient, EmailStatus
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.sending import chunks
from adsapp.emails.sending.freeze import EmailFreezing
from adsapp.emails.sending.mailing import Mailing
from adsapp.emails.sending.slice import Sender, Slice, SliceResult, report
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.base import EmailChannel
from adsapp.integrations.email_channels import email_channel_of
from adsapp.integrations.extension import pacer
from adsapp.integrations.models import EmailAccount
from adsapp.jobs import Job, JobCancelled, Progress, Queue, Snooze
from adsapp.jobs.queries.jobs import has_due_jobs
from adsapp.organizations.auditing import By
from adsapp.outbound.caps import cap_on_emails
from adsapp.outbound.transport import send_loop
from adsapp.outbound.words import with_reason

SKIP_CHUNK: Final = 2000
STARTING: Final = (EmailStatus.SCHEDULED, EmailStatus.PREPARING)
LEFT_IN_DOUBT: Final = "The e-mail was cancelled before it was known what came of the request."


@dataclass(frozen=True)
class RunContext:
    """What a run needs of the e-mail and its account, copied: the session's objects do not outlive a transaction."""

    status: EmailStatus
    reason: str
    paused_until: datetime | None
    is_frozen: bool
    audience: Mapping[str, Any]
    mailing: Mailing
    account_id: uuid.UUID
    channel: EmailChannel
    is_unreachable: bool

    @classmethod
    def of(cls, email: Email, account: EmailAccount) -> "RunContext":
        """The e-mail as it is now."""
        return cls(
            status=email.status,
            reason=email.status_reason or "",
            paused_until=email.paused_until,
            is_frozen=email.frozen_at is not None,
            audience=dict(email.audience),
            mailing=Mailing.of(email),
            account_id=account.id,
            channel=email_channel_of(account),
            is_unreachable=account.unreachable_since is not None,
        )


def send(email_id: uuid.UUID, progress: Progress) -> dict[str, Any] | None:
    """Do the e-mail's next share; returns once it is through, raises Snooze while it is not."""
    run = _open(email_id, progress)
    if run is None:
        return None
    try:
        return _go_on(email_id, run, progress)
    except JobCancelled:
        _cancel(email_id, progress)
        raise


def _open(email_id: uuid.UUID, progress: Progress) -> RunContext | None:
    with ledger.locked(email_id) as email:
        if email is None or email.job_id != progress.job_id:
            return None  # deleted, or another job has it by now
        account = accounts.get_email_account(email.account_id)
        if email.status in STARTING:
            email.status = EmailStatus.SENDING if email.frozen_at else EmailStatus.PREPARING
            email.started_at = email.started_at or utcnow()
        consequences.go_on_by_itself(email, account)
        consequences.hold_back(email, account)
        run = RunContext.of(email, account)
        progress.commit()
    return run


def _go_on(email_id: uuid.UUID, run: RunContext, progress: Progress) -> dict[str, Any] | None:
    if run.status is EmailStatus.PAUSED and run.is_frozen and _nobody_is_left(email_id):
        return _complete(email_id, progress)
    if run.status is EmailStatus.PAUSED:
        raise _paused(run.paused_until, run.reason)
    if run.status is EmailStatus.CANCELLED:
        raise JobCancelled
    if run.status is EmailStatus.COMPLETED:
        return None
    seconds = context.settings().slice_seconds
    if not run.is_frozen:
        freezing = EmailFreezing(email_id, run.audience, run.mailing, progress)
        if not freezing.run(until=time.monotonic() + seconds):
            raise Snooze(utcnow(), "its audience is being prepared")
    report(email_id, progress)
    cap = cap_on_emails(run.channel.batch_size)
    sender = Sender(run.account_id, run.channel, send_loop(), pacer(), run.is_unreachable, cap)
    ended = Slice(email_id, run.mailing, sender, progress, seconds, _others_wait).run()
    report(email_id, progress)
    return _after(email_id, ended, progress)


def _others_wait() -> bool:
    """True if another job of the queue waits for a thread: this one then gives its own up."""
    return has_due_jobs(Queue.EMAIL_NOTIFICATION)


def _after(email_id: uuid.UUID, ended: SliceResult, progress: Progress) -> dict[str, Any] | None:
    if ended.status is EmailStatus.CANCELLED:
        raise JobCancelled
    if ended.status is EmailStatus.PAUSED and not _nobody_is_left(email_id):
        raise _paused(*_why_paused(email_id))
    if ended.run_at is not None:
        raise Snooze(ended.run_at, ended.reason)
    return _complete(email_id, progress)


def _paused(until: datetime | None, reason: str) -> Snooze:
    return Snooze(until, with_reason("the e-mail is paused", reason))


def _why_paused(email_id: uuid.UUID) -> tuple[datetime | None, str]:
    with db.read_only():
        row = db.session.execute(select(Email.paused_until, Email.status_reason).where(Email.id == email_id)).one()
    return row.paused_until, row.status_reason or ""


def _complete(email_id: uuid.UUID, progress: Progress) -> dict[str, Any] | None:
    """Through, unless somebody was given back meanwhile. A paused one with nobody left waits for nothing."""
    with ledger.locked(email_id) as email:
        may_end = email is not None and email.status in (EmailStatus.SENDING, EmailStatus.PAUSED)
        if email is None or not may_end or ledger.anybody_to_go(email_id):
            raise Snooze(utcnow() + timedelta(seconds=0.1), "somebody is to be sent to again")
        email.status, email.finished_at = EmailStatus.COMPLETED, utcnow()
        email.status_reason = email.paused_until = None
        record(email, "Completed")
        progress.commit()
    return {"email_id": str(email_id)}


def _nobody_is_left(email_id: uuid.UUID) -> bool:
    with db.read_only():
        return not ledger.anybody_to_go(email_id)


def _cancel(email_id: uuid.UUID, progress: Progress) -> None:
    """Skip who is left, by chunks, once nothing is on its way."""
    with ledger.locked(email_id) as email:
        if email is not None and not email.status.has_ended:
            by = select(Job.cancel_requested_by).where(Job.id == progress.job_id)
            service.mark_cancelled(email, By(db.session.scalar(by) or ""))
        _give_up_chunks(email_id)
        progress.commit()
    while _skip_some(email_id):
        progress.commit()
    db.session.rollback()
    report(email_id, progress)


def _give_up_chunks(email_id: uuid.UUID) -> None:
    """Nothing goes again: people of a request that is in doubt stay uncertain, the others were not sent to."""
    unsettled = select(EmailChunk).where(EmailChunk.email_id == email_id, EmailChunk.settled_at.is_(None))
    rows = db.session.scalars(unsettled).all()
    chunks.give_up([row for row in rows if row.first_tried_at], LEFT_IN_DOUBT)
    chunks.dissolve([row for row in rows if not row.first_tried_at])


def _skip_some(email_id: uuid.UUID) -> int:
    """Skip a chunk of the pending recipients of a cancelled e-mail; how many there were."""
    ledger.lock_status(email_id)
    chosen = (
        select(EmailRecipient.id)
        .where(EmailRecipient.email_id == email_id, EmailRecipient.status == Status.PENDING)
        .order_by(EmailRecipient.id)
        .limit(SKIP_CHUNK)
    )
    ids = db.session.scalars(chosen).all()
    if ids:
        db.session.execute(
            update(EmailRecipient)
            .where(EmailRecipient.id.in_(ids))
            .values(
                status=Status.SKIPPED,
                error_code=reasons.CANCELLED,
                error_message=reasons.explain(reasons.CANCELLED).title,
                updated_at=utcnow(),
            ),
            execution_options={"synchronize_session": False},
        )
    return len(ids)
