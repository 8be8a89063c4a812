"""What the list and an e-mail's page have in common, made from counters and key ranges."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from flask import url_for

from adsapp.core.clock import utcnow
from adsapp.core.pagination import Page
from adsapp.core.web.pages import LivePage
from adsapp.emails import queries
from adsapp.emails.console.blueprint import Tab, tabs
from adsapp.emails.models import Email, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.queries import Counts
from adsapp.integrations import email_queries as accounts
from adsapp.jobs.wait_reasons import WaitReason, why_waiting
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.words import people

# From best to worst; each is in one status, so the parts of the bar add up to the audience.
BAR: Final = (
    Status.CLICKED,
    Status.OPENED,
    Status.DELIVERED,
    Status.SENT,
    Status.ACCEPTED,
    Status.UNCERTAIN,
    Status.COMPLAINED,
    Status.BOUNCED,
    Status.FAILED,
    Status.SKIPPED,
)
ALWAYS_SHOWN: Final = frozenset({Status.DELIVERED, Status.SENT, Status.BOUNCED, Status.FAILED})
# Shown even if nobody is in it, while people are still to be sent to: what comes and goes each second moves the rest.
ON_THE_WAY: Final = (Status.PENDING, Status.SENDING, Status.ACCEPTED, Status.SENT, Status.DELIVERED)
CHIP_KINDS: Final[Mapping[Status, str]] = {
    Status.FAILED: "bad",
    Status.BOUNCED: "bad",
    Status.COMPLAINED: "bad",
    Status.UNCERTAIN: "warning",
    Status.DELIVERED: "good",
    Status.OPENED: "good",
    Status.CLICKED: "good",
}
MOMENTARY: Final = ("free_worker",)
ONE_IN_A_THOUSAND: Final = 0.001  # complaints above this share harm the sender's name


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
    def tried(self) -> int:
        """Those it was sent to, whatever came of it: what every share is a share of."""
        return self.counts.done - self.counts.skipped

    @property
    def parts(self) -> list[dict[str, Any]]:
        """For `ui.stacked_bar`: they add up to `total`."""
        shown: list[dict[str, Any]] = []
        for status in BAR:
            value = getattr(self.counts, status.value)
            if value or status in ALWAYS_SHOWN or (self.counts.to_go and status in ON_THE_WAY):
                shown.append({"kind": status.value, "value": value, "label": status.value})
        if self.counts.to_go:
            shown.append({"kind": "rest", "value": self.counts.to_go, "label": "to go"})
        return shown

    @property
    def skipped_words(self) -> str:
        """Why people were skipped, shortly."""
        return ", ".join(reason[:1].lower() + reason[1:] for reason in self.skipped_reasons[:2]) or "nobody"

    def share(self, part: int) -> str:
        """96.4 %, of all it was sent to; – if there is nobody yet."""
        return f"{part * 100 / self.tried:.1f} %" if self.tried else "–"


@dataclass(frozen=True, slots=True)
class Row:
    """An e-mail in the list; `line` is how far it got, in words."""

    id: uuid.UUID
    name: str
    subject: str
    status: OutboundStatus
    trouble: str
    funnel: Funnel
    line: str
    audience_size: int | None
    created_by: str
    at: datetime

    @classmethod
    def of(cls, email: Email, counts: Counts) -> Row:
        """What the list shows of it."""
        return cls(
            id=email.id,
            name=email.name,
            subject=email.subject,
            status=email.status,
            trouble=trouble(email, counts),
            funnel=Funnel(counts),
            line=in_one_line(email, counts),
            audience_size=email.audience_size,
            created_by=email.created_by,
            at=email.started_at or email.scheduled_at or email.created_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailListPage(LivePage):
    """E-mails, newest first."""

    template: ClassVar[str] = "email/list.html"
    fragment: ClassVar[str] = "email/_list.html"

    as_of: datetime = field(compare=False)
    rows: Sequence[Row]
    tabs: Sequence[Tab]
    cursor: str
    next_cursor: str | None
    has_account: bool

    @classmethod
    def of(cls, page: Page[Email], cursor: str) -> EmailListPage:
        """The page at this cursor, with one statement for all counts."""
        counts = queries.counts_of(page.items)
        return cls(
            as_of=utcnow(),
            rows=tuple(Row.of(email, counts[email.id]) for email in page.items),
            tabs=tabs("E-mails"),
            cursor=cursor,
            next_cursor=page.next,
            has_account=accounts.find_default_email_account() is not None,
        )

    @property
    def live_url(self) -> str:
        """It never ends."""
        return url_for("emails.list_fragment", cursor=self.cursor or None, version=self.version)

    @property
    def next_url(self) -> str | None:
        """Earlier ones."""
        return url_for("emails.list_emails", cursor=self.next_cursor) if self.next_cursor else None

    @property
    def first_url(self) -> str | None:
        """The newest, from a later page."""
        return url_for("emails.list_emails") if self.cursor else None


def in_one_line(email: Email, counts: Counts) -> str:
    """What the bar shows, in words; everybody once, so that the figures add up to the audience."""
    if email.frozen_at is None:
        waiting = {
            OutboundStatus.SCHEDULED: "waits for its time",
            OutboundStatus.PREPARING: "the audience is being fixed",
        }
        return waiting.get(email.status, "nobody was sent to")
    shares = (
        (counts.delivered_total - counts.complained, "delivered"),
        (counts.accepted + counts.sent, "sent, not delivered yet"),
        (counts.bounced, "bounced"),
        (counts.complained, "complained"),
        (counts.failed, "failed"),
        (counts.skipped, "skipped"),
        (counts.uncertain, "uncertain"),
        (counts.to_go, "to go"),
    )
    sent = [f"{counts.percent_sent} % sent"] if counts.to_go else []
    return " · ".join(sent + [f"{count:,} {what}" for count, what in shares if count or what == "delivered"])


def why_it_waits(email: Email) -> WaitReason | None:
    """Why an e-mail that should be going out does not; None while it goes out, and between two turns."""
    job = queries.job_of(email) if email.status.goes_out else None
    reason = why_waiting(job) if job else None
    return None if reason is None or reason.code in MOMENTARY else reason


def headline(email: Email, counts: Counts) -> str:
    """What is so, for the head of the counts."""
    words = {
        OutboundStatus.SCHEDULED: "Waits for its time",
        OutboundStatus.PREPARING: "Fixing the audience",
        OutboundStatus.SENDING: f"{counts.percent_sent} % sent",
        OutboundStatus.PAUSED: f"Paused at {counts.percent_sent} %" if email.frozen_at else "Paused before it began",
        OutboundStatus.CANCELLED: "Cancelled" if email.frozen_at else "Cancelled before it began",
        OutboundStatus.FAILED: f"Stopped at {counts.percent_sent} %",
    }
    return words.get(email.status) or _outcome(counts)


def _outcome(counts: Counts) -> str:
    """How an e-mail that is through went; nothing that went wrong for most is called done."""
    if not counts.total:
        return "Nobody was in the audience"
    tried = counts.total - counts.skipped
    if not tried:
        return f"Nobody got it: {people(counts.skipped)} {'was' if counts.skipped == 1 else 'were'} skipped"
    if _lost(counts) > tried / 2:
        return f"{_lost(counts):,} of {people(tried)} did not get it"
    return f"Sent to {tried:,} of {people(counts.total)}" if counts.skipped else f"Sent to {_all(tried)}"


def _lost(counts: Counts) -> int:
    return counts.failed + counts.bounced


def _all(count: int) -> str:
    return people(count) if count == 1 else f"all {people(count)}"


def trouble(email: Email, counts: Counts) -> str:
    """What the pill of an e-mail that is through says instead of "completed", "" if "completed" is the truth."""
    tried = counts.done - counts.skipped
    if email.status is not OutboundStatus.COMPLETED or _lost(counts) * 2 <= tried:
        return ""
    return "mostly failed" if _lost(counts) < tried else "all failed"


def complaints(counts: Counts) -> str:
    """The share of complaints, if it is above what the big mailbox providers bear; else ""."""
    funnel = Funnel(counts)
    is_much = counts.complained > funnel.tried * ONE_IN_A_THOUSAND
    return funnel.share(counts.complained) if is_much else ""


def moment_of(recipient: EmailRecipient) -> datetime:
    """When the recipient reached the present status."""
    return getattr(recipient, f"{recipient.status.value}_at", None) or recipient.updated_at


def local_start(email: Email) -> str:
    """09:00 in Europe/London; "" if it was not scheduled or the zone is UTC, which the page shows anyway."""
    if email.scheduled_at is None or email.time_zone == "UTC":
        return ""
    return f"{email.scheduled_at.astimezone(ZoneInfo(email.time_zone)):%H:%M} in {email.time_zone}"


def chips(counts: Counts) -> list[tuple[str, str, int, str]]:
    """(status or "", label, count, kind) for each status that has people or soon may, all first; last who unsubscribed,
    whatever their status."""
    found = [("", "all", counts.total, "neutral")]
    for status in Status:
        count = getattr(counts, status.value)
        if count or (counts.to_go and status in ON_THE_WAY):
            found.append((status.value, status.value, count, CHIP_KINDS.get(status, "neutral")))
    if counts.unsubscribed:
        found.append((queries.UNSUBSCRIBED, queries.UNSUBSCRIBED, counts.unsubscribed, "neutral"))
    return found
