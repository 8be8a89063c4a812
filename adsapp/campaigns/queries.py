"""Reads of campaigns, one function a screen. Counts come from counters; lists go along keys."""

import math
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm.attributes import set_committed_value

from adsapp.campaigns import lacking
from adsapp.campaigns.models import (
    FAILED_LATER,
    Campaign,
    CampaignCount,
    CampaignEvent,
    CampaignRecipient,
    CampaignStatus,
)
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.reasons import MISSING_VARIABLE, explain
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import id_after, number_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.integrations.models import Account
from adsapp.jobs import Job, State

ENDED_JOBS = {State.FAILED: CampaignStatus.FAILED, State.CANCELLED: CampaignStatus.CANCELLED}
RATE_WINDOW = timedelta(seconds=10)
RATE_ROWS = 200
RATE_SECONDS = 3.0  # of sending that are looked at, if these are more rows
STILL_GOING = timedelta(seconds=1)


class UnderWay(NamedTuple):
    """A campaign that is being sent: the columns of `Campaign` by their names."""

    id: uuid.UUID
    account_id: uuid.UUID
    name: str
    status: CampaignStatus
    created_by: str
    audience_size: int | None


AnyCampaign = Campaign | UnderWay


@dataclass(frozen=True)
class Counts:
    """Recipients by status. The nine add up to the audience (`adds_up`), at every instant once it is frozen."""

    pending: int = 0
    sending: int = 0
    accepted: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    failed: int = 0
    skipped: int = 0
    uncertain: int = 0
    audience_size: int | None = None
    failed_later: int = 0  # of the failed: those whom the provider had accepted first

    @property
    def total(self) -> int:
        """All recipients."""
        return self.to_go + self.in_hand + self.failed + self.skipped + self.uncertain

    @property
    def to_go(self) -> int:
        """Not sent yet."""
        return self.pending + self.sending

    @property
    def done(self) -> int:
        """Through, one way or the other."""
        return self.total - self.to_go

    @property
    def in_hand(self) -> int:
        """Taken by the provider, and not failed."""
        return self.accepted + self.sent_total

    @property
    def accepted_total(self) -> int:
        """Taken by the provider, whatever came after."""
        return self.in_hand + self.failed_later

    @property
    def tried(self) -> int:
        """Those it was sent to, whatever came of it: what shares are shares of."""
        return self.in_hand + self.failed + self.uncertain

    @property
    def sent_total(self) -> int:
        """Sent, delivered or read."""
        return self.sent + self.delivered_total

    @property
    def delivered_total(self) -> int:
        """Delivered, read ones included."""
        return self.delivered + self.read

    @property
    def read_total(self) -> int:
        """Read."""
        return self.read

    @property
    def percent(self) -> int:
        """Through, in percent of all; 100 only when nobody is left to go."""
        if self.to_go == 0:
            return 100 if self.total else 0
        return min(99, self.done * 100 // self.total)

    @property
    def percent_sent(self) -> int:
        """Sent to, in percent of those it is sent to: whoever is skipped is in neither."""
        meant = self.total - self.skipped
        return min(99 if self.to_go else 100, (meant - self.to_go) * 100 // meant) if meant else 0

    @property
    def reached(self) -> int:
        """Taken by the provider, or perhaps taken."""
        return self.in_hand + self.uncertain

    @property
    def trouble(self) -> str:
        """ "" while most of those it was sent to got it or may get it yet, else in words how bad it is."""
        if self.failed == 0 or self.failed <= self.reached:
            return ""
        return "mostly failed" if self.reached else "all failed"

    @property
    def adds_up(self) -> bool:
        """The sum rule."""
        return self.audience_size is None or self.total == self.audience_size


@dataclass(frozen=True)
class Failure:
    """Why some failed or were skipped: a code, plain words, and whether trying again can help."""

    code: str
    title: str
    advice: str
    count: int
    can_retry: bool


@dataclass(frozen=True)
class Pace:
    """Messages a second in the last seconds, and how long the rest takes (None: not sending, or not known)."""

    per_second: float
    seconds_left: float | None
    limit: float

    @property
    def finishes_at(self) -> datetime | None:
        """When it ends at this pace."""
        return None if self.seconds_left is None else utcnow() + timedelta(seconds=self.seconds_left)


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


def counts(campaign: AnyCampaign) -> Counts:
    """The campaign's recipients by status."""
    return counts_of([campaign])[campaign.id]


def counts_of(campaigns: Sequence[AnyCampaign]) -> dict[uuid.UUID, Counts]:
    """The recipients of several campaigns by status, in one statement."""
    by_status: dict[uuid.UUID, dict[str, int]] = {campaign.id: {} for campaign in campaigns}
    rows = db.session.execute(
        select(CampaignCount.campaign_id, CampaignCount.status, CampaignCount.count).where(
            CampaignCount.campaign_id.in_(by_status)
        )
    )
    for campaign_id, status, count in rows:
        known = by_status[campaign_id]
        known[status.value] = known.get(status.value, 0) + count
    later = _failed_later([one for one, known in by_status.items() if known.get(Status.FAILED.value)])
    return {
        campaign.id: Counts(
            **by_status[campaign.id], audience_size=campaign.audience_size, failed_later=later.get(campaign.id, 0)
        )
        for campaign in campaigns
    }


def _failed_later(campaign_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many the provider accepted and then failed to deliver, along an index that holds nobody else."""
    if not campaign_ids:
        return {}
    rows = db.session.execute(
        select(CampaignRecipient.campaign_id, func.count().label("people"))
        .where(CampaignRecipient.campaign_id.in_(campaign_ids), FAILED_LATER)
        .group_by(CampaignRecipient.campaign_id)
    )
    return {row.campaign_id: row.people for row in rows}


def failures(campaign: Campaign, status: Status = Status.FAILED) -> list[Failure]:
    """Why recipients failed (or, with `status`, were skipped), the commonest first."""
    rows = db.session.execute(
        select(CampaignCount.error_code, CampaignCount.count).where(
            CampaignCount.campaign_id == campaign.id, CampaignCount.status == status, CampaignCount.count > 0
        )
    )
    found, may_lack = [], lacking.may_lack(campaign).values()
    for code, count in rows:
        reason = explain(code, of_template=campaign.text is None)
        title = lacking.why(may_lack) if code == MISSING_VARIABLE else reason.title
        found.append(Failure(code, title, reason.advice, count, status is Status.FAILED and reason.can_retry))
    return sorted(found, key=lambda failure: (-failure.count, failure.code))


def left_out(campaign: Campaign, code: str) -> int:
    """How many people were left out for this reason."""
    return next((each.count for each in failures(campaign, Status.SKIPPED) if each.code == code), 0)


def recipients(
    campaign: Campaign,
    status: Status | str | None = None,
    cursor: str | None = None,
    limit: int = PAGE,
    code: str | None = None,
) -> Page[CampaignRecipient]:
    """The people of a campaign in the order they are sent to, all or of one status (and code)."""
    query = select(CampaignRecipient).where(CampaignRecipient.campaign_id == campaign.id)
    if status:
        query = query.where(CampaignRecipient.status == status_of(status))
    if code is not None:
        query = query.where(CampaignRecipient.error_code == code)
    if cursor:
        query = query.where(CampaignRecipient.id > number_after(cursor))
    rows = db.session.scalars(query.order_by(CampaignRecipient.id).limit(limit + 1)).all()
    return cut(rows, limit, lambda recipient: str(recipient.id))


def status_of(text: Status | str) -> Status:
    """The status of this name; raises Invalid that lists them."""
    try:
        return Status(text)
    except ValueError:
        raise Invalid.field("status", f"There is no status {text!r}; there are {', '.join(Status)}") from None


def events(campaign: Campaign, limit: int = 100) -> list[CampaignEvent]:
    """What happened, newest first."""
    query = select(CampaignEvent).where(CampaignEvent.campaign_id == campaign.id)
    return list(db.session.scalars(query.order_by(CampaignEvent.id.desc()).limit(limit)))


def rate_now(campaign: AnyCampaign, known: Counts | None = None) -> Pace:
    """How fast it goes now: from the few rows before the first one that is still to go, never from a count."""
    limit = db.session.scalar(select(Account.messages_per_second).where(Account.id == campaign.account_id))
    limit = limit or 1.0
    if campaign.status is not CampaignStatus.SENDING:
        return Pace(0.0, None, limit)
    known = known or counts(campaign)
    rate = min(limit, _recent_rate(campaign, limit))
    return Pace(rate, known.pending / (rate or limit) if known.pending else None, limit)


def _recent_rate(campaign: AnyCampaign, limit: float) -> float:
    mine = CampaignRecipient.campaign_id == campaign.id
    first_to_go = db.session.scalar(
        select(CampaignRecipient.id)
        .where(mine, CampaignRecipient.status == Status.PENDING)
        .order_by(CampaignRecipient.id)
        .limit(1)
    )
    rows = max(RATE_ROWS, math.ceil(limit * RATE_SECONDS))
    query = select(CampaignRecipient.sending_at).where(mine).order_by(CampaignRecipient.id.desc()).limit(rows)
    if first_to_go is not None:
        query = query.where(CampaignRecipient.id < first_to_go)
    return rate_of([at for at in db.session.scalars(query) if at is not None], utcnow())


def rate_of(moments: Iterable[datetime], now: datetime) -> float:
    """How many a second, of the moments at which people were marked.

    They are marked in groups: the first group's moment begins the span, and its people are not counted.
    """
    recent = sorted(at for at in moments if at > now - RATE_WINDOW)
    if not recent:
        return 0.0
    first, last = recent[0], recent[-1]
    until = last if now - last < STILL_GOING else now
    return sum(at > first for at in recent) / max((until - first).total_seconds(), 1.0)
