"""What the home page reads: running work and what needs a person. Counters and short key ranges, never a count."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ScalarSelect, or_, select

from adsapp.campaigns import queries as campaign_queries
from adsapp.campaigns.models import Campaign, CampaignCount, CampaignEvent, CampaignStatus, RecipientStatus
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import db
from adsapp.integrations.models import WhatsAppAccount
from adsapp.jobs.models import Job
from adsapp.jobs.states import State

MOST = 10  # of one kind, on a page that is read at a glance
FAILING_SHARE = 0.2  # of the messages tried
LOOK_BACK = 50  # imports and campaigns, newest first, among which is looked for what needs somebody


@dataclass(frozen=True)
class Running:
    """A campaign or an import that is under way."""

    key: str
    kind: str  # Campaign, Import
    title: str
    url: str
    by: str
    state: str  # in words, where it is more than "running"
    done: int
    total: int | None
    failed: int
    failed_word: str
    per_second: float | None
    seconds_left: float | None


@dataclass(frozen=True)
class Paused:
    """A paused campaign and since when."""

    campaign: Campaign
    since: datetime | None


@dataclass(frozen=True)
class Failing:
    """A campaign of whose `tried` messages too many failed."""

    campaign_id: uuid.UUID
    name: str
    failed: int
    tried: int


@dataclass(frozen=True)
class Uncertain:
    """A campaign with messages of which nobody knows whether they arrived."""

    campaign_id: uuid.UUID
    name: str
    count: int


def paused_campaigns() -> list[Paused]:
    """Campaigns that stand still, each with the time of the last thing that happened to it."""
    rows = db.session.execute(
        select(Campaign, _last_event())
        .outerjoin(Job, Job.id == Campaign.job_id)
        .where(Campaign.status == CampaignStatus.PAUSED, _goes_on())
        .order_by(Campaign.id.desc())
        .limit(MOST)
    )
    return [Paused(row[0], row[1]) for row in rows]


def _goes_on() -> ColumnElement[bool]:
    # A job that failed for good, or waited in vain, leaves its campaign's row behind as it was.
    return or_(Job.id.is_(None), Job.state.not_in([State.FAILED, State.CANCELLED]))


def _last_event() -> ScalarSelect[datetime]:
    return (
        select(CampaignEvent.at)
        .where(CampaignEvent.organization_id == Campaign.organization_id, CampaignEvent.campaign_id == Campaign.id)
        .order_by(CampaignEvent.id.desc())
        .limit(1)
        .correlate(Campaign)
        .scalar_subquery()
    )


def troubled_campaigns(since: datetime) -> tuple[list[Uncertain], list[Failing]]:
    """Of the newest campaigns, those with uncertain messages, and those that were at work since then and lost a fifth
    of their messages or more. One statement."""
    newest = select(Campaign.id).order_by(Campaign.id.desc()).limit(LOOK_BACK).subquery()
    was_at_work = or_(Campaign.started_at >= since, Campaign.finished_at >= since)
    rows = db.session.execute(
        select(Campaign.id, Campaign.name, was_at_work, CampaignCount.status, CampaignCount.count)
        .join(CampaignCount, CampaignCount.campaign_id == Campaign.id)
        .where(Campaign.id.in_(newest.select()), or_(was_at_work, CampaignCount.status == RecipientStatus.UNCERTAIN))
        .order_by(Campaign.id.desc())
    )
    sums: dict[tuple[uuid.UUID, str, bool], Counter[str]] = {}
    for campaign_id, name, at_work, status, count in rows:  # one row for each status and error code
        sums.setdefault((campaign_id, name, bool(at_work)), Counter())[status.value] += count
    counted = [(*key, campaign_queries.Counts(**counts)) for key, counts in sums.items()]
    uncertain = [Uncertain(key, name, counts.uncertain) for key, name, _, counts in counted if counts.uncertain]
    failing = [Failing(key, name, c.failed, c.done - c.skipped) for key, name, at_work, c in counted if at_work]
    return uncertain, [each for each in failing if each.failed and each.failed >= each.tried * FAILING_SHARE]


def accounts() -> Sequence[WhatsAppAccount]:
    """The organization's WhatsApp accounts."""
    return db.session.scalars(select(WhatsAppAccount).order_by(WhatsAppAccount.name)).all()


def imports_not_begun(since: datetime) -> list[Import]:
    """Of the newest imports, those uploaded since then whose columns nobody has confirmed; newest first."""
    newest = select(Import.id).order_by(Import.id.desc()).limit(LOOK_BACK)
    not_begun = select(Import).where(
        Import.id.in_(newest.subquery().select()), Import.status == ImportStatus.MAPPING, Import.created_at >= since
    )
    return list(db.session.scalars(not_begun.order_by(Import.id.desc())))


def scheduled_campaigns() -> Sequence[Campaign]:
    """What goes out later, soonest first."""
    waiting = select(Campaign).outerjoin(Job, Job.id == Campaign.job_id)
    waiting = waiting.where(Campaign.status == CampaignStatus.SCHEDULED, _goes_on()).order_by(Campaign.id.desc())
    return sorted(
        db.session.scalars(waiting.limit(MOST)), key=lambda campaign: campaign.scheduled_at or campaign.created_at
    )


def running(campaigns: Sequence[Campaign]) -> list[Running]:
    """Campaigns and imports under way, campaigns first."""
    return [*_running_campaigns(campaigns), *_running_imports()]


def campaigns_under_way() -> Sequence[Campaign]:
    """Campaigns that are being sent, at most MOST, newest first."""
    return db.session.scalars(
        select(Campaign)
        .outerjoin(Job, Job.id == Campaign.job_id)
        .where(
            Campaign.status.in_([CampaignStatus.PREPARING, CampaignStatus.SENDING]),
            _goes_on(),
        )
        .order_by(Campaign.id.desc())
        .limit(MOST)
    ).all()


def _running_campaigns(campaigns: Sequence[Campaign]) -> list[Running]:
    counted = campaign_queries.counts_of(campaigns) if campaigns else {}
    return [_campaign(campaign, counted[campaign.id]) for campaign in campaigns]


def _campaign(campaign: Campaign, counts: campaign_queries.Counts) -> Running:
    pace = campaign_queries.rate_now(campaign, counts)
    return Running(
        key=f"campaign-{campaign.id}",
        kind="Campaign",
        title=campaign.name,
        url=f"/campaigns/{campaign.id}",
        by=campaign.created_by,
        state="preparing" if campaign.status == CampaignStatus.PREPARING else "",
        done=counts.done,
        total=campaign.audience_size,
        failed=counts.failed,
        failed_word="failed",
        per_second=round(pace.per_second, 1) or None,
        seconds_left=pace.seconds_left,
    )


def _running_imports() -> list[Running]:
    rows = db.session.execute(
        select(Import, Job)
        .join(Job, Job.id == Import.job_id)
        .where(
            Import.id.in_(select(Import.id).order_by(Import.id.desc()).limit(LOOK_BACK).subquery().select()),
            Job.state.in_([State.ACTIVE, State.WAITING, State.DELAYED]),
        )
        .order_by(Import.id.desc())
        .limit(MOST)
    )
    return [_import(row[0], row[1]) for row in rows]


def _import(imported: Import, job: Job) -> Running:
    rate = _rows_per_second(imported, job)
    left = None if not rate or not job.progress_total else max(0, job.progress_total - imported.rows_read) / rate
    return Running(
        key=f"import-{imported.id}",
        kind="Import",
        title=imported.file_name,
        url=f"/imports/{imported.id}",
        by=imported.created_by,
        state="" if job.state == State.ACTIVE else job.state.value,
        done=imported.rows_read,
        total=job.progress_total,
        failed=imported.rejected,
        failed_word="rejected",
        per_second=rate,
        seconds_left=left,
    )


def _rows_per_second(imported: Import, job: Job) -> float | None:
    # The average since the start is honest only where nothing interrupted it.
    if job.state != State.ACTIVE or job.attempt > 1 or not (imported.started_at and job.progress_at):
        return None
    seconds = (job.progress_at - imported.started_at).total_seconds()
    return round(imported.rows_read / seconds, 1) if seconds >= 1 and imported.rows_read else None
