"""Finds the character that separates cells: the one with which the first records have equal numbers of columns.

`csv.Sniffer` is not used, because it splits one-column files at a letter and is misled by commas in text.
"""

import contextlib
import csv
import re
from collections import Counter
from itertools import islice
from typing import BinaryIO, NamedTuple

from adsapp.contacts.imports.reading.errors import TooFarDown, UnreadableFile
from adsapp.contacts.imports.reading.headers import names_contacts
from adsapp.contacts.imports.reading.lines import NO_QUOTE, QUOTE, Position, read_records
from adsapp.contacts.values.text import one_line

DELIMITERS = (",", ";", "\t", "|")
DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
TITLE_ROWS = 8  # so many may stand above the names of the columns
_RECORDS = 50
_ONE_COLUMN = (0.0,)
_SEP_LINE = re.compile(r'"?sep=([,;\t|])"?,*;*\s*', re.IGNORECASE)


class SepLine(NamedTuple):
    """The delimiter that a `sep=;` line names, and the position after the line."""

    delimiter: str
    after: Position


def sep_line(stream: BinaryIO, encoding: str, start: Position) -> SepLine | None:
    """The `sep=` line, an instruction to Excel, if the file begins with one."""
    # With a delimiter that no text contains, the whole line comes as one cell.
    try:
        first = next(read_records(stream, encoding, "\x1f", start, only_look=True), None)
    except TooFarDown:
        return None
    found = _SEP_LINE.fullmatch(first.cells[0]) if first and first.line == start.line else None
    if first is None or found is None:
        return None
    return SepLine(found[1], Position(first.position.offset, 0, first.position.line))


def find_delimiter(stream: BinaryIO, encoding: str, start: Position, quote: str = QUOTE) -> str:
    """The best of DELIMITERS for the header at `start` and the records after it; a comma if it has one column."""
    scores = {delimiter: _score(stream, encoding, start, delimiter, quote) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > _ONE_COLUMN else _below_a_title(stream, encoding, start) or best


def _below_a_title(stream: BinaryIO, encoding: str, start: Position) -> str | None:
    """The delimiter of the first line that has the names of columns, if titles stand above it."""
    with contextlib.suppress(TooFarDown):
        for row in islice(
            read_records(stream, encoding, "\x1f", start, quote=NO_QUOTE, only_look=True), TITLE_ROWS + 1
        ):
            for delimiter in DELIMITERS:
                if names_contacts(map(one_line, next(csv.reader(row.cells, delimiter=delimiter)))):
                    return delimiter
    return None


def _score(stream: BinaryIO, encoding: str, start: Position, delimiter: str, quote: str) -> tuple[float, ...]:
    """The higher, the likelier. Compared in this order: a header of several cells, rows of equal width, rows as wide as
    the header, many columns, few cells that begin with a blank.
    """
    rows: list[list[str]] = []
    try:
        found = read_records(stream, encoding, delimiter, start, quote=quote, only_look=True)
        for row in islice(found, _RECORDS + 1):
            rows.append(row.cells)
    except UnreadableFile:
        # Reading the file meets the same spot again and reports it with its place.
        pass
    if not rows or len(rows[0]) < 2:
        return _ONE_COLUMN
    header, *data = rows
    usual, times = Counter(len(cells) for cells in data or [header]).most_common(1)[0]
    alike = times / max(1, len(data))
    padded = sum(cell[:1] == " " for cells in rows for cell in cells)
    return (1.0, usual > 1, round(alike, 1), usual == len(header), len(header), -padded)
