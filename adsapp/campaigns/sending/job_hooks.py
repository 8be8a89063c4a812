"""A campaign's job as the job engine sees it: its items are the recipients, its cancellation and its begin are the
campaign's."""

import uuid
from collections.abc import Iterator, Sequence

from sqlalchemy import select

from adsapp.campaigns import ledger, queries, service
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.reach import reach
from adsapp.campaigns.subject import CAMPAIGN
from adsapp.campaigns.telling import tell_when_ended
from adsapp.core import db
from adsapp.core.crypto import UnreadableSecret
from adsapp.core.pagination import Page
from adsapp.core.words import plural
from adsapp.jobs import ItemRow, Job
from adsapp.organizations.auditing import By
from adsapp.outbound.statuses import OutboundStatus


def recipients_as_items(job: Job, status: str, cursor: str, limit: int) -> Page[ItemRow]:
    """Recipients of the job's round. The key is the number; the API masks it for people who may not see numbers."""
    campaign = queries.get_campaign(_campaign_id(job))
    page = queries.recipients(campaign, status or None, cursor or None, limit, round=_round(job))
    rows = [ItemRow(one.phone, one.status.value, one.error_code, one.error_message or "") for one in page.items]
    return Page(rows, page.next)


def what_it_counts(job: Job) -> str:
    """Whom the job's figures count: the people it was begun for, as things stood when it ended."""
    round = _round(job)
    if round is None:
        return ""
    told = ["It counts the people it was begun for, who are sent to again."] if round > 1 else []
    if job.is_finished and job.progress_total is not None:
        told += _since_it_ended(job, ledger.counted(uuid.UUID(_campaign_id(job)), round))
    return " ".join(told)


def _since_it_ended(job: Job, counted: Sequence[ledger.Counted]) -> Iterator[str]:
    """In what its people differ from its figures by now."""
    gone = (job.progress_total or 0) - sum(each.people for each in counted)
    failed = sum(each.people for each in counted if each.status is Status.FAILED)
    if gone > 0:
        yield f"{plural(gone, 'of them is', 'of them are')} sent to again by a later job."
    if failed != job.progress_failed:
        whom = "of the others" if gone > 0 else "of them"
        yield f"{plural(failed, f'{whom} has', f'{whom} have')} failed by now."


def _campaign_id(job: Job) -> str:
    return CAMPAIGN.id_of(job.subject)


def _round(job: Job) -> int | None:
    """Which round it sends; None if that cannot be read any more: then its people are those of the campaign."""
    try:
        return int(job.payload.open().get("round", 1))
    except UnreadableSecret:
        return None


def people_reached(jobs: Sequence[Job]) -> int:
    """How many people get a message if these jobs begin now; of a campaign that is paused or has ended nobody does."""
    campaigns = db.session.scalars(select(Campaign).where(Campaign.job_id.in_([job.id for job in jobs])))
    return sum(reach(each) for each in campaigns if each.status is OutboundStatus.SCHEDULED or each.status.goes_out)


def job_was_begun(job: Job, by: By, begin: str) -> None:
    """Somebody let the job run again or before its time: the campaign's history says so."""
    campaign = db.session.scalars(select(Campaign).where(Campaign.job_id == job.id)).first()
    if campaign is None:
        return
    ledger.lock([campaign.id])
    service.was_begun(campaign, by, is_again=begin == "retry", people=reach(campaign))
    if begin == "retry":
        tell_when_ended(campaign, job)


def job_was_cancelled(job: Job, by: By) -> None:
    """Somebody cancelled the job while it waited, was paused or scheduled: the campaign is cancelled with it."""
    campaign = db.session.scalars(select(Campaign).where(Campaign.job_id == job.id)).first()
    if campaign is None:
        return
    ledger.lock([campaign.id])
    if not campaign.status.has_ended:
        service.cancel_without_job(campaign, by.name)
