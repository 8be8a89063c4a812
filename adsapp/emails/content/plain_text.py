"""An HTML body as somebody reads it who is shown no HTML. Pure.

Links keep their address, items of lists their dash or number, headings and paragraphs stand by themselves, the cells of
a table's row are one line. Styles and scripts are left out; pictures become their description.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_APART: Final = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "blockquote", "pre", "hr"))
_LISTS: Final = frozenset(("ul", "ol"))
_SECTIONS: Final = frozenset(
    ("article", "aside", "body", "center", "div", "footer", "form", "header", "main", "section")
)
_LINES: Final = _SECTIONS | {"address", "caption", "dd", "dl", "dt", "figcaption", "figure", "nav", "tr", "li"}
_UNSEEN: Final = frozenset(("script", "style", "title", "template"))
_DEEPEST: Final = 8  # lists inside lists are indented no further
_BLANKS = re.compile(r"[ \t\r\n\f\xa0]+")
_SHOWN_ADDRESS = re.compile(r"(?:mailto:|tel:|https?://)?(.*?)/?", re.IGNORECASE | re.DOTALL)


def plain_text(markup: str) -> str:
    """The text of an HTML body; "" if nothing of it can be read."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Writes as it reads; breaks and blanks wait until something follows, so that none is written twice."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._written: list[str] = []
        self._breaks = 0  # line ends that are due
        self._joint = ""  # what is due between two words of a line
        self._unseen = 0
        self._verbatim = 0
        self._lists: list[int] = []  # for each list we are in: the number of its last item, -1 without numbers
        self._link: tuple[str, int] | None = None  # address, and how much was written before; links are not nested

    def text(self) -> str:
        """All that was read."""
        return "".join(self._written).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._around(tag)
        match tag:
            case "br":
                self._breaks += 1
            case "a":
                self._link = given.get("href", "").strip(), len(self._written)
            case "img":
                self._write(given.get("alt", ""))
            case "hr":
                self._put("---")
                self._break(2)
            case "li":
                self._begin_item()
            case "td" | "th" if not self._breaks:
                self._joint = " | "
            case _:
                self._enter(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._link:
            self._end_link(*self._link)
        self._leave(tag)
        self._around(tag)

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if not self._verbatim:
            self._write(data)
            return
        for number, line in enumerate(data.splitlines()):
            self._breaks += number > 0
            if line.strip():
                self._put(line.rstrip())

    def _enter(self, tag: str) -> None:
        self._unseen += tag in _UNSEEN
        self._verbatim += tag == "pre"
        if tag in _LISTS:
            self._lists.append(0 if tag == "ol" else -1)

    def _leave(self, tag: str) -> None:
        self._unseen = max(self._unseen - (tag in _UNSEEN), 0)
        self._verbatim = max(self._verbatim - (tag == "pre"), 0)
        if tag in _LISTS and self._lists:
            self._lists.pop()

    def _around(self, tag: str) -> None:
        """Before and after a block its neighbours end."""
        if tag in _APART or (tag in _LISTS and not self._lists):
            self._break(2)
        elif tag in _LINES or tag in _LISTS:
            self._break(1)

    def _break(self, count: int) -> None:
        self._breaks = max(self._breaks, count)

    def _begin_item(self) -> None:
        depth = min(max(len(self._lists) - 1, 0), _DEEPEST)
        mark = "- "
        if self._lists and self._lists[-1] >= 0:
            self._lists[-1] += 1
            mark = f"{self._lists[-1]}. "
        self._put("  " * depth + mark)

    def _end_link(self, address: str, start: int) -> None:
        self._link = None
        shown = "".join(self._written[start:]).strip()
        if not address or address.startswith("#"):
            return
        if not shown:
            self._write(address)
        elif _bare(shown) != _bare(address):
            after, self._joint = self._joint, " "
            self._put(f"({address.removeprefix('mailto:')})")
            self._joint = after

    def _write(self, data: str) -> None:
        """Text of a paragraph: white space of any length is one blank."""
        text = _BLANKS.sub(" ", data)
        words = text.strip(" ")
        if text.startswith(" ") or not words:
            self._joint = self._joint or " "
        if words:
            self._put(words)
            self._joint = " " if text.endswith(" ") else ""

    def _put(self, text: str) -> None:
        if self._breaks:
            self._written.append("\n" * self._breaks if self._written else "")
        elif self._written:
            self._written.append(self._joint)
        self._breaks, self._joint = 0, ""
        self._written.append(text)


def _bare(address: str) -> str:
    found = _SHOWN_ADDRESS.fullmatch(address)
    return found[1].lower() if found else address
