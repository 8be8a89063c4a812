"""Whose turn it is to write on SQLite.

SQLite keeps no order among those that wait for its write lock: each sleeps and looks again, up to 0.1 s apart. Beside
a job that commits back to back the lock is free for a moment only, and nearly every look misses it (docs/adr/0040). So
whoever wants to write holds the turn until it has the write lock. Who has just written needs the turn, too, and so
comes after the one that waits.

It is a courtesy and nothing rests on it. If the turn cannot be had, because somebody keeps it or the file cannot be
locked, the writer goes on without it.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

# Longer than some transactions of others take together. A process that is frozen with the turn in its hand costs the
# others so much each time.
WAIT_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.001


@contextlib.contextmanager
def in_turn(database: str, at_most: float = WAIT_SECONDS) -> Iterator[None]:
    """Within it nobody else who asks for a turn goes for the write lock of this file. Waits `at_most` so many seconds,
    and never longer than WAIT_SECONDS."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # a file of another user's, or a file system that locks nothing
            turn = _open(database)
            held.callback(os.close, turn)  # which gives it back
            _wait_for(turn, min(WAIT_SECONDS, at_most))
        yield


def _open(database: str) -> int:
    turn = os.open(f"{database}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:  # as SQLite does with its own files: the service must be able to open it, too
        owner = os.stat(database)
        os.fchown(turn, owner.st_uid, owner.st_gid)
    return turn


def _wait_for(turn: int, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while not _take(turn) and time.monotonic() < give_up:
        time.sleep(LOOK_AGAIN_SECONDS)


def _take(turn: int) -> bool:
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
