"""Records of a CSV file with the exact position after each.

`csv.reader` takes one line at a time and never reads ahead, so when it returns a record, the lines it has taken are
exactly those of the record. Lines are split as bytes (CR, LF or CRLF) and decoded one by one, so the position is a
plain sum of lengths: correct with quoted newlines, multi-byte text and every kind of line end.
"""

import codecs
import csv
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from adsapp.contacts.imports.reading.encoding import BLOCK
from adsapp.contacts.imports.reading.errors import SAVE_AS_CSV, TooFarDown, UnreadableFile

# Maximum bytes of one record; more means a lost quote or not a table, and would fill the memory.
MAX_RECORD = 4 << 20
# Maximum characters of a cell; in a contact list, one is a thousand times shorter. Its row alone is refused.
MAX_CELL = 131_072
csv.field_size_limit(MAX_RECORD)  # so that the reader goes on after such a cell; larger ones are found by their record
_SHOWN = 1_000  # characters of such a cell that are kept
TOO_LARGE = "cell_too_large"
# How far a request looks into a file, at most. Only a job reads it to its end.
LINES_LOOKED_AT, BYTES_LOOKED_AT = 5_000, 1 << 20
QUOTE, NO_QUOTE = '"', ""
_NO_MORE = "end"


class Position(NamedTuple):
    """Where reading can continue: byte offset, number of rows before it, and the 1-based line that begins there."""

    offset: int
    number: int
    line: int


class Row(NamedTuple):
    """One record: its 1-based number among the data rows, the line it begins on, its cells, the position after it; the
    index of a cell that is too large, and was cut, so that the row has to be refused.
    """

    number: int
    line: int
    cells: list[str]
    position: Position
    too_large: int | None = None


class _Lines:
    """Iterates over decoded lines with their ends, and then _NO_MORE; `offset` is the byte after the last line."""

    def __init__(self, stream: BinaryIO, encoding: str, offset: int, *, only_look: bool) -> None:
        self.offset = offset
        self.is_cut = False
        self._only_look = only_look
        self.record_start = offset
        self.ended = False
        self._stream = stream
        self._encoding = encoding
        self._read = offset

    def __iter__(self) -> Iterator[str]:
        lines = self._wide() if self._encoding.startswith("utf-16") else self._narrow()
        yield from self._first(lines) if self._only_look else lines
        self.ended = True
        yield _NO_MORE

    def _first(self, lines: Iterator[str]) -> Iterator[str]:
        yield from islice(lines, LINES_LOOKED_AT)
        self.is_cut = self.is_cut or next(lines, None) is not None

    def _narrow(self) -> Iterator[str]:
        encoding = self._encoding
        for lines in _split(self._blocks()):
            for raw in lines:
                if self._is_torn(raw):
                    return
                self.offset += len(raw)
                yield raw.decode(encoding)

    def _wide(self) -> Iterator[str]:
        """UTF-16 is split as UTF-8, in which CR and LF are single bytes that occur nowhere else."""
        decoder = codecs.getincrementaldecoder(self._encoding)("strict")
        for lines in _split(decoder.decode(block).encode() for block in self._blocks()):
            for raw in lines:
                if self._is_torn(raw):
                    return
                text = raw.decode()
                self.offset += len(text.encode(self._encoding))
                yield text

    def _is_torn(self, line: bytes) -> bool:
        """True for the line in whose midst looking ended."""
        return self.is_cut and not line.endswith((b"\n", b"\r"))

    def _blocks(self) -> Iterator[bytes]:
        begin = self._read
        while block := self._stream.read(BLOCK):
            if self._only_look and self._read - begin >= BYTES_LOOKED_AT:
                self.is_cut = True
                return
            self._read += len(block)
            if self._read - self.record_start > MAX_RECORD + BLOCK:
                raise csv.Error("record too long")
            yield block


def _split(blocks: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Lists of whole lines. The last piece of a block waits for the next block, as it may end in half a CRLF."""
    carry = b""
    for block in blocks:
        lines = (carry + block).splitlines(keepends=True)
        carry = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        yield lines
    if carry:
        yield [carry]


def read_records(
    stream: BinaryIO, encoding: str, delimiter: str, start: Position, *, quote: str = QUOTE, only_look: bool = False
) -> Iterator[Row]:
    """The rows from `start` on; rows without any content are skipped and not counted.

    `only_look`: no further than LINES_LOOKED_AT and BYTES_LOOKED_AT, blank lines and open quotes included; there it
    raises TooFarDown.

    `quote` is the character around cells that hold the delimiter; with NO_QUOTE, every line is a row.

    Raises UnreadableFile, after the good rows before it, for a quote that is never closed, a cell over MAX_CELL
    characters that spans lines (other rows may be in it), a record over MAX_RECORD bytes, or bytes that the encoding
    does not know.
    """
    stream.seek(start.offset)
    lines = _Lines(stream, encoding, start.offset, only_look=only_look)
    reader = csv.reader(lines, delimiter=delimiter, **_quoting(quote))
    number, line = start.number, start.line
    try:
        for cells in reader:
            if lines.ended:
                break
            after = start.line + reader.line_num
            size, lines.record_start = lines.offset - lines.record_start, lines.offset
            if any(cells):
                number += 1
                row = Row(number, line, cells, Position(lines.offset, number, after))
                yield row if size <= MAX_CELL else _checked(row)
            line = after
    except csv.Error as error:
        raise _too_large(str(error), line) from error
    except UnicodeDecodeError as error:
        raise UnreadableFile("A character here cannot be read.", f"line {line}", SAVE_AS_CSV) from error
    if lines.is_cut:
        raise TooFarDown(
            "No header with a row under it is near the beginning of the file.",
            f"the first {LINES_LOOKED_AT:,} lines",
            "Take away what stands above it, or close a quote that is left open, and upload the file again.",
        )
    if lines.offset != lines.record_start:
        raise UnreadableFile(
            'A quote (") is opened here and never closed, so the rest of the file would become one cell.',
            f"line {line}",
            "Close the quote or take it away, then upload the file again.",
        )


def _quoting(quote: str) -> dict[str, Any]:
    return {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE}


def _checked(row: Row) -> Row:
    """A large row: as it is, or with its too large cells cut."""
    large = [index for index, cell in enumerate(row.cells) if len(cell) > MAX_CELL]
    if not large:
        return row
    if row.position.line - row.line > 1:
        raise csv.Error("field larger than field limit")
    cells = [cell if len(cell) <= MAX_CELL else cell[:_SHOWN] + "…" for cell in row.cells]
    return row._replace(cells=cells, too_large=large[0])


def _too_large(reason: str, line: int) -> UnreadableFile:
    if "field larger" not in reason and "too long" not in reason:
        return UnreadableFile(f"This is not readable as CSV: {reason}.", f"line {line}", SAVE_AS_CSV)
    return UnreadableFile(
        f"A cell here is larger than {MAX_CELL:,} characters; most often a quote was opened and not closed.",
        f"line {line}",
        'Look for a stray quote (") on this line, or shorten the cell, then upload the file again.',
    )
