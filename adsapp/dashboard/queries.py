"""What the home page reads: running work and what needs a person. Counters and short key ranges, never a count."""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import Select, Table, and_, bindparam, case, or_, select

from adsapp.alerts.facts import LAST_EVENT, Paused
from adsapp.campaigns import queries as campaign_queries
from adsapp.campaigns.models import Campaign, CampaignCount, RecipientStatus
from adsapp.campaigns.queries import UnderWay
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core.db.prepared import fetch, own_rows
from adsapp.jobs import Job, State
from adsapp.jobs.wait_reasons import RunConditions
from adsapp.outbound.statuses import OutboundStatus, people_by_status

MOST = 10  # of one kind, on a page that is read at a glance
LATEST = 3  # campaigns, with their bars
FAILING_SHARE = 0.2  # of the messages tried
HELD = "held back by a pause"
LOOK_BACK = 50  # imports and campaigns, newest first, among which is looked for what needs somebody


@dataclass(frozen=True)
class Running:
    """A campaign or an import that is under way."""

    key: str
    kind: str  # Campaign, Import
    title: str
    url: str
    by: str
    state: str  # in words, if it is more than "running"
    done: int
    total: int | None
    failed: int
    failed_word: str
    per_second: float | None
    seconds_left: float | None


class GoingOut(NamedTuple):
    """A campaign under way, and whether a pause of its queue or kind of job holds it."""

    campaign: UnderWay
    is_held: bool


class OpenCampaigns(NamedTuple):
    """Campaigns that have begun and not ended, at most MOST of each."""

    paused: Sequence[Paused]
    going_out: Sequence[GoingOut]


class Scheduled(NamedTuple):
    """A campaign that goes out later."""

    id: uuid.UUID
    name: str
    created_by: str
    created_at: datetime
    scheduled_at: datetime | None


class NotBegun(NamedTuple):
    """An upload whose columns nobody has confirmed."""

    id: uuid.UUID
    file_name: str
    created_at: datetime


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


def open_campaigns(conditions: RunConditions) -> OpenCampaigns:
    """Campaigns that are being sent or were paused on the way, newest first, in one statement."""
    paused, going_out = [], []
    for row in fetch(OPEN):
        if row.status == OutboundStatus.PAUSED:
            paused.append(Paused(row.id, row.name, row.status_reason, row.since))
        else:
            going_out.append(GoingOut(UnderWay._make(row[: len(UnderWay._fields)]), _is_held(row, conditions)))
    return OpenCampaigns(paused[:MOST], going_out[:MOST])


def troubled_campaigns(since: datetime) -> tuple[list[Uncertain], list[Failing]]:
    """Of the newest campaigns, those with uncertain messages, and those that were at work since then and lost a fifth
    of their messages or more. One statement."""
    sums: dict[tuple[uuid.UUID, str, bool], Counter[str]] = {}
    # one row for each status and error code
    for campaign_id, name, at_work, status, count in fetch(TROUBLED, since=since):
        sums.setdefault((campaign_id, name, bool(at_work)), Counter())[status.value] += count
    counted = [(*key, campaign_queries.Counts(**counts)) for key, counts in sums.items()]
    uncertain = [Uncertain(key, name, counts.uncertain) for key, name, _, counts in counted if counts.uncertain]
    failing = [Failing(key, name, c.failed, c.done - c.skipped) for key, name, at_work, c in counted if at_work]
    return uncertain, [each for each in failing if each.failed and each.failed >= each.tried * FAILING_SHARE]


def latest_campaigns() -> list[tuple[Campaign, campaign_queries.Counts]]:
    """The newest campaigns and their counts, which come from the counters alone: every open home page reads them."""
    campaigns = campaign_queries.list_campaigns(limit=LATEST).items
    newest = [campaign.id for campaign in campaigns]
    sums = people_by_status(newest, fetch(LATEST_COUNTS, newest=newest))
    return [(each, campaign_queries.Counts(**sums[each.id])) for each in campaigns]


def imports_not_begun(since: datetime) -> list[NotBegun]:
    """Of the newest imports, those uploaded since then whose columns nobody has confirmed; newest first."""
    return [NotBegun._make(row) for row in fetch(NOT_BEGUN, since=since)]


def scheduled_campaigns() -> list[Scheduled]:
    """What goes out later, soonest first."""
    waiting = [Scheduled._make(row) for row in fetch(SCHEDULED)][:MOST]
    return sorted(waiting, key=lambda campaign: campaign.scheduled_at or campaign.created_at)


def running(campaigns: Sequence[GoingOut], conditions: RunConditions) -> list[Running]:
    """Campaigns and imports under way, campaigns first."""
    return [*_running_campaigns(campaigns), *_running_imports(conditions)]


def _is_held(row: Any, conditions: RunConditions) -> bool:
    """True if a pause keeps the job from going on; a row with the columns ITS_JOB, empty for no job."""
    return row.state not in (None, State.ACTIVE) and conditions.pause_of(row.queue, row.processor) is not None


def _running_campaigns(going_out: Sequence[GoingOut]) -> list[Running]:
    counted = campaign_queries.counts_of([each.campaign for each in going_out]) if going_out else {}
    return [_campaign(each, counted[each.campaign.id]) for each in going_out]


def _campaign(going_out: GoingOut, counts: campaign_queries.Counts) -> Running:
    campaign, preparing = going_out.campaign, going_out.campaign.status == OutboundStatus.PREPARING
    pace = campaign_queries.rate_now(campaign, counts)
    return Running(
        key=f"campaign-{campaign.id}",
        kind="Campaign",
        title=campaign.name,
        url=f"/campaigns/{campaign.id}",
        by=campaign.created_by,
        state=HELD if going_out.is_held else "preparing" if preparing else "",
        done=counts.done,
        total=campaign.audience_size,
        failed=counts.failed,
        failed_word="failed",
        per_second=round(pace.per_second, 1) or None,
        seconds_left=None if going_out.is_held or not pace.per_second else pace.seconds_left,
    )


def _running_imports(conditions: RunConditions) -> list[Running]:
    return [_import(row, is_held=_is_held(row, conditions)) for row in fetch(RUNNING_IMPORTS)]


def _import(row: Any, *, is_held: bool) -> Running:
    rate = _rows_per_second(row)
    left = None if not rate or not row.progress_total else max(0, row.progress_total - row.rows_read) / rate
    return Running(
        key=f"import-{row.id}",
        kind="Import",
        title=row.file_name,
        url=f"/imports/{row.id}",
        by=row.created_by,
        state=HELD if is_held else "" if row.state == State.ACTIVE else row.state.value,
        done=row.rows_read,
        total=row.progress_total,
        failed=row.rejected,
        failed_word="rejected",
        per_second=rate,
        seconds_left=left,
    )


def _rows_per_second(row: Any) -> float | None:
    # The average since the start is honest only if nothing interrupted it.
    if row.state != State.ACTIVE or row.attempt > 1 or not (row.started_at and row.progress_at):
        return None
    seconds: float = (row.progress_at - row.started_at).total_seconds()
    return round(row.rows_read / seconds, 1) if seconds >= 1 and row.rows_read else None


# --- the statements, made once: every poll of every open home page reads them -----------------------------------

CAMPAIGNS, COUNTS, IMPORTS, JOBS = (cast(Table, model.__table__).c for model in (Campaign, CampaignCount, Import, Job))
ITS_JOB = (JOBS.queue, JOBS.processor, JOBS.state)  # whether a pause holds it
# A job that failed for good, or whose dependency was not met, leaves its campaign's row behind as it was.
GOES_ON = or_(JOBS.id.is_(None), JOBS.state.not_in(list(campaign_queries.ENDED_JOBS)))
SINCE: Any = bindparam("since", type_=CAMPAIGNS.started_at.type)


def _campaigns(statuses: Sequence[OutboundStatus], *columns: Any) -> Select[Any]:
    """Campaigns of these statuses that go on, at most LOOK_BACK, newest first."""
    its_job = and_(JOBS.organization_id == CAMPAIGNS.organization_id, JOBS.id == CAMPAIGNS.job_id)
    there = cast(Table, Campaign.__table__).outerjoin(cast(Table, Job.__table__), its_job)
    found = select(*columns).select_from(there).where(own_rows(CAMPAIGNS), CAMPAIGNS.status.in_(statuses), GOES_ON)
    return found.order_by(CAMPAIGNS.id.desc()).limit(LOOK_BACK)


def _newest(columns: Any) -> Select[Any]:
    """The ids among which is looked for what needs somebody."""
    newest = select(columns.id).where(own_rows(columns)).order_by(columns.id.desc()).limit(LOOK_BACK)
    return newest.subquery().select()


OPEN = _campaigns(
    [OutboundStatus.PREPARING, OutboundStatus.SENDING, OutboundStatus.PAUSED],
    *(CAMPAIGNS[name] for name in UnderWay._fields),
    *ITS_JOB,
    CAMPAIGNS.status_reason,
    case((CAMPAIGNS.status == OutboundStatus.PAUSED, LAST_EVENT)).label("since"),
)
SCHEDULED = _campaigns([OutboundStatus.SCHEDULED], *(CAMPAIGNS[name] for name in Scheduled._fields))
WAS_AT_WORK = or_(CAMPAIGNS.started_at >= SINCE, CAMPAIGNS.finished_at >= SINCE)
TROUBLED = (
    select(CAMPAIGNS.id, CAMPAIGNS.name, WAS_AT_WORK, COUNTS.status, COUNTS.count)
    .join_from(
        cast(Table, Campaign.__table__), cast(Table, CampaignCount.__table__), COUNTS.campaign_id == CAMPAIGNS.id
    )
    .where(own_rows(CAMPAIGNS), own_rows(COUNTS), CAMPAIGNS.id.in_(_newest(CAMPAIGNS)))
    .where(or_(WAS_AT_WORK, COUNTS.status == RecipientStatus.UNCERTAIN))
    .order_by(CAMPAIGNS.id.desc())
)
LATEST_COUNTS = select(COUNTS.campaign_id, COUNTS.status, COUNTS.count).where(
    own_rows(COUNTS), COUNTS.campaign_id.in_(bindparam("newest", expanding=True))
)
NOT_BEGUN = (
    select(*(IMPORTS[name] for name in NotBegun._fields))
    .where(own_rows(IMPORTS), IMPORTS.id.in_(_newest(IMPORTS)))
    .where(IMPORTS.status == ImportStatus.MAPPING, IMPORTS.created_at >= SINCE)
    .order_by(IMPORTS.id.desc())
)
RUNNING_IMPORTS = (
    select(
        *(IMPORTS[name] for name in ("id", "file_name", "created_by", "rows_read", "rejected", "started_at")),
        *(JOBS[name] for name in ("attempt", "progress_total", "progress_at")),
        *ITS_JOB,
    )
    .join_from(cast(Table, Import.__table__), cast(Table, Job.__table__), JOBS.id == IMPORTS.job_id)
    .where(own_rows(IMPORTS), own_rows(JOBS), IMPORTS.id.in_(_newest(IMPORTS)))
    .where(JOBS.state.in_([State.ACTIVE, State.WAITING, State.DELAYED]))
    .order_by(IMPORTS.id.desc())
    .limit(MOST)
)
