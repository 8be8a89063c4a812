"""Where each variable's value comes from: a field or attribute of the contact, or one text for all. Pure.

    {"body.1": {"field": "first_name", "fallback": "there"}, "shop": {"field": "attribute:shop"}, "3":
    {"value": "May"}}

A short key ("1", "shop") means a variable of the body. What comes from a contact may say how it is written, and what
stands in if the contact has nothing: the first of `defaults` whose condition holds, else `fallback`.

    {"field": "attribute:due", "format": {"name": "date", "locale": "de"}, "fallback": "bald",
     "defaults": [{"field": "country", "is": "AT", "value": "demnächst"}]}

A person is a mapping with the keys of `FIELDS` and `attributes`, itself a mapping; whatever is missing is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar, Final

from adsapp.integrations.values import clean
from adsapp.message_templates import formatters
from adsapp.message_templates.components import TemplateView, Variable, is_media
from adsapp.message_templates.formatters import AS_IT_IS, AS_LINK, Format, FormatError

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
MOST_DEFAULTS: Final = 10

Person = Mapping[str, Any]
Reader = Callable[[Person], str]


def source_words(field: str) -> str:
    """First name; the column “city”."""
    if field.startswith(ATTRIBUTE_PREFIX):
        return f"column “{field.removeprefix(ATTRIBUTE_PREFIX)}”"
    return FIELDS.get(field, field)


@dataclass(frozen=True, slots=True)
class Default:
    """A text that stands in for an empty value if the contact's `field` (or attribute:NAME) is exactly `equals`."""

    field: str
    equals: str
    value: str


@dataclass(frozen=True, slots=True)
class FromField:
    """A field of the contact (a key of `FIELDS`); `fallback` is used if it is empty, "" for none."""

    field: str
    fallback: str = ""
    format: Format = AS_IT_IS
    defaults: tuple[Default, ...] = ()
    description: ClassVar = "a field of the contact"

    @property
    def name(self) -> str:
        """What the form and the API call it."""
        return self.field

    @property
    def typed(self) -> Reader:
        """Reads what the contact has there, as it is."""
        return _field_reader(self.field)

    def value(self, person: Person) -> str:
        """What this person gets, "" if that is nothing."""
        return reader_of(self)(person)


@dataclass(frozen=True, slots=True)
class FromAttribute:
    """One of the contact's own attributes, by key; `fallback` and the rest as above."""

    attribute: str
    fallback: str = ""
    format: Format = AS_IT_IS
    defaults: tuple[Default, ...] = ()
    description: ClassVar = "one of the contact's own columns"

    @property
    def name(self) -> str:
        """What the form and the API call it."""
        return ATTRIBUTE_PREFIX + self.attribute

    @property
    def typed(self) -> Reader:
        """Reads what the contact has there, as it is."""
        return _attribute_reader(self.attribute)

    def value(self, person: Person) -> str:
        """What this person gets, "" if that is nothing."""
        return reader_of(self)(person)


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text for everyone."""

    text: str
    name: ClassVar = "value"
    description: ClassVar = "the same text for everyone"

    def value(self, person: Person) -> str:
        """The text, whoever it is."""
        return clean(self.text)


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


def to_json(sources: Mapping[str, Source]) -> dict[str, dict[str, Any]]:
    """The inverse of `parse_sources`, with full keys."""
    return {key: _as_json(source) for key, source in sources.items()}


def _as_json(source: Source) -> dict[str, Any]:
    if isinstance(source, Constant):
        return {"value": source.text}
    entry: dict[str, Any] = {"field": source.name}
    if source.fallback:
        entry["fallback"] = source.fallback
    if source.format:
        entry["format"] = formatters.to_json(source.format)
    if source.defaults:
        entry["defaults"] = [{"field": each.field, "is": each.equals, "value": each.value} for each in source.defaults]
    return entry


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


KNOWN: Final = ("field", "fallback", "value", "format", "defaults")


def _source(key: str, entry: object, attributes: frozenset[str] | None) -> Source | SourceError:
    if not isinstance(entry, Mapping):
        return SourceError(key, 'must be {"field": "…", "fallback": "…"} or {"value": "…"}')
    odd = sorted(str(name) for name in entry if name not in KNOWN)
    if odd:
        return SourceError(key, f"{odd[0]!r} is not known here: use {', '.join(KNOWN[:-1])} or {KNOWN[-1]}")
    if ("field" in entry) == ("value" in entry):
        return SourceError(key, "needs either a field or a value")
    texts = (entry.get(name) for name in ("field", "fallback", "value"))
    if any(not isinstance(text, str) for text in texts if text is not None):
        return SourceError(key, "field, fallback and value must be text")
    if "value" in entry:
        return _constant(key, entry)
    return _from_contact(key, entry, attributes)


def _constant(key: str, entry: Mapping[str, Any]) -> Source | SourceError:
    needless = next((name for name in ("fallback", "format", "defaults") if entry.get(name)), None)
    if needless:
        return SourceError(key, f"a value needs no {needless}")
    value = entry["value"] or ""
    return Constant(value) if clean(value) else SourceError(key, "the value is empty")


def _from_contact(key: str, entry: Mapping[str, Any], names: frozenset[str] | None) -> Source | SourceError:
    place = _place(entry["field"] or "", names)
    if not place:
        return SourceError(key, _why_no_place(entry["field"] or "", names))
    try:
        written = formatters.parse(entry.get("format"))
        defaults = _defaults(entry.get("defaults"), names)
    except FormatError as error:
        return SourceError(key, str(error))
    kind, name = place
    if is_media(key):
        if kind is FromField:
            return SourceError(key, "a picture, video or document is in no field; use a column with its address")
        written = AS_LINK
    return kind(name, entry.get("fallback") or "", written, defaults)


def _place(field: str, names: frozenset[str] | None) -> tuple[type[FromField | FromAttribute], str] | None:
    """The kind of source that a field's name means, and the name there; None if it is not known."""
    if field in FIELDS:
        return FromField, field
    name = field.removeprefix(ATTRIBUTE_PREFIX).strip()
    if not name or not field.startswith(ATTRIBUTE_PREFIX) or (names is not None and name not in names):
        return None
    return FromAttribute, name


def _why_no_place(field: str, names: frozenset[str] | None) -> str:
    if not field.startswith(ATTRIBUTE_PREFIX):
        if names is not None and field in names:
            return f"{field!r} is an attribute: write {ATTRIBUTE_PREFIX + field!r}"
        return f"there is no field {field!r}; {_suggest(field, FIELDS)}"
    name = field.removeprefix(ATTRIBUTE_PREFIX).strip()
    if not name:
        return f"name the attribute after {ATTRIBUTE_PREFIX!r}"
    return f"no contact has an attribute {name!r}; {_suggest(name, sorted(names or ()))}"


def _defaults(raw: object, names: frozenset[str] | None) -> tuple[Default, ...]:
    """The defaults of a source; raises FormatError in words."""
    if raw in (None, [], ()):
        return ()
    if not isinstance(raw, list | tuple) or len(raw) > MOST_DEFAULTS:
        raise FormatError(f"defaults should be a list of {MOST_DEFAULTS} at most")
    return tuple(_default(entry, names) for entry in raw)


def _default(entry: object, names: frozenset[str] | None) -> Default:
    parts = [entry.get(name) for name in ("field", "is", "value")] if isinstance(entry, Mapping) else []
    if not isinstance(entry, Mapping) or len(entry) != len(parts) or not all(isinstance(each, str) for each in parts):
        raise FormatError('a default must be {"field": "…", "is": "…", "value": "…"}')
    field, equals, value = (str(each).strip() for each in parts)
    if _place(field, names) is None:
        raise FormatError(f"the condition of a default: {_why_no_place(field, names)}")
    if not clean(value):
        raise FormatError("a default has no text to stand in")
    return Default(field, equals, value)


def _suggest(word: str, choices: Iterable[str]) -> str:
    listed = list(choices)
    close = get_close_matches(word, listed, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are {', '.join(listed[:12])}" if listed else "there are none yet"


# --- values -----------------------------------------------------------------------------------------------------------


def reader_of(source: Source) -> Callable[[Person], str]:
    """A function that finds a person's value, "" for none; made once for many people."""
    if isinstance(source, Constant):
        value = clean(source.text)
        return lambda person: value
    typed, fallback = source.typed, clean(source.fallback)
    if source.format:
        typed = _written(typed, source.format)
    if source.defaults:
        return _with_defaults(typed, source.defaults, fallback)
    return lambda person: typed(person) or fallback


def _written(typed: Reader, written: Format) -> Reader:
    write = written.write
    return lambda person: clean(write(typed(person)))


def _with_defaults(typed: Reader, defaults: Iterable[Default], fallback: str) -> Reader:
    conditions = [(_typed_reader(each.field), each.equals, clean(each.value)) for each in defaults]

    def read(person: Person) -> str:
        value = typed(person)
        if value:
            return value
        return next((text for look, equals, text in conditions if look(person) == equals), fallback)

    return read


def _typed_reader(field: str) -> Reader:
    if field.startswith(ATTRIBUTE_PREFIX):
        return _attribute_reader(field.removeprefix(ATTRIBUTE_PREFIX).strip())
    return _field_reader(field)


def _field_reader(field: str) -> Reader:
    if field == "name":
        return _full_name
    return lambda person: as_text(person.get(field))


def _attribute_reader(attribute: str) -> Reader:
    def read(person: Person) -> str:
        attributes = person.get("attributes")
        return as_text(attributes.get(attribute)) if attributes else ""

    return read


def _full_name(person: Person) -> str:
    """The name as a whole if it is kept so, else first and last name."""
    whole = as_text(person.get("name"))
    if whole:
        return whole
    return " ".join(filter(None, (as_text(person.get("first_name")), as_text(person.get("last_name")))))


def as_text(value: object) -> str:
    """A stored value as people write it: 5.0 is "5", True is "yes", nothing is ""."""
    if isinstance(value, str):
        return clean(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return clean(str(value))


def why_empty(source: Source, person: Person) -> str:
    """Why somebody has no value: "is empty", or “soon” is no date."""
    typed = "" if isinstance(source, Constant) else source.typed(person)
    if not typed or isinstance(source, Constant):
        return "is empty"
    return f"“{typed[:60]}” {source.format.why_not(typed)}"
