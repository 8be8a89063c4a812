"""Where text from outside becomes a number, a cursor, a moment or a path, and the only place that does it.

Python's own readers take more than a database or a header can: `int` any number of digits of every script,
`fromisoformat` years that no other zone can hold, `urlsplit` raises for half an address. What is read here can be
stored, compared and sent; for what cannot, callers get None or an error that says what to do.
"""

import re
import uuid
from datetime import UTC, datetime, time
from typing import Final, NoReturn

from adsapp.core.errors import Invalid, NotFound
from adsapp.core.ids import parse_id

MOST: Final = 2**63 - 1  # of a row's id
MOST_ROWS: Final = 2**31 - 1  # of a row's number in a file
_DIGITS = re.compile(r"[0-9]{1,19}")
_YEARS = range(1900, 3000)
# A path of ours: no host, no scheme, nothing that ends a header's line or that browsers read as a slash.
_PATH = re.compile(r"/(?![/\\])[^\x00-\x1f\x7f\\]*")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


def why_no_text(text: str) -> str:
    """What keeps a text from being stored, in words; "" if nothing does."""
    found = _NOT_TEXT.search(text)
    if found is None:
        return ""
    what = "a NUL character" if found[0] == "\x00" else "half a character (a lone surrogate)"
    return f"holds {what}, which no text has; take it away and send the rest again"


def digits(text: str, most: int = MOST) -> int | None:
    """A number written in ASCII digits alone; None for anything else, and above `most`."""
    found = int(text) if _DIGITS.fullmatch(text) else None
    return found if found is not None and found <= most else None


def whole_number(name: str, text: str, least: int, most: int) -> int | None:
    """A number typed into a field, None for an empty one; Invalid outside of least … most."""
    text = text.strip().replace(",", "")
    if not text:
        return None
    found = digits(text, most)
    if found is None or found < least:
        raise Invalid.field(name, f"Enter a whole number from {least:,} to {most:,}")
    return found


def number_after(cursor: str, most: int = MOST) -> int:
    """The row that a page of a list goes on after; NotFound for a cursor that no list gave."""
    found = digits(cursor, most)
    return no_such_page() if found is None else found


def id_after(cursor: str) -> uuid.UUID:
    """The same for lists in the order of ids."""
    return parse_id(cursor) or no_such_page()


def no_such_page() -> NoReturn:
    raise NotFound("This page of the list does not exist; begin at the first one")


def moment(text: str) -> datetime | None:
    """An ISO 8601 moment, as it was written, with or without a zone; None for what is none, or ages away."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found if found.year in _YEARS else None


def clock(text: str) -> time | None:
    """A time of day as 22:00; None for what is none."""
    found = _CLOCK.fullmatch(text.strip())
    return time(int(found[1]), int(found[2])) if found else None


def in_utc(text: str) -> datetime | None:
    """A moment that names its zone, in UTC."""
    found = moment(text)
    return found.astimezone(UTC) if found and found.tzinfo else None


def own_path(text: str) -> str:
    """The text, if it is the address of a page of ours without its host; else ""."""
    return text if _PATH.fullmatch(text) else ""
