"""Small workbooks, well made or hostile, written by hand: no library smooths what it writes."""

import re
import struct
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DATE, DATE_TIME, DURATION, PERCENT = 1, 2, 3, 4  # styles of cells
_STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="[h]:mm:ss"/></numFmts>'
    '<cellXfs count="5"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="164"/><xf numFmtId="9"/>'
    "</cellXfs></styleSheet>"
)
_MARKUP = re.compile(r'(\w="\w+")?\|<')
PEOPLE = (("phone", "name"), ("+12025550100", "Ana Test"), ("+12025550101", "Ben Test"))


def letters(column: int) -> str:
    """The name of a column, counted from 0."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def cell(value: object, place: str) -> str:
    """A cell; a text such as 't="e"|<v>#N/A</v>' is its attribute and its inside, as they are."""
    if isinstance(value, str) and _MARKUP.match(value):
        attribute, _, inside = value.partition("|")
        return f'<c r="{place}" {attribute}>{inside}</c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>' if value else ""
    return f'<c r="{place}"><v>{value!r}</v></c>'


def sheet(rows: Mapping[int, Sequence[object]] | Sequence[Sequence[object]], attributes: str = "") -> str:
    """The XML of a sheet, with its rows from 1 or at the numbers given."""
    numbered = rows.items() if isinstance(rows, Mapping) else enumerate(rows, 1)
    return wrapped(
        "".join(
            f'<row r="{number}"{attributes}>'
            + "".join(cell(value, f"{letters(column)}{number}") for column, value in enumerate(row))
            + "</row>"
            for number, row in numbered
        )
    )


def wrapped(rows: str, before: str = "", after: str = "") -> str:
    return f'<worksheet xmlns="{MAIN}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def xlsx(path: Path, sheets: Mapping[str, str], strings: Sequence[str] = (), hidden: Sequence[str] = ()) -> Path:
    """A workbook of the sheets with these names."""
    entries = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"{_state(name, hidden)}/>'
        for number, name in enumerate(sheets, 1)
    )
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in range(1, len(sheets) + 1)
    )
    relations += f'<Relationship Id="rS" Type="{OFFICE}/styles" Target="styles.xml"/>'
    relations += f'<Relationship Id="rT" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{entries}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{relations}</Relationships>',
        "xl/styles.xml": _STYLES,
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">'
        + "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
        + "</sst>",
    }
    parts |= {f"xl/worksheets/sheet{number}.xml": xml for number, xml in enumerate(sheets.values(), 1)}
    return zipped(path, parts)


def _state(name: str, hidden: Sequence[str]) -> str:
    return ' state="hidden"' if name in hidden else ""


def zipped(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def ods(path: Path, sheets: Mapping[str, Sequence[Sequence[str]]], manifest: str = "") -> Path:
    """An OpenDocument spreadsheet of texts."""
    tables = "".join(
        f'<table:table table:name="{escape(name)}">'
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    return zipped(path, {"mimetype": ODS, "content.xml": _ods_content(tables), "META-INF/manifest.xml": manifest})


ODS = "application/vnd.oasis.opendocument.spreadsheet"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def _ods_cell(value: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'


def _ods_content(tables: str) -> str:
    names = " ".join(f'xmlns:{each}="{_OASIS}:{each}:1.0"' for each in ("office", "table", "text"))
    return (
        f"<office:document-content {names}><office:body><office:spreadsheet>{tables}"
        "</office:spreadsheet></office:body></office:document-content>"
    )


def xls(path: Path, rows: Sequence[Sequence[str | float]], name: str = "People", password: bool = False) -> Path:
    """An old workbook of one sheet (BIFF 8)."""
    begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    begin += _record(0x002F, struct.pack("<HHH", 1, 1, 1)) if password else b""
    title = struct.pack("<BB", len(name), 0) + name.encode("latin-1")
    end = _record(0x000A, b"")
    place = len(begin) + len(_record(0x0085, b"\0" * 6 + title)) + len(end)
    cells = b"".join(_biff_cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row))
    bound = _record(0x0085, struct.pack("<IBB", place, 0, 0) + title)
    sheet_begin = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    return ole(path, {"Workbook": begin + bound + end + sheet_begin + cells + end})


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _biff_cell(row: int, column: int, value: str | float) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        return _record(0x0204, place + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
    return _record(0x0203, place + struct.pack("<d", value))


_SECTOR, _FREE, _LAST, _FAT = 512, 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def ole(path: Path, streams: Mapping[str, bytes]) -> Path:
    """A container of old Office files with these streams, none of which is kept in small sectors."""
    fat, body, entries = [_FAT, _LAST], b"", [_entry("Root Entry", 5, _LAST, 0, child=1)]
    for number, (name, data) in enumerate(streams.items(), 1):
        data = data.ljust(4096, b"\0")
        sectors = -(-len(data) // _SECTOR)
        first = len(fat)
        fat += [*range(first + 1, first + sectors), _LAST]
        body += data.ljust(sectors * _SECTOR, b"\0")
        right = number + 1 if number < len(streams) else _FREE
        entries.append(_entry(name, 2, first, len(data), right=right))
    assert len(fat) <= 128, "one sector of the table is enough for a small file"
    header = bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 16
    header += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, _LAST, 0, _LAST, 0, 0)
    header = header.ljust(_SECTOR, b"\xff")
    table = struct.pack("<128I", *fat, *[_FREE] * (128 - len(fat)))
    path.write_bytes(header + table + b"".join(entries).ljust(_SECTOR, b"\0") + body)
    return path


def _entry(name: str, kind: int, first: int, size: int, child: int = _FREE, right: int = _FREE) -> bytes:
    coded = name.encode("utf-16-le") + b"\0\0"
    head = coded.ljust(64, b"\0") + struct.pack("<HBBIII", len(coded), kind, 1, _FREE, right, child)
    return (head + b"\0" * 36 + struct.pack("<IQ", first, size)).ljust(128, b"\0")
