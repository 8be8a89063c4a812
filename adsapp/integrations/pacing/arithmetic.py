"""The arithmetic of pacing, shared by every pacer. Pure.

GCRA without a burst: the state of a key is the time of its last slot, and the next slot is at least one
interval after it. All times are whole microseconds: adding fractions of a second ten million times would drift, and
Redis scripts count exactly only up to 2^53. The interval is rounded up, so a window of one second never holds
more than ceil(rate) slots.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

SECOND: Final = 1_000_000
MAX_HORIZON: Final = 60.0
SLOWEST: Final = 0.001
MAX_SLOW: Final = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Reservation:
    """`count` slots, the first at `first_at`, each `interval` after the one before; seconds of the limiter's
    clock.

    `now` is that clock at the time of the call. With no slot granted, `retry_after` says in how many seconds
    the same call would be granted at least one.
    """

    first_at: float
    interval: float
    count: int
    now: float
    retry_after: float = 0.0

    def delays(self) -> Iterator[float]:
        """Seconds from `now` to each slot. The caller sleeps by its own clock: clocks need not agree."""
        start = self.first_at - self.now
        return (start + index * self.interval for index in range(self.count))


@dataclass(frozen=True, slots=True)
class State:
    """What is kept for a key, in microseconds. `last_at` is its last slot, 0 for none."""

    last_at: int = 0
    slow_until: int = 0
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Grant:
    """A reservation in microseconds."""

    first_at: int
    interval: int
    count: int
    now: int
    retry_after: int = 0

    def in_seconds(self) -> Reservation:
        first, interval = self.first_at / SECOND, self.interval / SECOND
        return Reservation(first, interval, self.count, self.now / SECOND, self.retry_after / SECOND)


def check(count: int, rate: float, horizon: float) -> None:
    if count < 1:
        raise ValueError(f"count must be at least 1, not {count}")
    if not SLOWEST <= rate <= SECOND:
        raise ValueError(f"rate must be {SLOWEST} to {SECOND} a second, not {rate}")
    if not 0 <= horizon <= MAX_HORIZON:
        raise ValueError(f"horizon must be 0 to {MAX_HORIZON:.0f} seconds, not {horizon}")


def check_slow_down(until: float, factor: float) -> None:
    if not (math.isfinite(until) and (factor == 0 or SLOWEST <= factor <= 1)):
        raise ValueError(f"factor must be 0, or {SLOWEST} to 1, and until a time; not {factor} and {until}")


def grant(state: State, count: int, rate: float, horizon: int, now: int) -> tuple[State, Grant]:
    """Give out slots from `now` (microseconds) and say what to keep. The Redis script does exactly this."""
    # No slot is ever given out further ahead: a clock set back must not stop a number for hours.
    last_at = min(state.last_at, now + round(MAX_HORIZON * SECOND))
    slowed = now < state.slow_until
    factor = state.factor if slowed else 1.0
    interval = math.ceil(SECOND / (rate * (factor or 1.0)))
    first = max(now, last_at + interval) if last_at else now
    if slowed and factor == 0.0:
        first = max(first, state.slow_until)
    granted = min(count, (now + horizon - first) // interval + 1) if first <= now + horizon else 0
    if granted == 0:
        return state, Grant(first, interval, 0, now, first - now - horizon)
    return replace(state, last_at=first + (granted - 1) * interval), Grant(first, interval, granted, now)


def slowed_down(state: State, until: int, factor: float, now: int) -> State:
    """`state` under one more penalty."""
    until = min(until, now + round(MAX_SLOW * SECOND))
    if until <= now:
        return state
    if now < state.slow_until:
        until, factor = max(until, state.slow_until), min(factor, state.factor)
    return replace(state, slow_until=until, factor=factor)
