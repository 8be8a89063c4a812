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
from typing import Final, NamedTuple

import turbohtml
from turbohtml import TokenType

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
# Two braces that are not closed, with the word behind them, or one on each side of a known name. Style sheets have
# braces, too, but not so.
_KNOWN = rf"(?:{'|'.join(FIELDS)}|{ATTRIBUTE_PREFIX}[^{{}}<>\r\n]{{1,40}})"
_STRAY = re.compile(rf"\{{\{{\s*[\w:.-]*|\{{\s*{_KNOWN}\s*\}}")
_TAME = "qzvalueqz"


def names_in(text: str) -> Iterator[str]:
    """The name of each placeholder in the order of the text."""
    return (name for found in _PLACEHOLDER.findall(text) if (name := found.strip()))


def names_in_html(markup: str) -> Iterator[str]:
    """The same for HTML, where a name may be written with entities."""
    return (html.unescape(name) for name in names_in(markup))


def strays_in(text: str) -> Iterator[str]:
    """What looks like a placeholder and is none: “{{first_name”, “{first_name}”. It would go out as it stands."""
    return (found.strip() for found in _STRAY.findall(_PLACEHOLDER.sub("", text)))


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
    """Placeholders of an HTML body that stand where a value could become markup or a script, in words.

    Escaping protects text and what stands in quotes, nothing else: so the body is read with a tame value and with a
    wild one, and must have the same tags both times.
    """
    names = [*dict.fromkeys(names_in_html(markup))]
    if not _why_unsafe(markup, names):
        return []
    return [SourceError(name, why) for name in names if (why := _why_unsafe(markup, [name]))]


def _why_unsafe(markup: str, names: Iterable[str]) -> str:
    tame, wild = (_shape(replace_in_html(markup, dict.fromkeys(names, value))) for value in (_TAME, f"{_TAME} a=<b>"))
    if tame.tags != wild.tags:
        return "stands in a tag outside of quotes, where a value could become a part of it; put it into quotes"
    return "stands in a script or a style, where a value could do anything; take it out" if wild.is_in_code else ""


class _Shape(NamedTuple):
    tags: list[tuple[str | None, tuple[str, ...]]]  # each with the names of its attributes
    is_in_code: bool


def _shape(markup: str) -> _Shape:
    tags: list[tuple[str | None, tuple[str, ...]]] = []
    is_in_code = False
    for token in turbohtml.tokenize(markup):
        if token.type is TokenType.START_TAG:
            tags.append((token.tag, tuple(name for name, _ in token.attrs or ())))
        elif token.type is TokenType.TEXT and tags and tags[-1][0] in ("script", "style"):
            is_in_code = is_in_code or _TAME in (token.data or "")
    return _Shape(tags, is_in_code)


def _bare(name: str) -> str:
    """As `parse_sources` compares names: {{ Offer }} is offer."""
    return re.sub(r"[{}\s]", "", name).lower()
