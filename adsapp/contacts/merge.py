"""Combines the stored fields of a contact with those of a row or a request. Pure.

A blank incoming value never clears a stored one.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from adsapp.contacts.schemas import OnDuplicate
from adsapp.contacts.values.text import MAX_NAME


class ContactFields(NamedTuple):
    """The fields of a contact apart from its number and tags."""

    name: str
    first_name: str
    last_name: str
    email: str
    email_typed: str  # "" if it is the same; it goes with the address
    language: str
    country: str
    attributes: Mapping[str, Any]


def merge(known: ContactFields, incoming: ContactFields, policy: OnDuplicate, *, whole_names: bool) -> ContactFields:
    """The contact's fields afterwards; equal to `known` if nothing changes.

    `whole_names`: the file has a column of whole names, so first and last name are replaced together.
    """
    if policy is OnDuplicate.SKIP:
        return known
    if policy is OnDuplicate.FILL_EMPTY:
        names = _names(known) if any(_names(known)) else _names(incoming)
        return ContactFields(*names, *_first_given(known, incoming), _filled(incoming.attributes, known.attributes))
    names = _newer_names(known, incoming, whole_names)
    return ContactFields(*names, *_first_given(incoming, known), _filled(known.attributes, incoming.attributes))


def _first_given(one: ContactFields, other: ContactFields) -> tuple[str, str, str, str]:
    address = one if one.email else other
    return address.email, address.email_typed, one.language or other.language, one.country or other.country


def _names(fields: ContactFields) -> tuple[str, str, str]:
    return fields.name, fields.first_name, fields.last_name


def _newer_names(known: ContactFields, incoming: ContactFields, whole_names: bool) -> tuple[str, str, str]:
    """The three names, kept consistent: a new first name must not be combined with an old whole name."""
    if not incoming.name:
        return _names(known)
    if whole_names or bool(incoming.first_name) == bool(incoming.last_name):
        return _names(incoming)
    first, last = incoming.first_name or known.first_name, incoming.last_name or known.last_name
    return f"{first} {last}".strip()[:MAX_NAME], first, last


def _filled(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    return {**under, **{key: value for key, value in over.items() if value not in ("", None)}}
