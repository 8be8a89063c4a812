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
    rb"<(?:\w+:)?c\s[^<>]*?t=[\"']s[\"'][^<>]*>\s*(?:<(?:\w+:)?f[^<>]*>[^<>]*(?:</(?:\w+:)?f>\s*)?)?<(?:\w+:)?v>(\d+)"
)
_ROOT = re.compile(rb"<(\w+:)?(worksheet|sst)\b")


def is_needed(archive: zipfile.ZipFile) -> bool:
    """True if parsing the whole workbook would take longer than a person waits."""
    return sum(each.file_size for each in archive.infolist()) > limits.LOOK_BYTES


def write(archive: zipfile.ZipFile, target: Path) -> dict[str, Findings]:
    """Write the copy; what it holds, by the names of its parts. What is beyond the first LOOK_ROWS rows and LOOK_BYTES
    of a sheet is not read."""
    used: set[int] = set()
    found = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as small:
        for entry in archive.infolist():
            name = entry.filename.replace("\\", "/")
            if SHEET.match(name):
                with archive.open(entry) as stream:
                    sheet = _first_rows(stream)
                found[name] = measure_sheet(iter([sheet]))
                used.update(map(int, _STRING_USED.findall(sheet)))
                small.writestr(name, sheet)
            elif _NEEDED.match(name):
                small.writestr(name, _at_most(archive, entry))
        for entry in archive.infolist():
            if entry.filename.lower() == _STRINGS:
                with archive.open(entry) as stream:
                    small.writestr(entry.filename, _used_strings(stream, used))
    return found


def _at_most(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as stream:
        return stream.read(limits.LOOK_BYTES)


def _first_rows(stream: IO[bytes]) -> bytes:
    """The XML of a sheet up to the end of its first rows, closed again; the whole if it is shorter."""
    text = b""
    while block := stream.read(BLOCK):
        text += block
        ends = [found.end() for found in _ROW_END.finditer(text)]
        if len(ends) > limits.LOOK_ROWS or len(text) >= limits.LOOK_BYTES:
            return _closed(text, ends[: limits.LOOK_ROWS])
    return text


def _closed(text: bytes, ends: list[int]) -> bytes:
    root = _ROOT.search(text)
    if root is None or not ends:
        return text
    prefix = root[1] or b""
    return text[: ends[-1]] + b"</%ssheetData></%s%s>" % (prefix, prefix, root[2])


def _used_strings(stream: IO[bytes], used: set[int]) -> bytes:
    """The texts that are used, each at its place; something short stands for the others before the last of them."""
    text, number, last = stream.read(BLOCK), 0, max(used, default=-1)
    root = _ROOT.search(text)
    if root is None:
        return text
    at, prefix = text.find(b">", root.start()) + 1, root[1] or b""
    parts, other = [text[:at]], b"<%ssi><%st>-</%st></%ssi>" % (prefix, prefix, prefix, prefix)
    while number <= last:
        for end in _STRING_END.finditer(text, at):
            parts.append(text[at : end.end()] if number in used else other)
            at, number = end.end(), number + 1
            if number > last:
                break
        block = stream.read(BLOCK)
        if not block:
            break
        text, at = text[at:] + block, 0
    return b"".join(parts) + b"</%ssst>" % prefix
