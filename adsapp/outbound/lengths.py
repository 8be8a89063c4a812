"""Whose message is too long once it is filled in: SQL finds those who may be, and each of them is then looked at."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, false, func, literal, or_, select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.db.rows import slices
from adsapp.integrations.values import clean
from adsapp.message_templates.components import TemplateView
from adsapp.message_templates.lengths import Part, parts_of
from adsapp.message_templates.placeholders import Constant, Source
from adsapp.message_templates.rendering import Rendered, Renderer
from adsapp.outbound.audience import person_of
from adsapp.outbound.lacking import text_of

LONGEST_NUMBER = 20
ESCAPED = 12  # a character of four bytes takes so many in a link


def may_be_too_long(view: TemplateView, sources: Mapping[str, Source]) -> ColumnElement[bool]:
    """SQL: some part of this contact's message may be too long. Never false for one that is."""
    return or_(false(), *(_may_be(part, sources) for part in parts_of(view) if part.variables))


def those_too_long(ids: Iterable[Any], renderer: Renderer) -> dict[Any, Rendered]:
    """Of these contacts the ones whose message is too long, with the message."""
    found: dict[Any, Rendered] = {}
    for some in slices(ids):
        for contact in db.session.scalars(select(Contact).where(Contact.id.in_(some))):
            rendered = renderer.render(person_of(contact))
            if rendered.too_long:
                found[contact.id] = rendered
    return found


def _may_be(part: Part, sources: Mapping[str, Source]) -> ColumnElement[bool]:
    factor = ESCAPED if part.is_link else 1
    taken: Sequence[Any] = [times * factor * _longest(sources[key]) for key, times in part.variables if key in sources]
    constants = sum((each for each in taken if isinstance(each, int)), part.fixed)
    columns = [each for each in taken if not isinstance(each, int)]
    if not columns:
        return literal(constants > part.limit)
    too_much: ColumnElement[bool] = sum(columns, literal(constants)) > part.limit
    return too_much


def _longest(source: Source) -> Any:
    """At most so many characters: a number, or SQL."""
    if isinstance(source, Constant):
        return len(clean(source.text))
    length: Any = func.length(text_of(source.name)) + (1 if source.name == "name" else 0)
    if source.name == "phone":
        length = LONGEST_NUMBER
    instead = max(len(text) for text in (source.fallback, *(default.value for default in source.defaults)))
    return source.format.longest(length) + instead
