"""How long the parts of a message may be once they are filled in. Pure.

Source: the provider's template reference, 2026. It counts characters, in a link those after escaping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from adsapp.integrations.values import url_suffix
from adsapp.message_templates.components import Piece, TemplateView

LONGEST_HEADER: Final = 60
LONGEST_BODY: Final = 1_024
LONGEST_BODY_ALONE: Final = 32_768  # of a template that has nothing but its body
LONGEST_URL: Final = 2_000
LONGEST_CODE: Final = 15


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the template: what it is called, its own characters, its variables and how often each stands there, and
    how long it may be. `is_link`: values are escaped first."""

    name: str
    fixed: int
    variables: tuple[tuple[str, int], ...]
    limit: int
    is_link: bool = False


@dataclass(frozen=True, slots=True)
class TooLong:
    """A part that does not fit, with its length."""

    part: str
    length: int
    limit: int
    variables: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """The text has 1,031 characters, 1,024 are allowed."""
        return f"{self.part} has {self.length:,} characters, {self.limit:,} are allowed"


class Lengths:
    """The parts that values can make too long, made ready for many people."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = [(part, part.limit - part.fixed) for part in parts if part.variables]

    def too_long(self, values: Mapping[str, str]) -> tuple[TooLong, ...]:
        """The parts that do not fit with these values; one without a value counts nothing."""
        found: tuple[TooLong, ...] = ()
        for part, room in self._parts:
            taken = 0
            for key, times in part.variables:
                value = values.get(key, "")
                taken += times * len(url_suffix(value) if part.is_link else value)
            if taken > room:
                keys = tuple(key for key, _ in part.variables)
                found += (TooLong(part.name, part.fixed + taken, part.limit, keys),)
        return found


def parts_of(view: TemplateView) -> Sequence[Part]:
    """The parts of a template with their limits."""
    alone = view.header is None and not view.footer and not view.buttons
    parts = [_part("The text", view.body, LONGEST_BODY_ALONE if alone else LONGEST_BODY)]
    if view.header is not None and view.header.pieces:
        parts.append(_part("The header", view.header.pieces, LONGEST_HEADER))
    for button in view.buttons:
        if button.url:
            parts.append(_part(f"The link of “{button.text}”", button.url, LONGEST_URL, is_link=True))
        if button.type == "COPY_CODE":
            code = ((f"button.{button.index}.CODE", 1),)
            parts.append(Part(f"The code of “{button.text}”", 0, code, LONGEST_CODE))
    return parts


def _part(name: str, pieces: Sequence[Piece], limit: int, *, is_link: bool = False) -> Part:
    fixed = sum(len(piece.text) for piece in pieces if piece.key is None)
    times = Counter(piece.key for piece in pieces if piece.key is not None)
    return Part(name, fixed, tuple(times.items()), limit, is_link)
