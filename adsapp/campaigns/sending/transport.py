"""One event loop a process, in a thread of its own, on which every campaign's requests are in flight.

A slice hands over requests with the moment each may be written (its slot), and reads what came of them from its
`Results`.
"""

import asyncio
import atexit
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
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

# A request that is a little late is written all the same if the window has room; one that is later gives its slot
# up and takes a new one. So does whatever a process finds on its hands that was stopped for a while.
LATE_SECONDS = 0.05
LOOK_AGAIN_SECONDS = 0.005


@dataclass(frozen=True)
class SendRequest:
    """One message: whose, what, and when it may be written (`time.monotonic()`)."""

    recipient_id: int
    payload: Mapping[str, Any]
    slot: float


@dataclass(frozen=True)
class MissedSlot:
    """Its slot passed before it could be written: nothing left this machine."""


@dataclass(frozen=True)
class SendResult:
    """What came of a request."""

    recipient_id: int
    outcome: Outcome | MissedSlot
    at: datetime


class Results:
    """What came of a slice's requests, in the order it came."""

    def __init__(self) -> None:
        self._results: queue.SimpleQueue[SendResult] = queue.SimpleQueue()

    def put(self, result: SendResult) -> None:
        """From the loop's thread."""
        self._results.put(result)

    def take(self, wait: float = 0.0) -> list[SendResult]:
        """All that is there; waits up to `wait` seconds for the first."""
        found: list[SendResult] = []
        try:
            found.append(self._results.get(timeout=wait) if wait > 0 else self._results.get_nowait())
            while True:
                found.append(self._results.get_nowait())
        except queue.Empty:
            return found


@dataclass(frozen=True)
class Lane:
    """What the requests of one slice have in common."""

    send: Send
    window: Window
    journal: Journal
    results: Results
    is_lost: Callable[[], bool]  # another worker may hold the job by now
    _withdrawn: threading.Event = field(default_factory=threading.Event)

    def withdraw(self) -> None:
        """Write nothing more: requests that still wait for their slot come back as missed when it has come."""
        self._withdrawn.set()

    @property
    def is_withdrawn(self) -> bool:
        """True if nothing more is to be written."""
        return self._withdrawn.is_set()


class SendLoop:
    """The loop, its session, and the last second of each account."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._windows: dict[str, Window] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        threading.Thread(target=self._loop.run_forever, name="send-loop", daemon=True).start()

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
        """The account's last second, with the pace it has now."""
        window = self._windows.setdefault(key, Window(limit))
        window.limit = limit
        return window

    def send(self, lane: Lane, requests: Sequence[SendRequest]) -> None:
        """Write each at its slot; every one comes back to the lane's results exactly once."""
        self._loop.call_soon_threadsafe(self._start, lane, requests)

    def _start(self, lane: Lane, requests: Sequence[SendRequest]) -> None:
        for request in requests:
            task = self._loop.create_task(_send(lane, request))
            self._tasks.add(task)  # the loop itself keeps weak references only
            task.add_done_callback(self._tasks.discard)


async def _send(lane: Lane, request: SendRequest) -> None:
    outcome: Outcome | MissedSlot = Uncertain("the sender was stopped before an answer came")
    try:
        outcome = await _write(lane, request) if await _wait_for_slot(lane, request.slot) else MissedSlot()
    except Exception as error:  # a bug must not lose a message: it may have been written
        outcome = Uncertain(f"{type(error).__name__} while it was sent")
    finally:
        lane.results.put(SendResult(request.recipient_id, outcome, utcnow()))


async def _wait_for_slot(lane: Lane, slot: float) -> bool:
    """Wait for the slot, and a little longer if the last second has no room. False if the slot was missed, or if the
    lane was withdrawn meanwhile."""
    await asyncio.sleep(slot - time.monotonic())
    if lane.is_withdrawn:
        return False
    lane.window.hold_slot(slot)
    while not _is_late(slot) and not lane.is_withdrawn:
        if lane.window.has_room(time.monotonic()):
            return True
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return False


def _is_late(slot: float) -> bool:
    return time.monotonic() - slot > LATE_SECONDS


async def _write(lane: Lane, request: SendRequest) -> Outcome | MissedSlot:
    lane.journal.note(request.recipient_id)
    if _is_late(request.slot) or lane.is_lost():  # looked at behind the note: see `journal`
        return MissedSlot()
    written = time.monotonic()
    lane.window.post()
    try:
        return await lane.send(request.payload)
    finally:
        lane.window.answer(request.slot, written, time.monotonic())


_loops: dict[int, SendLoop] = {}
_opening = threading.Lock()


def send_loop() -> SendLoop:
    """This process's loop (a fork gets its own)."""
    with _opening:
        if os.getpid() not in _loops:
            _loops[os.getpid()] = SendLoop()
            atexit.register(_loops[os.getpid()].close)
        return _loops[os.getpid()]
