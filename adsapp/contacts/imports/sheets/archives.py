"""A ZIP that holds one list of contacts."""

import zipfile
from pathlib import Path

from adsapp.contacts.imports.reading.errors import UnreadableFile
from adsapp.contacts.imports.sheets import limits
from adsapp.contacts.imports.sheets.kinds import Kind, kind_of, opened

_BLOCK = 1 << 20
_ENCRYPTED = 0x1
_NAMES_SHOWN = 5


def unpack(path: Path, most: int) -> str | None:
    """If the file is a ZIP of one list, put the list in its place; the list's name, None for any other file.

    Raises UnreadableFile if there is not exactly one file in it, if it has a password, is itself a ZIP, or is larger
    than `most` bytes.
    """
    if kind_of(path) is not Kind.ZIP:
        return None
    part = path.with_name(path.name + ".part")
    try:
        with opened(path) as archive:
            entry = _only_entry(archive)
            _copy(archive, entry, part, most)
        if kind_of(part) is Kind.ZIP:
            raise _refused(
                "The ZIP file holds another ZIP file.", "Put the list itself into it, or upload the list as it is."
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return entry.filename


def _only_entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = [each for each in archive.infolist() if not each.is_dir() and not _is_of_the_system(each.filename)]
    if not entries:
        raise _refused("The ZIP file is empty.", "Put the list into it, or upload the list as it is.")
    if len(entries) > 1:
        names = ", ".join(each.filename for each in entries[:_NAMES_SHOWN])
        more = ", …" if len(entries) > _NAMES_SHOWN else ""
        raise _refused(
            f"The ZIP file holds {len(entries)} files: {names}{more}.", "Upload the lists one by one, or a ZIP of one."
        )
    if entries[0].flag_bits & _ENCRYPTED:
        raise _refused("The ZIP file has a password.", "Unpack it, and upload the list as it is.")
    return entries[0]


def _is_of_the_system(name: str) -> bool:
    """What macOS and Windows put in beside the files."""
    last = name.rpartition("/")[2]
    return name.startswith("__MACOSX/") or last.startswith("._") or last in (".DS_Store", "Thumbs.db", "desktop.ini")


def _copy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, most: int) -> None:
    size = 0
    with archive.open(entry) as source, target.open("wb") as out:
        while block := source.read(_BLOCK):
            size += len(block)
            if size > most:
                raise _refused(
                    f"The file in the ZIP, {entry.filename}, is larger than {most // limits.MB} MB when unpacked.",
                    "Split the list, or take columns away that you do not need.",
                )
            out.write(block)


def _refused(message: str, advice: str) -> UnreadableFile:
    return UnreadableFile(message, "the ZIP file", advice)
