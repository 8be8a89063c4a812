"""Who was really written to, noted on this machine just before each request.

A worker that is killed leaves recipients marked `sending`, some of which it had not come to yet. The note is in the
kernel's hands before the request is, so it outlives the process: a person who is not in it got nothing and is sent to,
instead of staying uncertain. It does not outlive the machine, so a note of another start of it (or of another machine)
tells nothing, and all of its recipients stay uncertain.

The note is written first; the time and the lease are looked at after. A process that was stopped for a minute in
between finds that it is too late and writes no request, and so does one whose lease has ended, by the clock, while its
slice waits for the database: the worker that took over already trusts the note.
"""

import contextlib
import os
import time
import uuid
from functools import cache
from pathlib import Path

KEEP_SECONDS = 7 * 86_400.0


class Journal:
    """The note of one hold of a job (its lease)."""

    def __init__(self, home: Path, lease_id: uuid.UUID) -> None:
        self._path = _path(home, lease_id)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def note(self, recipient_id: int) -> None:
        """This recipient's request may be written from now on. One system call, no waiting for a disk."""
        os.write(self._file, b"%d\n" % recipient_id)

    def leave(self) -> None:
        """Keep the note for the worker that takes the job over."""
        os.close(self._file)

    def close(self) -> None:
        """Everything is settled in the ledger: forget the note."""
        os.close(self._file)
        self._path.unlink(missing_ok=True)


def read(home: Path, lease_id: uuid.UUID) -> frozenset[int] | None:
    """Whom a worker that died had written to; None if nothing is known about it."""
    try:
        lines = _path(home, lease_id).read_bytes().split(b"\n")
    except OSError:
        return None
    # A line that was cut off has no end; its number is not complete, but its request was not begun either.
    return frozenset(int(line) for line in lines[:-1])


def forget(home: Path, lease_id: uuid.UUID) -> None:
    """Its recipients are settled; sweep out what nobody has asked for in a week, too."""
    _path(home, lease_id).unlink(missing_ok=True)
    long_ago = time.time() - KEEP_SECONDS
    for path in _directory(home).glob("*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < long_ago:
                path.unlink()


def _path(home: Path, lease_id: uuid.UUID) -> Path:
    return _directory(home) / f"{lease_id}.{boot_id()}"


def _directory(home: Path) -> Path:
    return home / "sending"


@cache
def boot_id() -> str:
    """This start of this machine; a name of our own if the system has none, so that no note is ever trusted."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return uuid.uuid4().hex
