"""How fast a campaign goes just now."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from adsapp.campaigns.models import CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.queries.figures import AnyCampaign, Counts
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.models import Account
from adsapp.outbound.statuses import OutboundStatus

RATE_WINDOW = timedelta(seconds=10)
RATE_ROWS = 200
RATE_SECONDS = 3.0  # of sending that are looked at, if these are more rows
STILL_GOING = timedelta(seconds=1)


@dataclass(frozen=True)
class Pace:
    """Messages a second in the last seconds, and how long the rest takes (None: not sending, or not known)."""

    per_second: float
    seconds_left: float | None

    @property
    def finishes_at(self) -> datetime | None:
        """When it ends at this pace."""
        return None if self.seconds_left is None else utcnow() + timedelta(seconds=self.seconds_left)


def rate_now(campaign: AnyCampaign, counts: Counts) -> Pace:
    """How fast it goes now: from the few rows before the first one that is still to go, never from a count."""
    if campaign.status is not OutboundStatus.SENDING:
        return Pace(0.0, None)
    limit = db.session.scalar(select(Account.messages_per_second).where(Account.id == campaign.account_id)) or 1.0
    rate = min(limit, _recent_rate(campaign, limit))
    return Pace(rate, counts.pending / (rate or limit) if counts.pending else None)


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
