"""A campaign's recipients by status, from counters."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select

from adsapp.campaigns.ledger import Counted
from adsapp.campaigns.models import FAILED_LATER, Campaign, CampaignCount, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.core import db
from adsapp.outbound.statuses import OutboundStatus, people_by_status


class UnderWay(NamedTuple):
    """A campaign that is being sent: the columns of `Campaign` by their names."""

    id: uuid.UUID
    account_id: uuid.UUID
    name: str
    status: OutboundStatus
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


def counts(campaign: AnyCampaign, counted: Iterable[Counted] | None = None) -> Counts:
    """The campaign's recipients by status; of what a page has `counted` already, so that its figures fit together."""
    if counted is None:
        return counts_of([campaign])[campaign.id]
    return _counts([campaign], ((campaign.id, each.status, each.people) for each in counted))[campaign.id]


def counts_of(campaigns: Sequence[AnyCampaign]) -> dict[uuid.UUID, Counts]:
    """The recipients of several campaigns by status, in one statement."""
    rows = db.session.execute(
        select(CampaignCount.campaign_id, CampaignCount.status, CampaignCount.count).where(
            CampaignCount.campaign_id.in_([campaign.id for campaign in campaigns])
        )
    )
    return _counts(campaigns, rows)


def _counts(campaigns: Sequence[AnyCampaign], rows: Iterable[tuple[uuid.UUID, Status, int]]) -> dict[uuid.UUID, Counts]:
    by_status = people_by_status([campaign.id for campaign in campaigns], rows)
    later = _failed_later([each for each, known in by_status.items() if known[Status.FAILED.value]])
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
