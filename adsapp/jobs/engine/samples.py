"""How a worker process was in the last hour: one sample a minute, kept in its own row: nothing to tidy up."""

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

KEPT = 60  # samples
EVERY_SECONDS = 60.0


class Sample(NamedTuple):
    """One minute: `cpu` in percent of one core and `busy` in percent of its threads on average, `memory` in MB at its
    end."""

    cpu: int
    memory: int
    busy: int


class Ring:
    """Takes note at each sign of life, and makes a sample of each minute. `clock` and `spent` are for tests: seconds
    that have passed, and those that this process has had of a core."""

    def __init__(
        self,
        threads: int,
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.process_time,
    ) -> None:
        self._threads = max(1, threads)
        self._clock, self._spent = clock, spent
        self._kept: deque[Sample] = deque(maxlen=KEPT)
        self._began, self._spent_before = clock(), spent()
        self._busy: list[int] = []

    def note(self, busy: int, memory: int) -> list[Sample] | None:
        """How many threads work and how much memory is used now; all samples if a minute is full, else None."""
        self._busy.append(busy)
        now, spent = self._clock(), self._spent()
        if now - self._began < EVERY_SECONDS:
            return None
        cpu = 100 * (spent - self._spent_before) / (now - self._began)
        share = 100 * sum(self._busy) / (len(self._busy) * self._threads)
        self._kept.append(Sample(round(cpu), memory, round(share)))
        self._began, self._spent_before = now, spent
        self._busy.clear()
        return list(self._kept)
