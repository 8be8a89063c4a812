"""The list of people on the page of a campaign or an e-mail: what it can be narrowed to, and its next page."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Self, TypeVar

from flask import url_for
from sqlalchemy import select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.pagination import Page
from adsapp.outbound.console.places import Place, Sent

PEOPLE: Final = 25  # on a page of the list
NOBODY_YET: Final = ("Nobody yet", "People appear once the audience is fixed.")
NOBODY_EVER: Final = ("Nobody", "It was cancelled before it started.")
SEARCHED_SECONDS: Final = 15
NEW: Final = timedelta(hours=12)  # before that a time is shown with its date


@dataclass(frozen=True, slots=True)
class Chip:
    """What a list can be narrowed to, and how many of it there are."""

    label: str
    count: int
    kind: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the list is narrowed to: a status, a reason, and words among the people."""

    status: str = ""
    code: str = ""
    search: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> Self:
        """As the address of a page has it."""
        return cls(args.get("status", ""), args.get("code", ""), args.get("search", "").strip())

    def __bool__(self) -> bool:
        return bool(self.status or self.code or self.search)

    @property
    def query(self) -> dict[str, Any]:
        """For an address."""
        return {"status": self.status or None, "code": self.code or None, "search": self.search or None}

    def slows(self, seconds: int | None) -> int | None:
        """How often the list is read again: a search goes through all people, and is not made every other second."""
        return max(seconds, SEARCHED_SECONDS) if seconds and self.search else seconds

    def in_words(self, title_of: Callable[[str], str]) -> str:
        """For a reader; `title_of` says what a code means."""
        found = f"with “{self.search}”" if self.search else ""
        return " · ".join(filter(None, (self.status, self.code and title_of(self.code), found)))

    @property
    def noted(self) -> dict[str, Any]:
        """For the record. The words may be somebody's name: it tells only that there were some."""
        return {"status": self.status, "code": self.code, **({"search": True} if self.search else {})}


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class People(Generic[Row]):
    """The ledger, a page of it, in the order of sending."""

    rows: Sequence[Row]
    chips: Sequence[Chip]
    note: str  # their order, or what they are narrowed to
    narrowed: Narrowed
    searched: str  # what is looked in
    all_url: str  # without the search
    export_url: str
    next_url: str | None
    first_url: str | None
    nobody: tuple[str, str]  # title and text, if there are no rows


def chips_of(
    place: Place, item: Sent, found: Sequence[tuple[str, str, int, str]], args: Mapping[str, str]
) -> tuple[Chip, ...]:
    """Of (status, label, count, kind); `args` has the status it is narrowed to, and the words that stay."""

    def url(status: str) -> str:
        return place.page_with(item, "people", args, ("search",), status=status or None)

    chosen = args.get("status", "")
    return tuple(Chip(label, count, kind, url(status), status == chosen) for status, label, count, kind in found)


def without_search(place: Place, item: Sent, args: Mapping[str, str]) -> str:
    """The list as it is narrowed otherwise."""
    return place.page_with(item, "people", args, ("status", "code"))


def pages_of(
    place: Place, item: Sent, page: Page[Any], args: Mapping[str, str], keep: Sequence[str]
) -> tuple[str | None, str | None]:
    """Addresses of the next page, and of the first one from a later one."""

    def url(cursor: str | None) -> str:
        return place.page_with(item, "people", args, keep, cursor=cursor)

    return url(page.next) if page.next else None, url(None) if args.get("cursor") else None


def contact_url(contact_id: uuid.UUID | None) -> str | None:
    """Their page among the contacts; None if they are none, or were deleted since."""
    is_there = contact_id and db.session.scalar(select(Contact.id).where(Contact.id == contact_id))
    return url_for("contacts.show_contact", contact_id=contact_id) if is_there else None


def time_shape(moment: datetime) -> str:
    """How exactly a time is shown."""
    return "second" if utcnow() - moment < NEW else "full"
