"""Which contacts have no value for a placeholder, as SQL."""

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.db.constructs import text_at
from adsapp.core.words import sentence
from adsapp.message_templates.placeholders import (
    ATTRIBUTE_PREFIX,
    Constant,
    Default,
    FromAttribute,
    FromField,
    InvalidSources,
    Source,
    SourceError,
    as_text,
)
from adsapp.outbound import audience as audiences

MOST_UNREADABLE = 5_000  # different values; with more of them the column is another one than was meant


def lacks_value(sources: Iterable[Source]) -> ColumnElement[bool]:
    """SQL: this contact has no value for some source that has no fallback."""
    return or_(false(), *(_is_empty(source) for source in sources if may_be_empty(source)))


def refuse_unknown_attributes(sources: Mapping[str, Source]) -> None:
    """Without anything to stand in, an attribute that nobody has would leave everybody out. Raises InvalidSources."""
    errors = [
        SourceError(key, f"{sentence(audiences.why_no_attribute(source.attribute))} Choose another, or give a fallback")
        for key, source in sources.items()
        if isinstance(source, FromAttribute) and not source.fallback.strip()
        if audiences.nobody_has(source.attribute)
    ]
    if errors:
        raise InvalidSources(errors)


def may_be_empty(source: Source) -> bool:
    """True if it comes from contacts and nothing stands in for everybody who has nothing."""
    return not isinstance(source, Constant) and not source.fallback.strip()


def text_of(field: str) -> ColumnElement[str]:
    """SQL: what a contact has in a field or attribute, without white space around it; never NULL."""
    if field.startswith(ATTRIBUTE_PREFIX):
        name = field.removeprefix(ATTRIBUTE_PREFIX).strip()
        return func.trim(func.coalesce(text_at(Contact.attributes, name), ""))
    if field == "name":
        return func.trim(Contact.name + Contact.first_name + Contact.last_name)
    return func.trim(getattr(Contact, field))


def unreadable(source: Source) -> list[str]:
    """The different values that its format cannot read, as they are stored; `MOST_UNREADABLE` of them at most.

    Whether a text is a date is for one place to know: so the values are read, each once, and not the condition.
    """
    if not isinstance(source, FromField | FromAttribute) or not source.format.can_fail:
        return []
    text = text_of(source.name)
    values = db.session.scalars(select(text).where(text != "").distinct())
    found: list[str] = []
    for value in values:
        if not source.format.write(as_text(value)):
            found.append(value)
            if len(found) == MOST_UNREADABLE:
                break
    return found


def _is_empty(source: Source) -> ColumnElement[bool]:
    assert not isinstance(source, Constant)
    text = text_of(source.name)
    empty = text == ""
    wrong = unreadable(source)
    if wrong:
        empty = or_(empty, text.in_(wrong))
    return and_(empty, *(~_holds(default) for default in source.defaults))


def _holds(default: Default) -> ColumnElement[bool]:
    return text_of(default.field) == default.equals
