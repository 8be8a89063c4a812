"""How a value is written and what stands in for it, as chosen in a form: for campaigns and e-mails alike. Pure.

Field names, each with the variable's key behind a point: format, locale, currency, order, if_field, if_is, if_value,
and defaults for those that the form has no fields for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from adsapp.message_templates import formatters
from adsapp.message_templates.formatters import FormatError
from adsapp.message_templates.languages import NAMES

AS_IT_IS: Final = ""
FORMATS: Final[dict[str, tuple[str, Any]]] = {
    "title": ("Each Word With A Capital", "title"),
    "first_word": ("The first word", "first_word"),
    "first_title": ("The first word, with a capital", ["first_word", "title"]),
    "upper": ("IN CAPITALS", "upper"),
    "date-long": ("1 December 2026", {"name": "date", "style": "long"}),
    "date-full": ("Tuesday, 1 December 2026", {"name": "date", "style": "full"}),
    "date-medium": ("1 Dec 2026", {"name": "date", "style": "medium"}),
    "date-short": ("01/12/2026", {"name": "date", "style": "short"}),
    "number": ("1,234.5", {"name": "number"}),
    "number-0": ("1,234", {"name": "number", "decimals": 0}),
    "number-2": ("1,234.50", {"name": "number", "decimals": 2}),
    "currency": ("€1,234.50", {"name": "currency"}),
}
GROUPS: Final = (
    ("Words", ("title", "first_word", "first_title", "upper")),
    ("A date, such as", ("date-long", "date-full", "date-medium", "date-short")),
    ("A number, such as", ("number", "number-0", "number-2")),
    ("An amount, such as", ("currency",)),
)
ORDERS: Final = (("ymd", "2026-12-31"), ("dmy", "31/12/2026"), ("mdy", "12/31/2026"))


@dataclass(frozen=True, slots=True)
class HowTyped:
    """Everything as typed. `format` is a key of `FORMATS`, or the JSON of one that only a program can make."""

    format: str = AS_IT_IS
    locale: str = ""
    currency: str = ""
    order: str = ""
    if_field: str = ""
    if_is: str = ""
    if_value: str = ""
    defaults: str = ""  # JSON: those behind the first

    @classmethod
    def read(cls, given: MultiDict[str, str], key: str) -> HowTyped:
        """From a query or a posted form."""
        return cls(**{each.name: given.get(f"{each.name}.{key}", "") for each in fields(cls)})

    @classmethod
    def stored(cls, entry: Mapping[str, Any]) -> HowTyped:
        """As a campaign, an e-mail or a template keeps it."""
        first, *more = entry.get("defaults") or [{}]
        return cls(
            **_format_typed(entry.get("format")),
            if_field=str(first.get("field", "")),
            if_is=str(first.get("is", "")),
            if_value=str(first.get("value", "")),
            defaults=json.dumps(more) if more else "",
        )

    @property
    def as_json(self) -> dict[str, Any]:
        """What `placeholders` reads beside field and fallback."""
        entry: dict[str, Any] = {}
        if self.format:
            entry["format"] = self._format
        given = [{"field": self.if_field, "is": self.if_is, "value": self.if_value}] if self.if_field else []
        more = _read_json(self.defaults)  # carried on unseen: what is no list of ours was not made here
        defaults = [*given, *(each for each in (more if isinstance(more, list) else ()) if isinstance(each, dict))]
        if defaults:
            entry["defaults"] = defaults
        return entry

    @property
    def is_open(self) -> bool:
        """True if something other than the usual is chosen."""
        return bool(self.format or self.if_field or self.defaults)

    def pairs(self, key: str) -> Iterator[tuple[str, str]]:
        """Every field as (name, value), to be carried on."""
        for each in fields(self):
            if getattr(self, each.name):
                yield f"{each.name}.{key}", getattr(self, each.name)

    @property
    def in_words(self) -> str:
        """What is chosen, for people: as a date (pt_BR)."""
        try:
            return formatters.parse(self._format).in_words if self.format else "as it is"
        except FormatError as error:
            return str(error)

    @property
    def formats(self) -> Sequence[tuple[str, Any]]:
        """What can be chosen: options as (value, text), or (group, [(value, text)])."""
        own = [(self.format, self.in_words)] if self.format and self.format not in FORMATS else []
        return [
            (AS_IT_IS, "As it is"),
            *own,
            *((name, [(key, FORMATS[key][0]) for key in keys]) for name, keys in GROUPS),
        ]

    @property
    def locales(self) -> Sequence[tuple[str, str]]:
        """The languages that a template may be in, by their names; the one that is chosen stays one of them."""
        known = {code: name for code, name in NAMES.items() if formatters.is_locale(code)}
        if self.locale and self.locale not in known:
            known[self.locale] = self.locale
        return sorted(known.items(), key=lambda pair: pair[1])

    @property
    def orders(self) -> Sequence[tuple[str, str]]:
        """How a date with strokes may be meant."""
        return ORDERS

    @property
    def _format(self) -> Any:
        if self.format not in FORMATS:
            return _read_json(self.format)
        chosen = FORMATS[self.format][1]
        if not isinstance(chosen, Mapping):
            return chosen
        options = {"locale": self.locale or "en"}
        if chosen["name"] == "currency":
            options["currency"] = self.currency.strip().upper()
        if chosen["name"] == "date" and self.order:
            options["order"] = self.order
        return {**chosen, **options}


AS_USUAL: Final = HowTyped()


def _format_typed(raw: Any) -> dict[str, str]:
    if not raw:
        return {}
    given = dict(raw) if isinstance(raw, Mapping) else {}
    options = {name: str(given.pop(name)) for name in ("locale", "currency", "order") if name in given}
    if given.get("name") == "date":
        given.setdefault("style", "long")
    for key, (_, chosen) in FORMATS.items():
        if chosen == (given or raw):
            return {"format": key, **options}
    return {"format": json.dumps(raw)}


def _read_json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text  # no formatter and no list of defaults: whoever reads it says so
