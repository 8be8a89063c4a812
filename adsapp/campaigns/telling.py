"""Tells who started a campaign that it has ended or stands still, in the transaction in which it does."""

from datetime import timedelta

from adsapp.campaigns.models import Campaign
from adsapp.campaigns.queries import counts
from adsapp.campaigns.subject import CAMPAIGN
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job
from adsapp.notifications import CampaignFinished, CampaignPaused, tell, tell_administrators

LONG = timedelta(minutes=1)  # whoever waited less saw it end


def tell_finished(campaign: Campaign) -> None:
    """If a person started it and its last round took long; a program sees by itself."""
    if campaign.created_by_id is None or not _took_long(campaign):
        return
    of = counts(campaign)
    letter = CampaignFinished(
        name=campaign.name,
        url=_url(campaign),
        people=of.total,
        accepted=of.in_hand,
        failed=of.failed,
        skipped=of.skipped,
        uncertain=of.uncertain,
    )
    tell(campaign.created_by_id, letter)


def tell_paused(campaign: Campaign, by: str = "") -> None:
    """Unless who started it paused it. Nobody watches what a program started, so those who can act on it are told."""
    letter = CampaignPaused(campaign.name, _url(campaign), campaign.status_reason or "", by)
    if campaign.created_by_id is not None and by != campaign.created_by:
        tell(campaign.created_by_id, letter)
    elif campaign.created_by_id is None and not by:
        tell_administrators(letter)


def _took_long(campaign: Campaign) -> bool:
    job = db.session.get(Job, campaign.job_id) if campaign.job_id else None
    began = job.started_at if job else campaign.started_at
    return began is not None and utcnow() - began >= LONG


def _url(campaign: Campaign) -> str:
    return f"{context.settings().base_url}{CAMPAIGN.path(campaign.id)}"
