"""A campaign's job as the job engine sees it: its items are the recipients, its cancellation and its begin are the
campaign's."""

from collections.abc import Sequence

from sqlalchemy import select

from adsapp.campaigns import ledger, queries, service
from adsapp.campaigns.models import Campaign, CampaignStatus
from adsapp.campaigns.reach import reach
from adsapp.core import db
from adsapp.core.pagination import Page
from adsapp.jobs import ItemRow, Job
from adsapp.organizations.auditing import By


def recipients_as_items(job: Job, status: str, cursor: str, limit: int) -> Page[ItemRow]:
    """Recipients of the job's campaign. The key is the number; the API masks it for people who may not see numbers."""
    campaign = queries.get_campaign((job.subject or "").removeprefix("campaign:"))
    page = queries.recipients(campaign, status or None, cursor or None, limit)
    rows = [ItemRow(one.phone, one.status.value, one.error_code, one.error_message or "") for one in page.items]
    return Page(rows, page.next)


def people_reached(jobs: Sequence[Job]) -> int:
    """How many people get a message if these jobs begin now; of a campaign that is paused or has ended nobody does."""
    campaigns = db.session.scalars(select(Campaign).where(Campaign.job_id.in_([job.id for job in jobs])))
    return sum(reach(each) for each in campaigns if each.status is CampaignStatus.SCHEDULED or each.status.goes_out)


def job_was_begun(job: Job, by: By, begin: str) -> None:
    """Somebody let the job run again or before its time: the campaign's history says so."""
    campaign = db.session.scalars(select(Campaign).where(Campaign.job_id == job.id)).first()
    if campaign is None:
        return
    ledger.lock([campaign.id])
    service.was_begun(campaign, by, is_again=begin == "retry")


def job_was_cancelled(job: Job, by: By) -> None:
    """Somebody cancelled the job while it waited, was paused or scheduled: the campaign is cancelled with it."""
    campaign = db.session.scalars(select(Campaign).where(Campaign.job_id == job.id)).first()
    if campaign is None:
        return
    ledger.lock([campaign.id])
    if not campaign.status.has_ended:
        service.cancel_without_job(campaign, by.name)
