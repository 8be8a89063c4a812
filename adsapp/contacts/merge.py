"""What becomes of a known contact when a file tells about it again. Pure: values in, values out.

Blank says nothing and never wipes a stored value.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from adsapp.contacts.schemas import OnDuplicate
from adsapp.contacts.values.text import MAX_NAME


class ContactFields(NamedTuple):
    """What a contact says of itself, besides its number."""

    name: str
    first_name: str
    last_name: str
    email: str
    language: str
    country: str
    attributes: Mapping[str, Any]


def merge(known: ContactFields, incoming: ContactFields, policy: OnDuplicate, *, whole_names: bool) -> ContactFields:
    """The contact's fields afterwards; equal to `known` where nothing changes.

    `whole_names`: the file has a column of whole names, so that first and last name belong together.
    """
    if policy is OnDuplicate.SKIP:
        return known
    if policy is OnDuplicate.FILL_EMPTY:
        names = _names(known) if any(_names(known)) else _names(incoming)
        return ContactFields(*names, *_first_given(known, incoming), _filled(incoming.attributes, known.attributes))
    names = _newer_names(known, incoming, whole_names)
    return ContactFields(*names, *_first_given(incoming, known), _filled(known.attributes, incoming.attributes))


def _first_given(one: ContactFields, other: ContactFields) -> tuple[str, str, str]:
    return one.email or other.email, one.language or other.language, one.country or other.country


def _names(fields: ContactFields) -> tuple[str, str, str]:
    return fields.name, fields.first_name, fields.last_name


def _newer_names(known: ContactFields, incoming: ContactFields, whole_names: bool) -> tuple[str, str, str]:
    """The three as one: a new first name must not stand beside a whole name of old."""
    if not incoming.name:
        return _names(known)
    if whole_names or bool(incoming.first_name) == bool(incoming.last_name):
        return _names(incoming)
    first, last = incoming.first_name or known.first_name, incoming.last_name or known.last_name
    return f"{first} {last}".strip()[:MAX_NAME], first, last


def _filled(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return {**under, **{key: value for key, value in over.items() if value not in ("", None)}}
