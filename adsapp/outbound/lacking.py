"""Which contacts have no value for a placeholder, as SQL."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, false, func, or_

from adsapp.contacts.models import Contact
from adsapp.message_templates.placeholders import Constant, FromAttribute, Source


def lacks_value(sources: Iterable[Source]) -> ColumnElement[bool]:
    """SQL: this contact has no value for some source that has no fallback."""
    return or_(false(), *(_is_empty(source) for source in sources if _may_be_empty(source)))


def _may_be_empty(source: Source) -> bool:
    return not isinstance(source, Constant) and not source.fallback.strip()


def _is_empty(source: Source) -> ColumnElement[bool]:
    if isinstance(source, FromAttribute):
        return func.trim(func.coalesce(Contact.attributes[source.attribute].as_string(), "")) == ""
    assert not isinstance(source, Constant)
    if source.field == "name":
        return func.trim(Contact.name + Contact.first_name + Contact.last_name) == ""
    return func.trim(getattr(Contact, source.field)) == ""
