"""Tells who started a campaign that it has ended, was stopped by an error, or stands still.

Its end is heard of by a job that waits for the campaign's own, so that no way to end is missed; a pause is told where
it is made.
"""

import uuid
from datetime import timedelta

from adsapp import jobs
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.queries import counts
from adsapp.campaigns.subject import CAMPAIGN
from adsapp.core import context, db
from adsapp.jobs import After, Job, On, State
from adsapp.notifications import CampaignFinished, CampaignPaused, tell, tell_administrators
from adsapp.outbound.statuses import OutboundStatus

LONG = timedelta(minutes=1)  # whoever waited less saw it end


def tell_when_ended(campaign: Campaign, job: Job) -> None:
    """Once this job of the campaign has ended, tell the person who started it; a program sees by itself."""
    if campaign.created_by_id is not None:
        about = {"campaign_id": str(campaign.id), "job_id": str(job.id)}
        jobs.enqueue("tell-campaign", about, after=[After(job.id, On.ALWAYS)])


def tell_ended(campaign_id: uuid.UUID, job_id: uuid.UUID) -> None:
    """Write to them, if there is something to tell: one that was cancelled or deleted is no news."""
    campaign, job = db.session.get(Campaign, campaign_id), db.session.get(Job, job_id)
    if campaign is None or job is None or campaign.created_by_id is None:
        return
    if job.state is State.FAILED and not campaign.status.has_ended:
        tell(campaign.created_by_id, CampaignPaused(campaign.name, _url(campaign), job.error or "It failed."))
    elif campaign.status is OutboundStatus.COMPLETED and _took_long(campaign, job):
        tell(campaign.created_by_id, _finished(campaign))


def tell_paused(campaign: Campaign, by: str = "") -> None:
    """Unless who started it paused it. Nobody watches what a program started, so those who can act on it are told."""
    letter = CampaignPaused(campaign.name, _url(campaign), campaign.status_reason or "", by)
    if campaign.created_by_id is not None and by != campaign.created_by:
        tell(campaign.created_by_id, letter)
    elif campaign.created_by_id is None and not by:
        tell_administrators(letter)


def _finished(campaign: Campaign) -> CampaignFinished:
    of = counts(campaign)
    return CampaignFinished(
        name=campaign.name,
        url=_url(campaign),
        people=of.total,
        accepted=of.in_hand,
        failed=of.failed,
        skipped=of.skipped,
        uncertain=of.uncertain,
    )


def _took_long(campaign: Campaign, job: Job) -> bool:
    return bool(campaign.finished_at and job.started_at and campaign.finished_at - job.started_at >= LONG)


def _url(campaign: Campaign) -> str:
    return f"{context.settings().base_url}{CAMPAIGN.path(campaign.id)}"
