"""Campaigns, as they are with what became of their jobs."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

from adsapp.campaigns.models import Campaign, CampaignEvent
from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import id_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.jobs import Job, State
from adsapp.outbound.statuses import OutboundStatus

ENDED_JOBS = {State.FAILED: OutboundStatus.FAILED, State.CANCELLED: OutboundStatus.CANCELLED}


def list_campaigns(cursor: str | None = None, limit: int = PAGE) -> Page[Campaign]:
    """Campaigns, newest first."""
    query = select(Campaign).order_by(Campaign.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(Campaign.id < id_after(cursor))
    rows = db.session.scalars(query).all()
    ended = _jobs_that_ended(rows)
    for campaign in rows:
        _show_ended_job(campaign, ended.get(campaign.job_id) if campaign.job_id else None)
    return cut(rows, limit, lambda campaign: str(campaign.id))


def get_campaign(campaign_id: uuid.UUID | str) -> Campaign:
    """The campaign; raises NotFound."""
    wanted = parse_id(str(campaign_id))
    found = wanted and db.session.scalars(select(Campaign).where(Campaign.id == wanted)).first()
    if not found:
        raise NotFound("There is no such campaign")
    _show_ended_job(found, job_of(found))
    return found


def _show_ended_job(campaign: Campaign, job: Job | None) -> None:
    # A job that failed for good (a bug, a worker lost three times) cannot write its campaign's status any more, and one
    # whose dependency was not met is cancelled among other organizations' jobs, by code that knows nothing of
    # campaigns. So the campaign shows what became of its job. Looking writes nothing, and a retry of the job undoes it.
    if job is None or job.state not in ENDED_JOBS:
        return
    by = job.cancel_requested_by if job.state is State.CANCELLED else None
    set_committed_value(campaign, "status", ENDED_JOBS[job.state])
    set_committed_value(campaign, "status_reason", f"cancelled by {by}" if by else job.error)
    set_committed_value(campaign, "finished_at", job.finished_at)


def job_of(campaign: Campaign) -> Job | None:
    """The job that sends a campaign, None if that has ended. `get_campaign` has read it: this asks the database no
    second time."""
    if campaign.status.has_ended or campaign.job_id is None:
        return None
    return db.session.get(Job, campaign.job_id)


def _jobs_that_ended(campaigns: Sequence[Campaign]) -> dict[uuid.UUID, Job]:
    """By id, of campaigns that have not ended themselves; in one statement."""
    ids = [campaign.job_id for campaign in campaigns if campaign.job_id and not campaign.status.has_ended]
    if not ids:
        return {}
    found = db.session.scalars(select(Job).where(Job.id.in_(ids), Job.state.in_(list(ENDED_JOBS))))
    return {job.id: job for job in found}


def events(campaign: Campaign, limit: int = 100) -> list[CampaignEvent]:
    """What happened, newest first."""
    query = select(CampaignEvent).where(CampaignEvent.campaign_id == campaign.id)
    return list(db.session.scalars(query.order_by(CampaignEvent.id.desc()).limit(limit)))
