"""Wake-ups between the processes of an embedded installation: each worker process has a FIFO, and one thread reads it.

Whoever commits a job writes one byte into the FIFO of each worker of its queue. The byte says nothing about the job,
and losing it costs only the wait until the next look, so nothing here is retried or confirmed. FIFOs are used because
their paths may be long (those of sockets may not), because they need no port, and because opening one whose reader was
killed fails at once.
"""

import contextlib
import errno
import os
import selectors
import time
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from adsapp.core.logs import get_logger
from adsapp.jobs.states import Queue

MESSAGE = b"m"  # an id is in the broker
DUE = b"d"  # dispatch should look: something may be due
IDLE_SECONDS = 2.0  # after so long a worker looks even if nobody woke it: that is what a lost wake-up costs
ABANDONED_SECONDS = 60.0  # a FIFO without a reader is removed when it is older; a younger one may be just being made
GATHER_SECONDS = 0.002  # between two wake-ups: under load one is enough for all jobs that came in that time
POLL_SECONDS = 0.1  # if there can be no wake-ups

log = get_logger()


class Listener(Protocol):
    """What the one listening thread of a worker process waits at."""

    def wait(self) -> bool:
        """Return at the next wake-up, or sooner; True if dispatch should look."""

    def interrupt(self) -> None:
        """Let `wait` return soon in the thread that is in it."""

    def close(self) -> None:
        """Be woken no more."""


class Fifos:
    """The FIFOs of all workers, in a folder that only its owner may enter; their names say which queues they serve, and
    in which lane if it is not the common one: `queue+queue@lane.id`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ring(self, queue: Queue, word: bytes, lane: str | None = None) -> None:
        """Wake the workers of a queue, of one lane or of all. Never waits and never fails."""
        for name in self._names():
            queues, its_lane = _served(name)
            if queue.value in queues and lane in (None, its_lane):
                _write(self._folder / name, word)

    def lanes(self, queue: Queue) -> set[str]:
        """The lanes of a queue beside the common one in which workers wait, or did until they were killed."""
        served = map(_served, self._names())
        return {lane for queues, lane in served if lane and queue.value in queues}

    def listen(self, queues: Sequence[Queue], lane: str = "") -> Listener:
        """A FIFO for a worker of these queues; if the file system knows none, it polls."""
        try:
            return FifoListener(self._folder, queues, lane)
        except (OSError, AttributeError) as error:
            log.warning("no_wake_ups", folder=str(self._folder), error=f"{type(error).__name__}: {error}")
            return Polling()

    def _names(self) -> Iterable[str]:
        try:
            return os.listdir(self._folder)
        except FileNotFoundError:
            return ()


def _served(name: str) -> tuple[Sequence[str], str]:
    queues, _, lane = name.partition(".")[0].partition("@")
    return queues.split("+"), lane


def _write(path: Path, word: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            _remove_abandoned(path)
        return
    try:
        os.write(descriptor, word)
    except OSError:  # full: whoever reads has enough to wake up for; broken: it has just ended
        pass
    finally:
        os.close(descriptor)


def _remove_abandoned(path: Path) -> None:
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
            path.unlink()


class FifoListener:
    """A worker's own FIFO."""

    def __init__(self, folder: Path, queues: Sequence[Queue], lane: str = "") -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        served = "+".join(queue.value for queue in queues) + (f"@{lane}" if lane else "")
        self._path = folder / f"{served}.{uuid.uuid4().hex}"
        os.mkfifo(self._path, 0o600)
        self._reader = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        # A writer of our own: without any, a FIFO is always ready to be read, and says that it has ended.
        self._writer = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._reader, selectors.EVENT_READ)
        self._was_woken = self._is_closed = False

    def wait(self) -> bool:
        """See Listener."""
        if self._was_woken:
            time.sleep(GATHER_SECONDS)
        self._selector.select()
        self._was_woken = True
        return DUE in os.read(self._reader, 65536)

    def interrupt(self) -> None:
        """See Listener."""
        if not self._is_closed:
            with contextlib.suppress(BlockingIOError):
                os.write(self._writer, MESSAGE)

    def close(self) -> None:
        """See Listener."""
        if self._is_closed:
            return
        self._is_closed = True
        self._path.unlink(missing_ok=True)
        self._selector.close()
        os.close(self._reader)
        os.close(self._writer)


class Polling:
    """Where nothing can wake a worker, it looks ten times a second."""

    def wait(self) -> bool:
        """See Listener."""
        time.sleep(POLL_SECONDS)
        return True

    def interrupt(self) -> None:
        """See Listener."""

    def close(self) -> None:
        """See Listener."""
