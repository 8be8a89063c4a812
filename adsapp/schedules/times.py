"""When a schedule runs: an expression of cron, every so many minutes, or once.

    0 9 * * 1                    five fields of cron, in the schedule's time zone
    @daily                       @hourly, @weekly, @monthly and @yearly likewise
    every 90 minutes             counted in real time from when the schedule began
    at 2027-01-15 09:00          once, by the clock of the zone; with an offset (…09:00+05:30) at that moment

What is read here is kept as text, and can be said in words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from adsapp.core import inputs
from adsapp.core.errors import Invalid
from adsapp.core.words import plural
from adsapp.outbound.timing import comes_twice, known_zone, no_such_zone
from adsapp.schedules import cron
from adsapp.schedules.words import in_words

MOST_MINUTES: Final = 60 * 24 * 31
_EVERY = re.compile(r"every\s+(?:([0-9]{1,6})\s+)?(minute|hour|day)s?", re.IGNORECASE)
_MINUTES = {"minute": 1, "hour": 60, "day": 60 * 24}
_AT = re.compile(r"at\s+(.+)", re.IGNORECASE)
_HINT = "write five fields of cron (0 9 * * 1), @daily, every 90 minutes, or at 2027-01-15 09:00"


class When(Protocol):
    """A checked time that can come again."""

    @property
    def text(self) -> str:
        """As it is kept."""

    @property
    def words(self) -> str:
        """As people say it."""

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first run after the moment, in UTC; None if there is none."""


@dataclass(frozen=True)
class ByCron:
    """By the clock of a zone."""

    expression: cron.Cron
    given: str

    @property
    def text(self) -> str:
        return self.given

    @property
    def words(self) -> str:
        return in_words(self.expression)

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        return self.expression.after(moment, zone)


@dataclass(frozen=True)
class Every:
    """Every so many minutes of real time, counted from an anchor: no clock change makes one longer."""

    minutes: int
    anchor: datetime

    @property
    def text(self) -> str:
        return f"every {plural(self.minutes, 'minute').replace(',', '')}"

    @property
    def words(self) -> str:
        for name in ("day", "hour"):
            if self.minutes % _MINUTES[name] == 0:
                return self._said(self.minutes // _MINUTES[name], name)
        return self._said(self.minutes, "minute")

    @staticmethod
    def _said(count: int, name: str) -> str:
        return f"Every {name}" if count == 1 else f"Every {plural(count, name)}"

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        step = timedelta(minutes=self.minutes)
        return self.anchor + max(1, (moment - self.anchor) // step + 1) * step


@dataclass(frozen=True)
class Once:
    """One moment."""

    moment: datetime  # UTC
    given: str

    @property
    def text(self) -> str:
        return self.given

    @property
    def words(self) -> str:
        clock = inputs.moment(self.given.partition(" ")[2])
        return f"Once, on {clock or self.moment:%-d %b %Y at %H:%M}"

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        return self.moment if self.moment > moment else None


def parse(text: str, zone: ZoneInfo, anchor: datetime) -> When:
    """What is meant; raises Invalid with the field `when` and the reason."""
    text = " ".join(text.split())
    if not text:
        raise _wrong(f"Say when it runs: {_HINT}")
    if len(text) > cron.LONGEST:
        raise _wrong(f"{len(text)} characters are too many; {cron.LONGEST} are allowed")
    if found := _EVERY.fullmatch(text):
        return _every(found, anchor)
    if found := _AT.fullmatch(text):
        return _once(found[1], zone)
    if not re.match(r"[@*\d]|\S+( \S+){4}$", text):
        raise _wrong(f"“{text[:40]}” cannot be read; {_HINT}")
    return ByCron(cron.parse(text), text)


def kept(text: str, zone: ZoneInfo, anchor: datetime) -> When:
    """What `parse` found good, read again without the checks that take longer than the counting."""
    if text.startswith(("every ", "at ")):
        return parse(text, zone, anchor)
    return ByCron(cron.Cron(cron.NAMES.get(text.lower(), text).upper()), text)


def _every(found: re.Match[str], anchor: datetime) -> Every:
    minutes = int(found[1] or 1) * _MINUTES[found[2].lower()]
    if not 1 <= minutes <= MOST_MINUTES:
        raise _wrong(f"every {found[1]} {found[2]}s: from 1 minute to 31 days is possible")
    return Every(minutes, anchor.replace(second=0, microsecond=0))


def _once(given: str, zone: ZoneInfo) -> Once:
    moment = inputs.moment(given)
    if moment is None or len(given) < len("2027-01-15 09:00"):
        raise _wrong(f"“{given[:40]}” is no date with a time; write at 2027-01-15 09:00")
    kept = f"at {moment.isoformat(' ', 'minutes')}"
    if moment.tzinfo is None:
        _refuse_no_moment(moment, zone)
        moment = moment.replace(tzinfo=zone)
    return Once(moment.astimezone(UTC).replace(second=0, microsecond=0), kept)


def _refuse_no_moment(clock: datetime, zone: ZoneInfo) -> None:
    first, second = (clock.replace(tzinfo=zone, fold=each) for each in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != clock:
        raise _wrong("The clocks go forward then, so this time does not exist; take another")
    if comes_twice(clock, zone):
        either = " or ".join(f"at {each.isoformat(' ', 'minutes')}" for each in (first, second))
        raise _wrong(f"The clocks go back then, so this time comes twice; write {either}")


def zone_of(name: str) -> ZoneInfo:
    """The time zone; raises Invalid that proposes the one that may be meant."""
    found = known_zone(name) if name else None
    if found is None:
        raise Invalid.field("time_zone", no_such_zone(name))
    return found


def next_runs(when: When, zone: ZoneInfo, after: datetime, count: int) -> list[datetime]:
    """The first runs after a moment, in UTC."""
    return list(islice(runs(when, zone, after), count))


def runs(when: When, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """All runs after a moment, in UTC."""
    moment = when.after(after, zone)
    while moment is not None:
        yield moment
        moment = when.after(moment, zone)


def clock_change(before: datetime, run: datetime, zone: ZoneInfo) -> str:
    """What a run tells of a change of the clocks between the run before it and itself, or on its day; else ""."""
    earlier, now = before.astimezone(zone).utcoffset(), run.astimezone(zone).utcoffset()
    if earlier is None or now is None or earlier == now:
        return ""
    hours = abs(now - earlier)
    shift = f"{hours // timedelta(minutes=1)} minutes" if hours % timedelta(hours=1) else _hours(hours)
    return f"The clocks went {'forward' if now > earlier else 'back'} by {shift} since the run before"


def _hours(span: timedelta) -> str:
    return plural(span // timedelta(hours=1), "hour")


def _wrong(message: str) -> Invalid:
    return Invalid.field(cron.FIELD, message)
