"""What people do with e-mails: create, pause, resume, cancel; and what `again` adds to that.

Each changes the e-mail's row first, under its lock, so that the slice that may be sending just now sees either the old
state or the new one. Services never commit.
"""

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict
from adsapp.emails import ledger, queries, unsubscribe
from adsapp.emails.again import retry_failed, send_to_left_out, settle_uncertain
from adsapp.emails.course import enqueue_job, locked_job, wake
from adsapp.emails.draft.asked import Draft, EmailIn
from adsapp.emails.draft.check import check
from adsapp.emails.events import record
from adsapp.emails.models import Email
from adsapp.emails.preflight import Preflight, Previewed, preflight, preview
from adsapp.emails.reach import reach
from adsapp.emails.rows import freeze_given
from adsapp.integrations import email_queries as accounts
from adsapp.jobs import Priority, State, transitions
from adsapp.jobs.states import PENDING, get_priority
from adsapp.organizations.auditing import NOBODY, By
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.words import with_reason

__all__ = [
    "EmailIn",
    "Preflight",
    "Previewed",
    "cancel",
    "create_email",
    "pause",
    "preflight",
    "preview",
    "resume",
    "retry_failed",
    "send_to_left_out",
    "settle_uncertain",
]


def create_email(
    data: EmailIn, by: By, *, people: int | None = None, idempotency_key: str | None = None, digest: str | None = None
) -> Email:
    """Make an e-mail and enqueue the one job that sends it; an audience is frozen when it starts, addresses that were
    given at once.

    `people`: how many get it as things are now, for the record. `idempotency_key` and the `digest` of what was asked
    stay with the job. Raises Invalid with every field that is wrong, Conflict if no account may send, AskedMeanwhile if
    another request used the key at this moment.
    """
    draft = check(data)
    email = _new_email(draft, data, by)
    db.session.add(email)
    db.session.flush()
    if draft.audience is None:
        freeze_given(email, draft.given)
    enqueue_job(email, by, idempotency_key, digest)
    is_later = draft.scheduled_at is not None
    action = "schedule e-mail" if is_later else "start e-mail"
    record(email, "Scheduled" if is_later else "Started", by, action=action, people=people)
    return email


def _new_email(draft: Draft, data: EmailIn, by: By) -> Email:
    default = Priority.HIGH if draft.scheduled_at else Priority.CRITICAL
    return Email(
        organization_id=db.require_organization_id(),
        account_id=draft.account.id,
        status=OutboundStatus.SCHEDULED if draft.scheduled_at else OutboundStatus.PREPARING,
        sender=draft.account.sender,
        unsubscribe_base=unsubscribe.base_url(),
        batch_size=1 if draft.attachments else draft.account.batch_size,
        priority=default if data.priority is None else get_priority(data.priority),
        scheduled_at=draft.scheduled_at,
        time_zone=draft.time_zone,
        created_by=by.name,
        **draft.columns | {"reply_to": draft.reply_to or draft.account.reply_to},
    )


def pause(email: Email, reason: str, by: By) -> None:
    """Stop sending within a second or so; what is on its way arrives. Raises Conflict if it does not run, or if nobody
    is left to send to."""
    ledger.lock([email.id])
    if not email.status.is_running:
        raise Conflict(f"The e-mail is {email.status.value}; there is nothing to pause")
    if email.frozen_at is not None and not queries.counts(email).to_go:
        raise Conflict("Everybody in it was sent to by now; there is nothing to pause")
    email.status, email.status_reason = OutboundStatus.PAUSED, reason.strip() or f"paused by {by.name}"
    email.paused_until = None
    record(email, with_reason("Paused", reason.strip()), by, action="pause e-mail", reason=reason.strip())


def resume(email: Email, by: By) -> None:
    """Go on from the present point, also before a quota renews: whoever resumes may have a larger one by now. Raises
    Conflict if it is not paused, still stopping, or its account is refused."""
    ledger.lock([email.id])
    job = locked_job(email)
    failed = job is not None and job.state is State.FAILED and not email.status.has_ended
    if email.status is not OutboundStatus.PAUSED and not failed:
        raise Conflict(f"The e-mail is {email.status.value}; only a paused one can be resumed")
    account = accounts.get_email_account(email.account_id)
    accounts.refuse_refused_email_account(account)
    # A slice that saw the pause hands its job back a moment later; resumed in between, nobody would wake it again.
    if job is not None and job.state is State.ACTIVE:
        raise Conflict("The e-mail is just coming to a stop; try again in a second", code="stopping")
    email.status = OutboundStatus.SENDING if email.frozen_at else OutboundStatus.PREPARING
    if email.started_at is None and email.scheduled_at and email.scheduled_at > utcnow():
        email.status = OutboundStatus.SCHEDULED
    email.status_reason = email.paused_until = None
    account.quota_until = account.quota_reason = None
    wake(email, job, by)
    record(email, "Resumed", by, action="resume e-mail", people=reach(email))


def cancel(email: Email, by: By) -> None:
    """End it for good: who has not been sent to is skipped. Raises Conflict if it has ended already."""
    ledger.lock([email.id])
    if email.status.has_ended:
        raise Conflict(f"The e-mail is {email.status.value} already")
    job = locked_job(email)
    mark_cancelled(email, by, action="cancel e-mail")
    if job is None or job.is_finished:
        return
    if email.frozen_at is None and job.state in PENDING:
        transitions.cancel(job, by)
    elif job.state is State.DELAYED:
        transitions.promote(job, by=NOBODY)  # its next slice skips the rest, and ends as cancelled
    elif job.state is State.ACTIVE:
        transitions.cancel(job, by)


def cancel_without_job(email: Email, by: By) -> None:
    """The job is gone already: mark the e-mail, and let a new job skip who is left."""
    mark_cancelled(email, by)
    if email.frozen_at is not None:
        enqueue_job(email, by, at_once=True)


def mark_cancelled(email: Email, by: By, *, action: str = "") -> None:
    """The e-mail's own part of a cancellation; `action` if it was this e-mail that somebody cancelled."""
    email.status, email.finished_at, email.paused_until = OutboundStatus.CANCELLED, utcnow(), None
    email.status_reason = f"cancelled by {by.name}" if by.name else "cancelled"
    record(email, "Cancelled", by, action=action)


def was_begun(email: Email, by: By, *, is_again: bool) -> None:
    """Write down that somebody let its job begin before its time, or again although it had ended; it is locked."""
    if email.status is OutboundStatus.SCHEDULED and not is_again:
        email.status = OutboundStatus.SENDING if email.frozen_at else OutboundStatus.PREPARING
        record(email, "Started before its time", by, action="start e-mail", people=reach(email))
    else:
        text = "Its job was started again" if is_again else "Told to go on at once"
        record(email, text, by, action="resume e-mail", people=reach(email))
