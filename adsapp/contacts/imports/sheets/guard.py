"""Measures the sheets of a workbook before anything parses them.

A parser takes memory for the whole rectangle around all filled cells: one cell at XFD1048576, in a file of 5 KB, makes
it ask for 550 GB and end the process. So the XML is streamed first, in pieces, and only its tags are looked at.
"""

import html
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from adsapp.contacts.imports.reading.errors import SAVE_AS_CSV, UnreadableFile
from adsapp.contacts.imports.sheets import limits

BLOCK = 1 << 20
SHEET = re.compile(r"xl/worksheets/[^/]+\.xml$", re.IGNORECASE)
_READ = re.compile(r"(xl/worksheets/[^/]+|xl/[^/]+|content|styles)\.xml$", re.IGNORECASE)
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
# A cell beyond column Z or row 999,999: only pieces with one are looked at cell by cell, which takes four times longer.
_FAR = re.compile(rb"r=[\"'](?:[A-Z]{2,}[0-9]|[A-Z][0-9]{7})")
_NEAR_COLUMNS = 26
# A cell that is not closed at once, so that it may hold something: its column and its row.
_FILLED = re.compile(rb"\sr=[\"']([A-Z]+)([0-9]+)[\"'][^/<>]*>")
_NO_RESULT = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f(?:\s[^<>]*)?/>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_ROW = re.compile(rb"<(?:\w+:)?row\s[^<>]*?\br=[\"']([0-9]{1,8})[\"']")
_HIDDEN = re.compile(rb"<(?:\w+:)?row\s[^<>]*?hidden=[\"'](?:1|true)[\"']")


@dataclass
class Findings:
    """What a sheet holds: how far its filled cells reach, and what people should know of it."""

    rows: int = 0
    columns: int = _NEAR_COLUMNS  # at least
    formulas_without_result: int = 0
    errors: int = 0
    hidden_rows: int = 0


def refuse_large(archive: zipfile.ZipFile, most: int = limits.UNPACKED_BYTES) -> None:
    """By the table of contents: refuse parts that would be larger than `most` bytes together."""
    size = sum(each.file_size for each in archive.infolist() if _READ.match(each.filename))
    if size > most:
        raise UnreadableFile(
            f"The workbook is {size // limits.MB:,} MB when unpacked; at most {most // limits.MB:,} MB can be read.",
            "the whole file",
            f"Split the list, or take away sheets and columns that you do not need. {SAVE_AS_CSV}",
        )


def measure(archive: zipfile.ZipFile) -> dict[str, Findings]:
    """Stream all sheets of an Excel workbook; what is in each, by the name of its part. Raises UnreadableFile if one is
    too large to be parsed."""
    found = {}
    for entry in archive.infolist():
        if SHEET.match(entry.filename):
            with archive.open(entry) as stream:
                found[entry.filename] = measure_sheet(pieces(stream))
    return found


def by_sheet(archive: zipfile.ZipFile, found: dict[str, Findings]) -> dict[str, Findings]:
    """What was found, by the names of the sheets instead of their parts."""
    parts = {_attribute(tag, b"Id"): _attribute(tag, b"Target") for tag in _tags(archive, _RELATIONS, b"Relationship")}
    sheets = {}
    for tag in _tags(archive, _WORKBOOK, b"sheet"):
        part = parts.get(_attribute(tag, rb"\w+:id"), "").removeprefix("/").removeprefix("xl/")
        if (there := found.get(f"xl/{part}")) is not None:
            sheets[html.unescape(_attribute(tag, b"name"))] = there
    return sheets


def _tags(archive: zipfile.ZipFile, part: str, tag: bytes) -> list[bytes]:
    if part not in archive.namelist():
        return []
    with archive.open(part) as stream:
        return re.findall(rb"<(?:\w+:)?%s\s[^<>]*>" % tag, stream.read(limits.DIRECTORY_BYTES))


def _attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"\s%s=(?:\"([^\"]*)\"|'([^']*)')" % name, tag)
    return (found[1] or found[2] or b"").decode("utf-8", "replace") if found else ""


def measure_sheet(parts: Iterator[bytes]) -> Findings:
    """What a sheet holds, by pieces of its XML that end between two tags."""
    found = Findings()
    for part in parts:
        found.rows = max(found.rows, _last_row(part))
        if _FAR.search(part):
            _measure_far(part, found)
        if b"<f" in part or b":f" in part:
            found.formulas_without_result += len(_NO_RESULT.findall(part))
        if b't="e"' in part:
            found.errors += part.count(b't="e"')
        if b"hidden=" in part:
            found.hidden_rows += len(_HIDDEN.findall(part))
    return found


def _last_row(part: bytes) -> int:
    """The number of the last row that begins here, which is the largest unless somebody means ill."""
    at = max(part.rfind(b"<row "), part.rfind(b":row "))
    row = _ROW.search(part, max(0, part.rfind(b"<", 0, at + 1)))
    return int(row[1]) if row else 0


def _measure_far(part: bytes, found: Findings) -> None:
    cells = set(_FILLED.findall(part))
    columns = {column for column, _ in cells}
    found.columns = max([found.columns, *map(_column, columns)])
    found.rows = max([found.rows, *(int(row[:8]) for _, row in cells)])
    _refuse_wide(found)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters[:4]:
        number = number * 26 + letter - 64
    return number


def _refuse_wide(found: Findings) -> None:
    if found.columns > limits.COLUMNS:
        raise UnreadableFile(
            f"A cell is filled in column {found.columns:,}; at most {limits.COLUMNS:,} columns can be read.",
            f"column {found.columns:,}, near row {found.rows:,}",
            "Clear what stands far to the right of the list, or copy the list into a new sheet, and upload it again.",
        )
    if found.rows > limits.ROWS or found.rows * found.columns > limits.CELLS:
        raise UnreadableFile(
            f"The sheet spans {found.rows:,} rows of {found.columns:,} columns; "
            f"at most {limits.CELLS // limits.MB} million cells can be read.",
            f"row {found.rows:,}",
            f"Clear what stands far from the list, or split it. {SAVE_AS_CSV}",
        )


def pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """The XML in pieces that end after a whole cell or row, as far as there is one."""
    rest = b""
    while block := stream.read(BLOCK):
        whole = rest + block
        at = max(whole.rfind(b"<c "), whole.rfind(b":c "), whole.rfind(b"<row"))
        cut = whole.rfind(b"<", 0, at + 1) if at >= 0 else -1
        if cut <= 0:
            cut = _last_tag(whole)
        yield whole[:cut]
        rest = whole[cut:]
    if rest:
        yield rest


def _last_tag(text: bytes) -> int:
    """Where the piece ends if no cell begins in it: before a tag that is not closed yet."""
    begin = text.rfind(b"<")
    if begin < 0 or text.find(b">", begin) >= 0:
        return len(text)
    if len(text) - begin > limits.TAG_BYTES:
        raise UnreadableFile("The workbook is damaged: a tag in it never ends.", "the sheet", SAVE_AS_CSV)
    return begin
