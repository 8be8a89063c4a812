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
import stat
import threading
import time
from collections.abc import Iterator

# Longer than several transactions of others together. A process that is frozen with the turn in its hand costs the
# others so much each time.
WAIT_SECONDS = 5.0
LOOK_AGAIN_SECONDS = 0.001
# The threads of one process sleep until they get this one: the file wakes nobody, so whoever waits for it has to look
# again and again, and of each process only one does.
_of_threads = threading.Lock()


@contextlib.contextmanager
def in_turn(database: str, at_most: float = WAIT_SECONDS) -> Iterator[None]:
    """Within it nobody else who asks for a turn goes for the write lock of this file. Waits `at_most` so many seconds,
    and never longer than WAIT_SECONDS."""
    at_most = min(WAIT_SECONDS, at_most)
    give_up = time.monotonic() + at_most
    with contextlib.ExitStack() as held:
        if _of_threads.acquire(timeout=at_most):
            held.callback(_of_threads.release)
        with contextlib.suppress(OSError):  # a file of another user's, or a file system that locks nothing
            turn = os.open(f"{database}-turn", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            held.callback(os.close, turn)  # which gives it back
            _give_to_owner(turn, database)
            _wait_for(turn, give_up)
        yield


def _give_to_owner(turn: int, database: str) -> None:
    """What root made, the service must be able to open, too; SQLite does the same with its own files."""
    made, owner = os.fstat(turn), os.stat(database)
    # No other name may lead to it: root would give away what the service put there.
    if os.geteuid() == made.st_uid == 0 != owner.st_uid and stat.S_ISREG(made.st_mode) and made.st_nlink == 1:
        with contextlib.suppress(OSError):  # not every root may
            os.fchown(turn, owner.st_uid, owner.st_gid)


def _wait_for(turn: int, give_up: float) -> None:
    while not _take(turn) and time.monotonic() < give_up:
        time.sleep(LOOK_AGAIN_SECONDS)


def _after_fork() -> None:
    """Whoever held it does not live here."""
    global _of_threads
    _of_threads = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def _take(turn: int) -> bool:
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
