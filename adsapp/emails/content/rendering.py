"""An e-mail filled in for one person. Pure: the same content and values make the same e-mail, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from adsapp.emails.content import placeholders
from adsapp.emails.content.placeholders import UNSUBSCRIBE
from adsapp.emails.content.plain_text import plain_text
from adsapp.message_templates.placeholders import InvalidSources, Person, Source
from adsapp.message_templates.rendering import Renderer

_LINE_ENDS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True)
class EmailContent:
    """A subject and its bodies with placeholders. `text` is made from `html` if it is empty; `variables` say where
    values come from, as they are stored: the JSON of `parse_variables`."""

    subject: str
    html: str = ""
    text: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def variables_used(self) -> tuple[str, ...]:
        """The names of all placeholders that need a value, each once, in the order in which a reader meets them."""
        names = (*placeholders.names_in(self.subject), *placeholders.names_in_html(self.html))
        found = dict.fromkeys((*names, *placeholders.names_in(self.text)))
        return tuple(name for name in found if name != UNSUBSCRIBE)

    @property
    def strays(self) -> tuple[str, ...]:
        """What looks like a placeholder in it and is none, each once."""
        found = (each for part in (self.subject, self.html, self.text) for each in placeholders.strays_in(part))
        return tuple(dict.fromkeys(found))

    @property
    def has_unsubscribe_link(self) -> bool:
        """True if each body that is given offers the reader's own link."""
        given = [placeholders.names_in_html(self.html)] if self.html else []
        given += [placeholders.names_in(self.text)] if self.text else []
        return bool(given) and all(UNSUBSCRIBE in names for names in given)

    @cached_property
    def text_body(self) -> str:
        """The text as it was given, else as the HTML reads."""
        return self.text or plain_text(self.html)


@dataclass(frozen=True, slots=True)
class Filled:
    """One person's values by name; a name in `missing` has no visible text and is not among them."""

    values: dict[str, str]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RenderedEmail:
    """As it is sent; `html` is "" if there is none."""

    subject: str
    html: str
    text: str


def parse_variables(
    content: EmailContent, raw: Mapping[str, object], attributes: Iterable[str] | None = None
) -> dict[str, Source]:
    """Where each placeholder's value comes from. Raises `InvalidSources` with all that is wrong.

    `placeholders.to_json` makes of it what is stored as `EmailContent.variables`.
    """
    errors = placeholders.unsafe_places(content.html)
    try:
        sources = placeholders.parse(content.variables_used, raw, attributes)
    except InvalidSources as wrong:
        errors += wrong.errors
    if errors:
        raise InvalidSources(errors)
    return sources


def known_sources(content: EmailContent) -> dict[str, Source]:
    """Where the values of those placeholders come from that are not given for each recipient."""
    used = content.variables_used
    stored = {name: source for name, source in content.variables.items() if name in used}
    known = [name for name in used if name in stored or placeholders.default_source(name, ())]
    return placeholders.parse(known, stored, None)


class Filler:
    """The values of people, one after another: what the content needs is read once."""

    def __init__(self, content: EmailContent) -> None:
        self._renderer = Renderer(placeholders.as_view(content.variables_used), known_sources(content))

    def fill(self, person: Person) -> Filled:
        """A person is a mapping with the keys of `message_templates.placeholders.FIELDS` and `attributes`."""
        found = self._renderer.render(person)
        return Filled(found.values, found.missing)


def render(content: EmailContent, values: Mapping[str, str], unsubscribe_url: str = "") -> RenderedEmail:
    """The e-mail with these values, put in by one literal pass; one that is not among them keeps its placeholder."""
    known = {**values, UNSUBSCRIBE: unsubscribe_url}
    return RenderedEmail(
        one_line(placeholders.replace(content.subject, known)),
        placeholders.replace_in_html(content.html, known),
        placeholders.replace(content.text_body, known),
    )


def one_line(text: str) -> str:
    """The text without line ends and control characters, so that a header stays one header."""
    return _LINE_ENDS.sub(" ", text).strip()
