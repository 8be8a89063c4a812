"""A template filled in for one person. Pure, and compiled once for each campaign.

Every value is put in by one literal pass: whatever it looks like ({{1}}, a backslash, markup), it stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from adsapp.integrations.values import url_suffix
from adsapp.message_templates import lengths
from adsapp.message_templates.components import Piece, TemplateView
from adsapp.message_templates.lengths import Lengths, TooLong
from adsapp.message_templates.placeholders import Constant, Person, Source, reader_of, why_empty

Part = tuple[str, bool]
"""(text, is it a variable)."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """`values` by variable key, as they will be sent; a key in `missing` has no visible text and is not among
    them."""

    view: TemplateView
    values: dict[str, str]
    missing: tuple[str, ...]
    too_long: tuple[TooLong, ...] = ()

    @property
    def fits(self) -> bool:
        """True if it can be sent: every variable has a value, and no part is too long."""
        return not self.missing and not self.too_long

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
        self._sources = {variable.key: sources.get(variable.key, Constant("")) for variable in view.variables}
        self._readers = [(key, reader_of(source)) for key, source in self._sources.items()]
        self._lengths = Lengths(lengths.parts_of(view))

    def render(self, person: Person) -> Rendered:
        values: dict[str, str] = {}
        missing: tuple[str, ...] = ()
        for key, read in self._readers:
            value = read(person)
            if value:
                values[key] = value
            else:
                missing += (key,)
        return Rendered(self.view, values, missing, self._lengths.too_long(values))

    def why_missing(self, key: str, person: Person) -> str:
        """Why a person has no value for a variable, in words."""
        return why_empty(self._sources[key], person)


def render(view: TemplateView, sources: Mapping[str, Source], person: Person) -> Rendered:
    """One person, once; for many make a `Renderer`."""
    return Renderer(view, sources).render(person)


def _filled(pieces: Iterable[Piece], values: Mapping[str, str]) -> list[Part]:
    return [(piece.text, False) if piece.key is None else (values.get(piece.key, piece.text), True) for piece in pieces]
