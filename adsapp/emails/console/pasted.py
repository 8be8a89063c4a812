"""Addresses that were pasted: one a line, or with commas, semicolons or blanks between; each may have a name."""

import re
from collections.abc import Iterator
from email.utils import getaddresses
from typing import Final, NamedTuple

_SIGNS: Final = re.compile(r"[;]+|,(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")  # a comma within quotes belongs to a name
_BLANKS: Final = re.compile(r"\s+")


class Entry(NamedTuple):
    """One of them, and the line it stands in, from 1."""

    line: int
    text: str


def entries(text: str) -> list[Entry]:
    """What was pasted, in its order."""
    return [
        Entry(number, each)
        for number, line in enumerate(text.replace("‹", "<").replace("›", ">").splitlines(), 1)
        for part in _SIGNS.split(line)
        for each in _apart(part.strip())
    ]


def _apart(part: str) -> Iterator[str]:
    """Blanks are between addresses, unless one of them stands in brackets behind a name."""
    yield from (each for each in ([part] if "<" in part else _BLANKS.split(part)) if each)


def recipient_of(entry: Entry) -> dict[str, str]:
    """As `recipients` take it: its address, and its name if one stands before it."""
    found = [(name, address) for name, address in getaddresses([entry.text]) if "@" in address]
    if "<" not in entry.text or len(found) != 1:
        return {"email": entry.text}
    name, address = found[0]
    return {"email": address, "name": name}
