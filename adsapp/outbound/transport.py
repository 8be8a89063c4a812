"""One event loop a process, in a thread of its own, on which the requests of every campaign and e-mail are in flight.

A slice hands over requests that wait at their account's gate until they may be written, and reads what came of them
from its `Results`.
"""

import asyncio
import atexit
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import aiohttp

from adsapp.core.clock import utcnow
from adsapp.core.observing.metrics import Reading, read_too
from adsapp.integrations.base import Outcome, Send, Uncertain
from adsapp.integrations.http import open_session
from adsapp.integrations.pacing import Pacer
from adsapp.outbound.caps import Admitter, Cap, capped
from adsapp.outbound.figures import LIMIT
from adsapp.outbound.gate import LATE_SECONDS, Gate


@dataclass(frozen=True)
class SendRequest:
    """One request: which, by a number of the slice's own, and what."""

    id: int
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class NotWritten:
    """It was turned away, or could not be written in time: nothing left this machine."""


@dataclass(frozen=True)
class SendResult:
    """What came of a request; `id` is that of the request."""

    id: int
    outcome: Outcome | NotWritten
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


@dataclass(eq=False)
class Lane:
    """What the requests of one slice have in common."""

    send: Send
    gate: Gate
    note: Callable[[int], None]  # called with a request's id just before it is written
    results: Results
    is_lost: Callable[[], bool]  # another worker may hold the job by now
    is_withdrawn: bool = False
    handed_over: int = 0  # counted by the slice's thread
    called_up: int = 0  # counted by the loop's thread

    @property
    def waiting(self) -> int:
        """How many wait at the gate, or on their way there."""
        return self.handed_over - self.called_up


class SendLoop:
    """The loop, its session, and the gate of each account."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._gates: dict[str, Gate] = {}
        self._admitters: dict[str, Admitter] = {}
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="pacer")
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

    @property
    def limit(self) -> float:
        """What the accounts that are sent for just now may send together, a second; no organization beyond its cap."""
        together: dict[str, float] = {}
        for key, gate in list(self._gates.items()):
            if not gate.window.is_at_rest:
                cap = self._admitters[key].cap
                shared = cap.key if cap else key
                together[shared] = capped(together.get(shared, 0.0) + gate.window.rate, cap)
        return sum(together.values())

    def gate(self, key: str, limit: float, pacer: Pacer, cap: Cap | None = None) -> Gate:
        """The account's gate, with the limit it has now, and the cap of its organization if that has one."""
        if key not in self._gates:
            self._admitters[key] = Admitter(pacer, key)
            self._gates[key] = Gate(limit, self._admitters[key], self._asking)
        self._gates[key].window.rate = limit
        self._admitters[key].cap = cap
        return self._gates[key]

    def send(self, lane: Lane, requests: Sequence[SendRequest]) -> None:
        """Write each as soon as the gate admits it; every one comes back to the lane's results exactly once."""
        lane.handed_over += len(requests)
        self._loop.call_soon_threadsafe(self._start, lane, requests)

    def withdraw(self, lane: Lane) -> None:
        """Write nothing more: requests that still wait come back as not written."""
        lane.is_withdrawn = True
        self._loop.call_soon_threadsafe(lane.gate.turn_away, lane)

    def _start(self, lane: Lane, requests: Sequence[SendRequest]) -> None:
        for request in requests:
            task = self._loop.create_task(_send(lane, request))
            self._tasks.add(task)  # the loop itself keeps weak references only
            task.add_done_callback(self._tasks.discard)


async def _send(lane: Lane, request: SendRequest) -> None:
    outcome: Outcome | NotWritten = Uncertain("the sender was stopped before an answer came")
    try:
        admitted_at = await _enter(lane)
        outcome = NotWritten() if admitted_at is None else await _write(lane, request, admitted_at)
    except Exception as error:  # a bug must not lose a message: it may have been written
        outcome = Uncertain(f"{type(error).__name__} while it was sent")
    finally:
        lane.results.put(SendResult(request.id, outcome, utcnow()))


async def _enter(lane: Lane) -> float | None:
    try:
        return None if lane.is_withdrawn else await lane.gate.enter(lane)
    finally:
        lane.called_up += 1


async def _write(lane: Lane, request: SendRequest, admitted_at: float) -> Outcome | NotWritten:
    written: float | None = None
    try:
        if not _may_write(lane, request, admitted_at):
            return NotWritten()
        written = time.monotonic()
        return await lane.send(request.payload)
    finally:
        lane.gate.leave(written, time.monotonic())


def _may_write(lane: Lane, request: SendRequest, admitted_at: float) -> bool:
    """Looked at behind the note: what a process was stopped with is too old to be written."""
    if lane.is_withdrawn:
        return False
    lane.note(request.id)
    return time.monotonic() - admitted_at <= LATE_SECONDS and not lane.is_lost()


_loops: dict[int, SendLoop] = {}
_opening = threading.Lock()


def _read_limits() -> Iterator[Reading]:
    loop = _loops.get(os.getpid())
    yield Reading(LIMIT, loop.limit if loop is not None else 0.0)


read_too(_read_limits)


def send_loop() -> SendLoop:
    """This process's loop (a fork gets its own)."""
    with _opening:
        if os.getpid() not in _loops:
            _loops[os.getpid()] = SendLoop()
            atexit.register(_loops[os.getpid()].close)
        return _loops[os.getpid()]
