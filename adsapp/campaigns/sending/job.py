"""A campaign's one job, from start to end: freeze the audience, send by slices, finish, stop.

Each run of the job looks at the campaign first and does the next thing; whatever was interrupted goes on from what is
written. Who may be left `sending` by a worker that died is set `uncertain` and never sent to again by itself.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from adsapp.campaigns import consequences, ledger, reasons, service
from adsapp.campaigns.events import record
from adsapp.campaigns.models import Campaign, CampaignRecipient, CampaignStatus
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.sending import breaker, journal
from adsapp.campaigns.sending.files import with_files
from adsapp.campaigns.sending.freeze import CampaignFreezing
from adsapp.campaigns.sending.message import CampaignMessage
from adsapp.campaigns.sending.slice import Sender, Slice, SliceResult, report
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.integrations import queries as accounts
from adsapp.integrations.base import Channel
from adsapp.integrations.channels import channel_of
from adsapp.integrations.extension import pacer
from adsapp.integrations.models import Account, AccountStatus
from adsapp.jobs import Job, JobCancelled, Progress, Queue, Snooze
from adsapp.jobs.queries.jobs import has_due_jobs
from adsapp.outbound.caps import cap_on_messages
from adsapp.outbound.transport import send_loop
from adsapp.outbound.words import with_reason

SKIP_CHUNK = 2000
STARTING = (CampaignStatus.SCHEDULED, CampaignStatus.PREPARING)


@dataclass(frozen=True)
class RunContext:
    """What a run needs of the campaign and its account, copied: the session's objects do not outlive a transaction."""

    status: CampaignStatus
    reason: str
    round: int
    is_frozen: bool
    audience: Mapping[str, Any]
    message: CampaignMessage
    account_id: uuid.UUID
    channel: Channel
    is_unreachable: bool

    @classmethod
    def of(cls, campaign: Campaign, account: Account) -> "RunContext":
        """The campaign as it is now."""
        return cls(
            status=campaign.status,
            reason=campaign.status_reason or "",
            round=campaign.round,
            is_frozen=campaign.frozen_at is not None,
            audience=dict(campaign.audience),
            message=CampaignMessage.of(campaign),
            account_id=account.id,
            channel=channel_of(account),
            is_unreachable=account.unreachable_since is not None,
        )


def send(campaign_id: uuid.UUID, progress: Progress) -> dict[str, Any] | None:
    """Do the campaign's next share; returns once it is through, raises Snooze while it is not."""
    run = _open(campaign_id, progress)
    if run is None:
        return None
    try:
        return _go_on(campaign_id, run, progress)
    except JobCancelled:
        _cancel(campaign_id, run.round, progress)
        raise


def _open(campaign_id: uuid.UUID, progress: Progress) -> RunContext | None:
    with ledger.locked(campaign_id) as campaign:
        if campaign is None or campaign.job_id != progress.job_id:
            return None  # deleted, or another job has it by now
        if campaign.status in STARTING:
            campaign.status = CampaignStatus.PREPARING
            campaign.started_at = campaign.started_at or utcnow()
        account = accounts.get_account(campaign.account_id)
        if account.status is AccountStatus.REFUSED:
            consequences.pause_automatically(campaign, account.status_reason or "WhatsApp refuses this account")
        if campaign.status.goes_out:
            breaker.look(campaign)
        run = RunContext.of(campaign, account)
        leases = _mark_orphans_uncertain(campaign_id, progress.lease_id)
        progress.commit()
    for lease_id in leases:
        journal.forget(context.settings().home, lease_id)
    return run


def _mark_orphans_uncertain(campaign_id: uuid.UUID, lease_id: uuid.UUID) -> set[uuid.UUID]:
    """Marked by a worker that died: the request may or may not have been written, unless its journal knows. Returns
    the leases they were marked under."""
    orphans = select(CampaignRecipient.id, CampaignRecipient.lease_id).where(
        CampaignRecipient.campaign_id == campaign_id,
        CampaignRecipient.status == Status.SENDING,
        CampaignRecipient.lease_id != lease_id,
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


def _go_on(campaign_id: uuid.UUID, run: RunContext, progress: Progress) -> dict[str, Any] | None:
    if run.status is CampaignStatus.PAUSED and run.is_frozen and _nobody_is_left(campaign_id):
        return _complete(campaign_id, progress)
    if run.status is CampaignStatus.PAUSED:
        raise Snooze(None, with_reason("the campaign is paused", run.reason))
    if run.status is CampaignStatus.CANCELLED:
        raise JobCancelled
    if run.status is CampaignStatus.COMPLETED:
        return None
    seconds = context.settings().slice_seconds
    if not run.is_frozen:
        freezing = CampaignFreezing(campaign_id, run.audience, run.message, progress)
        if not freezing.run(until=time.monotonic() + seconds):
            raise Snooze(utcnow(), "its audience is being prepared")
    report(campaign_id, run.round, progress)
    message = with_files(campaign_id, run.account_id, run.message, run.channel, progress)
    sender = Sender(run.channel, send_loop(), pacer(), run.is_unreachable, cap_on_messages())
    ended = Slice(campaign_id, run.round, message, sender, progress, seconds, _others_wait).run()
    report(campaign_id, run.round, progress)
    return _after(campaign_id, ended, progress)


def _others_wait() -> bool:
    """True if another campaign's job waits for a thread: this one then gives its own up."""
    return has_due_jobs(Queue.BULK_MESSAGES)


def _after(campaign_id: uuid.UUID, ended: SliceResult, progress: Progress) -> dict[str, Any] | None:
    if ended.status is CampaignStatus.CANCELLED:
        raise JobCancelled
    if ended.status is CampaignStatus.PAUSED and not _nobody_is_left(campaign_id):
        raise Snooze(None, with_reason("the campaign is paused", _why_paused(campaign_id)))
    if ended.run_at is not None:
        raise Snooze(ended.run_at, ended.reason)
    return _complete(campaign_id, progress)


def _why_paused(campaign_id: uuid.UUID) -> str | None:
    with db.reading():
        reason = db.session.scalar(select(Campaign.status_reason).where(Campaign.id == campaign_id))
        db.session.rollback()
    return reason


def _complete(campaign_id: uuid.UUID, progress: Progress) -> dict[str, Any] | None:
    """Through, unless somebody was given back meanwhile. A paused one with nobody left waits for nothing."""
    with ledger.locked(campaign_id) as campaign:
        may_end = campaign is not None and campaign.status in (CampaignStatus.SENDING, CampaignStatus.PAUSED)
        if campaign is None or not may_end or not _nobody_is_to_go(campaign_id):
            raise Snooze(utcnow() + timedelta(seconds=0.1), "somebody is to be sent to again")
        campaign.status, campaign.finished_at, campaign.status_reason = CampaignStatus.COMPLETED, utcnow(), None
        record(campaign, "Completed")
        progress.commit()
    return {"campaign_id": str(campaign_id)}


def _nobody_is_left(campaign_id: uuid.UUID) -> bool:
    with db.reading():
        found = _nobody_is_to_go(campaign_id)
        db.session.rollback()
    return found


def _nobody_is_to_go(campaign_id: uuid.UUID) -> bool:
    to_go = select(CampaignRecipient.id).where(
        CampaignRecipient.campaign_id == campaign_id,
        CampaignRecipient.status.in_([Status.PENDING, Status.SENDING]),
    )
    return db.session.scalar(to_go.limit(1)) is None


def _cancel(campaign_id: uuid.UUID, round: int, progress: Progress) -> None:
    """Skip who is left, by chunks, once nothing is on its way."""
    with ledger.locked(campaign_id) as campaign:
        if campaign is not None and not campaign.status.has_ended:
            by = select(Job.cancel_requested_by).where(Job.id == progress.job_id)
            service.mark_cancelled(campaign, db.session.scalar(by) or "")
        progress.commit()
    while skip_some(campaign_id):
        progress.commit()
    db.session.rollback()
    report(campaign_id, round, progress)


def skip_some(campaign_id: uuid.UUID) -> int:
    """Skip a chunk of the pending recipients of a cancelled campaign; how many there were."""
    ledger.lock([campaign_id])
    chosen = (
        select(CampaignRecipient.id)
        .where(CampaignRecipient.campaign_id == campaign_id, CampaignRecipient.status == Status.PENDING)
        .order_by(CampaignRecipient.id)
        .limit(SKIP_CHUNK)
    )
    ids = db.session.scalars(chosen).all()
    if not ids:
        return 0
    db.session.execute(
        update(CampaignRecipient)
        .where(CampaignRecipient.id.in_(ids))
        .values(
            status=Status.SKIPPED,
            error_code=reasons.CANCELLED,
            error_message=reasons.explain(reasons.CANCELLED).title,
            updated_at=utcnow(),
        ),
        execution_options={"synchronize_session": False},
    )
    return len(ids)
