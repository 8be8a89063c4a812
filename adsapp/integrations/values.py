"""What a text value must look like before it goes into a template, how long it may be, and what a user id is. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote, unquote, urlsplit

MAX_TEXT: Final = 4_096

USER_ID: Final = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}", re.ASCII)

_SPACE_RUN = re.compile(r"\s+")
_ESCAPED = re.compile(r"%(?![0-9A-Fa-f]{2})")


def is_user_id(text: str) -> bool:
    """True for a provider's own id of a person whose number may be hidden, such as US.13491208655302741918."""
    return USER_ID.fullmatch(text) is not None


def is_link(text: str) -> bool:
    """True for what looks like the address of a file on the web."""
    return text.lower().startswith(("https://", "http://"))


def name_in(link: str) -> str:
    """What a file at this address is called, "" if the address does not say."""
    return clean(unquote(urlsplit(link).path.rpartition("/")[2])) if is_link(link) else ""


def clean(value: str) -> str:
    """The value as providers take it: "" if nothing visible is left (treat as missing).

    Line breaks, tabs and more than four blanks in a row are refused by WhatsApp, so each such run becomes
    one space; control characters go, outer white space goes. Two to four plain spaces stay as typed.
    """
    if value.isprintable() and "     " not in value:
        return value.strip(" ")
    kept = "".join(char for char in value if char.isspace() or unicodedata.category(char) not in ("Cc", "Cs"))
    text = _SPACE_RUN.sub(_flattened, kept).strip()
    return text if has_visible(text) else ""


def _flattened(run: re.Match[str]) -> str:
    blanks = run.group()
    plain = len(blanks) <= 4 and all(unicodedata.category(char) == "Zs" for char in blanks)
    return blanks if plain else " "


def has_visible(text: str) -> bool:
    """True if a reader would see anything of it."""
    return any(not char.isspace() and unicodedata.category(char) != "Cf" for char in text)


def url_suffix(value: str) -> str:
    """Percent-encoded for a URL button: a path or query stays one, and escapes already made are kept."""
    return _ESCAPED.sub("%25", quote(clean(value), safe="/?&=%"))
