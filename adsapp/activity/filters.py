"""What the activity is narrowed to: read from a URL, written back into one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from adsapp.activity.words import KINDS
from adsapp.core.clock import iso, utcnow
from adsapp.core.errors import Invalid
from adsapp.core.inputs import digits, moment

SEARCH_LENGTH = 200
FILTERS = ("q", "kind", "days", "from", "to")  # the parameters that `from_query` reads
LONGEST_DAYS = 36_500
SPANS = {1: "Last 24 hours", 7: "Last 7 days", 30: "Last 30 days", 90: "Last 90 days"}


@dataclass(frozen=True)
class ActivityFilters:
    """Words or a person, a kind of subject, the last so many days, or a span; empty lets everything through."""

    search: str = ""
    kind: str = ""
    days: int = 0
    since: datetime | None = None
    until: datetime | None = None  # before this moment

    @classmethod
    def from_query(cls, values: Mapping[str, str]) -> "ActivityFilters":
        """From `?q=alice&kind=job&days=7`, or `&from=…&to=…` (ISO 8601; without a zone UTC is meant, and a date alone
        is the whole day); raises Invalid that says what there is."""
        kind = values.get("kind", "")
        if kind and kind not in KINDS:
            raise Invalid.field("kind", f"There is no kind {kind}; there are {', '.join(KINDS)}")
        return cls(
            search=values.get("q", "").strip()[:SEARCH_LENGTH],
            kind=kind,
            days=_days(values.get("days", "")),
            since=_moment("from", values.get("from", ""), timedelta(0)),
            until=_moment("to", values.get("to", ""), timedelta(days=1)),
        )

    def as_query(self, **changes: Any) -> dict[str, Any]:
        """The URL's parameters again, with some changed; empty ones are left out."""
        values = {
            "q": self.search,
            "kind": self.kind,
            "days": self.days or "",
            "from": iso(self.since),
            "to": iso(self.until),
        } | changes
        return {name: str(value) for name, value in values.items() if value}

    @property
    def is_narrow(self) -> bool:
        """True if not everything is shown."""
        return bool(self.as_query())

    @property
    def begins(self) -> datetime | None:
        """The first moment that is shown: the later of both if days and a span are named."""
        bounds = [self.since, utcnow() - timedelta(days=self.days) if self.days else None]
        return max((bound for bound in bounds if bound), default=None)


def _days(text: str) -> int:
    if not text:
        return 0
    found = digits(text, LONGEST_DAYS)
    if not found:
        raise Invalid.field("days", f"should be a whole number from 1 to {LONGEST_DAYS:,}")
    return found


def _moment(name: str, text: str, day: timedelta) -> datetime | None:
    """The moment; `day` is added to a date alone."""
    if not text.strip():
        return None
    found = moment(text.strip().replace(" ", "+"))  # a + that was not encoded came as a blank
    if found is None:
        raise Invalid.field(name, "should be a date or a moment, as 2026-03-28 or 2026-03-28T09:00:00+01:00")
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found.astimezone(UTC) + (day if len(text.strip()) == len("2026-03-28") else timedelta(0))
