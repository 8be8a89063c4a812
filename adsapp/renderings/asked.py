"""A rendering as a person or a program asks for it, and what is wrong with it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adsapp.campaigns.compose.draft import sources_of
from adsapp.contacts.values.phones import Phone, normalise_phone
from adsapp.core.errors import FieldError, Invalid
from adsapp.message_templates import queries as templates
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.placeholders import FIELDS, Source
from adsapp.outbound import audience as audiences
from adsapp.outbound.audience import Audience

MOST_ROWS: Final = 10_000
MOST_MISTAKES: Final = 100  # that are told
LONGEST_VALUE: Final = 10_000


@dataclass(frozen=True)
class RenderingIn:
    """Which template, where its values come from, and for whom: an `audience` as campaigns have it, or `rows`, each
    with the fields of a contact and `attributes`."""

    template_name: str = ""
    template_language: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    audience: Mapping[str, Any] | None = None
    rows: Sequence[Any] | None = None


@dataclass(frozen=True)
class Checked:
    """Nothing is wrong with it."""

    template: MessageTemplate
    sources: Mapping[str, Source]
    audience: Audience | None
    rows: Sequence[dict[str, Any]]


def check(data: RenderingIn) -> Checked:
    """Raises Invalid with everything that is wrong, each beside its field. Whatever the provider thinks of a template,
    it can be tried."""
    errors: list[FieldError] = []
    parts: dict[str, Any] = {"rows": (), "audience": None}
    readers: dict[str, Callable[[RenderingIn], Any]] = {"template": _template}
    if data.rows is not None:
        readers["rows"] = _rows
    if data.rows is None or data.audience:
        readers["audience"] = _audience
    for part, read in readers.items():
        try:
            parts[part] = read(data)
        except Invalid as error:
            errors += error.fields
    if "template" in parts:
        try:
            view = templates.view_of(parts["template"])
            parts["sources"] = sources_of(view, data.variables, of_contacts=data.rows is None)
        except Invalid as error:
            errors += error.fields
    if errors:
        raise Invalid("; ".join(error.message for error in errors[:10]), fields=errors[:MOST_MISTAKES])
    return Checked(**parts)


def _template(data: RenderingIn) -> MessageTemplate:
    if not data.template_name:
        raise Invalid.field("template.name", "Choose a template")
    return templates.get_template(data.template_name, data.template_language)


def _audience(data: RenderingIn) -> Audience:
    if data.rows is not None:
        raise Invalid.field("rows", "Give either an audience or rows, not both")
    return audiences.parse(data.audience or {})


# --- rows that are given ----------------------------------------------------------------------------------------------


def _rows(data: RenderingIn) -> list[dict[str, Any]]:
    rows = data.rows or ()
    if not rows:
        raise Invalid.field("rows", "Give at least one row")
    if len(rows) > MOST_ROWS:
        told = f"{len(rows):,} rows are too many ({MOST_ROWS:,} at most); import them as contacts and name the import"
        raise Invalid.field("rows", told)
    errors: list[FieldError] = []
    read = [_row(place, row, errors) for place, row in enumerate(rows)]
    if errors:
        raise Invalid("; ".join(error.message for error in errors[:10]), fields=errors[:MOST_MISTAKES])
    return read


def _row(place: int, row: Any, errors: list[FieldError]) -> dict[str, Any]:
    at = f"rows[{place}]"
    if not isinstance(row, Mapping):
        errors.append(FieldError(at, "should be an object with the fields of a contact, and attributes"))
        return {}
    attributes = row.get("attributes") or {}
    odd = [str(name) for name in row if name not in FIELDS and name != "attributes"]
    if odd:
        told = f"{odd[0]!r} is no field of a contact; put values of your own into attributes"
        errors.append(FieldError(f"{at}.{odd[0]}", told))
    if not isinstance(attributes, Mapping):
        errors.append(FieldError(f"{at}.attributes", "should be an object"))
        return {}
    given = {name: row[name] for name in FIELDS if row.get(name) is not None}
    errors += _no_values(at, given.items())
    errors += _no_values(f"{at}.attributes", attributes.items())
    if not errors and "phone" in given:
        given["phone"] = _phone(at, str(given["phone"]), errors)
    return {**given, "attributes": dict(attributes)}


def _phone(at: str, text: str, errors: list[FieldError]) -> str:
    found = normalise_phone(text, None)
    if isinstance(found, Phone):
        return found.e164
    errors.append(FieldError(f"{at}.phone", f"“{text[:40]}” is no phone number with + and its country"))
    return ""


def _no_values(at: str, items: Iterable[tuple[Any, Any]]) -> list[FieldError]:
    """What is neither a text nor a number, or longer than any value."""
    return [
        FieldError(f"{at}.{name}", f"should be a text of {LONGEST_VALUE:,} characters at most, or a number")
        for name, value in items
        if not isinstance(value, str | int | float | None) or len(str(value)) > LONGEST_VALUE
    ]
