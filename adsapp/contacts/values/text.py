"""Cleans up the text of cells: invisible characters must not change how a cell is read."""

import re
import unicodedata
from functools import lru_cache

_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_FULL_WIDTH = range(0xFF01, 0xFF5F)
# Our own report puts it before a cell that a spreadsheet would run as a formula, so it is removed again here.
_GUARDED = re.compile(r"'(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
_KEPT_APART = re.compile(r"[^\W_]+")


@lru_cache(maxsize=4096)
def _visible(char: str) -> str:
    """One character as plain text: digits of any script become ASCII, unusual spaces and dashes the usual ones."""
    code = ord(char)
    category = unicodedata.category(char)
    if category == "Cf" or code in _VARIATION_SELECTORS:
        return ""
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category in ("Zs", "Zl", "Zp") or char in "\t\r\n":
        return " "
    if category == "Pd" or char == "\u2212":
        return "-"
    return unicodedata.normalize("NFKC", char) if code in _FULL_WIDTH else char


def plain(cell: str) -> str:
    """The cell for machine reading (phones, e-mails, codes): no invisible characters, ASCII digits only."""
    if cell.isascii() and cell.isprintable():
        return cell.strip()
    return "".join(map(_visible, cell)).strip()


def tidy(cell: str) -> str:
    """The cell as a person wrote it, without blanks and invisible marks around it; its inside is unchanged."""
    stripped = cell.strip(" \t\r\n\xa0\ufeff\u200b\u200e\u200f\u2060")
    return stripped[1:] if _GUARDED.match(stripped) else stripped


def one_line(cell: str) -> str:
    """A tidy cell in which every run of white space is one blank: for names, tags and the like."""
    return " ".join(tidy(cell).split())


def folded(text: str) -> str:
    """A key for comparing words, without case, accents, blanks and punctuation: 'Numéro de tél.' -> 'numerodetel'."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if char.isalnum())


def slug(text: str) -> str:
    """ASCII letters and digits joined by underscores, or '' if the text has none: 'Größe (cm)' -> 'grosse_cm'."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    words = _KEPT_APART.findall("".join(c for c in decomposed if not unicodedata.combining(c)))
    return "_".join(word for word in words if word.isascii())


MAX_NAME = 200
MAX_TAG = 60
MAX_ATTRIBUTE = 1_000


def split_name(whole: str) -> tuple[str, str]:
    """Split a whole name into first and last name: 'Ana Maria Silva' -> Ana, Maria Silva; 'Doe, Sam' -> Sam, Doe."""
    if whole.count(",") == 1:
        last, first = whole.split(",")
        return first.strip(), last.strip()
    first, _, last = whole.partition(" ")
    return first, last
