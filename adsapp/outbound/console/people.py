"""The list of people on the page of a campaign or an e-mail: what it can be narrowed to, and its next page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from adsapp.core.clock import utcnow
from adsapp.core.pagination import Page
from adsapp.outbound.console.places import Place, Sent

PEOPLE: Final = 25  # on a page of the list
NOBODY_YET: Final = ("Nobody yet", "People appear once the audience is fixed.")
NOBODY_EVER: Final = ("Nobody", "It was cancelled before it started.")
NEW: Final = timedelta(hours=12)  # before that a time is shown with its date


@dataclass(frozen=True, slots=True)
class Chip:
    """What a list can be narrowed to, and how many of it there are."""

    label: str
    count: int
    kind: str
    url: str
    is_current: bool


def chips_of(
    place: Place, item: Sent, found: Sequence[tuple[str, str, int, str]], args: Mapping[str, str]
) -> tuple[Chip, ...]:
    """Of (status, label, count, kind); `args` has the status it is narrowed to, and the words that stay."""

    def url(status: str) -> str:
        return place.page_with(item, "people", args, ("search",), status=status or None)

    chosen = args.get("status", "")
    return tuple(Chip(label, count, kind, url(status), status == chosen) for status, label, count, kind in found)


def pages_of(
    place: Place, item: Sent, page: Page[Any], args: Mapping[str, str], keep: Sequence[str]
) -> tuple[str | None, str | None]:
    """Addresses of the next page, and of the first one from a later one."""

    def url(cursor: str | None) -> str:
        return place.page_with(item, "people", args, keep, cursor=cursor)

    return url(page.next) if page.next else None, url(None) if args.get("cursor") else None


def time_shape(moment: datetime) -> str:
    """How exactly a time is shown."""
    return "second" if utcnow() - moment < NEW else "full"
