"""The provider's limits as arithmetic. There is no clock here: every call is given the time, in seconds.

Sources: throughput and pair rate as the provider documents them (Cloud API, "Throughput" and "Pair rate limits").
"""

from collections import deque

WINDOW = 1.0
PAIR_INTERVAL = 6.0
PAIR_BURST = 45
PAIR_BURST_SPAN = 6.0
_PAIRS_KEPT = 100_000


class MovingWindow:
    """Never admits more than `limit` in any moving second, whenever the second begins."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._times: deque[float] = deque()

    def used(self, now: float) -> int:
        """How many were admitted in the second up to now."""
        times = self._times
        while times and now - times[0] >= WINDOW:
            times.popleft()
        return len(times)

    def has_room(self, now: float) -> bool:
        return self.used(now) < self.limit

    def take(self, now: float) -> None:
        self._times.append(now)

    def room_in(self, now: float) -> float:
        """Seconds until one more fits; 0 if it fits now."""
        return 0.0 if self.has_room(now) else max(0.0, self._times[-self.limit] + WINDOW - now)


class BusiestSecond:
    """The most events seen in any moving second."""

    def __init__(self) -> None:
        self.most = 0
        self._times: deque[float] = deque()

    def see(self, now: float) -> None:
        self._times.append(now)
        self.most = max(self.most, self.in_last_second(now))

    def in_last_second(self, now: float) -> int:
        times = self._times
        while times and now - times[0] >= WINDOW:
            times.popleft()
        return len(times)


class PairRate:
    """One message to one person every 6 seconds; a burst of up to 45 within 6 seconds is paid back by waiting."""

    def __init__(self) -> None:
        self._pairs: dict[str, tuple[float, int]] = {}

    def has_room(self, recipient: str, now: float) -> bool:
        start, count = self._pairs.get(recipient, (0.0, 0))
        if now >= start + PAIR_INTERVAL * count:
            return True
        return now - start < PAIR_BURST_SPAN and count < PAIR_BURST

    def take(self, recipient: str, now: float) -> None:
        start, count = self._pairs.get(recipient, (0.0, 0))
        paid_back = now >= start + PAIR_INTERVAL * count
        self._pairs[recipient] = (now, 1) if paid_back else (start, count + 1)
        if len(self._pairs) > _PAIRS_KEPT:
            self._forget_the_free(now)

    def room_in(self, recipient: str, now: float) -> float:
        """Seconds until one more may go to this person."""
        if self.has_room(recipient, now):
            return 0.0
        start, count = self._pairs[recipient]
        return start + PAIR_INTERVAL * count - now

    def _forget_the_free(self, now: float) -> None:
        self._pairs = {
            who: (start, count) for who, (start, count) in self._pairs.items() if now < start + PAIR_INTERVAL * count
        }
