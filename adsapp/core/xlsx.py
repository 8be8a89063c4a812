"""Workbooks with nothing but texts, written as they are read: an export of any size begins at once and fills no memory.

The libraries for it keep the sheet, in memory or in a file of their own, until the last row is known; a browser would
wait for minutes without an answer. What is needed here is little: cells of text, so that no number loses its plus or
its zeros, and no text is run as a formula. ECMA-376, part 1, §18.3.1 (sheets) and part 2 (packages).
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Any, cast
from xml.sax.saxutils import escape

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576  # of a sheet; what follows goes on in the next one
MOST_CHARACTERS = 32_767  # of a cell
PIECE = 1 << 16  # bytes that are sent together
# What XML cannot hold is written as _xHHHH_, and so is an underscore that would be read as the beginning of that.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0d\x0e-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
# The header stays in sight; every column is as wide as a number or an address.
_SHEET = (
    f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    '<cols><col min="1" max="{columns}" width="22" customWidth="1"/></cols><sheetData>'
)


class _Pipe(io.RawIOBase):
    """What a ZIP is written into; it cannot be gone back in."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        """As a file says."""
        return True

    def write(self, data: Any) -> int:
        """Keep it until it is taken."""
        self._waiting += data
        return len(data)

    def take(self, at_least: int = 0) -> bytes:
        """What was written since, once it is so much."""
        if len(self._waiting) < max(1, at_least):
            return b""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def workbook(header: Sequence[str], rows: Iterable[Sequence[str]], name: str) -> Iterator[bytes]:
    """The bytes of an .xlsx file; its sheets are called `name`, each with the header and MOST_ROWS rows at most."""
    pipe, rest = _Pipe(), iter(rows)
    count = 0
    with zipfile.ZipFile(cast(IO[bytes], pipe), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        first: Sequence[str] | None = next(rest, None)
        while first is not None or not count:
            count += 1
            here = islice(rest, MOST_ROWS - 2)
            records = chain([header], [first] if first is not None else [], here)
            with package.open(f"xl/worksheets/sheet{count}.xml", "w", force_zip64=True) as sheet:
                sheet.write(_SHEET.format(columns=max(1, len(header))).encode())
                for record in records:
                    sheet.write(_row(record))
                    yield pipe.take(PIECE)
                sheet.write(b"</sheetData></worksheet>")
            first = next(rest, None)
        for path, content in _parts(name, count):
            package.writestr(path, _HEAD + content)
    yield pipe.take()


def _row(cells: Sequence[str]) -> bytes:
    return f"<row>{''.join(map(_cell, cells))}</row>".encode()


def _cell(text: str) -> str:
    if not text:
        return "<c/>"
    written = escape(_UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", text[:MOST_CHARACTERS]))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{written}</t></is></c>'


def _parts(name: str, count: int) -> Iterator[tuple[str, str]]:
    """What names the sheets: it comes last, as only then their number is known."""
    sheets = range(1, count + 1)
    titles = [name[:31] if number == 1 else f"{name[:25]} {number}" for number in sheets]
    listed = "".join(
        f'<sheet name="{escape(title)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, title in zip(sheets, titles, strict=True)
    )
    yield "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'
    yield (
        "xl/_rels/workbook.xml.rels",
        _relations((f"rId{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in sheets),
    )
    yield "_rels/.rels", _relations([("rId1", "officeDocument", "xl/workbook.xml")])
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = [
        ("/xl/workbook.xml", "sheet.main"),
        *((f"/xl/worksheets/sheet{number}.xml", "worksheet") for number in sheets),
    ]
    overrides = "".join(f'<Override PartName="{part}" ContentType="{kind}.{what}+xml"/>' for part, what in parts)
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{overrides}</Types>",
    )


def _relations(entries: Iterable[tuple[str, str, str]]) -> str:
    each = "".join(f'<Relationship Id="{key}" Type="{_OFFICE}/{kind}" Target="{to}"/>' for key, kind, to in entries)
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'
