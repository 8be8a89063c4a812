"""What a file is, by its bytes. A name says what somebody hoped."""

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from adsapp.contacts.imports.reading.errors import SAVE_AS_CSV, UnreadableFile
from adsapp.contacts.imports.sheets import limits

START = "start of the file"
SAVE_AS_XLSX = "Open it in a spreadsheet program, save it as an Excel workbook (.xlsx), and upload that file."
_ZIP, _EMPTY_ZIP, _OLE = b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = b"PK\x05\x06"
_END_BYTES = 22 + 65_535  # the end of a ZIP with the longest comment
_BLOCK = 1 << 20
_LONGEST_NAME = 64
_UNLOCK = "Take the password away in the program that made it (save it without one), and upload the file again."
_OTHER_ZIPS = (
    (re.compile(r"xl/workbook\.bin$"), "an Excel workbook in the binary form (.xlsb)", SAVE_AS_XLSX),
    (re.compile(r"word/"), "a Word document", SAVE_AS_CSV),
    (re.compile(r"ppt/"), "a PowerPoint presentation", SAVE_AS_CSV),
    (
        re.compile(r"Index/.*\.iwa$|Index\.zip$"),
        "an Apple Numbers document",
        "Export it as Excel, and upload that file.",
    ),
)


class Kind(StrEnum):
    """What a file of contacts is."""

    TEXT = "text"
    XLSX = "xlsx"  # and XLSM
    XLS = "xls"
    ODS = "ods"
    ZIP = "zip"  # that holds one of the others


def kind_of(path: Path) -> Kind:
    """The file's kind; TEXT for whatever is none of the others. Raises UnreadableFile for a file that has a password, a
    damaged ZIP, and documents that are no spreadsheets."""
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(_OLE):
        _refuse_other_ole(path)
        return Kind.XLS
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        return _kind_of_zip(path)
    return Kind.TEXT


def _kind_of_zip(path: Path) -> Kind:
    with opened(path) as archive:
        names = archive.namelist()
        if "xl/workbook.xml" in (each.replace("\\", "/").lower() for each in names):
            return Kind.XLSX
        if "content.xml" in names and "mimetype" in names:
            return _open_document(archive)
    for name, what, advice in _OTHER_ZIPS:
        if any(map(name.match, names)):
            raise UnreadableFile(f"This is {what}, which cannot be read here.", START, advice)
    return Kind.ZIP


def _open_document(archive: zipfile.ZipFile) -> Kind:
    if b"spreadsheet" not in archive.read("mimetype")[:200]:
        raise UnreadableFile("This is an OpenDocument file, but no spreadsheet.", START, SAVE_AS_CSV)
    if "META-INF/manifest.xml" in archive.namelist():
        with archive.open("META-INF/manifest.xml") as manifest:
            if b"encryption-data" in manifest.read(limits.MB):
                raise protected()
    return Kind.ODS


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The ZIP, once its table of contents is known to be small. Raises UnreadableFile if it is not, or if the ZIP turns
    out to be damaged while it is read."""
    try:
        _refuse_large_directory(path)
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise damaged(str(error)) from error


def damaged(reason: str) -> UnreadableFile:
    """A file that its own program would not open either."""
    return UnreadableFile(
        f"The file is damaged and cannot be opened ({reason.rstrip('.')[:120]}).",
        "the whole file",
        f"Download or copy it once more. If it opens on your computer: {SAVE_AS_XLSX}",
    )


def protected() -> UnreadableFile:
    """A file with a password."""
    return UnreadableFile("The workbook is protected with a password.", START, _UNLOCK)


def _refuse_large_directory(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END_BYTES))
        tail = file.read()
    at = tail.rfind(_END)
    if at < 0:
        raise zipfile.BadZipFile("its end is missing")
    entries = int.from_bytes(tail[at + 10 : at + 12], "little")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    if entries > limits.ENTRIES or directory > limits.DIRECTORY_BYTES:
        raise UnreadableFile(
            f"The file is made of more than {limits.ENTRIES:,} parts; a list of contacts has some twenty.",
            "the whole file",
            SAVE_AS_CSV,
        )


def _refuse_other_ole(path: Path) -> None:
    """The container of old Office files names what is in it in UTF-16."""
    with path.open("rb") as file:
        if _holds(file, "EncryptedPackage"):
            raise protected()
        if not _holds(file, "Workbook") and not _holds(file, "Book"):
            raise UnreadableFile("This is an old Office document, but no Excel workbook.", START, SAVE_AS_CSV)


def _holds(file: BinaryIO, name: str) -> bool:
    wanted, tail = name.encode("utf-16-le") + b"\0\0", b""
    file.seek(0)
    while block := file.read(_BLOCK):
        if wanted in tail + block:
            return True
        tail = block[-_LONGEST_NAME:]
    return False
