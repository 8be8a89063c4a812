"""Messages by the minute: of all campaigns in the last hour, or of one campaign in its first. Read from counters."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from adsapp.campaigns.models import Campaign, MessageMinute
from adsapp.core import db
from adsapp.jobs.queries.statistics import MINUTE_LABELS, MINUTES

COUNTED = ("accepted", "delivered", "failed")


@dataclass(frozen=True)
class MessageMinutes:
    """How many in each minute, oldest first; each as long as `labels`."""

    labels: tuple[str, ...]
    accepted: tuple[int, ...]
    delivered: tuple[int, ...]
    failed: tuple[int, ...]

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to draw."""
        return not any((*self.accepted, *self.delivered, *self.failed))

    @property
    def series(self) -> list[dict[str, Any]]:
        """For `ui.line_chart`."""
        kinds = zip(COUNTED, ("neutral", "accent", "bad"), strict=True)
        return [{"label": name, "kind": kind, "values": getattr(self, name)} for name, kind in kinds]


def of_last_hour(now: datetime) -> MessageMinutes:
    """All messages of the organization, the running minute included."""
    since = _minute(now) - timedelta(minutes=MINUTES)
    sums = [func.sum(getattr(MessageMinute, name)) for name in COUNTED]
    rows = db.session.execute(
        select(MessageMinute.minute, *sums).where(MessageMinute.minute >= since).group_by(MessageMinute.minute)
    )
    return _spread(rows, since, MINUTE_LABELS)


def of_campaign(campaign: Campaign, now: datetime) -> MessageMinutes | None:
    """The first hour of a campaign, or as much of it as there is; None if it was over within two full minutes.

    While it runs there is a chart from the first moment on, so that what stands below need not move away for it.
    """
    if campaign.started_at is None:
        return None
    since = _minute(campaign.started_at)
    length = min(MINUTES, int((min(now, campaign.finished_at or now) - since).total_seconds() // 60))
    if length < 2 and campaign.finished_at is not None:
        return None
    rows = db.session.execute(
        select(MessageMinute.minute, *(getattr(MessageMinute, name) for name in COUNTED)).where(
            MessageMinute.campaign_id == campaign.id,
            MessageMinute.minute >= since,
            MessageMinute.minute <= since + timedelta(minutes=length),
        )
    )
    return _spread(rows, since, tuple(f"minute {place}" for place in range(1, length + 2)))


def _spread(rows: Iterable[Any], since: datetime, labels: tuple[str, ...]) -> MessageMinutes:
    by_place = {int((minute - since).total_seconds() // 60): counts for minute, *counts in rows}
    nothing = (0,) * len(COUNTED)
    every = zip(*(by_place.get(place, nothing) for place in range(len(labels))), strict=True)
    return MessageMinutes(labels, *every)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
