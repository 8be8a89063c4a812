"""An e-mail as one person reads it, beside the form that makes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from flask import Response, make_response
from sqlalchemy import Select, select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.web.leaving import current_mask
from adsapp.emails.content.preview import HEADERS, preview_document
from adsapp.emails.content.rendering import EmailContent, Filled, Filler, RenderedEmail, render
from adsapp.emails.models import Suppression
from adsapp.message_templates.placeholders import InvalidSources
from adsapp.outbound.audience import person_of

MOST_PEOPLE: Final = 200  # of the contacts that are turned through beside a template
OWN_LINK: Final = "#"  # where each reader has an unsubscribe link of their own


@dataclass(frozen=True, slots=True)
class Shown:
    """The e-mail of one person. `index` is their place, from 0; `missing` are the placeholders without a value."""

    name: str
    address: str
    rendered: RenderedEmail
    filled: Filled
    index: int = 0
    has_next: bool = False
    total: int | None = None

    @property
    def missing(self) -> str:
        """What has no value, in words; "" if everything has."""
        return " and ".join(f"{{{{{name}}}}}" for name in self.filled.missing)


def shown_to(content: EmailContent, name: str, address: str, person: Mapping[str, Any], **place: Any) -> Shown:
    """The content filled in for a person; what cannot be read yet keeps its placeholder."""
    filled = _filled(content, person)
    return Shown(name, address, render(content, filled.values, OWN_LINK), filled, **place)


def _filled(content: EmailContent, person: Mapping[str, Any]) -> Filled:
    try:
        return Filler(content).fill(person)
    except InvalidSources as wrong:
        return _without(content, {each.variable for each in wrong.errors}, person)


def _without(content: EmailContent, unread: Collection[str], person: Mapping[str, Any]) -> Filled:
    """All values but those whose source cannot be read yet."""
    readable = {name: source for name, source in content.variables.items() if name not in unread}
    try:
        found = Filler(replace(content, variables=readable)).fill(person).values
    except InvalidSources:  # two spellings of one name, of which neither can be read
        found = {}
    values = {name: value for name, value in found.items() if name not in unread}
    return Filled(values, tuple(name for name in content.variables_used if name not in values))


def willing() -> Select[Contact]:
    """The contacts who may get an e-mail: whoever gets none is no example."""
    listed = select(Suppression.id).where(Suppression.address_key == Contact.email).exists()
    return select(Contact).where(Contact.email != "", Contact.opted_out_at.is_(None), ~listed)


def of_contact(content: EmailContent, index: int) -> Shown | None:
    """For the contact at this place among those who have an address, the last if there are fewer; None if none has."""
    index = min(max(index, 0), MOST_PEOPLE - 1)
    reachable = willing().order_by(Contact.id)
    found = db.session.scalars(reachable.offset(index).limit(2)).all()
    if not found:
        return of_contact(content, index - 1) if index else None
    contact = found[0]
    has_next = len(found) > 1 and index + 1 < MOST_PEOPLE
    person = person_of(contact)
    return shown_to(content, contact.display_name, contact.email, person, index=index, has_next=has_next)


def example(content: EmailContent) -> Shown:
    """With its placeholders as they are, while there is nobody to show it to."""
    used = content.variables_used
    return Shown("", "", render(content, {}, OWN_LINK), Filled({}, used))


def document(rendered: RenderedEmail) -> Response:
    """The e-mail alone, for a frame in which nothing runs and nothing is fetched; masked as everything is."""
    response = make_response(current_mask().text(preview_document(rendered)))
    response.headers.update(HEADERS)
    return response
