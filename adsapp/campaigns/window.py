"""The last second as the provider may have seen it, and how fast a number may send so that none has too many. Pure.

Slots are spaced evenly, but a process, a network or a server that stalls lets requests pile up and arrive together.
When a request arrived is not known; that it arrived after its slot and before its answer, is. Two things follow:

- *Jitter* is the longest such time of the last seconds, less what an answer takes at best. In one second arrive at
  most the slots of a second and of the jitter, so `rate` leaves room for them: 95 % of the limit while the jitter is
  below 50 ms, less where the machine or the network stalls.
- Before each request the window counts how many may have arrived in the last second. Only so many are let through as
  this process held slots in that second, and its share of what the headroom leaves: the first stall is caught too.
"""

import math
from collections import deque
from collections.abc import Callable

WINDOW = 1.0
FORGET_AFTER = 5.0
HEADROOM = 0.95
MOST_JITTER = 0.5
FIRST_JITTER = 0.075  # assumed until there is something to go by


class Recent:
    """The smallest or largest value of the last seconds: of this period and of the one before."""

    def __init__(self, pick: Callable[..., float], empty: float, assumed: float, first_period: float) -> None:
        self._pick = pick
        self._empty = empty
        self._values = [assumed, empty]
        self._until: float | None = None
        self._period = first_period

    @property
    def value(self) -> float:
        """The value."""
        return self._pick(self._values)

    def see(self, value: float, now: float) -> None:
        """One more."""
        if self._until is None:
            self._until = now + self._period
        if now > self._until:
            self._values = [self._values[1], self._empty]
            self._until = now + FORGET_AFTER
        self._values[1] = self._pick(self._values[1], value)


class Window:
    """Counts for one number in one process. Times are those of a monotonic clock, in seconds; `limit` is the
    provider's, a second."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._in_flight = 0
        self._slots: deque[float] = deque()
        self._answered: deque[float] = deque()
        # What an answer takes at best is not known in the first half second, so nothing is taken off.
        self._best = Recent(min, math.inf, 0.0, 0.5)
        self._jitter = Recent(max, 0.0, FIRST_JITTER, FORGET_AFTER)

    @property
    def rate(self) -> float:
        """Slots a second, for all processes together."""
        return min(self.limit * HEADROOM, math.ceil(self.limit) / (1.0 + self._jitter.value))

    def hold_slot(self, now: float) -> None:
        """A slot has come, whether it will be used or not."""
        self._slots.append(now)

    def has_room(self, now: float) -> bool:
        """True where one more request cannot be one too many in any second."""
        _drop_until(self._slots, now - WINDOW)
        _drop_until(self._answered, now - WINDOW)
        mine, most = len(self._slots), math.ceil(self.limit * HEADROOM)
        spare = max(1, (math.ceil(self.limit) - most) * mine // most)
        return self._in_flight + len(self._answered) < mine + spare

    def post(self) -> None:
        """A request is written."""
        self._in_flight += 1

    def answer(self, slot: float, posted: float, now: float) -> None:
        """Its answer is there, or it failed."""
        self._in_flight -= 1
        self._best.see(now - posted, now)
        best = self._best.value
        self._answered.append(now - best)
        if best > 0:
            self._jitter.see(min(MOST_JITTER, now - slot - best), now)


def _drop_until(times: deque[float], moment: float) -> None:
    while times and times[0] <= moment:
        times.popleft()
