"""An uploaded contact file: its format and its rows.

`inspect` finds what the file is, encoding, delimiter or sheet, and header; `read_rows` yields the rows from the start
or from any position. A workbook becomes a CSV file first (`adsapp.contacts.imports.sheets`), in which every line is a
row of the sheet; `prepare` makes the whole of it.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from adsapp.contacts.imports.reading.delimiters import DELIMITERS, TITLE_ROWS, find_delimiter, sep_line
from adsapp.contacts.imports.reading.encoding import detect_encoding
from adsapp.contacts.imports.reading.errors import SAVE_AS_CSV, TooFarDown, UnreadableFile
from adsapp.contacts.imports.reading.headers import target_of
from adsapp.contacts.imports.reading.lines import MAX_RECORD, NO_QUOTE, QUOTE, Position, Row, read_records
from adsapp.contacts.imports.reading.mapping import propose
from adsapp.contacts.imports.reading.sheet_notes import notes_of
from adsapp.contacts.imports.sheets import workbook
from adsapp.contacts.imports.sheets.cells import LINE_BREAK
from adsapp.contacts.imports.sheets.kinds import Kind, kind_of
from adsapp.contacts.values.text import one_line

__all__ = [
    "Inspection",
    "Position",
    "Reading",
    "Row",
    "UnreadableFile",
    "count_rows",
    "inspect",
    "prepare",
    "read_rows",
    "settled",
]

SAMPLE_ROWS = 100
FEWEST_ROWS, SAMPLE_CELLS = 20, 5_000  # of a wide file fewer rows are kept
MAX_COLUMNS = 1_000
LOOKED_AT = 4 << 20  # bytes of an upload that are decoded to find its encoding
QUOTES = (QUOTE, "'", NO_QUOTE)
FIRST_ROWS = TITLE_ROWS + 1 + SAMPLE_ROWS
_OF_A_TEXT = ("encoding", "delimiter", "quote")
MOST_HEADER_ROW = 1_000
MOST_OTHER_SHEETS = 5  # that are looked at for phone numbers
_LOOKS_LIKE_DATA = re.compile(r"\+[\d\s().-]{7,}|[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a person wants a file to be read; None for what is to be found by itself.

    `sheet` is a name, or a number from 1; `header_row` the line, or row of the sheet, with the names of the columns.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    sheet: str | None = None
    header_row: int | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """The format of a file. Header cells are kept by index, including empty and repeated ones.

    `encoding_note` is a sentence for people if the encoding is a guess. Lines count from 1; the rows after the header
    begin at `data_offset` and `data_line`; `sample` has the first rows as read. Of a workbook, `sheets` has the
    names of all sheets, `hidden` the indexes of those that are hidden, and `sheet` the index of the one that is
    read; offsets are those of the CSV file made of it. `chosen` has the names of what a person chose.
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
    kind: Kind = Kind.TEXT
    quote: str = QUOTE
    sheets: tuple[str, ...] = ()
    hidden: tuple[int, ...] = ()
    sheet: int | None = None
    notes: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()

    @property
    def start(self) -> Position:
        return Position(self.data_offset, 0, self.data_line)

    @property
    def is_workbook(self) -> bool:
        return self.sheet is not None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Inspection":
        """Also of what an earlier version stored, which knew text files only."""
        lists = {key: tuple(value) for key, value in data.items() if isinstance(value, (list, tuple))}
        lists["sample"] = tuple(tuple(cells) for cells in data["sample"])
        return cls(**{**data, **lists, "kind": Kind(data.get("kind", Kind.TEXT))})


def inspect(path: Path, reading: Reading = Reading()) -> Inspection:
    """Find the format of the file by its beginning, so that a request does bounded work whatever the file is like:
    LOOKED_AT bytes are decoded, or the first rows of a sheet parsed. The job looks at all of it (`settled`, `prepare`).

    Raises UnreadableFile for anything that cannot be imported: an empty file, a header without rows or rows without a
    header, content that is neither text nor a workbook, broken or NUL characters, a quote that is never closed.
    """
    if path.stat().st_size == 0:
        raise _empty()
    kind = kind_of(path)
    return _inspect_text(path, reading) if kind is Kind.TEXT else _inspect_workbook(path, kind, reading)


def _inspect_text(path: Path, reading: Reading) -> Inspection:
    _refuse_choices(reading, "This file is a text, and has no sheets", "sheet")
    quote = _known_quote(reading.quote)
    found = detect_encoding(path, reading.encoding, LOOKED_AT)
    with path.open("rb") as stream:
        start = Position(found.mark, 0, 1)
        sep = sep_line(stream, found.name, start)
        start = _header_start(stream, found.name, sep.after if sep else start, reading.header_row)
        said = _known(reading.delimiter) or (sep and sep.delimiter)
        delimiter = said or find_delimiter(stream, found.name, start, quote)
        table = _Table(stream, found.name, delimiter, quote, start, reading.header_row)
    return Inspection(
        encoding=found.name,
        encoding_note=found.note,
        delimiter=delimiter,
        has_sep_line=sep is not None,
        header=table.names,
        header_line=table.header.line,
        sample=table.sample,
        size_bytes=path.stat().st_size,
        data_offset=table.header.position.offset,
        data_line=table.header.position.line,
        quote=quote,
        notes=table.notes,
        chosen=_chosen(reading),
    )


def _inspect_workbook(path: Path, kind: Kind, reading: Reading) -> Inspection:
    """Of its sheets, unless one was chosen, the first visible one that has phone numbers; else the first filled one."""
    _refuse_choices(reading, "This file is a workbook, of which only sheet and header row can be chosen", *_OF_A_TEXT)
    first = _inspect_sheet(path, kind, reading)
    if reading.sheet is not None or _has_phones(first):
        return first
    others = [name for place, name in enumerate(first.sheets) if place not in (first.sheet, *first.hidden)]
    for name in others[:MOST_OTHER_SHEETS]:
        with contextlib.suppress(UnreadableFile):
            other = _inspect_sheet(path, kind, replace(reading, sheet=name))
            if _has_phones(other):
                return replace(other, chosen=first.chosen)
    return first


def _has_phones(found: Inspection) -> bool:
    return "phone" in propose(found.header, found.sample).targets


def _inspect_sheet(path: Path, kind: Kind, reading: Reading) -> Inspection:
    try:
        found = workbook.look(path, kind, reading.sheet)
        with workbook.look_file(path).open("rb") as stream:
            start = _header_start(stream, "utf-8", Position(0, 0, 1), reading.header_row)
            table = _Table(stream, "utf-8", ",", QUOTE, start, reading.header_row)
    finally:
        workbook.look_file(path).unlink(missing_ok=True)
    return Inspection(
        encoding="utf-8",
        encoding_note=None,
        delimiter=",",
        has_sep_line=False,
        header=table.names,
        header_line=table.header.line,
        sample=tuple(tuple(map(_as_written, cells)) for cells in table.sample),
        size_bytes=path.stat().st_size,
        data_offset=table.header.position.offset,
        data_line=table.header.position.line,
        kind=kind,
        sheets=tuple(each.name for each in found.sheets),
        hidden=tuple(index for index, each in enumerate(found.sheets) if each.is_hidden),
        sheet=found.chosen,
        notes=(*table.notes, *notes_of(found.findings)),
        chosen=_chosen(reading),
    )


def settled(path: Path, inspection: Inspection) -> Inspection:
    """The inspection after the whole file was decoded once: its first letter beyond ASCII may come late.

    Raises UnreadableFile, with its place, for what an upload is refused for if it is near the beginning.
    """
    if inspection.is_workbook or inspection.size_bytes <= LOOKED_AT:
        return inspection
    found = detect_encoding(path, inspection.encoding if "encoding" in inspection.chosen else None)
    return replace(inspection, encoding=found.name, encoding_note=found.note)


def prepare(path: Path, inspection: Inspection) -> None:
    """Make the rows of a workbook, unless an earlier attempt did; nothing for other files. Raises UnreadableFile."""
    if inspection.sheet is not None and not workbook.rows_file(path).is_file():
        workbook.convert(path, inspection.kind, inspection.sheets[inspection.sheet])


def read_rows(path: Path, inspection: Inspection, position: Position | None = None) -> Iterator[Row]:
    """The data rows after the header or, to continue a stopped import, after a Row's `position`.

    Memory does not grow with the file. The rows of a sheet must have been made (`prepare`), and their numbers are its
    own. Raises UnreadableFile as `read_records` does, after yielding the rows before the error.
    """
    start = inspection.start if position is None else Position(*position)
    source = workbook.rows_file(path) if inspection.is_workbook else path
    with source.open("rb") as stream:
        rows = read_records(stream, inspection.encoding, inspection.delimiter, start, quote=inspection.quote)
        yield from map(_of_sheet, rows) if inspection.is_workbook else rows


def count_rows(path: Path, inspection: Inspection) -> int:
    """The exact number of rows, as the total of the progress, by parsing the whole file (about a second for a million).

    Raises UnreadableFile, so that a broken file is found before anything is stored and not half-way.
    """
    counted = _count_lines(path, inspection) if inspection.is_workbook else None
    return sum(1 for _ in read_rows(path, inspection)) if counted is None else counted


def _count_lines(path: Path, inspection: Inspection) -> int | None:
    """The rows of a sheet, each of which is a line: ten times quicker. None if one of them is too large to be read."""
    count = 0
    with workbook.rows_file(path).open("rb") as stream:
        stream.seek(inspection.data_offset)
        for line in stream:
            if len(line) > MAX_RECORD:
                return None
            count += line != b"\n"
    return count


def _of_sheet(row: Row) -> Row:
    """Numbered so that the sheet's first row is a header's: blank rows count, and rows above the header."""
    cells = [*map(_as_written, row.cells)] if LINE_BREAK in "".join(row.cells) else row.cells
    return row._replace(number=row.line - 1, cells=cells)


def _as_written(cell: str) -> str:
    return cell.replace(LINE_BREAK, "\n")


def _chosen(reading: Reading) -> tuple[str, ...]:
    return tuple(name for name, value in asdict(reading).items() if value is not None)


def _refuse_choices(reading: Reading, message: str, *names: str) -> None:
    """What cannot be chosen for a kind of file is not overlooked silently: another file may have been meant."""
    for name in names:
        if getattr(reading, name) is not None:
            raise UnreadableFile(f"{message}.", name, f"Leave out {name}, or choose the file that you meant.")


def _known(delimiter: str | None) -> str | None:
    if delimiter is None or delimiter in DELIMITERS:
        return delimiter
    raise UnreadableFile(
        f"{delimiter!r} cannot separate cells.", "delimiter", "Choose comma, semicolon, tab or vertical bar."
    )


def _known_quote(quote: str | None) -> str:
    if quote is None or quote in QUOTES:
        return QUOTE if quote is None else quote
    raise UnreadableFile(f"{quote!r} cannot stand around cells.", "quote", "Choose \", ' or none.")


def _header_start(stream: BinaryIO, encoding: str, start: Position, header_row: int | None) -> Position:
    """Where the line begins that a person called the header; `start` if nobody did."""
    if header_row is None or header_row <= start.line:
        return start
    place, look = start, read_records(stream, encoding, "\x1f", start, quote=NO_QUOTE, only_look=True)
    for row in look:
        if row.line >= header_row:
            return Position(place.offset, 0, place.line)
        place = row.position
    raise UnreadableFile(
        f"There is no row {header_row:,}, so it cannot have the names of the columns.",
        f"row {header_row:,}",
        "Choose a row that is there.",
    )


class _Table:
    """The header, the first rows under it, and what to say of what stands above it."""

    def __init__(
        self, stream: BinaryIO, encoding: str, delimiter: str, quote: str, start: Position, header_row: int | None
    ) -> None:
        first = _first_records(stream, encoding, delimiter, quote, start)
        if not first:
            raise _empty()
        above = 0 if header_row is not None else _title_rows(first)
        self.header, *data = first[above:]
        self.names = tuple(map(one_line, self.header.cells))
        _refuse_wide(self.header)
        _refuse_data_as_header(self.header)
        if not data:
            raise _without_rows(self.header)
        rows = max(FEWEST_ROWS, min(SAMPLE_ROWS, SAMPLE_CELLS // len(self.header.cells)))
        self.sample = tuple(tuple(row.cells) for row in data[:rows] if row.too_large is None)
        self.notes = (_left_above(first[:above], self.header.line),) if above else ()


def _title_rows(first: list[Row]) -> int:
    """How many rows stand above the header: none, unless the first row names nothing known and a later one does."""
    rows = [[one_line(cell) for cell in row.cells if cell.strip()] for row in first[: TITLE_ROWS + 1]]
    known = [[target for target in map(target_of, row) if target] for row in rows]
    if known[0]:
        return 0
    best = max(range(len(rows)), key=lambda index: len(known[index]))
    is_title = len(rows[0]) == 1 < len(rows[best])
    return best if "phone" in known[best] and (is_title or len(known[best]) > 1) else 0


def _left_above(rows: list[Row], line: int) -> str:
    said = next((one_line(cell) for cell in rows[0].cells if cell.strip()), "")[:60]
    return (
        f"Row {line} was taken for the names of the columns; what stands above it (“{said}”) is left out. "
        "If that is wrong, choose another header row."
    )


def _first_records(stream: BinaryIO, encoding: str, delimiter: str, quote: str, start: Position) -> list[Row]:
    found: list[Row] = []
    try:
        for row in islice(read_records(stream, encoding, delimiter, start, quote=quote, only_look=True), FIRST_ROWS):
            found.append(row)
    except TooFarDown:
        if len(found) < 2:
            raise
    return found


def _refuse_wide(header: Row) -> None:
    if len(header.cells) > MAX_COLUMNS:
        raise UnreadableFile(
            f"The header has {len(header.cells):,} columns; at most {MAX_COLUMNS:,} can be read.",
            f"line {header.line}",
            "Keep the columns that you need and upload the file again.",
        )


def _refuse_data_as_header(header: Row) -> None:
    """A first contact that is taken for column names would be lost silently."""
    for cell in map(one_line, header.cells):
        if _LOOKS_LIKE_DATA.fullmatch(cell):
            raise UnreadableFile(
                f"The first line looks like a contact ({cell}), not like column names.",
                f"line {header.line}",
                "Put a line with the names of the columns above it, for instance: name, phone, email.",
            )


def _without_rows(header: Row) -> UnreadableFile:
    return UnreadableFile(
        "The file has a header but no rows.", f"after line {header.line}", "Add at least one contact under it."
    )


def _empty() -> UnreadableFile:
    return UnreadableFile("The file is empty.", "the whole file", f"Choose a file with contacts in it. {SAVE_AS_CSV}")
