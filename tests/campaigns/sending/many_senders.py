"""Several processes that send by one number, played through on a clock that is only counted: with stalls anywhere.

What is real: how a process counts (`Window`) and how the pacer admits all of them (`admit`). What is played: the
moments at which a process, its network and the provider get to do the next thing. Every process has more to send than
it may.
"""

import heapq
import itertools
import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from adsapp.integrations.pacing.last_second import LastSecond, Report
from adsapp.integrations.pacing.pacer import Admission, admit
from adsapp.integrations.pacing.spacing import Spacing
from adsapp.outbound.gate import ASK_SECONDS, LATE_SECONDS
from adsapp.outbound.rate_window import Window

SECOND = 1_000_000
EPOCH = 1_000.0  # clocks do not begin at nought
WAITING = 100
Stalls = Sequence[tuple[float, float]]  # when each begins, and how long it is


def after(stalls: Stalls, moment: float) -> float:
    """When something that would happen at this moment happens."""
    for begin, long in sorted(stalls):
        if begin <= moment < begin + long:
            moment = begin + long
    return moment


@dataclass
class Process:
    """One sender. `opens_at` as in `Gate`; `arrived`: how many of its requests the provider saw."""

    window: Window
    stalls: Stalls
    opens_at: float = 0.0
    arrived: int = 0


class Play:
    """One number for so many seconds; `arrivals` is what the provider saw."""

    def __init__(self, limit: float, stalls: Sequence[Stalls], provider_stalls: Stalls, seed: int) -> None:
        self._chance = random.Random(seed)
        self.processes = [Process(Window(limit), each) for each in stalls]
        self._provider_stalls = provider_stalls
        self._spaced, self._counted = Spacing(), LastSecond()
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self.arrivals: list[float] = []

    def run(self, seconds: float) -> list[float]:
        """When each request arrived, in order."""
        for process in self.processes:
            self._at(self._chance.uniform(0, ASK_SECONDS), partial(self._ask, process))
        while self._events and self._events[0][0] < seconds:
            now, _, event = heapq.heappop(self._events)
            event(now)
        return sorted(self.arrivals)

    def _at(self, moment: float, event: Callable[[float], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), event))

    def _in(self, process: Process, moment: float, event: Callable[[float], None]) -> None:
        self._at(after(process.stalls, moment), event)

    def _ask(self, process: Process, now: float) -> None:
        if now >= process.opens_at or process.window.has_news:
            report = process.window.report(WAITING, now)
            self._at(now + self._chance.uniform(0, 0.002), partial(self._count, process, report, now))
        else:
            self._ask_again(process, now)

    def _ask_again(self, process: Process, now: float) -> None:
        self._in(process, now + ASK_SECONDS * self._chance.uniform(0.5, 1.5), partial(self._ask, process))

    def _count(self, process: Process, report: Report, asked: float, now: float) -> None:
        clock = round((EPOCH + now) * SECOND)
        self._spaced, self._counted, admission = admit(self._spaced, self._counted, report, clock)
        self._in(process, now + 0.0005, partial(self._go, process, report, admission, asked))

    def _go(self, process: Process, report: Report, admission: Admission, asked: float, now: float) -> None:
        process.window.admit(report, admission.count)
        process.opens_at = asked + admission.wait
        for place in range(admission.count):
            self._in(process, now + place * 0.0003, partial(self._write, process, asked))
        self._ask_again(process, now)

    def _write(self, process: Process, admitted_at: float, now: float) -> None:
        if now - admitted_at > LATE_SECONDS:
            process.window.leave(None, now)
            return
        arrived = after(self._provider_stalls, now + self._chance.uniform(0.01, 0.015))
        self.arrivals.append(arrived)
        process.arrived += 1
        answered = arrived + self._chance.uniform(0.01, 0.015)
        self._in(process, answered, partial(process.window.leave, now))


def busiest_second(arrivals: Sequence[float]) -> int:
    """The most in any second, whenever it begins; `arrivals` are in order."""
    return max((place + 1 - bisect_right(arrivals, at - 1) for place, at in enumerate(arrivals)), default=0)
