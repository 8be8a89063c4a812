"""What the list and the campaign's page show, made from counters and key ranges."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy import select

from adsapp.campaigns import queries
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.queries import Counts
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.pagination import Page
from adsapp.core.web.pages import LivePage
from adsapp.core.words import plural
from adsapp.jobs.wait_reasons import WaitReason, why_waiting
from adsapp.message_templates import previews
from adsapp.message_templates.components import view
from adsapp.message_templates.previews import Bubble
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.words import people

# Whoever read it got it as well: the figure "Delivered" counts both.
UNREAD: Final = "delivered, not read"
# From best to worst; each is in one status, so the parts of the bar add up to the audience.
BAR: Final = (
    (Status.READ, "read"),
    (Status.DELIVERED, UNREAD),
    (Status.SENT, "sent"),
    (Status.ACCEPTED, "accepted"),
    (Status.UNCERTAIN, "uncertain"),
    (Status.FAILED, "failed"),
    (Status.SKIPPED, "skipped"),
)
ALWAYS_SHOWN: Final = frozenset({Status.READ, Status.DELIVERED, Status.SENT, Status.FAILED})
# Shown even if nobody is in it, while people are still to be sent to: what comes and goes each second moves the rest.
ON_THE_WAY: Final = (Status.PENDING, Status.SENDING, Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ)
CHIP_KINDS: Final[dict[Status, str]] = {
    Status.FAILED: "bad",
    Status.UNCERTAIN: "warning",
    Status.READ: "good",
    Status.DELIVERED: "busy",
}
LOOKED_AT: Final = 25
MOMENTARY: Final = ("free_worker",)
TICKS: Final = {Status.SENT: "sent", Status.ACCEPTED: "sent", Status.DELIVERED: "delivered", Status.READ: "read"}


@dataclass(frozen=True, slots=True)
class Funnel:
    """Counts as figures and as the parts of a bar; `skipped_reasons` are titles, the commonest first."""

    counts: Counts
    skipped_reasons: Sequence[str] = ()

    @property
    def total(self) -> int:
        """All recipients."""
        return self.counts.total

    @property
    def parts(self) -> list[dict[str, Any]]:
        """For `ui.stacked_bar`: they add up to `total`."""
        shown: list[dict[str, Any]] = []
        for status, label in BAR:
            value = getattr(self.counts, status.value)
            if value or status in ALWAYS_SHOWN or (self.counts.to_go and status in ON_THE_WAY):
                shown.append({"kind": status.value, "value": value, "label": label})
        if self.counts.to_go:
            shown.append({"kind": "rest", "value": self.counts.to_go, "label": "to go"})
        return shown

    @property
    def skipped_words(self) -> str:
        """Why people were skipped, shortly."""
        return ", ".join(reason[:1].lower() + reason[1:] for reason in self.skipped_reasons[:2]) or "nobody"

    def share(self, part: int) -> str:
        """96.4 %, of all it was sent to; – if there is nobody yet."""
        whole = self.counts.tried
        return f"{part * 100 / whole:.1f} %" if whole else "–"


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign in the list; `line` is how far it got, in words."""

    id: uuid.UUID
    name: str
    message: str
    status: OutboundStatus
    trouble: str
    funnel: Funnel
    line: str
    audience_size: int | None
    created_by: str
    at: datetime

    @classmethod
    def of(cls, campaign: Campaign, counts: Counts) -> Row:
        """What the list shows of it."""
        return cls(
            id=campaign.id,
            name=campaign.name,
            message=campaign.template_name or "plain text",
            status=campaign.status,
            trouble=trouble(campaign, counts),
            funnel=Funnel(counts),
            line=in_one_line(campaign, counts),
            audience_size=campaign.audience_size,
            created_by=campaign.created_by,
            at=campaign.started_at or campaign.scheduled_at or campaign.created_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignListPage(LivePage):
    """Campaigns, newest first."""

    template: ClassVar[str] = "campaigns/list.html"
    fragment: ClassVar[str] = "campaigns/_list.html"

    as_of: datetime = field(compare=False)
    rows: Sequence[Row]
    cursor: str
    next_cursor: str | None

    @classmethod
    def of(cls, page: Page[Campaign], cursor: str) -> CampaignListPage:
        """The page at this cursor, with one statement for all counts."""
        counts = queries.counts_of(page.items)
        rows = tuple(Row.of(campaign, counts[campaign.id]) for campaign in page.items)
        return cls(as_of=utcnow(), rows=rows, cursor=cursor, next_cursor=page.next)

    @property
    def live_url(self) -> str:
        """It never ends."""
        return url_for("campaigns.list_fragment", cursor=self.cursor or None, version=self.version)

    @property
    def next_url(self) -> str | None:
        """Earlier ones."""
        return url_for("campaigns.list_campaigns", cursor=self.next_cursor) if self.next_cursor else None

    @property
    def first_url(self) -> str | None:
        """The newest, from a later page."""
        return url_for("campaigns.list_campaigns") if self.cursor else None


@dataclass(frozen=True, slots=True)
class Person:
    """The message of one recipient, as their phone shows it."""

    recipient: CampaignRecipient
    bubble: Bubble
    previous_id: int | None
    next_id: int | None

    @property
    def ticks(self) -> str | None:
        """The ticks behind the time."""
        return TICKS.get(self.recipient.status)

    @property
    def at(self) -> datetime | None:
        """When it was last moved on by the provider."""
        return moment_of(self.recipient) if self.ticks else None


def in_one_line(campaign: Campaign, counts: Counts) -> str:
    """What the bar shows, in words."""
    if campaign.frozen_at is None:
        waiting = {
            OutboundStatus.SCHEDULED: "waits for its time",
            OutboundStatus.PREPARING: "the audience is being fixed",
        }
        return waiting.get(campaign.status, "nobody was sent to")
    sent = [f"{counts.percent_sent} % sent"] if counts.to_go else []
    return " · ".join(sent + [f"{count:,} {what}" for count, what in _shares(counts) if count or what == "delivered"])


def _shares(counts: Counts) -> tuple[tuple[int, str], ...]:
    """Everybody once: the figures add up to the audience."""
    return (
        (counts.delivered_total, "delivered"),
        (counts.accepted + counts.sent, "sent, not delivered yet"),
        (counts.failed, "failed"),
        (counts.skipped, "skipped"),
        (counts.uncertain, "uncertain"),
        (counts.to_go, "to go"),
    )


def goes_out(campaign: Campaign) -> bool:
    """True while it is being prepared or sent."""
    return campaign.status.goes_out


def why_it_waits(campaign: Campaign) -> WaitReason | None:
    """Why a campaign that should be going out does not: its queue is paused, no worker runs, its job failed, …

    None while it goes out, and between two turns, which take moments.
    """
    job = queries.job_of(campaign) if goes_out(campaign) else None
    reason = why_waiting(job) if job else None
    return None if reason is None or reason.code in MOMENTARY else reason


def headline(campaign: Campaign, counts: Counts) -> str:
    """What is so, for the head of the counts."""
    percent = counts.percent_sent
    words = {
        OutboundStatus.SCHEDULED: "Waits for its time",
        OutboundStatus.PREPARING: "Fixing the audience",
        OutboundStatus.SENDING: _sending(counts),
        OutboundStatus.PAUSED: f"Paused at {percent} %" if campaign.frozen_at else "Paused before it began",
        OutboundStatus.CANCELLED: "Cancelled" if campaign.frozen_at else "Cancelled before it began",
        OutboundStatus.FAILED: f"Stopped at {percent} %",
    }
    if campaign.status in words:
        return words[campaign.status]
    return _outcome(counts)


def _sending(counts: Counts) -> str:
    if counts.pending or not counts.sending:
        return f"{counts.percent_sent} % sent"
    return f"Waiting for the last {plural(counts.sending, 'answer', 'answers')}"


def _outcome(counts: Counts) -> str:
    """How a campaign that is through went; nothing that went wrong for most is called done."""
    if not counts.total:
        return "Nobody was in the audience"
    if counts.trouble:
        return f"{counts.failed:,} of {people(counts.total)} failed" if counts.reached else _nobody(counts)
    if not counts.reached:
        return f"Nobody got it: {people(counts.skipped)} {'was' if counts.skipped == 1 else 'were'} skipped"
    return f"Sent to {counts.tried:,} of {people(counts.total)}" if counts.skipped else f"Sent to {_all(counts.total)}"


def _all(count: int) -> str:
    return people(count) if count == 1 else f"all {people(count)}"


def _nobody(counts: Counts) -> str:
    if counts.failed == 1:
        return "Nobody got it: it failed for the 1 person it was sent to"
    return f"Nobody got it: it failed for all {counts.failed:,} it was sent to"


def trouble(campaign: Campaign, counts: Counts) -> str:
    """What the pill of a campaign that is through says instead of "completed", "" if "completed" is the truth."""
    return counts.trouble if campaign.status is OutboundStatus.COMPLETED else ""


def moment_of(recipient: CampaignRecipient) -> datetime:
    """When the recipient reached the present status."""
    by_status = {
        Status.READ: recipient.read_at,
        Status.DELIVERED: recipient.delivered_at,
        Status.SENT: recipient.sent_at,
        Status.ACCEPTED: recipient.accepted_at,
        Status.FAILED: recipient.failed_at,
        Status.UNCERTAIN: recipient.sending_at,
    }
    return by_status.get(recipient.status) or recipient.updated_at


def person(campaign: Campaign, recipient_id: int | None) -> Person | None:
    """The message of this recipient, else of the first; None before there is one."""
    mine = select(CampaignRecipient).where(CampaignRecipient.campaign_id == campaign.id)
    wanted = mine.where(CampaignRecipient.id >= recipient_id) if recipient_id else mine
    found = db.session.scalars(wanted.order_by(CampaignRecipient.id).limit(2 if recipient_id else LOOKED_AT)).all()
    if not found:
        return None
    place = 0 if recipient_id else _first_to_get_it(found)
    chosen = found[place]
    previous = _before(chosen) if recipient_id else found[place - 1].id if place else None
    following = found[place + 1].id if len(found) > place + 1 else None
    return Person(chosen, _bubble(campaign, chosen), previous, following)


def _before(recipient: CampaignRecipient) -> int | None:
    earlier = select(CampaignRecipient.id).where(
        CampaignRecipient.campaign_id == recipient.campaign_id, CampaignRecipient.id < recipient.id
    )
    return db.session.scalar(earlier.order_by(CampaignRecipient.id.desc()).limit(1))


def _first_to_get_it(recipients: Sequence[CampaignRecipient]) -> int:
    places = (place for place, each in enumerate(recipients[:-1]) if each.status is not Status.SKIPPED)
    return next(places, 0)


def example(campaign: Campaign) -> Bubble:
    """The message before anybody is in the ledger."""
    if campaign.text is not None:
        return previews.of_text(campaign.text)
    return previews.of_template(view(campaign.components, campaign.parameter_format))


def local_start(campaign: Campaign) -> str:
    """09:00 in Europe/London; "" if it was not scheduled or the zone is UTC, which the page shows anyway."""
    if campaign.scheduled_at is None or campaign.time_zone == "UTC":
        return ""
    return f"{campaign.scheduled_at.astimezone(ZoneInfo(campaign.time_zone)):%H:%M} in {campaign.time_zone}"


def _bubble(campaign: Campaign, recipient: CampaignRecipient) -> Bubble:
    if campaign.text is not None:
        return previews.of_text(campaign.text)
    return previews.of_values(view(campaign.components, campaign.parameter_format), recipient.variables)


def chips(counts: Counts) -> list[tuple[str, str, int, str]]:
    """(status or "", label, count, kind) for each status that has people or soon may, all first."""
    found = [("", "all", counts.total, "neutral")]
    for status in Status:
        count = getattr(counts, status.value)
        if count or (counts.to_go and status in ON_THE_WAY):
            label = UNREAD if status is Status.DELIVERED else status.value
            found.append((status.value, label, count, CHIP_KINDS.get(status, "neutral")))
    return found
