"""A folder that the operator allowed: what lies in it, opened so that nothing leads out of it.

Each part of the way is opened inside the one before and follows no link, so that there is no moment in which a folder
can be changed for a link to somewhere else.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Final

from adsapp.core.errors import Invalid

HERE: Final = "."  # the organization's own folder
LONGEST: Final = 200
MOST_SEEN: Final = 10_000  # files of a folder that are looked at
KINDS: Final = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".zip")
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe would be waited for


class NoFolder(Exception):
    """The folder cannot be looked into: a sentence for people."""


@dataclass(frozen=True)
class Seen:
    """A file as it is now."""

    name: str
    size_bytes: int
    changed_ns: int


@dataclass(frozen=True)
class Listing:
    """What lies in a folder: files that may be imported, the oldest first, and what is left alone, in words."""

    files: Sequence[Seen]
    left: Sequence[str]


def checked(folder: str) -> str:
    """The folder below the organization's own; raises Invalid (field `folder`) for a way that leads out of it."""
    folder = folder.strip()
    path = PurePosixPath(folder)
    if not folder or len(folder) > LONGEST or "\\" in folder or not folder.isprintable():
        raise Invalid.field("folder", f"Enter a folder such as incoming/contacts, of {LONGEST} characters at most")
    if path.is_absolute() or ".." in path.parts:
        raise Invalid.field("folder", "Enter a folder below your own: one that begins with / or has .. in it is not")
    return path.as_posix()


def why_none(root: Path, slug: str, folder: str) -> str:
    """Why nothing can come from this folder as it is now. "" if it is there, and where this machine has none of them:
    only workers need them."""
    if not root.is_dir():
        return ""
    try:
        with opened(root, slug, folder):
            return ""
    except NoFolder as error:
        return f"{error}. Make it, then try again"


@contextmanager
def opened(root: Path, slug: str, folder: str) -> Iterator[int]:
    """The folder of an organization, open. Raises NoFolder."""
    with _open(str(root), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, "The folder of IMPORT_FOLDERS") as top:
        held = os.dup(top)
    try:
        for part in (slug, *PurePosixPath(folder).parts):
            with _open(part, _DIRECTORY, f"The folder “{part}”", held) as deeper:
                following = os.dup(deeper)
            os.close(held)
            held = following
        yield held
    finally:
        os.close(held)


@contextmanager
def _open(name: str, flags: int, what: str, inside: int | None = None) -> Iterator[int]:
    try:
        found = os.open(name, flags, dir_fd=inside)
    except OSError as error:
        raise NoFolder(f"{what} cannot be opened: {_why(error)}") from None
    try:
        yield found
    finally:
        os.close(found)


def _why(error: OSError) -> str:
    if isinstance(error, NotADirectoryError) or error.errno == errno.ELOOP:
        return "it is no folder, or a link, which is not followed"
    return (error.strerror or "it is not there").lower()


def listed(folder: int) -> Listing:
    """What lies in an open folder."""
    files, left = [], []
    with os.scandir(folder) as entries:
        for entry in islice(entries, MOST_SEEN):
            if not entry.name.startswith("."):
                found = _seen(entry)
                files.append(found) if isinstance(found, Seen) else left.append(found)
    return Listing(sorted(files, key=lambda each: (each.changed_ns, each.name)), sorted(left))


def _seen(entry: os.DirEntry[str]) -> Seen | str:
    name = entry.name.encode(errors="replace").decode()
    if entry.is_symlink():
        return f"{name} (a link)"
    if not entry.is_file(follow_symlinks=False):
        return f"{name} (no file)"
    if not entry.name.lower().endswith(KINDS) or name != entry.name:
        return f"{name} (no table)"
    about = entry.stat(follow_symlinks=False)
    return Seen(entry.name, about.st_size, about.st_mtime_ns)


@contextmanager
def reading(folder: int, name: str) -> Iterator[IO[bytes]]:
    """A file of an open folder. Raises NoFolder if it is gone, or a link by now."""
    try:
        found = os.open(name, _FILE, dir_fd=folder)
    except OSError as error:
        raise NoFolder(f"“{name}” cannot be opened: {_why(error)}") from None
    with os.fdopen(found, "rb") as file:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise NoFolder(f"“{name}” is no file")
        yield file


def is_as_seen(file: IO[bytes], seen: Seen) -> bool:
    """True if nobody has written to it since."""
    about = os.fstat(file.fileno())
    return (about.st_size, about.st_mtime_ns) == (seen.size_bytes, seen.changed_ns)
