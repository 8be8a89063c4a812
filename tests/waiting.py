"""Waiting for something to become true, with an end; never a bare sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOKS = 20  # of the time waited, each pause is one part in so many: to look costs what the others would compute with
SHORTEST, LONGEST = 0.01, 0.1  # seconds between two looks


def wait_for(look: Callable[[], T], seconds: float = 60.0, what: str = "") -> T:
    """The first true answer of `look`; fails with what was seen last after `seconds`."""
    began = time.monotonic()
    while True:
        seen = look()
        if seen:
            return seen
        waited = time.monotonic() - began
        if waited > seconds:
            raise AssertionError(f"not within {seconds} s: {what or look!r}; last seen: {seen!r}")
        time.sleep(min(LONGEST, max(SHORTEST, waited / LOOKS)))
