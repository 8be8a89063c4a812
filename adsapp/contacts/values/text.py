"""Cleans up the text of cells: invisible characters must not change how a cell is read."""

import re
import unicodedata
from functools import lru_cache

_VARIATION_SELECTORS = range(0xFE00, 0xFE10)
_FULL_WIDTH = range(0xFF01, 0xFF5F)
# Our own report puts it before a cell that a spreadsheet would run as a formula, so it is removed again here.
_GUARDED = re.compile(r"'(?=[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20])")
# An accent on a letter of an alphabet in which it makes no other letter: not Cyrillic, where й is no и.
_ACCENTS = re.compile("(?<=[^\u0300-\u036f\u0400-\u052f])[\u0300-\u036f]+")
_MEANT = "#%&@*!?"


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
    if cell.isalnum():
        return cell
    stripped = cell.strip(" \t\r\n\xa0\ufeff\u200b\u200e\u200f\u2060")
    return stripped[1:] if stripped.startswith("'") and _GUARDED.match(stripped) else stripped


def one_line(cell: str) -> str:
    """A tidy cell in which every run of white space is one blank: for names, tags and the like."""
    if cell.isalnum():  # one word, as most are: there is nothing to take away
        return cell
    return " ".join(tidy(cell).split())


def folded(text: str) -> str:
    """A key for recognising words, without case, accents, blanks and signs: 'Numéro de tél.' -> 'numerodetel'.

    Never the identity of what people named: 'A+' and 'A-' are one here. That is `name_key`.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if char.isalnum())


def name_key(name: str) -> str:
    """The identity of what people named (tags, columns): case, accents and blanks do not count, every sign does."""
    text = " ".join(name.split()).casefold()
    return text if text.isascii() else _ACCENTS.sub("", unicodedata.normalize("NFD", text))


def slug(text: str) -> str:
    """Letters and digits of any script, small and joined by underscores, or '' if the text has none.

    Accents are left out if only ASCII remains: 'Größe (cm)' -> 'grosse_cm', but 'Doğum yılı' -> 'doğum_yılı'.
    """
    lower = text.casefold()
    bare = "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))
    joined = _joined(bare.casefold())  # once more: 𝘼 is small only as the A that it stands for
    return joined if joined.isascii() else _joined(unicodedata.normalize("NFKC", lower).casefold())


def signs(name: str) -> str:
    """The signs that set names apart: symbols, # and the like, and a minus at the end."""
    found = "".join(char for char in name if unicodedata.category(char)[0] == "S" or char in _MEANT)
    return found + "-" if name.rstrip().endswith("-") else found


def _joined(text: str) -> str:
    kept = (char if unicodedata.category(char)[0] in "LMN" else " " for char in text if not _is_invisible(char))
    return "_".join("".join(kept).split())


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) == "Cf" or ord(char) in _VARIATION_SELECTORS


MAX_NAME = 200
MAX_TAG = 60
MAX_ATTRIBUTE = 1_000
