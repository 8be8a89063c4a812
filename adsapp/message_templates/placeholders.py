"""Where each variable's value comes from: a field or attribute of the contact, or one text for all. Pure.

    {"body.1": {"field": "first_name", "fallback": "there"}, "shop": {"field": "attribute:shop"}, "3":
    {"value": "May"}}

A short key ("1", "shop") means a variable of the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from adsapp.integrations.values import clean
from adsapp.message_templates.components import TemplateView, Variable

FIELDS: Final[dict[str, str]] = {
    "first_name": "First name",
    "last_name": "Last name",
    "name": "Full name",
    "phone": "Phone number",
    "email": "E-mail address",
    "language": "Language",
    "country": "Country",
}
ATTRIBUTE_PREFIX: Final = "attribute:"


@dataclass(frozen=True, slots=True)
class FromField:
    """A field of the contact (a key of `FIELDS`); `fallback` is used if it is empty, "" for none."""

    field: str
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class FromAttribute:
    """One of the contact's own attributes, by key; `fallback` as above."""

    attribute: str
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text for everyone."""

    value: str


Source = FromField | FromAttribute | Constant


@dataclass(frozen=True, slots=True)
class SourceError:
    """What is wrong with one variable; `variable` is its key (as the template has it, else as it was
    given)."""

    variable: str
    message: str
    code: str = ""


NO_VALUE = "no_value"  # nothing was chosen for it yet


class InvalidSources(ValueError):
    """All that is wrong at once, so that a person mends it in one go."""

    def __init__(self, errors: Iterable[SourceError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{error.variable}: {error.message}" for error in self.errors))


def parse_sources(
    view: TemplateView, raw: Mapping[str, object], attributes: Iterable[str] | None = None
) -> dict[str, Source]:
    """A source for every variable of `view`, by full key. Raises `InvalidSources`.

    `attributes`, if given, are the attribute keys the organization knows: any other is an error.
    """
    known = {variable.key: variable for variable in view.variables}
    names = None if attributes is None else frozenset(attributes)
    sources: dict[str, Source] = {}
    errors: list[SourceError] = []
    for given, entry in raw.items():
        key = _full_key(given, known)
        result = _source(key, entry, names) if key in known else _unknown_variable(given, known)
        if key in sources:
            result = SourceError(key, "is given twice")
        if isinstance(result, SourceError):
            errors.append(result)
        else:
            sources[key] = result
    named = {error.variable for error in errors}
    errors += [_no_source(known[key]) for key in known if key not in sources and key not in named]
    if errors:
        raise InvalidSources(errors)
    return {key: sources[key] for key in known}


def to_json(sources: Mapping[str, Source]) -> dict[str, dict[str, str]]:
    """The inverse of `parse_sources`, with full keys."""
    return {key: _as_json(source) for key, source in sources.items()}


def _as_json(source: Source) -> dict[str, str]:
    if isinstance(source, Constant):
        return {"value": source.value}
    field = source.field if isinstance(source, FromField) else ATTRIBUTE_PREFIX + source.attribute
    return {"field": field, "fallback": source.fallback} if source.fallback else {"field": field}


def _full_key(given: str, known: Mapping[str, Variable]) -> str:
    """`{{1}}`, `1`, `Body.1` and `body.1` are one; an exact key comes first."""
    if given in known:
        return given
    bare = re.sub(r"[{}\s]", "", given)
    for candidate in (bare, f"body.{bare}"):
        for key in known:
            if key.lower() == candidate.lower():
                return key
    return given


def _unknown_variable(given: str, known: Mapping[str, Variable]) -> SourceError:
    if not known:
        return SourceError(given, "this template has no variables")
    choices = {key.removeprefix("body."): key for key in known} | {key: key for key in known}
    close = get_close_matches(given, choices, n=1, cutoff=0.6)
    hint = f"did you mean {choices[close[0]]!r}?" if close else f"it has {', '.join(known)}"
    return SourceError(given, f"the template has no such variable; {hint}")


def _no_source(variable: Variable) -> SourceError:
    return SourceError(variable.key, f"no value is given for {variable.label!r}: name a field or a value", NO_VALUE)


def _source(key: str, entry: object, attributes: frozenset[str] | None) -> Source | SourceError:
    if not isinstance(entry, Mapping):
        return SourceError(key, 'must be {"field": "…", "fallback": "…"} or {"value": "…"}')
    odd = sorted(str(name) for name in entry if name not in ("field", "fallback", "value"))
    if odd:
        return SourceError(key, f"{odd[0]!r} is not known here: use field, fallback or value")
    if ("field" in entry) == ("value" in entry):
        return SourceError(key, "needs either a field or a value")
    if any(not isinstance(text, str) for text in entry.values() if text is not None):
        return SourceError(key, "field, fallback and value must be text")
    if "value" in entry:
        return _constant(key, entry)
    return _from_contact(key, entry["field"] or "", entry.get("fallback") or "", attributes)


def _constant(key: str, entry: Mapping[str, str | None]) -> Source | SourceError:
    if entry.get("fallback"):
        return SourceError(key, "a value needs no fallback")
    value = entry["value"] or ""
    return Constant(value) if clean(value) else SourceError(key, "the value is empty")


def _from_contact(key: str, field: str, fallback: str, attributes: frozenset[str] | None) -> Source | SourceError:
    if field.startswith(ATTRIBUTE_PREFIX):
        return _from_attribute(key, field.removeprefix(ATTRIBUTE_PREFIX).strip(), fallback, attributes)
    if field in FIELDS:
        return FromField(field, fallback)
    if attributes is not None and field in attributes:
        return SourceError(key, f"{field!r} is an attribute: write {ATTRIBUTE_PREFIX + field!r}")
    return SourceError(key, f"there is no field {field!r}; {_suggest(field, FIELDS)}")


def _from_attribute(key: str, name: str, fallback: str, attributes: frozenset[str] | None) -> Source | SourceError:
    if not name:
        return SourceError(key, f"name the attribute after {ATTRIBUTE_PREFIX!r}")
    if attributes is not None and name not in attributes:
        hint = _suggest(name, sorted(attributes))
        return SourceError(key, f"no contact has an attribute {name!r}; {hint}")
    return FromAttribute(name, fallback)


def _suggest(word: str, choices: Iterable[str]) -> str:
    listed = list(choices)
    close = get_close_matches(word, listed, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are {', '.join(listed[:12])}" if listed else "there are none yet"
