"""What people do with campaigns: create, pause, resume, cancel; and what `scheduled` and `again` add to that.

Each changes the campaign's row first, under its lock, so that the slice that may be sending just now sees either the
old state or the new one. Services never commit.
"""

import uuid
from typing import Any

from adsapp.campaigns import ledger, queries
from adsapp.campaigns.again import retry_failed, send_to_left_out, settle_uncertain
from adsapp.campaigns.compose import draft
from adsapp.campaigns.compose.draft import CampaignIn, Draft, look_at_links
from adsapp.campaigns.compose.preflight import Preflight, preflight
from adsapp.campaigns.compose.preview import Preview, preview
from adsapp.campaigns.course import enqueue_job, locked_job, wake
from adsapp.campaigns.events import record
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.reach import reach
from adsapp.campaigns.scheduled import change_campaign, move, start_now, was_begun
from adsapp.campaigns.subject import CAMPAIGN
from adsapp.campaigns.telling import tell_paused
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict
from adsapp.integrations import queries as accounts
from adsapp.integrations.models import Account
from adsapp.jobs import Priority, State, transitions
from adsapp.jobs.states import PENDING, get_priority
from adsapp.message_templates.components import view
from adsapp.message_templates.files import service as files
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.queries import find_template, view_of
from adsapp.organizations.auditing import NOBODY, By
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.words import with_reason

__all__ = [
    "CampaignIn",
    "Preflight",
    "Preview",
    "cancel",
    "change_campaign",
    "create_campaign",
    "look_at_links",
    "move",
    "pause",
    "preflight",
    "preview",
    "resume",
    "retry_failed",
    "send_to_left_out",
    "settle_uncertain",
    "start_now",
    "was_begun",
]


def create_campaign(
    data: CampaignIn,
    by: str = "",
    *,
    user_id: uuid.UUID | None = None,
    people: int | None = None,
    idempotency_key: str | None = None,
    digest: str | None = None,
) -> Campaign:
    """Make a campaign and enqueue the one job that sends it; the audience is frozen when it starts.

    `user_id`: the person who is told how it ends. `people`: how many get it as things are now, for the record.
    `idempotency_key` and the `digest` of what was asked stay with the job. Raises Invalid with every field that is
    wrong, Conflict if no account may send, AskedMeanwhile if another request used the key at this moment.
    """
    checked = draft.check(data)
    account = _sending_account()
    campaign = _new_campaign(checked, account, data, by)
    campaign.created_by_id = user_id
    db.session.add(campaign)
    db.session.flush()
    enqueue_job(campaign, by, idempotency_key, digest)
    verb = "schedule" if checked.scheduled_at else "start"
    record(campaign, "Scheduled" if checked.scheduled_at else "Started", by, action=f"{verb} campaign", people=people)
    return campaign


def _sending_account() -> Account:
    account = accounts.get_default_account()
    accounts.refuse_refused(account)
    return account


def _new_campaign(checked: Draft, account: Account, data: CampaignIn, by: str) -> Campaign:
    default = Priority.HIGH if checked.scheduled_at else Priority.CRITICAL
    return Campaign(
        organization_id=db.require_organization_id(),
        account_id=account.id,
        status=OutboundStatus.SCHEDULED if checked.scheduled_at else OutboundStatus.PREPARING,
        priority=default if data.priority is None else get_priority(data.priority),
        scheduled_at=checked.scheduled_at,
        time_zone=checked.time_zone,
        created_by=by,
        **checked.columns,
    )


def pause(campaign: Campaign, reason: str, by: str = "") -> None:
    """Stop sending within a second or so; what is on its way arrives. Raises Conflict if it does not run, or if nobody
    is left to send to."""
    ledger.lock([campaign.id])
    if not campaign.status.is_running:
        raise Conflict(f"The campaign is {campaign.status.value}; there is nothing to pause")
    if campaign.frozen_at is not None and not queries.counts(campaign).pending:
        raise Conflict("Everybody in it was sent to by now; there is nothing to pause")
    campaign.status, campaign.status_reason = OutboundStatus.PAUSED, reason.strip() or f"paused by {by}"
    text = with_reason("Paused", reason.strip())
    record(campaign, text, by, action="pause campaign", reason=reason.strip())
    tell_paused(campaign, by)


def resume(campaign: Campaign, by: str = "") -> None:
    """Go on from the present point. Raises Conflict if it is not paused, still stopping, or its account is refused."""
    ledger.lock([campaign.id])
    job = locked_job(campaign)
    failed = job is not None and job.state is State.FAILED and not campaign.status.has_ended
    if campaign.status is not OutboundStatus.PAUSED and not failed:
        raise Conflict(f"The campaign is {campaign.status.value}; only a paused one can be resumed")
    accounts.refuse_refused(accounts.get_account(campaign.account_id))
    template = find_template(campaign.account_id, campaign.template_name, campaign.template_language)
    if campaign.template_name and template is None:
        raise Conflict(
            "Its template is gone: it was deleted at WhatsApp. Cancel this campaign, and make one of another"
        )
    # A slice that saw the pause hands its job back a moment later; resumed in between, nobody would wake it again.
    if job is not None and job.state is State.ACTIVE:
        raise Conflict("The campaign is just coming to a stop; try again in a second", code="stopping")
    campaign.status = OutboundStatus.SENDING if campaign.frozen_at else OutboundStatus.PREPARING
    if campaign.frozen_at is None and campaign.scheduled_at and campaign.scheduled_at > utcnow():
        campaign.status = OutboundStatus.SCHEDULED
    campaign.status_reason = None
    _accept_what_is_known(campaign, template)
    wake(campaign, job, by)
    record(campaign, "Resumed", by, action="resume campaign", people=reach(campaign))


def _accept_what_is_known(campaign: Campaign, template: MessageTemplate | None) -> None:
    """Whoever resumes has read why it was paused: what its template counts as now, how its messages ended, what was
    wrong with the file above them."""
    campaign.template_category = template.category if template else campaign.template_category
    if template is not None and _has_the_same_variables(template, campaign):
        campaign.components = template.components
    campaign.watched_from = None
    files.forget_uploads(files.files_in(campaign.variables))


def _has_the_same_variables(template: MessageTemplate, campaign: Campaign) -> bool:
    now, confirmed = view_of(template), view(campaign.components, campaign.parameter_format)
    return {each.key for each in now.variables} == {each.key for each in confirmed.variables}


def cancel(campaign: Campaign, by: str = "") -> None:
    """End it for good: who has not been sent to is skipped. Raises Conflict if it has ended already."""
    ledger.lock([campaign.id])
    if campaign.status.has_ended:
        raise Conflict(f"The campaign is {campaign.status.value} already")
    job = locked_job(campaign)
    mark_cancelled(campaign, by, action="cancel campaign")
    if job is None or job.is_finished:
        return
    if campaign.frozen_at is None and job.state in PENDING:
        transitions.cancel(job, By(by))
    elif job.state is State.DELAYED:
        transitions.promote(job, by=NOBODY)  # its next slice skips the rest, and ends as cancelled
    elif job.state is State.ACTIVE:
        transitions.cancel(job, By(by))


def note_export(campaign: Campaign, by: By, **narrowed_to: Any) -> None:
    """Before the file of its people is made: who took it, and whom it was narrowed to."""
    by.note("export people", CAMPAIGN.of(campaign.id), title=campaign.name, **narrowed_to)


def cancel_without_job(campaign: Campaign, by: str) -> None:
    """The job is gone already: mark the campaign, and let a new job skip who is left."""
    mark_cancelled(campaign, by)
    if campaign.frozen_at is not None:
        enqueue_job(campaign, by)


def mark_cancelled(campaign: Campaign, by: str, *, action: str = "") -> None:
    """The campaign's own part of a cancellation; `action` if it was this campaign that somebody cancelled."""
    campaign.status, campaign.finished_at = OutboundStatus.CANCELLED, utcnow()
    campaign.status_reason = f"cancelled by {by}" if by else "cancelled"
    record(campaign, "Cancelled", by, action=action)
