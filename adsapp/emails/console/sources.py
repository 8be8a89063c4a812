"""Where the values of an e-mail's placeholders come from, as people choose it: for templates and for e-mails alike.

Field names: `source.NAME`, `value.NAME`, `fallback.NAME` for each placeholder, and those of `message_templates.typed`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from adsapp.emails.content.placeholders import default_source
from adsapp.emails.content.rendering import EmailContent, Filled
from adsapp.message_templates.placeholders import ATTRIBUTE_PREFIX, FIELDS, FromAttribute, FromField
from adsapp.message_templates.typed import AS_USUAL, HowTyped

SAME_FOR_ALL: Final = "value"
Options = Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Typed:
    """One placeholder: `source` is "", a field, "attribute:NAME" or SAME_FOR_ALL."""

    source: str = ""
    value: str = ""
    fallback: str = ""
    how: HowTyped = AS_USUAL

    @property
    def as_json(self) -> dict[str, Any]:
        """The form that `message_templates.placeholders` reads."""
        if self.source == SAME_FOR_ALL:
            return {"value": self.value}
        return {"field": self.source, "fallback": self.fallback.strip(), **self.how.as_json}

    @classmethod
    def stored(cls, entry: Mapping[str, Any]) -> Typed:
        """As it was stored."""
        if "value" in entry:
            return cls(SAME_FOR_ALL, value=entry["value"])
        return cls(entry.get("field", ""), fallback=entry.get("fallback", ""), how=HowTyped.stored(entry))


@dataclass(frozen=True, slots=True)
class PlaceholderRow:
    """A placeholder as the table shows it; `example` is what the person shown gets, "" if that is nothing."""

    name: str
    typed: Typed
    example: str


def read(given: MultiDict[str, str]) -> dict[str, Typed]:
    """From a posted form."""
    names = [name.removeprefix("source.") for name in given if name.startswith("source.")]
    return {
        name: Typed(
            given.get(f"source.{name}", ""),
            given.get(f"value.{name}", ""),
            given.get(f"fallback.{name}", ""),
            HowTyped.read(given, name),
        )
        for name in names
    }


def stored(variables: Mapping[str, Any]) -> dict[str, Typed]:
    """From what a template or an e-mail keeps."""
    return {name: Typed.stored(entry) for name, entry in variables.items()}


def complete(content: EmailContent, typed: Mapping[str, Typed], attributes: Collection[str]) -> dict[str, Typed]:
    """Each placeholder of the content, with the source that it has by itself if nobody has chosen one."""
    return {name: typed.get(name) or _by_itself(name, attributes) for name in content.variables_used}


def _by_itself(name: str, attributes: Collection[str]) -> Typed:
    source = default_source(name, attributes)
    if isinstance(source, FromField):
        return Typed(source.field)
    return Typed(ATTRIBUTE_PREFIX + source.attribute) if isinstance(source, FromAttribute) else Typed()


def as_json(typed: Mapping[str, Typed]) -> dict[str, dict[str, Any]]:
    """Those that have a source, as services take them."""
    return {name: each.as_json for name, each in typed.items() if each.source}


def pairs(typed: Mapping[str, Typed]) -> Iterator[tuple[str, str]]:
    """Every field as (name, value), to be carried on by hidden fields."""
    for name, each in typed.items():
        yield f"source.{name}", each.source
        yield from ((f"{part}.{name}", getattr(each, part)) for part in ("value", "fallback") if getattr(each, part))
        yield from each.how.pairs(name)


def rows(typed: Mapping[str, Typed], filled: Filled | None) -> tuple[PlaceholderRow, ...]:
    """The table, with what the person shown gets."""
    values = filled.values if filled else {}
    return tuple(PlaceholderRow(name, each, values.get(name, "")) for name, each in typed.items())


def options(attributes: Collection[str], typed: Mapping[str, Typed]) -> Options:
    """What can be chosen: options as (value, text), or (group, [(value, text)])."""
    places = [place for each in typed.values() for place in (each.source, each.how.if_field)]
    chosen = {place.removeprefix(ATTRIBUTE_PREFIX) for place in places if ATTRIBUTE_PREFIX in place}
    own = [(ATTRIBUTE_PREFIX + name, name) for name in sorted({*attributes, *chosen})]
    groups: list[tuple[str, Any]] = [
        ("", "Choose…"),
        (SAME_FOR_ALL, "The same for all"),
        ("Contact", list(FIELDS.items())),
    ]
    return [*groups, ("Own columns", own)] if own else groups


def in_words(typed: Typed) -> str:
    """Where a value comes from, for people."""
    if typed.source == SAME_FOR_ALL:
        return f"“{typed.value}” for everyone"
    if not typed.source:
        return "Chosen when it is used"
    name = FIELDS.get(typed.source) or f"Own column “{typed.source.removeprefix(ATTRIBUTE_PREFIX)}”"
    if typed.how.format:
        name = f"{name}, {typed.how.in_words}"
    return f"{name}, else “{typed.fallback}”" if typed.fallback else name
