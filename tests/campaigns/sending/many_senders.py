"""Several processes that send by one number, played through on a clock that is only counted: with stalls anywhere.

What is real: how a process counts (`Window`) and how the pacer counts all of them (`admit`). What is played: the
moments at which a process, its network and the provider get to do the next thing.
"""

import heapq
import itertools
import random
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adsapp.campaigns.sending.gate import ASK_SECONDS, LATE_SECONDS
from adsapp.campaigns.sending.rate_window import Window
from adsapp.integrations.pacing.last_second import LastSecond, Report, admit

SECOND = 1_000_000
Stalls = Sequence[tuple[float, float]]  # when each begins, and how long it is


def after(stalls: Stalls, moment: float) -> float:
    """When something that would happen at this moment happens."""
    for begin, long in sorted(stalls):
        if begin <= moment < begin + long:
            moment = begin + long
    return moment


@dataclass
class Process:
    """One sender and the slots it waits with."""

    window: Window
    stalls: Stalls
    waiting: deque[float] = field(default_factory=deque)


class Play:
    """One number for so many seconds; `arrivals` is what the provider saw."""

    def __init__(self, limit: float, stalls: Sequence[Stalls], provider_stalls: Stalls, seed: int) -> None:
        self._chance = random.Random(seed)
        self._processes = [Process(Window(limit), each) for each in stalls]
        self._provider_stalls = provider_stalls
        self._kept = LastSecond()
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self.arrivals: list[float] = []

    def run(self, seconds: float) -> list[float]:
        """When each request arrived, in order."""
        self._at(0.0, self._slot)
        for process in self._processes:
            self._at(self._chance.uniform(0, ASK_SECONDS), lambda now, one=process: self._ask(one, now))  # type: ignore[misc]
        while self._events and self._events[0][0] < seconds:
            now, _, event = heapq.heappop(self._events)
            event(now)
        return sorted(self.arrivals)

    def _at(self, moment: float, event: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), event))

    def _in(self, process: Process, moment: float, event: Callable[[float], None]) -> None:
        self._at(after(process.stalls, moment), event)

    def _slot(self, now: float) -> None:
        process = self._chance.choice(self._processes)
        self._in(process, now, lambda _: process.waiting.append(now))
        self._at(now + 1 / process.window.rate, self._slot)

    def _ask(self, process: Process, now: float) -> None:
        while process.waiting and now - process.waiting[0] > LATE_SECONDS:
            process.waiting.popleft()
        report = process.window.report(len(process.waiting), now)
        self._at(now + self._chance.uniform(0, 0.002), lambda moment: self._count(process, report, moment))

    def _count(self, process: Process, report: Report, now: float) -> None:
        self._kept, admitted = admit(self._kept, report, round(now * SECOND))
        self._in(process, now + 0.0005, lambda moment: self._go(process, report, admitted, moment))

    def _go(self, process: Process, report: Report, admitted: int, now: float) -> None:
        process.window.admit(report, admitted)
        for place in range(admitted):
            slot = process.waiting.popleft()
            self._in(process, now + place * 0.0003, lambda moment, slot=slot: self._write(process, slot, moment))  # type: ignore[misc]
        self._in(process, now + ASK_SECONDS, lambda moment: self._ask(process, moment))

    def _write(self, process: Process, slot: float, now: float) -> None:
        if now - slot > LATE_SECONDS:
            process.window.leave(None, now)
            return
        arrived = after(self._provider_stalls, now + self._chance.uniform(0.01, 0.015))
        self.arrivals.append(arrived)
        answered = arrived + self._chance.uniform(0.01, 0.015)
        self._in(process, answered, lambda moment: process.window.leave(now, moment))


def busiest_second(arrivals: Sequence[float]) -> int:
    """The most in any second, whenever it begins; `arrivals` are in order."""
    return max((place + 1 - bisect_right(arrivals, at - 1) for place, at in enumerate(arrivals)), default=0)
