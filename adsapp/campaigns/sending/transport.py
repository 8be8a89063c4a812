"""One event loop a process, in a thread of its own, on which every campaign's requests are in flight.

A slice hands over posts with the moment each may be written (its slot) and reads what came of them from a mailbox.
"""

import asyncio
import atexit
import os
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import aiohttp

from adsapp.campaigns.sending.journal import Journal
from adsapp.campaigns.sending.rate_window import Window
from adsapp.core.clock import utcnow
from adsapp.integrations.base import Outcome, Send, Uncertain
from adsapp.integrations.http import open_session

# A request that is a little late is written all the same, where the window has room; one that is later gives its slot
# up and takes a new one. So does whatever a process finds on its hands that was stopped for a while.
LATE_SECONDS = 0.05
LOOK_AGAIN_SECONDS = 0.005


@dataclass(frozen=True)
class Post:
    """One message: whose, what, and when it may be written (`time.monotonic()`)."""

    recipient_id: int
    request: Mapping[str, Any]
    slot: float


@dataclass(frozen=True)
class Missed:
    """Its slot passed before it could be written: nothing left this machine."""


@dataclass(frozen=True)
class Posted:
    """What came of a post."""

    recipient_id: int
    outcome: Outcome | Missed
    at: datetime


class Mailbox:
    """Where a slice finds what came of its posts, in the order it came."""

    def __init__(self) -> None:
        self._posted: queue.SimpleQueue[Posted] = queue.SimpleQueue()

    def put(self, posted: Posted) -> None:
        """From the loop's thread."""
        self._posted.put(posted)

    def take(self, wait: float = 0.0) -> list[Posted]:
        """All that is there; waits up to `wait` seconds for the first."""
        found: list[Posted] = []
        try:
            found.append(self._posted.get(timeout=wait) if wait > 0 else self._posted.get_nowait())
            while True:
                found.append(self._posted.get_nowait())
        except queue.Empty:
            return found


@dataclass(frozen=True)
class Line:
    """What the posts of one slice have in common."""

    send: Send
    window: Window
    journal: Journal
    mailbox: Mailbox
    _withdrawn: threading.Event = field(default_factory=threading.Event)

    def withdraw(self) -> None:
        """Write nothing more: whoever still waits for a slot comes back as missed when that slot has come."""
        self._withdrawn.set()

    @property
    def is_withdrawn(self) -> bool:
        """True where nothing more is to be written."""
        return self._withdrawn.is_set()


class PostOffice:
    """The loop, its session, and the last second of each number."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._windows: dict[str, Window] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        threading.Thread(target=self._loop.run_forever, name="post-office", daemon=True).start()

    @cached_property
    def session(self) -> aiohttp.ClientSession:
        """Shared by all accounts."""

        async def open_here() -> aiohttp.ClientSession:
            return open_session()

        return asyncio.run_coroutine_threadsafe(open_here(), self._loop).result()

    def close(self) -> None:
        """Close the connections; at the end of the process."""
        if "session" in self.__dict__:
            asyncio.run_coroutine_threadsafe(self.session.close(), self._loop).result(5)

    def window(self, key: str, limit: float) -> Window:
        """The number's last second, with the pace it has now."""
        window = self._windows.setdefault(key, Window(limit))
        window.limit = limit
        return window

    def post(self, line: Line, posts: Sequence[Post]) -> None:
        """Write each at its slot; every one comes back to the line's mailbox exactly once."""
        self._loop.call_soon_threadsafe(self._start, line, posts)

    def _start(self, line: Line, posts: Sequence[Post]) -> None:
        for post in posts:
            task = self._loop.create_task(_send(line, post))
            self._tasks.add(task)  # the loop itself keeps weak references only
            task.add_done_callback(self._tasks.discard)


async def _send(line: Line, post: Post) -> None:
    outcome: Outcome | Missed = Uncertain("the sender was stopped before an answer came")
    try:
        outcome = await _write(line, post) if await _its_turn(line, post.slot) else Missed()
    except Exception as error:  # a bug must not lose a message: it may have been written
        outcome = Uncertain(f"{type(error).__name__} while it was sent")
    finally:
        line.mailbox.put(Posted(post.recipient_id, outcome, utcnow()))


async def _its_turn(line: Line, slot: float) -> bool:
    """Wait for the slot, and a little longer where the last second has no room; False where it was missed, or where
    the line was withdrawn meanwhile."""
    await asyncio.sleep(slot - time.monotonic())
    if line.is_withdrawn:
        return False
    line.window.hold_slot(slot)
    while not _is_late(slot) and not line.is_withdrawn:
        if line.window.has_room(time.monotonic()):
            return True
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return False


def _is_late(slot: float) -> bool:
    return time.monotonic() - slot > LATE_SECONDS


async def _write(line: Line, post: Post) -> Outcome | Missed:
    line.journal.note(post.recipient_id)
    if _is_late(post.slot):  # looked at again behind the note: see `journal`
        return Missed()
    posted = time.monotonic()
    line.window.post()
    try:
        return await line.send(post.request)
    finally:
        line.window.answer(post.slot, posted, time.monotonic())


_offices: dict[int, PostOffice] = {}
_opening = threading.Lock()


def post_office() -> PostOffice:
    """This process's post office (a fork gets its own)."""
    with _opening:
        if os.getpid() not in _offices:
            _offices[os.getpid()] = PostOffice()
            atexit.register(_offices[os.getpid()].close)
        return _offices[os.getpid()]
