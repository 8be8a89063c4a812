"""A sending job's turn: how long it goes on while others wait for its thread, how far ahead of its gate it decides."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adsapp.jobs import Progress
from adsapp.outbound.statuses import OutboundStatus

TICK_SECONDS: Final = 0.1
# So much waits at the gate, decided on already: what a tick and a slow commit take; more if the database is slow now.
AHEAD_SECONDS: Final = 0.25
MOST_AHEAD_SECONDS: Final = 1.0


@dataclass(frozen=True)
class SliceResult:
    """Why a slice ended: the status of what is sent then, and when there is something to do again (None: nothing)."""

    status: OutboundStatus
    run_at: datetime | None = None
    reason: str = ""


class Turn:
    """A turn of `seconds`, then another as long as nobody waits (`others_wait`), of `longest` seconds in all."""

    def __init__(self, progress: Progress, seconds: float, longest: float, others_wait: Callable[[], bool]) -> None:
        self._progress = progress
        self._seconds = seconds
        self._others_wait = others_wait
        self._until = time.monotonic() + seconds
        self._at_last = time.monotonic() + longest
        self._slowest_tick = 0.0

    def is_over(self, now: float) -> bool:
        """True once others have their turn; it stays so."""
        if self._progress.is_draining or now > self._at_last:
            return True
        if now <= self._until:
            return False
        if self._others_wait():
            self._at_last = now
            return True
        self._until = now + self._seconds
        return False

    @property
    def ahead(self) -> float:
        """For how many seconds of sending there is to be enough at the gate."""
        return min(MOST_AHEAD_SECONDS, max(AHEAD_SECONDS, 2.5 * self._slowest_tick))

    def tick(self, started: float, *, rests: bool) -> None:
        """A look at everything has ended that began then; what is left of its time passes if there is to be a next."""
        took = time.monotonic() - started
        self._slowest_tick = max(took, self._slowest_tick * 0.9)
        left = TICK_SECONDS - took
        if left > 0 and rests:
            time.sleep(left)
