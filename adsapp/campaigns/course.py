"""A campaign and the one job that sends it: enqueue the job, lock it, let it go on."""

from sqlalchemy import select

from adsapp import jobs
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.subject import CAMPAIGN
from adsapp.campaigns.telling import tell_when_ended
from adsapp.core import db
from adsapp.jobs import Job, Priority, State, transitions
from adsapp.jobs.idempotency import require_subject
from adsapp.organizations.auditing import NOBODY, By
from adsapp.outbound.statuses import OutboundStatus


def job_title(campaign: Campaign) -> str:
    """What the job is called: that of a later round as what it does."""
    return f"Campaign {campaign.name}"[:200] if campaign.round == 1 else f"Again: campaign {campaign.name}"[:200]


def enqueue_job(
    campaign: Campaign,
    by: str,
    idempotency_key: str | None = None,
    digest: str | None = None,
    people: int | None = None,
) -> None:
    """Add the job that sends its round, from its time on, to so many people; it becomes the campaign's own."""
    subject = CAMPAIGN.of(campaign.id)
    job = jobs.enqueue(
        "bulk-message",
        {"campaign_id": str(campaign.id), "round": campaign.round},
        title=job_title(campaign),
        subject=subject,
        priority=Priority(campaign.priority),
        run_at=None if campaign.frozen_at else campaign.scheduled_at,
        idempotency_key=idempotency_key,
        digest=digest,
        created_by=by,
        total=campaign.audience_size if people is None else people,
    )
    campaign.job_id = require_subject(job, subject).id
    tell_when_ended(campaign, job)


def round_of_next(campaign: Campaign) -> int:
    """The round of whoever is given back to a locked campaign now: another one if it has ended."""
    return campaign.round + (campaign.status is OutboundStatus.COMPLETED)


def go_on(campaign: Campaign, count: int, by: str) -> None:
    """Let a campaign that had ended send to those it was just given back, of `round_of_next`."""
    if not count or campaign.status not in (OutboundStatus.COMPLETED, OutboundStatus.SENDING):
        return
    if campaign.status is OutboundStatus.COMPLETED:  # its job has ended, or is about to and looks no more
        campaign.round = round_of_next(campaign)
        campaign.status, campaign.finished_at = OutboundStatus.SENDING, None
        enqueue_job(campaign, by, people=count)
        return
    job = locked_job(campaign)
    if job is not None and job.state is State.DELAYED:
        transitions.promote(job, by=NOBODY)


def wake(campaign: Campaign, job: Job | None, by: str) -> None:
    """Let the job of a campaign that is resumed begin, whatever became of it."""
    if job is None or job.state is State.COMPLETED:
        enqueue_job(campaign, by)
    elif job.state in (State.FAILED, State.CANCELLED):
        transitions.retry(job, By(by))
        tell_when_ended(campaign, job)
    elif job.state is State.DELAYED and campaign.status is not OutboundStatus.SCHEDULED:
        transitions.promote(job, by=NOBODY)


def locked_job(campaign: Campaign) -> Job | None:
    """Its job, locked and read afresh; None if there is none."""
    if campaign.job_id is None:
        return None
    return db.session.scalars(
        select(Job)
        .where(Job.id == campaign.job_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).first()
