"""The sandbox's own time: the machine's, plus what a person has added to it.

Seconds since 1970 as a float. It never goes back: it is read from the monotonic clock, so that a moving window
stays correct while the machine's wall clock is adjusted.
"""

import time
from collections.abc import Callable


class Clock:
    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._base = wall() - monotonic()
        self.advanced = 0.0

    def now(self) -> float:
        return self._base + self._monotonic() + self.advanced

    def advance(self, seconds: float) -> float:
        """Move time forward; returns the new time. ValueError for a negative amount."""
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        self.advanced += seconds
        return self.now()
