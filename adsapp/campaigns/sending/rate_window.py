"""The last second as the provider may have seen it, and how fast a number may send so that none has too many. Pure.

Slots are spaced evenly, but a process, a network or a server that stalls lets requests pile up and arrive together.
When a request arrived is not known; that it arrived after its slot and before its answer, is. Two things follow:

- *Jitter* is the longest such time of the last seconds, less what an answer takes at best. In one second arrive at
  most the slots of a second and of the jitter, so `rate` leaves room for them: 95 % of the limit while the jitter is
  below 50 ms, less if the machine or the network stalls.
- Before each request the window counts how many may have arrived in the last second. Only so many are let through as
  this process held slots in that second, and its share of what the headroom leaves: the first stall is caught too.
"""

import math
from collections import deque

WINDOW = 1.0
FORGET_AFTER = 5.0
HEADROOM = 0.95
MOST_JITTER = 0.5
FIRST_JITTER = 0.075  # assumed until there is something to go by
FIRST_PERIOD = 0.5
CALM_ANSWERS = 10  # more than a few stalls in a row let through


class Recent:
    """The largest value of the last seconds: of this period and of the one before."""

    def __init__(self, assumed: float) -> None:
        self._values = [assumed, 0.0]
        self._until: float | None = None

    @property
    def value(self) -> float:
        """The value."""
        return max(self._values)

    def see(self, value: float, now: float) -> None:
        """One more."""
        if self._until is None:
            self._until = now + FORGET_AFTER
        if now > self._until:
            self._values = [self._values[1], 0.0]
            self._until = now + FORGET_AFTER
        self._values[1] = max(self._values[1], value)


class Best:
    """What an answer takes at best, of this period and of the one before.

    Too low an estimate costs pace; too high an estimate breaks the limit. Answers that a stall held back all took too
    long, so they must not raise it. A period therefore ends only when enough of its answers were calm. An answer is
    calm if it came after the answer before it by at least half the time between the two requests. Until the first
    period has ended nothing is known, and nothing is subtracted.
    """

    def __init__(self) -> None:
        self._known = 0.0
        self._lowest = math.inf
        self._calm = 0
        self._until: float | None = None
        self._last = (-math.inf, -math.inf)

    @property
    def value(self) -> float:
        """The value, 0 while it is not known."""
        return min(self._known, self._lowest)

    def see(self, posted: float, now: float) -> None:
        """One more answer, and when its request was written."""
        last_posted, last_answered = self._last
        self._last = (posted, now)
        self._calm += now - last_answered >= abs(posted - last_posted) / 2
        self._lowest = min(self._lowest, now - posted)
        if self._until is None:
            self._until = now + FIRST_PERIOD
        if now > self._until and self._calm >= CALM_ANSWERS:
            self._known, self._lowest, self._calm = self._lowest, math.inf, 0
            self._until = now + FORGET_AFTER


class Window:
    """Counts for one number in one process. Times are those of a monotonic clock, in seconds; `limit` is the
    provider's, a second."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._in_flight = 0
        self._slots: deque[float] = deque()
        self._answered: deque[float] = deque()
        self._best = Best()
        self._jitter = Recent(FIRST_JITTER)

    @property
    def rate(self) -> float:
        """Slots a second, for all processes together."""
        return min(self.limit * HEADROOM, math.ceil(self.limit) / (1.0 + self._jitter.value))

    def hold_slot(self, slot: float) -> None:
        """A slot has come, whether it will be used or not. It counts from its own time on: those that a stopped
        process finds all at once were never one second's."""
        self._slots.append(slot)

    def has_room(self, now: float) -> bool:
        """True if one more request cannot be one too many in any second."""
        _drop_until(self._slots, now - WINDOW)
        # By what is known of the best answer now, a second after most of them came.
        _drop_until(self._answered, now - WINDOW + self._best.value)
        mine, most = len(self._slots), math.ceil(self.limit * HEADROOM)
        spare = max(1, (math.ceil(self.limit) - most) * mine // most)
        return self._in_flight + len(self._answered) < mine + spare

    def post(self) -> None:
        """A request is written."""
        self._in_flight += 1

    def answer(self, slot: float, posted: float, now: float) -> None:
        """Its answer is there, or it failed."""
        self._in_flight -= 1
        self._best.see(posted, now)
        self._answered.append(now)
        best = self._best.value
        if best > 0:
            self._jitter.see(min(MOST_JITTER, now - slot - best), now)


def _drop_until(times: deque[float], moment: float) -> None:
    while times and times[0] <= moment:
        times.popleft()
