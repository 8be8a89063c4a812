"""Whose turn it is to write on SQLite.

SQLite keeps no order among those that wait for its write lock: each sleeps and looks again, up to 0.1 s apart. Beside
a job that commits back to back the lock is free for a moment only, and nearly every look misses it (docs/adr/0040). So
whoever wants to write holds the turn until it has the write lock. Who has just written needs the turn, too, and so
comes after the one that waits.

It is a courtesy and nothing rests on it: who gets no turn, be it that another keeps it or that there is no such file to
be locked here, goes on without.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator

WAIT_SECONDS = 0.5  # a process that is frozen with the turn in its hand must not hold up the others for long
LOOK_AGAIN_SECONDS = 0.001


@contextlib.contextmanager
def in_turn(database: str) -> Iterator[None]:
    """Within it nobody else who asks for a turn goes for the write lock of this file."""
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # a file of another user's, or a file system that locks nothing
            turn = os.open(f"{database}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            held.callback(os.close, turn)  # which gives it back
            _wait_for(turn)
        yield


def _wait_for(turn: int) -> None:
    give_up = time.monotonic() + WAIT_SECONDS
    while not _take(turn) and time.monotonic() < give_up:
        time.sleep(LOOK_AGAIN_SECONDS)


def _take(turn: int) -> bool:
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
