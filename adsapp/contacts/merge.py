"""What becomes of a known contact when a file tells about it again. Pure: values in, values out.

Blank says nothing and never wipes a stored value.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from adsapp.contacts.imports.reading.rows import ContactRow
from adsapp.contacts.schemas import OnDuplicate
from adsapp.contacts.values.text import MAX_NAME


class Fields(NamedTuple):
    """What a contact says of itself, besides its number."""

    name: str
    first_name: str
    last_name: str
    email: str
    language: str
    country: str
    attributes: Mapping[str, Any]


def fields_of(row: ContactRow) -> Fields:
    """A judged row's fields."""
    return Fields(
        row.name[:MAX_NAME], row.first_name, row.last_name, row.email, row.language, row.country, row.attributes
    )


def merge(known: Fields, told: Fields, policy: OnDuplicate, *, whole_names: bool) -> Fields:
    """The contact's fields afterwards; equal to `known` where nothing changes.

    `whole_names`: the file has a column of whole names, so that first and last name belong together.
    """
    if policy is OnDuplicate.SKIP:
        return known
    if policy is OnDuplicate.FILL_EMPTY:
        names = _names(known) if any(_names(known)) else _names(told)
        return Fields(*names, *_first_given(known, told), _filled(told.attributes, known.attributes))
    names = _newer_names(known, told, whole_names)
    return Fields(*names, *_first_given(told, known), _filled(known.attributes, told.attributes))


def _first_given(one: Fields, other: Fields) -> tuple[str, str, str]:
    return one.email or other.email, one.language or other.language, one.country or other.country


def _names(fields: Fields) -> tuple[str, str, str]:
    return fields.name, fields.first_name, fields.last_name


def _newer_names(known: Fields, told: Fields, whole_names: bool) -> tuple[str, str, str]:
    """The three as one: a new first name must not stand beside a whole name of old."""
    if not told.name:
        return _names(known)
    if whole_names or bool(told.first_name) == bool(told.last_name):
        return _names(told)
    first, last = told.first_name or known.first_name, told.last_name or known.last_name
    return f"{first} {last}".strip()[:MAX_NAME], first, last


def _filled(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return {**under, **{key: value for key, value in over.items() if value not in ("", None)}}
