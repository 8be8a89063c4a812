"""Which placeholders an e-mail has, and where the value of each comes from. Pure.

    Hello {{first_name}}, the shop in {{attribute:city}} has {{offer}}.

A contact's field and an attribute that is known need no source; anything else gets one in the form of
`message_templates.placeholders`: {"offer": {"value": "10 %"}, "first_name": {"field": "first_name", "fallback":
"there"}}.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from html.parser import HTMLParser
from typing import Final

from adsapp.message_templates.components import NAMED, TemplateView, Variable
from adsapp.message_templates.placeholders import (
    ATTRIBUTE_PREFIX,
    FIELDS,
    FromAttribute,
    FromField,
    Source,
    SourceError,
    parse_sources,
    to_json,
)

UNSUBSCRIBE: Final = "unsubscribe_url"  # each person's own link; it has no source
_PLACEHOLDER = re.compile(r"\{\{([^{}<>\r\n]{1,200})\}\}")
_QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')


def names_in(text: str) -> Iterator[str]:
    """The name of each placeholder in the order of the text."""
    return (name for found in _PLACEHOLDER.findall(text) if (name := found.strip()))


def names_in_html(markup: str) -> Iterator[str]:
    """The same for HTML, where a name may be written with entities."""
    return (html.unescape(name) for name in names_in(markup))


def replace(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced in one pass: whatever a value looks like, it stays as it is. A
    placeholder without a value stays too."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1].strip(), found[0]), text)


def replace_in_html(markup: str, values: Mapping[str, str]) -> str:
    """The same for HTML: a value is text, and no markup."""

    def value_of(found: re.Match[str]) -> str:
        value = values.get(html.unescape(found[1].strip()))
        return found[0] if value is None else html.escape(value)

    return _PLACEHOLDER.sub(value_of, markup)


def parse(names: Iterable[str], raw: Mapping[str, object], attributes: Iterable[str] | None) -> dict[str, Source]:
    """A source for each name. Raises `InvalidSources`, with the message for each that is wrong.

    `attributes`, if given, are the keys the organization knows: any other is an error.
    """
    known = None if attributes is None else frozenset(attributes)
    told = {_bare(name) for name in raw}
    defaults = {name: default_source(name, known or ()) for name in names if _bare(name) not in told}
    by_itself = to_json({name: source for name, source in defaults.items() if source})
    return parse_sources(as_view(names), by_itself | dict(raw), known)


def default_source(name: str, attributes: Collection[str]) -> Source | None:
    """Where a name gets its value if nothing is said about it; None if that must be said."""
    if name.startswith(ATTRIBUTE_PREFIX):
        return FromAttribute(name.removeprefix(ATTRIBUTE_PREFIX).strip())
    if name in FIELDS:
        return FromField(name)
    return FromAttribute(name) if name in attributes else None


def as_view(names: Iterable[str]) -> TemplateView:
    """The names as the variables of a message template: their sources are read and their values found in one place."""
    return TemplateView(None, (), "", (), tuple(Variable(name, name) for name in names), NAMED)


def unsafe_places(markup: str) -> list[SourceError]:
    """Placeholders of an HTML body that stand where a value could become markup or a script, in words."""
    finder = _UnsafePlaces()
    finder.feed(markup)
    finder.close()
    return finder.found


class _UnsafePlaces(HTMLParser):
    """Escaping protects text and what stands in quotes; nothing else."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[SourceError] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        outside = _QUOTED.sub("", self.get_starttag_text() or "")
        self._refuse(outside, f"stands in the tag <{tag}> outside of quotes; put it between quotation marks")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem in ("script", "style"):
            self._refuse(data, f"stands in <{self.cdata_elem}>, where a value could do anything; take it out")

    def _refuse(self, text: str, why: str) -> None:
        self.found += [SourceError(name, why) for name in names_in_html(text)]


def _bare(name: str) -> str:
    """As `parse_sources` compares names: {{ Offer }} is offer."""
    return re.sub(r"[{}\s]", "", name).lower()
