"""The last second of a key as the provider may have seen it, shared by every process that sends by it. Pure.

A process, a network or a server that stalls lets requests pile up and arrive together, however evenly they were spaced.
When a request arrives is not known; that it arrives after it was admitted and before its answer, is. So a request
counts from the moment it is admitted until a second after its answer, and no more are admitted than the limit leaves
room for.

Why that is enough: take the requests that arrive in any one second, and of these the one that was admitted last. All
the others were admitted before it, and their answers came less than a second before it or have not come yet: they all
counted when it was admitted, and there was room for one more.

Whole microseconds, as in `spacing`. The time after which a request no longer counts is rounded up to a hundredth of
a second, so that the state of a key stays small.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from adsapp.integrations.pacing.spacing import SECOND

BUCKET: Final = 10_000
# A sender writes what was admitted at once or not at all, so whoever is silent for so long has written what it will.
# What it has written and got no answer to is forgotten too: a killed sender must not slow its number for ever.
FORGET_AFTER: Final = 10 * SECOND


@dataclass(frozen=True, slots=True)
class Report:
    """What one sender says about a key, and asks for.

    `held`: its requests that were admitted and have no answer. `answered`: how many of those answered since its last
    report still count, by the microseconds for which they do (at most a second). `wanted`: how many it would send now.
    `rate`: of the key, a second.
    """

    sender: str
    held: int
    answered: Mapping[int, int]
    wanted: int
    rate: float

    @property
    def limit(self) -> int:
        """How many any second may hold."""
        return math.ceil(self.rate)


@dataclass(frozen=True, slots=True)
class LastSecond:
    """What is kept for a key: by sender what it holds and when it said so; by time how many count until then."""

    held: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    answered: Mapping[int, int] = field(default_factory=dict)

    def as_text(self) -> str:
        """For a column."""
        return json.dumps([self.held, self.answered], separators=(",", ":"))

    @classmethod
    def from_text(cls, written: str) -> LastSecond:
        """What `as_text` wrote."""
        held, answered = json.loads(written)
        return cls(
            {sender: (count, at) for sender, (count, at) in held.items()},
            {int(until): count for until, count in answered.items()},
        )


def bucket(moment: int) -> int:
    """The moment, rounded up."""
    return -(-moment // BUCKET) * BUCKET


def count(state: LastSecond, report: Report, now: int) -> tuple[LastSecond, int]:
    """What is known with this report, and how many more requests may be written now. The Redis script does exactly
    this."""
    held = {sender: (held, at) for sender, (held, at) in state.held.items() if at > now - FORGET_AFTER}
    held.pop(report.sender, None)
    # A clock that was set back must not make anything count for longer than a second.
    latest = bucket(now + SECOND)
    answered = Counter({until: number for until, number in state.answered.items() if now < until <= latest})
    for left, number in report.answered.items():
        answered[bucket(now + min(left, SECOND))] += number
    counted = report.held + sum(number for number, _ in held.values()) + answered.total()
    return LastSecond(held, dict(answered)), max(0, report.limit - counted)


def with_held(state: LastSecond, report: Report, admitted: int, now: int) -> LastSecond:
    """`state` after the report's sender was admitted so many."""
    if not report.held + admitted:
        return state
    return replace(state, held={**state.held, report.sender: (report.held + admitted, now)})
