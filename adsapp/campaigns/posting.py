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
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import aiohttp

from adsapp.campaigns.window import Window
from adsapp.core.clock import utcnow
from adsapp.integrations.base import Outcome, Uncertain
from adsapp.integrations.whatsapp.client import CloudApi, open_session

# A request written later than this after its slot could share a second with those of later slots, so it gives the
# slot up and takes a new one.
LATE_SECONDS = 0.025


@dataclass(frozen=True)
class Post:
    """One message: whose, what, and when it may be written (`time.monotonic()`)."""

    recipient_id: int
    payload: Mapping[str, Any]
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

    def window(self, phone_number_id: str, limit: float) -> Window:
        """The number's last second, with the limit it has now."""
        window = self._windows.setdefault(phone_number_id, Window(limit))
        window.limit = limit
        return window

    def post(self, api: CloudApi, window: Window, posts: Sequence[Post], mailbox: Mailbox) -> None:
        """Write each at its slot; every one comes back to the mailbox exactly once."""
        self._loop.call_soon_threadsafe(self._start, api, window, posts, mailbox)

    def _start(self, api: CloudApi, window: Window, posts: Sequence[Post], mailbox: Mailbox) -> None:
        for post in posts:
            task = self._loop.create_task(_send(api, window, post, mailbox))
            self._tasks.add(task)  # the loop itself keeps weak references only
            task.add_done_callback(self._tasks.discard)


async def _send(api: CloudApi, window: Window, post: Post, mailbox: Mailbox) -> None:
    outcome: Outcome | Missed = Uncertain("the sender was stopped before an answer came")
    try:
        await asyncio.sleep(post.slot - time.monotonic())
        now = time.monotonic()
        if now - post.slot > LATE_SECONDS or not window.has_room(now):
            outcome = Missed()
            return
        window.post()
        try:
            outcome = await api.send(post.payload)
        except Exception as error:  # a bug must not lose a message: it may have been written
            outcome = Uncertain(f"{type(error).__name__} while it was sent")
        finally:
            window.answer(now, time.monotonic())
    finally:
        mailbox.put(Posted(post.recipient_id, outcome, utcnow()))


_offices: dict[int, PostOffice] = {}
_opening = threading.Lock()


def post_office() -> PostOffice:
    """This process's post office (a fork gets its own)."""
    with _opening:
        if os.getpid() not in _offices:
            _offices[os.getpid()] = PostOffice()
            atexit.register(_offices[os.getpid()].close)
        return _offices[os.getpid()]
