"""What happened in the last second, as arithmetic. There is no clock here: every call is given the time, in seconds."""

from collections import deque

WINDOW = 1.0


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
