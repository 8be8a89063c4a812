"""What a rule is: what it looks at, from which value on it speaks, and what it would have said before."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from adsapp.alerts import facts
from adsapp.alerts.concerns import Concern
from adsapp.alerts.models import Severity
from adsapp.core import context
from adsapp.core.words import HOUR_MINUTES
from adsapp.jobs import Queue
from adsapp.jobs.queries.statistics import QueueStats, queue_stats
from adsapp.jobs.wait_reasons import RunConditions, run_conditions


@dataclass(frozen=True)
class Quiet:
    """Hours of a day in which nobody is told; over midnight if it ends before it begins."""

    starts: time
    ends: time
    zone: str

    def holds(self, now: datetime) -> bool:
        clock = now.astimezone(ZoneInfo(self.zone)).time()
        if self.starts <= self.ends:
            return self.starts <= clock < self.ends
        return clock >= self.starts or clock < self.ends


@dataclass(frozen=True)
class Conditions:
    """How a rule is set. `clears_at`: once it has fired it goes on until the value is on the other side of this."""

    threshold: float = 0
    clears_at: float = 0
    window_minutes: int = HOUR_MINUTES
    for_minutes: int = 0
    cool_down_minutes: int = HOUR_MINUTES
    severity: Severity = Severity.WARNING
    is_on: bool = True
    channels: tuple[str, ...] | None = None  # None: all there are
    quiet: Quiet | None = None

    def is_over(self, value: float, *, was: bool, less_is_worse: bool = False) -> bool:
        """True if the value is one to speak of, or still is."""
        if less_is_worse:
            return value <= self.threshold or (was and value < self.clears_at)
        return value >= self.threshold or (was and value > self.clears_at)

    @property
    def window(self) -> timedelta:
        return timedelta(minutes=self.window_minutes)

    @property
    def cool_down(self) -> timedelta:
        return timedelta(minutes=self.cool_down_minutes)


@dataclass(frozen=True)
class Measure:
    """What the threshold is compared with: its words, its unit, and what it may be set to."""

    label: str
    unit: str
    least: float
    most: float
    clears: str  # what the other value is called
    less_is_worse: bool = False
    one: str = ""  # the unit of 1, if that is another word

    def of(self, value: float) -> str:
        """A value with its unit."""
        return f"{value:,g} {self.one if value == 1 and self.one else self.unit}"

    def fits(self, conditions: Conditions) -> bool:
        """True if it ends on the good side of where it begins."""
        if self.less_is_worse:
            return conditions.clears_at >= conditions.threshold
        return conditions.clears_at <= conditions.threshold


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found: `key` names it as long as it lasts, `count` how many it stands for."""

    key: str
    concern: Concern
    count: int = 1


class Facts:
    """What rules look at, each read once a look and only if some rule asks for it."""

    def __init__(self, now: datetime, on: Collection[str] = ()) -> None:
        self.now = now
        self.on = on  # the kinds of the rules that are on
        self.conditions: RunConditions = replace(run_conditions(), now=now)
        self._ended: dict[int, Sequence[facts.Ended]] = {}

    @cached_property
    def queues(self) -> list[QueueStats]:
        return queue_stats(self.conditions, {})

    def ended(self, window_minutes: int) -> Sequence[facts.Ended]:
        """What ended in the last minutes, by minute and queue."""
        if window_minutes not in self._ended:
            self._ended[window_minutes] = facts.ended_minutes(self.now - timedelta(minutes=window_minutes))
        return self._ended[window_minutes]

    def ended_in(self, queue: Queue, window_minutes: int) -> tuple[int, int]:
        """How many ended well and in failure there."""
        there = [each for each in self.ended(window_minutes) if each.queue is queue]
        return sum(each.completed for each in there), sum(each.failed for each in there)

    @property
    def home(self) -> Path:
        return context.settings().home


Was = Collection[str]  # the keys it spoke of a minute ago
Look = Callable[[Facts, Conditions, Was], Iterable[Finding]]
# What would have been spoken of, by key: each value from its moment until the next one.
Course = Mapping[str, Sequence[tuple[datetime, float]]]
Past = Callable[[datetime, datetime, Conditions], Course]


@dataclass(frozen=True)
class Rule:
    """One kind of trouble. `together` is the headline if it is about several things, with {} for how many."""

    kind: str
    title: str
    text: str
    icon: str
    look: Look
    together: str
    all_url: str  # where all of them are
    all_action: str
    usual: Conditions = field(default_factory=Conditions)
    measure: Measure | None = None
    has_window: bool = False
    past: Past | None = None
    past_note: str = ""  # what the past does not tell

    def headline(self, findings: Sequence[Finding]) -> Concern:
        """What is said of all of them at once."""
        first = findings[0].concern
        if len(findings) == 1:
            return first
        worst = "bad" if any(each.concern.kind == "bad" for each in findings) else "warning"
        since = min((each.concern.since for each in findings if each.concern.since), default=None)
        title = self.together.format(f"{len(findings):,}")
        return Concern(worst, self.icon, title, first.text, since, action=self.all_action, url=self.all_url)


def rolling(events: Sequence[tuple[datetime, float]], window: timedelta) -> list[tuple[datetime, float]]:
    """The sum over a moving window at each moment at which it changes; events oldest first."""
    changes = sorted([(at, amount) for at, amount in events] + [(at + window, -amount) for at, amount in events])
    total, sums = 0.0, []
    for at, amount in changes:
        total += amount
        sums.append((at, total))
    return sums
