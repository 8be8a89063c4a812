"""Seven days of runs, by the clock of one zone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import url_for

from adsapp.core.clock import utcnow
from adsapp.outbound.timing import known_zone
from adsapp.schedules import coming, presenter
from adsapp.schedules.models import Schedule

DAYS = 7
NAMED = 3  # runs of one schedule on one day that are shown one by one; of more it is said how often they come


@dataclass(frozen=True, slots=True)
class Entry:
    """One run, or all of a schedule that runs often on a day."""

    time: str  # 09:00; "" if it runs often
    name: str
    url: str
    often: str = ""  # how often, in words


@dataclass(frozen=True, slots=True)
class Day:
    """A day and what runs on it, in its order."""

    name: str  # Mon 1 Mar
    is_today: bool
    entries: tuple[Entry, ...]
    note: str  # that the clocks change on it; "" on most


@dataclass(frozen=True, slots=True)
class Week:
    """The days from today on."""

    zone: str
    days: tuple[Day, ...]
    left_out: int = 0  # schedules of which only some are shown

    @property
    def is_empty(self) -> bool:
        """True if nothing runs in it."""
        return not any(day.entries for day in self.days)

    @classmethod
    def of(cls, schedules: Sequence[Schedule], zone_name: str, most: int) -> Week:
        """Of these schedules; `most` is how many were looked for at most."""
        zone = known_zone(zone_name) or ZoneInfo("UTC")
        today = utcnow().astimezone(zone).date()
        found = _by_day(schedules, zone, today)
        days = (_day(today + timedelta(days=each), found, zone, today) for each in range(DAYS))
        return cls(str(zone), tuple(days), most if len(schedules) >= most else 0)


def usual_zone(schedules: Sequence[Schedule]) -> str:
    """The zone of most of them."""
    counted = Counter(each.time_zone for each in schedules)
    return counted.most_common(1)[0][0] if counted else "UTC"


def _by_day(schedules: Sequence[Schedule], zone: ZoneInfo, today: date) -> dict[date, list[tuple[time, Entry]]]:
    found: dict[date, list[tuple[time, Entry]]] = defaultdict(list)
    now = utcnow()
    for schedule in schedules:
        for day in (today + timedelta(days=each) for each in range(DAYS)):
            begin, end = max(now, _midnight(day, zone)), _midnight(day + timedelta(days=1), zone)
            # More are not looked for: to count those of every minute would take a page of them seconds.
            runs = coming.within(schedule, begin, end, NAMED + 1)
            found[day] += _entries(schedule, [run.astimezone(zone) for run in runs])
    return found


def _entries(schedule: Schedule, runs: Sequence[datetime]) -> list[tuple[time, Entry]]:
    url = url_for("schedules.show_schedule", schedule_id=schedule.id)
    if len(runs) > NAMED:
        return [(runs[0].time(), Entry("", schedule.name, url, presenter.in_words(schedule)))]
    return [(run.time(), Entry(f"{run:%H:%M}", schedule.name, url)) for run in runs]


def _day(day: date, found: dict[date, list[tuple[time, Entry]]], zone: ZoneInfo, today: date) -> Day:
    entries = sorted(found.get(day, []), key=lambda each: (each[0], each[1].name))
    return Day(f"{day:%a %-d %b}", day == today, tuple(entry for _, entry in entries), _change(day, zone))


def _change(day: date, zone: ZoneInfo) -> str:
    before, after = (_midnight(day + timedelta(days=each), zone).utcoffset() or timedelta() for each in (0, 1))
    if before == after:
        return ""
    return f"clocks go {'forward' if after > before else 'back'}"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone)
