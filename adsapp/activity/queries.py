"""Reads of the audit, newest first. None costs more as the history grows: a page is a range of one index.

Words are in no index. They are looked for among the next WINDOW events, and the next page goes on from there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, or_, select, tuple_

from adsapp.activity.filters import ActivityFilters
from adsapp.activity.words import actions_with
from adsapp.core import db
from adsapp.core.db.searching import has_words
from adsapp.core.inputs import number_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.organizations.models import AuditEvent

WINDOW = 5_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = 10**17  # microseconds: the year 5138
event_key = tuple_(AuditEvent.at, AuditEvent.id)
NEWEST_FIRST = (AuditEvent.at.desc(), AuditEvent.id.desc())


@dataclass(frozen=True)
class Place:
    """The place of an event in the list."""

    at: datetime
    id: int

    @classmethod
    def of(cls, cursor: str) -> "Place":
        """The place a cursor names; NotFound for one that is none."""
        at, _, event = cursor.partition("-")
        return cls(EPOCH + number_after(at, LATEST) * MICROSECOND, number_after(event))

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND}-{self.id}"


def list_events(filters: ActivityFilters, cursor: str = "", limit: int = PAGE) -> Page[AuditEvent]:
    """What was done, newest first: older than `cursor`. NotFound for a cursor that is none.

    With words, a page may hold fewer than `limit` events, even none, and yet have a next one.
    """
    within = _within(filters, Place.of(cursor) if cursor else None)
    edge = _edge(within) if filters.search else None
    wanted = within.where(event_key >= _key(edge)) if edge else within
    if filters.search:
        wanted = wanted.where(_matches(filters.search))
    events = db.session.scalars(wanted.order_by(*NEWEST_FIRST).limit(limit + 1)).all()
    page = cut(events, limit, lambda event: str(Place(event.at, event.id)))
    return page if page.next or edge is None else Page(page.items, str(edge))


def _within(filters: ActivityFilters, older_than: Place | None) -> Select[Any]:
    """What one index finds."""
    wanted, begins = select(AuditEvent), filters.begins
    if filters.kind:
        wanted = wanted.where(AuditEvent.kind == filters.kind)
    if begins:
        wanted = wanted.where(AuditEvent.at >= begins)
    if filters.until:
        wanted = wanted.where(AuditEvent.at < filters.until)
    return wanted.where(event_key < _key(older_than)) if older_than else wanted


def _edge(within: Select[Any]) -> Place | None:
    """The last place of the window; None if the window reaches the end."""
    last = within.with_only_columns(AuditEvent.at, AuditEvent.id).order_by(*NEWEST_FIRST).offset(WINDOW - 1).limit(1)
    found = db.session.execute(last).first()
    return Place(found.at, found.id) if found else None


def _key(place: Place) -> Any:
    return tuple_(literal(place.at, AuditEvent.at.type), literal(place.id, AuditEvent.id.type))


def _matches(text: str) -> ColumnElement[bool]:
    """Who, what it was called, why, or what was done."""
    columns = (AuditEvent.actor, AuditEvent.title, AuditEvent.reason)
    named: Sequence[ColumnElement[bool]] = [has_words(column, text) for column in columns]
    return or_(*named, AuditEvent.action.in_(actions_with(text)))
