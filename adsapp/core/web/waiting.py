"""Requests that wait for news: for a bounded time, on a bounded number of threads, and never in a transaction.

A request that waits keeps its thread. So at most a quarter of the threads wait at a time; whoever comes then is
answered at once, which is always a right answer, and asks again.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from flask import Flask

from adsapp.config import Settings
from adsapp.core import context

LONGEST: Final = 20  # seconds; a proxy in front may cut what says nothing for a minute
FIRST_LOOK, LAST_LOOK = 0.1, 0.5  # seconds between two looks: the longer it takes, the fewer
SHARE: Final = 4

stopping = threading.Event()  # set when the process ends: whoever waits is answered


def init_waiting(app: Flask, settings: Settings) -> None:
    """Attach the turnstile."""
    app.extensions["waiting"] = threading.BoundedSemaphore(max(1, settings.web_threads // SHARE))


def wait_until(seconds: float, has_news: Callable[[], bool]) -> None:
    """Return when `has_news`, or after so many seconds, or at once if too many wait already."""
    with _turn() as may_wait:
        pause, left = FIRST_LOOK, seconds if may_wait else 0.0
        while not has_news() and left > 0 and not stopping.wait(min(pause, left)):
            left -= pause
            pause = min(LAST_LOOK, pause * 1.2)


@contextmanager
def _turn() -> Iterator[bool]:
    turnstile: threading.BoundedSemaphore = context.extension("waiting")
    may_wait = turnstile.acquire(blocking=False)
    try:
        yield may_wait
    finally:
        if may_wait:
            turnstile.release()
