"""Waiting for something to become true, with an end; never a bare sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(look: Callable[[], T], seconds: float = 60.0, what: str = "") -> T:
    """The first true answer of `look`; fails with what was seen last after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or look!r}; last seen: {seen!r}")
        time.sleep(0.02)
