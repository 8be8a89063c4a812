"""An e-mail's one job (`outbound.sending`): chunks that a worker left behind when it died are sent again by the next
slice, under their own keys."""

import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.emails import consequences, ledger, reasons, service
from adsapp.emails.events import record
from adsapp.emails.models import Email, EmailChunk, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.sending import chunks
from adsapp.emails.sending.freeze import EmailFreezing
from adsapp.emails.sending.mailing import Mailing
from adsapp.emails.sending.slice import Sender, Slice, report
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.base import EmailChannel
from adsapp.integrations.email_channels import email_channel_of
from adsapp.integrations.extension import pacer
from adsapp.jobs import Progress, Queue
from adsapp.organizations.auditing import By
from adsapp.outbound.caps import cap_on_emails
from adsapp.outbound.sending import Run, SendingJob
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.transport import send_loop
from adsapp.outbound.turns import SliceResult

STARTING: Final = (OutboundStatus.SCHEDULED, OutboundStatus.PREPARING)
LEFT_IN_DOUBT: Final = "The e-mail was cancelled before it was known what came of the request."


@dataclass(frozen=True)
class EmailRun(Run):
    """Of an e-mail."""

    mailing: Mailing
    channel: EmailChannel


class EmailJob(SendingJob[EmailRun]):
    """A run of an e-mail's job."""

    it, queue = "the e-mail", Queue.EMAIL_NOTIFICATION
    recipients, owner = EmailRecipient, "email_id"
    to_go = (Status.PENDING, Status.SENDING)
    skipped = (Status.SKIPPED, reasons.CANCELLED, reasons.explain(reasons.CANCELLED).title)

    def locked(self) -> AbstractContextManager[Email | None]:
        """See SendingJob."""
        return ledger.locked(self.owner_id)

    def lock(self) -> None:
        """See SendingJob."""
        ledger.lock_status(self.owner_id)

    def begin(self, sent: Email) -> EmailRun:
        """See SendingJob."""
        account = accounts.get_email_account(sent.account_id)
        if sent.status in STARTING:
            sent.status = OutboundStatus.SENDING if sent.frozen_at else OutboundStatus.PREPARING
            sent.started_at = sent.started_at or utcnow()
        consequences.go_on_by_itself(sent, account)
        consequences.hold_back(sent, account)
        return EmailRun(
            status=sent.status,
            is_frozen=sent.frozen_at is not None,
            audience=dict(sent.audience),
            account_id=account.id,
            is_unreachable=account.unreachable_since is not None,
            mailing=Mailing.of(sent),
            channel=email_channel_of(account),
        )

    def freezing(self, run: EmailRun) -> EmailFreezing:
        """See SendingJob."""
        return EmailFreezing(self.owner_id, run.audience, run.mailing, self.progress)

    def send_slice(self, run: EmailRun, seconds: float) -> SliceResult:
        """See SendingJob."""
        cap = cap_on_emails(run.channel.batch_size)
        sender = Sender(run.account_id, run.channel, send_loop(), pacer(), run.is_unreachable, cap)
        return Slice(self.owner_id, run.mailing, sender, self.progress, seconds, self.others_wait).run()

    def report(self, run: EmailRun) -> None:
        """See SendingJob."""
        report(self.owner_id, self.progress)

    def why_paused(self) -> tuple[datetime | None, str]:
        """See SendingJob."""
        wanted = select(Email.paused_until, Email.status_reason).where(Email.id == self.owner_id)
        row = db.session.execute(wanted).one()
        return row.paused_until, row.status_reason or ""

    def completed(self, sent: Email) -> None:
        """See SendingJob."""
        sent.status, sent.finished_at = OutboundStatus.COMPLETED, utcnow()
        sent.status_reason = sent.paused_until = None
        record(sent, "Completed")

    def cancelled(self, sent: Email, by: str) -> None:
        """Nothing goes again: people of a request that is in doubt stay uncertain, the others were not sent to."""
        if not sent.status.has_ended:
            service.mark_cancelled(sent, By(by))
        unsettled = select(EmailChunk).where(EmailChunk.email_id == self.owner_id, EmailChunk.settled_at.is_(None))
        rows = db.session.scalars(unsettled).all()
        chunks.give_up([row for row in rows if row.first_tried_at], LEFT_IN_DOUBT)
        chunks.dissolve([row for row in rows if not row.first_tried_at])


def send(email_id: uuid.UUID, progress: Progress) -> dict[str, Any] | None:
    """Do the e-mail's next share; returns once it is through, raises Snooze while it is not."""
    return EmailJob(email_id, progress).run()
