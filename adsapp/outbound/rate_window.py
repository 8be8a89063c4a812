"""What one process has sent by one number in the last second. Pure.

What is on its way and what was answered is told to the pacer (`integrations.pacing`), which counts it beside what other
processes tell. Between two requests arrives at least what the fastest answer took, so an answered request counts that
much less than a second.
"""

import math
import uuid
from collections import Counter, deque

from adsapp.integrations.pacing import Report

WINDOW = 1.0
BEST_IS_SURE_TO = 0.8  # an answer may come sooner than any before it
FORGET_AFTER = 5.0
FIRST_PERIOD = 0.5
CALM_ANSWERS = 10  # more than a few stalls in a row let through


class Best:
    """What an answer takes at best, of this period and of the one before.

    Too low an estimate costs pace; too high an estimate breaks the limit. Answers that a stall held back all took too
    long, so they must not raise it. A period therefore ends only when enough of its answers were calm. An answer is
    calm if it came after the answer before it by at least half the time between the two requests. Until the first
    period has ended nothing is known, and nothing is subtracted.
    """

    def __init__(self) -> None:
        self._known = 0.0
        self._lowest = math.inf
        self._calm = 0
        self._until: float | None = None
        self._last = (-math.inf, -math.inf)

    @property
    def value(self) -> float:
        """The value, 0 while it is not known."""
        return min(self._known, self._lowest)

    def see(self, posted: float, now: float) -> None:
        """One more answer, and when its request was written."""
        last_posted, last_answered = self._last
        self._last = (posted, now)
        self._calm += now - last_answered >= abs(posted - last_posted) / 2
        self._lowest = min(self._lowest, now - posted)
        if self._until is None:
            self._until = now + FIRST_PERIOD
        if now > self._until and self._calm >= CALM_ANSWERS:
            self._known, self._lowest, self._calm = self._lowest, math.inf, 0
            self._until = now + FORGET_AFTER


class Window:
    """Counts for one number in one process. Times are those of a monotonic clock, in seconds; `rate` is the provider's
    limit, a second."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._sender = uuid.uuid4().hex
        self._held = 0  # admitted, without an answer
        self._answered: deque[float] = deque()  # until when each counts; not told yet
        self._telling = 0  # how many of these are in the report that is under way
        self._told = 0  # how many are held, by the last report
        self._best = Best()

    @property
    def is_at_rest(self) -> bool:
        """True if nothing is on its way, and the others know it."""
        return not self._held and not self._told

    @property
    def has_news(self) -> bool:
        """True if the others would count differently if they knew what this process knows."""
        return self._held != self._told

    def report(self, wanted: int, now: float) -> Report:
        """What to tell, and to ask for. Until the answer is told to `admit`, it is said again the next time."""
        self._telling = len(self._answered)
        left = Counter(round((until - now) * 1_000_000) for until in self._answered if until > now)
        return Report(self._sender, self._held, left, wanted, self.rate)

    def admit(self, report: Report, admitted: int) -> None:
        """The answer to a report: so many requests may be written."""
        for _ in range(self._telling):
            self._answered.popleft()
        self._held += admitted
        self._told = report.held + admitted

    def leave(self, written: float | None, now: float) -> None:
        """A request was answered, or failed; `written` is None if it was not written after all."""
        self._held -= 1
        if written is None:
            return
        self._best.see(written, now)
        self._answered.append(now + WINDOW - BEST_IS_SURE_TO * self._best.value)
