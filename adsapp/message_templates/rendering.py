"""A template filled in for one person. Pure, and compiled once for each campaign.

A person is a mapping with the keys of `placeholders.FIELDS` and `attributes`, itself a mapping; whatever is
missing is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from adsapp.integrations.values import clean, url_suffix
from adsapp.message_templates.components import Piece, TemplateView
from adsapp.message_templates.placeholders import Constant, FromAttribute, FromField, Source

Person = Mapping[str, Any]
Part = tuple[str, bool]
"""(text, is it a variable)."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """`values` by variable key, as they will be sent; a key in `missing` has no visible text and is not among
    them."""

    view: TemplateView
    values: dict[str, str]
    missing: tuple[str, ...]

    @property
    def header_parts(self) -> list[Part]:
        return _filled(self.view.header.pieces if self.view.header else (), self.values)

    @property
    def parts(self) -> list[Part]:
        """The body in stretches of text; a variable without a value stays its placeholder."""
        return _filled(self.view.body, self.values)

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.parts)

    def button_url(self, index: int) -> str:
        """Where URL button `index` leads for this person, "" for another kind of button."""
        pieces = self.view.buttons[index].url
        encoded = {key: url_suffix(value) for key, value in self.values.items()}
        return "".join(text for text, _ in _filled(pieces, encoded))


class Renderer:
    """A view and its sources made ready; `sources` as from `parse_sources`."""

    def __init__(self, view: TemplateView, sources: Mapping[str, Source]) -> None:
        self.view = view
        self._readers = [
            (variable.key, _reader(sources.get(variable.key, Constant("")))) for variable in view.variables
        ]

    def render(self, person: Person) -> Rendered:
        values: dict[str, str] = {}
        missing: tuple[str, ...] = ()
        for key, read in self._readers:
            value = read(person)
            if value:
                values[key] = value
            else:
                missing += (key,)
        return Rendered(self.view, values, missing)


def render(view: TemplateView, sources: Mapping[str, Source], person: Person) -> Rendered:
    """One person, once; for many make a `Renderer`."""
    return Renderer(view, sources).render(person)


def _reader(source: Source) -> Callable[[Person], str]:
    if isinstance(source, Constant):
        value = clean(source.value)
        return lambda person: value
    fallback = clean(source.fallback)
    if isinstance(source, FromAttribute):
        return _attribute_reader(source, fallback)
    return _field_reader(source, fallback)


def _field_reader(source: FromField, fallback: str) -> Callable[[Person], str]:
    field = source.field
    if field == "name":
        return lambda person: _full_name(person) or fallback
    return lambda person: as_text(person.get(field)) or fallback


def _attribute_reader(source: FromAttribute, fallback: str) -> Callable[[Person], str]:
    attribute = source.attribute

    def read(person: Person) -> str:
        attributes = person.get("attributes")
        return (as_text(attributes.get(attribute)) if attributes else "") or fallback

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


def _filled(pieces: Iterable[Piece], values: Mapping[str, str]) -> list[Part]:
    return [(piece.text, False) if piece.key is None else (values.get(piece.key, piece.text), True) for piece in pieces]
