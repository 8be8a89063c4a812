"""The last second as the provider may have seen it. Pure.

Slots are spaced evenly where they are sent, but a network or a server that stalls lets requests pile up and arrive
together. When a request arrived is not known; that it arrived before its answer did is. So before each request this
counts how many may have arrived in the last second: those without an answer, and those answered less than a second
ago, less what an answer takes at best. Where that is as many as the limit, the sender waits. It costs nothing while
answers take about the same time, and no stall can break the limit of a single sender.
"""

from collections import deque

WINDOW = 1.0
FORGET_AFTER = 5.0  # the best round trip is that of the last 5 to 10 s: routes change


class Window:
    """Counts for one number in one process. Times are those of a monotonic clock, in seconds."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._in_flight = 0
        self._answered: deque[float] = deque()
        self._best = [float("inf"), float("inf")]
        self._best_since = 0.0

    @property
    def in_flight(self) -> int:
        """Requests without an answer yet."""
        return self._in_flight

    def has_room(self, now: float) -> bool:
        """True where one more request can never be one too many in any second."""
        while self._answered and self._answered[0] <= now - WINDOW:
            self._answered.popleft()
        return self._in_flight + len(self._answered) < self.limit

    def post(self) -> None:
        """A request is written."""
        self._in_flight += 1

    def answer(self, posted: float, now: float) -> None:
        """Its answer is there, or it failed."""
        self._in_flight -= 1
        self._remember(now - posted, now)
        self._answered.append(now - min(self._best))

    def _remember(self, round_trip: float, now: float) -> None:
        if now - self._best_since > FORGET_AFTER:
            self._best = [self._best[1], float("inf")]
            self._best_since = now
        self._best[1] = min(self._best[1], round_trip)
