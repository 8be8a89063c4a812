"""Even distances between the requests of a key, shared by every pacer. Pure.

GCRA: the state of a key is the time of its last slot, and the next slot is one interval after it. A slot may be used up
to CATCH_UP late, because senders ask every few milliseconds and not at its moment; time that nobody used is not saved
up beyond that. How many requests a second may hold is not decided here but by `last_second`.

All times are whole microseconds: adding fractions of a second ten million times would drift, and Redis scripts count
exactly only up to 2^53.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

SECOND: Final = 1_000_000
CATCH_UP: Final = SECOND // 10
SLOWEST: Final = 0.001
MAX_SLOW: Final = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class Spacing:
    """What is kept for a key, in microseconds. `last_at` is its last slot, 0 for none."""

    last_at: int = 0
    slow_until: int = 0
    factor: float = 1.0


def check_rate(rate: float) -> None:
    if not SLOWEST <= rate <= SECOND:
        raise ValueError(f"rate must be {SLOWEST} to {SECOND} a second, not {rate}")


def check_slow_down(seconds: float, factor: float) -> None:
    if not (math.isfinite(seconds) and (factor == 0 or SLOWEST <= factor <= 1)):
        raise ValueError(f"factor must be 0, or {SLOWEST} to 1, and seconds a number; not {factor} and {seconds}")


def take(state: Spacing, count: int, rate: float, now: int) -> tuple[Spacing, int, int]:
    """What to keep, how many of `count` slots have come by `now`, and, if that is none, in how many microseconds the
    next one comes. The Redis script does exactly this."""
    last_at = min(state.last_at, now)  # a clock that was set back must not stop a number for hours
    slowed = now < state.slow_until
    factor = state.factor if slowed else 1.0
    interval = math.ceil(SECOND / (rate * (factor or 1.0)))
    first = max(now - CATCH_UP, last_at + interval) if last_at else now
    if slowed and factor == 0.0:
        first = max(first, state.slow_until)
    if first > now:
        return state, 0, first - now
    taken = min(count, (now - first) // interval + 1)
    return replace(state, last_at=first + (taken - 1) * interval), taken, 0


def slowed_down(state: Spacing, seconds: float, factor: float, now: int) -> Spacing:
    """`state` under one more penalty."""
    until = now + math.ceil(min(seconds, MAX_SLOW) * SECOND)
    if until <= now:
        return state
    if now < state.slow_until:
        until, factor = max(until, state.slow_until), min(factor, state.factor)
    return replace(state, slow_until=until, factor=factor)
