"""The page of the activity as its template reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from adsapp.activity.filters import SPANS, ActivityFilters
from adsapp.activity.lines import Line
from adsapp.activity.words import KINDS
from adsapp.core.web.pages import WebPage
from adsapp.core.web.urls import url_for


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPage(WebPage):
    """Who did what to what, newest first."""

    template: ClassVar[str] = "activity/list.html"

    as_of: datetime
    filters: ActivityFilters
    cursor: str
    lines: Sequence[Line]
    next_cursor: str | None

    def _url(self, **changes: str) -> str:
        return url_for("activity.list_events", **self.filters.as_query(**changes))

    @property
    def kinds(self) -> Sequence[tuple[str, str]]:
        """What it was done to, to choose from."""
        return [("", "Everything"), *KINDS.items()]

    @property
    def spans(self) -> Sequence[tuple[str, str]]:
        """Times to choose from, the one chosen among them."""
        days = self.filters.days
        spans = SPANS if not days or days in SPANS else SPANS | {days: f"Last {days} days"}
        return [("", "Any time"), *((str(days), words) for days, words in spans.items())]

    @property
    def next_url(self) -> str | None:
        """Older events."""
        return self._url(cursor=self.next_cursor) if self.next_cursor else None

    @property
    def first_url(self) -> str | None:
        """The newest, from a later page."""
        return self._url() if self.cursor else None

    @property
    def here_url(self) -> str:
        """The page itself."""
        return self._url(cursor=self.cursor)

    @property
    def span_free_url(self) -> str:
        """The same at any time."""
        return self._url(**{"from": "", "to": ""})

    @property
    def export_url(self) -> str:
        """All of it as a file."""
        return url_for("activity.export", **self.filters.as_query())
