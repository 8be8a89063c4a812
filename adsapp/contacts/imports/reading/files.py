"""An uploaded contact file: its format and its rows.

`inspect` finds encoding, delimiter and header; `read_rows` yields the rows from the start or from any position.
"""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from adsapp.contacts.imports.reading.delimiters import DELIMITERS, find_delimiter, sep_line
from adsapp.contacts.imports.reading.encoding import detect_encoding
from adsapp.contacts.imports.reading.errors import SAVE_AS_CSV, TooFarDown, UnreadableFile
from adsapp.contacts.imports.reading.lines import Position, Row, read_records
from adsapp.contacts.values.text import one_line

__all__ = ["Inspection", "Position", "Row", "UnreadableFile", "count_rows", "inspect", "read_rows", "settled"]

SAMPLE_ROWS = 20
MAX_COLUMNS = 1_000
LOOKED_AT = 4 << 20  # bytes of an upload that are decoded to find its encoding
_LOOKS_LIKE_DATA = re.compile(r"\+[\d\s().-]{7,}|[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Inspection:
    """The format of a file. Header cells are kept by index, including empty and repeated ones.

    `encoding_note` is a sentence for people if the encoding is a guess. Lines count from 1; the rows after the header
    begin at `data_offset` and `data_line`; `sample` has the first SAMPLE_ROWS rows as read.
    """

    encoding: str
    encoding_note: str | None
    delimiter: str
    has_sep_line: bool
    header: tuple[str, ...]
    header_line: int
    sample: tuple[tuple[str, ...], ...]
    size_bytes: int
    data_offset: int
    data_line: int

    @property
    def start(self) -> Position:
        return Position(self.data_offset, 0, self.data_line)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Inspection":
        header, sample = tuple(data["header"]), tuple(tuple(cells) for cells in data["sample"])
        return cls(**{**data, "header": header, "sample": sample})


def inspect(path: Path, *, encoding: str | None = None, delimiter: str | None = None) -> Inspection:
    """Find the format of the file by its beginning, so that a request does bounded work whatever the file is like:
    LOOKED_AT bytes are decoded, and the first records parsed. The job looks at all of it (`settled`).

    `encoding` and `delimiter` are a person's choice if the guess was wrong. Raises UnreadableFile for anything that
    cannot be imported: an empty file, a header without rows or rows without a header, content that is not text, broken
    or NUL characters, a quote that is never closed.
    """
    size = path.stat().st_size
    if size == 0:
        raise _empty()
    found = detect_encoding(path, encoding, LOOKED_AT)
    with path.open("rb") as stream:
        start = Position(found.mark, 0, 1)
        sep = sep_line(stream, found.name, start)
        start = sep.after if sep else start
        chosen = _known(delimiter) or (sep and sep.delimiter) or find_delimiter(stream, found.name, start)
        header, sample = _header_and_sample(stream, found.name, chosen, start)
    return Inspection(
        encoding=found.name,
        encoding_note=found.note,
        delimiter=chosen,
        has_sep_line=sep is not None,
        header=_header(header),
        header_line=header.line,
        sample=sample,
        size_bytes=size,
        data_offset=header.position.offset,
        data_line=header.position.line,
    )


def settled(path: Path, inspection: Inspection) -> Inspection:
    """The inspection after the whole file was decoded once: its first letter beyond ASCII may come late.

    Raises UnreadableFile, with its place, for what an upload is refused for if it is near the beginning.
    """
    if inspection.size_bytes <= LOOKED_AT:
        return inspection
    found = detect_encoding(path)
    return replace(inspection, encoding=found.name, encoding_note=found.note)


def read_rows(path: Path, inspection: Inspection, position: Position | None = None) -> Iterator[Row]:
    """The data rows after the header or, to continue a stopped import, after a Row's `position`.

    Memory does not grow with the file. Raises UnreadableFile as `read_records` does, after yielding the rows before the
    error.
    """
    start = inspection.start if position is None else Position(*position)
    with path.open("rb") as stream:
        yield from read_records(stream, inspection.encoding, inspection.delimiter, start)


def count_rows(path: Path, inspection: Inspection) -> int:
    """The exact number of rows, as the total of the progress, by parsing the whole file (about a second for a million).

    Raises UnreadableFile, so that a broken file is found before anything is stored and not half-way.
    """
    return sum(1 for _ in read_rows(path, inspection))


def _known(delimiter: str | None) -> str | None:
    if delimiter is None or delimiter in DELIMITERS:
        return delimiter
    raise UnreadableFile(
        f"{delimiter!r} cannot separate cells.", "delimiter", "Choose comma, semicolon, tab or vertical bar."
    )


def _header_and_sample(
    stream: BinaryIO, encoding: str, delimiter: str, start: Position
) -> tuple[Row, tuple[tuple[str, ...], ...]]:
    first = _first_records(stream, encoding, delimiter, start)
    if not first:
        raise _empty()
    header, *data = first
    if len(header.cells) > MAX_COLUMNS:
        raise UnreadableFile(
            f"The header has {len(header.cells):,} columns; at most {MAX_COLUMNS:,} can be read.",
            f"line {header.line}",
            "Keep the columns that you need and upload the file again.",
        )
    _refuse_data_as_header(header)
    if not data:
        raise UnreadableFile(
            "The file has a header but no rows.",
            f"after line {header.line}",
            "Add at least one contact under it.",
        )
    return header, tuple(tuple(row.cells) for row in data)


def _first_records(stream: BinaryIO, encoding: str, delimiter: str, start: Position) -> list[Row]:
    found: list[Row] = []
    try:
        for row in islice(read_records(stream, encoding, delimiter, start, only_look=True), SAMPLE_ROWS + 1):
            found.append(row)
    except TooFarDown:
        if len(found) < 2:
            raise
    return found


def _refuse_data_as_header(header: Row) -> None:
    """A first contact that is taken for column names would be lost silently."""
    for cell in map(one_line, header.cells):
        if _LOOKS_LIKE_DATA.fullmatch(cell):
            raise UnreadableFile(
                f"The first line looks like a contact ({cell}), not like column names.",
                f"line {header.line}",
                "Put a line with the names of the columns above it, for instance: name, phone, email.",
            )


def _header(row: Row) -> tuple[str, ...]:
    return tuple(one_line(cell) for cell in row.cells)


def _empty() -> UnreadableFile:
    return UnreadableFile("The file is empty.", "the whole file", f"Choose a file with contacts in it. {SAVE_AS_CSV}")
