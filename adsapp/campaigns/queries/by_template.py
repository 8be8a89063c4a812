"""What campaigns of one template have come to, from their counters."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select

from adsapp.campaigns.models import Campaign, CampaignCount
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.core import db
from adsapp.core.clock import utcnow

PERIODS: Final = (7, 30, 90)  # days

_SENT = (Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ)


@dataclass(frozen=True)
class Results:
    """Of the campaigns begun in the last so many days; each figure holds those behind it: who read it got it, too."""

    days: int
    campaigns: int = 0
    sent: int = 0
    delivered: int = 0
    read: int = 0
    replied: int = 0
    opted_out: int = 0
    failed: int = 0
    failed_by_code: tuple[tuple[str, int], ...] = ()

    def share(self, count: int) -> str:
        """Of those it was sent to, in per cent; "" if it was sent to nobody."""
        return f"{100 * count / self.sent:.0f} %" if self.sent else ""


def results_of(name: str, language: str) -> Sequence[Results]:
    """For each period."""
    return [_results(name, language, days) for days in PERIODS]


def _results(name: str, language: str, days: int) -> Results:
    begun = (
        Campaign.template_name == name,
        Campaign.template_language == language,
        Campaign.started_at >= utcnow() - timedelta(days=days),
    )
    sums = (func.count(), func.sum(Campaign.replied_count), func.sum(Campaign.opted_out_count))
    campaigns, replied, opted_out = db.session.execute(select(*sums).where(*begun)).one()
    if not campaigns:
        return Results(days)
    counted = db.session.execute(
        select(CampaignCount.status, CampaignCount.error_code, func.sum(CampaignCount.count))
        .join(Campaign, Campaign.id == CampaignCount.campaign_id)
        .where(*begun)
        .group_by(CampaignCount.status, CampaignCount.error_code)
    ).all()
    by_status: Counter[Status] = Counter()
    codes: Counter[str] = Counter()
    for status, code, count in counted:
        by_status[status] += int(count)
        if status is Status.FAILED and count:
            codes[code] += int(count)
    return Results(
        days,
        campaigns,
        sent=sum(by_status[status] for status in _SENT) + by_status[Status.FAILED],
        delivered=by_status[Status.DELIVERED] + by_status[Status.READ],
        read=by_status[Status.READ],
        replied=int(replied or 0),
        opted_out=int(opted_out or 0),
        failed=by_status[Status.FAILED],
        failed_by_code=tuple(codes.most_common()),
    )
