"""A small copy of an Excel workbook with the first rows of each sheet, so that a request parses no million rows."""

import re
import zipfile
from pathlib import Path
from typing import IO

from adsapp.contacts.imports.sheets import limits
from adsapp.contacts.imports.sheets.guard import BLOCK, SHEET, Findings, measure_sheet

_STRINGS = "xl/sharedstrings.xml"
_NEEDED = re.compile(r"\[content_types\]\.xml$|_rels/|xl/_rels/|xl/(workbook|styles)\.xml$", re.IGNORECASE)
_ROW_END = re.compile(rb"</(\w+:)?row>|<(?:\w+:)?row(?:\s[^<>]*)?/>")
_STRING_END = re.compile(rb"</(\w+:)?si>|<(?:\w+:)?si\s*/>")
_STRING_USED = re.compile(
    rb"<(?:\w+:)?c\s[^<>]*?t=[\"']s[\"'][^<>]*>(?:<(?:\w+:)?f[^<>]*>[^<>]*(?:</(?:\w+:)?f>)?)?<(?:\w+:)?v>(\d+)"
)
_ROOT = re.compile(rb"<(\w+:)?(worksheet|sst)\b")


def is_needed(archive: zipfile.ZipFile) -> bool:
    """True if parsing the whole workbook would take longer than a person waits."""
    return sum(each.file_size for each in archive.infolist()) > limits.LOOK_BYTES


def write(archive: zipfile.ZipFile, target: Path) -> dict[str, Findings]:
    """Write the copy; what it holds, by the names of its parts. What is beyond the first LOOK_ROWS rows and LOOK_BYTES
    of a sheet is not read."""
    last_string, found = -1, {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as small:
        for entry in archive.infolist():
            name = entry.filename.replace("\\", "/")
            if SHEET.match(name):
                with archive.open(entry) as stream:
                    sheet = _head(stream, _ROW_END, limits.LOOK_ROWS, b"sheetData")
                found[name] = measure_sheet(iter([sheet]))
                last_string = max([last_string, *map(int, _STRING_USED.findall(sheet))])
                small.writestr(name, sheet)
            elif _NEEDED.match(name):
                small.writestr(name, _at_most(archive, entry))
        strings = next((each for each in archive.infolist() if each.filename.lower() == _STRINGS), None)
        if strings is not None:
            with archive.open(strings) as stream:
                small.writestr(strings.filename, _head(stream, _STRING_END, last_string + 1))
    return found


def _at_most(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as stream:
        return stream.read(limits.LOOK_BYTES)


def _head(stream: IO[bytes], end: re.Pattern[bytes], wanted: int, inner: bytes = b"") -> bytes:
    """The XML up to the end of so many elements, closed again; the whole if it is shorter."""
    text = b""
    while block := stream.read(BLOCK):
        text += block
        ends = [found.end() for found in end.finditer(text)]
        if len(ends) > wanted or len(text) >= limits.LOOK_BYTES:
            return _closed(text, ends[:wanted], inner)
    return text


def _closed(text: bytes, ends: list[int], inner: bytes) -> bytes:
    root = _ROOT.search(text)
    if root is None or not ends:
        return text
    prefix = root[1] or b""
    tags = [b"</" + prefix + name + b">" for name in (inner, root[2]) if name]
    return text[: ends[-1]] + b"".join(tags)
