"""What people do with campaigns: create, pause, resume, cancel, settle what is uncertain, retry what failed.

Each changes the campaign's row first, under its lock, so that the slice that may be sending just now sees either the
old state or the new one. Services never commit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from adsapp import jobs
from adsapp.campaigns import ledger, reasons
from adsapp.campaigns.compose import draft
from adsapp.campaigns.compose.draft import CampaignIn, Draft
from adsapp.campaigns.compose.preflight import Preflight, preflight
from adsapp.campaigns.compose.preview import Preview, preview
from adsapp.campaigns.events import record
from adsapp.campaigns.models import Campaign, CampaignRecipient, CampaignStatus
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.subject import CAMPAIGN
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid
from adsapp.integrations import queries as accounts
from adsapp.integrations.models import Account
from adsapp.jobs import Job, Priority, State, transitions
from adsapp.jobs.idempotency import require_subject
from adsapp.jobs.states import PENDING, get_priority
from adsapp.message_templates.queries import find_template
from adsapp.organizations.auditing import By

__all__ = [
    "CampaignIn",
    "Decision",
    "Preflight",
    "Preview",
    "cancel",
    "create_campaign",
    "pause",
    "preflight",
    "preview",
    "resume",
    "retry_failed",
    "settle_uncertain",
]

SEND_AGAIN = "send_again"
ASSUME_DELIVERED = "assume_delivered"


@dataclass(frozen=True)
class Decision:
    """How many recipients a decision changed."""

    count: int


def create_campaign(
    data: CampaignIn, by: str = "", *, idempotency_key: str | None = None, digest: str | None = None
) -> Campaign:
    """Make a campaign and enqueue the one job that sends it; the audience is frozen when it starts.

    `idempotency_key` and the `digest` of what was asked stay with the job. Raises Invalid with every field that is
    wrong, Conflict if no account may send, AskedMeanwhile if another request used the key at this moment.
    """
    checked = draft.check(data)
    account = _sending_account()
    campaign = _new_campaign(checked, account, data, by)
    db.session.add(campaign)
    db.session.flush()
    _enqueue(campaign, by, idempotency_key, digest)
    verb = "schedule" if checked.scheduled_at else "start"
    record(campaign, "Scheduled" if checked.scheduled_at else "Started", by, action=f"{verb} campaign")
    return campaign


def _sending_account() -> Account:
    account = accounts.get_default_account()
    accounts.refuse_refused(account)
    return account


def _new_campaign(checked: Draft, account: Account, data: CampaignIn, by: str) -> Campaign:
    template = checked.message.template
    default = Priority.HIGH if checked.scheduled_at else Priority.CRITICAL
    return Campaign(
        organization_id=db.require_organization_id(),
        name=checked.name,
        account_id=account.id,
        status=CampaignStatus.SCHEDULED if checked.scheduled_at else CampaignStatus.PREPARING,
        template_name=template.name if template else "",
        template_language=template.language if template else "",
        parameter_format=template.parameter_format if template else "POSITIONAL",
        components=template.components if template else [],
        template_category=template.category if template else "",
        text=checked.message.text,
        variables=checked.message.variables,
        audience=dict(checked.audience.spec),
        priority=default if data.priority is None else get_priority(data.priority),
        scheduled_at=checked.scheduled_at,
        time_zone=checked.time_zone,
        created_by=by,
    )


def _enqueue(campaign: Campaign, by: str, idempotency_key: str | None = None, digest: str | None = None) -> None:
    subject = CAMPAIGN.of(campaign.id)
    job = jobs.enqueue(
        "bulk-message",
        {"campaign_id": str(campaign.id)},
        title=f"Campaign {campaign.name}"[:200],
        subject=subject,
        priority=Priority(campaign.priority),
        run_at=None if campaign.frozen_at else campaign.scheduled_at,
        idempotency_key=idempotency_key,
        digest=digest,
        created_by=by,
        total=campaign.audience_size,
    )
    campaign.job_id = require_subject(job, subject).id


def pause(campaign: Campaign, reason: str, by: str = "") -> None:
    """Stop sending within a second or so; what is on its way arrives. Raises Conflict if it does not run."""
    ledger.lock([campaign.id])
    if not campaign.status.is_running:
        raise Conflict(f"The campaign is {campaign.status.value}; there is nothing to pause")
    campaign.status, campaign.status_reason = CampaignStatus.PAUSED, reason.strip() or f"paused by {by}"
    text = reasons.with_reason("Paused", reason.strip())
    record(campaign, text, by, action="pause campaign", reason=reason.strip())


def resume(campaign: Campaign, by: str = "") -> None:
    """Go on from the present point. Raises Conflict if it is not paused, still stopping, or its account is refused."""
    ledger.lock([campaign.id])
    job = _locked_job(campaign)
    failed = job is not None and job.state is State.FAILED and not campaign.status.has_ended
    if campaign.status is not CampaignStatus.PAUSED and not failed:
        raise Conflict(f"The campaign is {campaign.status.value}; only a paused one can be resumed")
    accounts.refuse_refused(accounts.get_account(campaign.account_id))
    # A slice that saw the pause hands its job back a moment later; resumed in between, nobody would wake it again.
    if job is not None and job.state is State.ACTIVE:
        raise Conflict("The campaign is just coming to a stop; try again in a second", code="stopping")
    campaign.status = CampaignStatus.SENDING if campaign.frozen_at else CampaignStatus.PREPARING
    if campaign.frozen_at is None and campaign.scheduled_at and campaign.scheduled_at > utcnow():
        campaign.status = CampaignStatus.SCHEDULED
    campaign.status_reason = None
    _accept_what_is_known(campaign)
    _wake(campaign, job, by)
    record(campaign, "Resumed", by, action="resume campaign")


def _accept_what_is_known(campaign: Campaign) -> None:
    """Whoever resumes has read why it was paused: what its template counts as now, how its messages ended."""
    template = find_template(campaign.account_id, campaign.template_name, campaign.template_language)
    campaign.template_category = template.category if template else campaign.template_category
    campaign.watched_from = None


def cancel(campaign: Campaign, by: str = "") -> None:
    """End it for good: who has not been sent to is skipped. Raises Conflict if it has ended already."""
    ledger.lock([campaign.id])
    if campaign.status.has_ended:
        raise Conflict(f"The campaign is {campaign.status.value} already")
    job = _locked_job(campaign)
    mark_cancelled(campaign, by, action="cancel campaign")
    if job is None or job.is_finished:
        return
    if campaign.frozen_at is None and job.state in PENDING:
        transitions.cancel(job, By(by))
    elif job.state is State.DELAYED:
        transitions.promote(job)  # its next slice skips the rest, and ends as cancelled
    elif job.state is State.ACTIVE:
        transitions.cancel(job, By(by))


def cancel_without_job(campaign: Campaign, by: str) -> None:
    """The job is gone already: mark the campaign, and let a new job skip who is left."""
    mark_cancelled(campaign, by)
    if campaign.frozen_at is not None:
        _enqueue(campaign, by)


def mark_cancelled(campaign: Campaign, by: str, *, action: str = "") -> None:
    """The campaign's own part of a cancellation; `action` if it was this campaign that somebody cancelled."""
    campaign.status, campaign.finished_at = CampaignStatus.CANCELLED, utcnow()
    campaign.status_reason = f"cancelled by {by}" if by else "cancelled"
    record(campaign, "Cancelled", by, action=action)


def settle_uncertain(campaign: Campaign, decision: str, by: str = "") -> Decision:
    """Decide about messages that may or may not have arrived: "send_again" or "assume_delivered"."""
    if decision not in (SEND_AGAIN, ASSUME_DELIVERED):
        raise Invalid.field("decision", f"should be {SEND_AGAIN} or {ASSUME_DELIVERED}")
    ledger.lock([campaign.id])
    now = utcnow()
    if decision == ASSUME_DELIVERED:
        values: dict[str, Any] = {"status": Status.DELIVERED, "delivered_at": now, "error_message": f"assumed by {by}"}
        count = _move(campaign, Status.UNCERTAIN, None, values | {"error_code": ""})
        record(campaign, f"{_uncertain(count)} assumed delivered", by, action="assume delivered", people=count)
        return Decision(count)
    _refuse_ended_by_choice(campaign)
    count = _move(campaign, Status.UNCERTAIN, None, _AFRESH)
    _go_on(campaign, count, by)
    record(campaign, f"{_uncertain(count)} to be sent again", by, action="send uncertain again", people=count)
    return Decision(count)


def retry_failed(campaign: Campaign, code: str, by: str = "") -> Decision:
    """Send again to those who failed with this code, never to those who got it.

    Raises Invalid if trying again cannot help, Conflict for a cancelled campaign and if it is too early.
    """
    reason = reasons.explain(code)
    if not reason.can_retry:
        raise Invalid.field("code", f"{reason.title}: sending again cannot help. {reason.advice}")
    ledger.lock([campaign.id])
    _refuse_ended_by_choice(campaign)
    why_not = reasons.why_not_yet(code, campaign.finished_at, utcnow())
    if why_not:
        raise Conflict(why_not, code="too_early")
    count = _move(campaign, Status.FAILED, code, _AFRESH | _UNSENT)
    _go_on(campaign, count, by)
    text = f"{_people(count)} who failed with “{reason.title}” {_are(count)} sent the message again"
    record(campaign, text, by, action="send failed again", people=count, error=reason.title)
    return Decision(count)


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _uncertain(count: int) -> str:
    return f"{count:,} uncertain {'message' if count == 1 else 'messages'}"


_UNSENT: dict[str, Any] = {"attempts": 0, "accepted_at": None, "failed_at": None, "provider_id": None}
_AFRESH: dict[str, Any] = {
    "status": Status.PENDING,
    "error_code": "",
    "error_message": None,
    "not_before": None,
    "lease_id": None,
}


def _refuse_ended_by_choice(campaign: Campaign) -> None:
    if campaign.status is CampaignStatus.CANCELLED:
        raise Conflict("The campaign was cancelled; nothing more is sent")


def _move(campaign: Campaign, status: Status, code: str | None, values: Mapping[str, object]) -> int:
    query = update(CampaignRecipient).where(
        CampaignRecipient.campaign_id == campaign.id, CampaignRecipient.status == status
    )
    if code is not None:
        query = query.where(CampaignRecipient.error_code == code)
    moved = db.session.execute(
        query.values(updated_at=utcnow(), **values), execution_options={"synchronize_session": False}
    )
    return moved.rowcount  # type: ignore[attr-defined,no-any-return]


def _go_on(campaign: Campaign, count: int, by: str) -> None:
    """Let a campaign that had ended send to those it was just given back."""
    if not count or campaign.status not in (CampaignStatus.COMPLETED, CampaignStatus.SENDING):
        return
    if campaign.status is CampaignStatus.COMPLETED:  # its job has ended, or is about to and looks no more
        campaign.status, campaign.finished_at = CampaignStatus.SENDING, None
        _enqueue(campaign, by)
        return
    job = _locked_job(campaign)
    if job is not None and job.state is State.DELAYED:
        transitions.promote(job)


def _wake(campaign: Campaign, job: Job | None, by: str) -> None:
    if job is None or job.state is State.COMPLETED:
        _enqueue(campaign, by)
    elif job.state in (State.FAILED, State.CANCELLED):
        transitions.retry(job, By(by))
    elif job.state is State.DELAYED and campaign.status is not CampaignStatus.SCHEDULED:
        transitions.promote(job)


def _locked_job(campaign: Campaign) -> Job | None:
    if campaign.job_id is None:
        return None
    return db.session.scalars(
        select(Job)
        .where(Job.id == campaign.job_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
