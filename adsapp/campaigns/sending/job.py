"""A campaign's one job (`outbound.sending`): who may be left `sending` by a worker that died is set `uncertain` and
never sent to again by itself."""

import uuid
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from adsapp.campaigns import consequences, ledger, reasons, service
from adsapp.campaigns.events import record
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.sending import breaker, journal
from adsapp.campaigns.sending.files import with_files
from adsapp.campaigns.sending.freeze import CampaignFreezing
from adsapp.campaigns.sending.message import CampaignMessage
from adsapp.campaigns.sending.slice import Sender, Slice, report
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.integrations import queries as accounts
from adsapp.integrations.base import Channel
from adsapp.integrations.channels import channel_of
from adsapp.integrations.extension import pacer
from adsapp.integrations.models import AccountStatus
from adsapp.jobs import Progress, Queue
from adsapp.outbound.caps import cap_on_messages
from adsapp.outbound.sending import Run, SendingJob
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.transport import send_loop
from adsapp.outbound.turns import SliceResult

STARTING = (OutboundStatus.SCHEDULED, OutboundStatus.PREPARING)


@dataclass(frozen=True)
class CampaignRun(Run):
    """Of a campaign."""

    round: int
    message: CampaignMessage
    channel: Channel


class CampaignJob(SendingJob[CampaignRun]):
    """A run of a campaign's job."""

    it, queue = "the campaign", Queue.BULK_MESSAGES
    recipients, owner = CampaignRecipient, "campaign_id"
    to_go = (Status.PENDING, Status.SENDING)
    skipped = (Status.SKIPPED, reasons.CANCELLED, reasons.explain(reasons.CANCELLED).title)

    def __init__(self, campaign_id: uuid.UUID, progress: Progress) -> None:
        super().__init__(campaign_id, progress)
        self._settled: set[uuid.UUID] = set()  # leases of workers that died

    def locked(self) -> AbstractContextManager[Campaign | None]:
        """See SendingJob."""
        return ledger.locked(self.owner_id)

    def lock(self) -> None:
        """See SendingJob."""
        ledger.lock_status(self.owner_id)

    def begin(self, sent: Campaign) -> CampaignRun:
        """See SendingJob."""
        if sent.status in STARTING:
            sent.status = OutboundStatus.PREPARING
            sent.started_at = sent.started_at or utcnow()
        account = accounts.get_account(sent.account_id)
        if account.status is AccountStatus.REFUSED:
            consequences.pause_automatically(sent, account.status_reason or "WhatsApp refuses this account")
        if sent.status.goes_out:
            breaker.look(sent)
        self._settled = self._mark_orphans_uncertain()
        return CampaignRun(
            status=sent.status,
            is_frozen=sent.frozen_at is not None,
            audience=dict(sent.audience),
            account_id=account.id,
            is_unreachable=account.unreachable_since is not None,
            round=sent.round,
            message=CampaignMessage.of(sent),
            channel=channel_of(account),
        )

    def begun(self) -> None:
        """Nobody asks any more what the workers that died had written."""
        for lease_id in self._settled:
            journal.forget(context.settings().home, lease_id)

    def _mark_orphans_uncertain(self) -> set[uuid.UUID]:
        """Marked by a worker that died: the request may or may not have been written, unless its journal knows.
        Returns the leases they were marked under."""
        orphans = select(CampaignRecipient.id, CampaignRecipient.lease_id).where(
            CampaignRecipient.campaign_id == self.owner_id,
            CampaignRecipient.status == Status.SENDING,
            CampaignRecipient.lease_id != self.progress.lease_id,
        )
        leases = {row.id: row.lease_id for row in db.session.execute(orphans)}
        notes = {lease: journal.read(context.settings().home, lease) for lease in set(leases.values())}
        entries = ledger.load(leases).values()
        for entry in entries:
            note = notes[leases[entry.id]]
            if note is not None and entry.id not in note:
                entry.status, entry.lease_id, entry.attempts = Status.PENDING, None, entry.attempts - 1
            else:
                entry.status, entry.error_code = Status.UNCERTAIN, "uncertain"
                entry.error_message = "The worker stopped while it was sent."
        ledger.save(list(entries))
        return set(notes)

    def freezing(self, run: CampaignRun) -> CampaignFreezing:
        """See SendingJob."""
        return CampaignFreezing(self.owner_id, run.audience, run.message, self.progress)

    def send_slice(self, run: CampaignRun, seconds: float) -> SliceResult:
        """See SendingJob."""
        message = with_files(self.owner_id, run.account_id, run.message, run.channel, self.progress)
        sender = Sender(run.channel, send_loop(), pacer(), run.is_unreachable, cap_on_messages())
        return Slice(self.owner_id, run.round, message, sender, self.progress, seconds, self.others_wait).run()

    def report(self, run: CampaignRun) -> None:
        """See SendingJob."""
        report(self.owner_id, run.round, self.progress)

    def why_paused(self) -> tuple[datetime | None, str]:
        """See SendingJob."""
        return None, db.session.scalar(select(Campaign.status_reason).where(Campaign.id == self.owner_id)) or ""

    def completed(self, sent: Campaign) -> None:
        """See SendingJob."""
        sent.status, sent.finished_at, sent.status_reason = OutboundStatus.COMPLETED, utcnow(), None
        record(sent, "Completed")

    def cancelled(self, sent: Campaign, by: str) -> None:
        """See SendingJob."""
        if not sent.status.has_ended:
            service.mark_cancelled(sent, by)


def send(campaign_id: uuid.UUID, progress: Progress) -> dict[str, Any] | None:
    """Do the campaign's next share; returns once it is through, raises Snooze while it is not."""
    return CampaignJob(campaign_id, progress).run()
