"""What the clock makes of a schedule that is due: which of its runs start, which were missed, when it is due again.

Nothing here touches a database. What is due is decided by the runs themselves and by how late it is, so that a worker
that was away for a night, a restored backup and a clock that was moved are all one question.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from adsapp.core.errors import Invalid
from adsapp.core.words import plural
from adsapp.schedules import times
from adsapp.schedules.models import CatchUp, ScheduleState
from adsapp.schedules.times import When

ON_TIME: Final = timedelta(minutes=2)  # so late is no run yet: a worker that is started anew takes less
_WINDOWS: Final = (ON_TIME, timedelta(hours=1), timedelta(days=1), timedelta(days=32), timedelta(days=400))

DONE = "It has run at its only time"
TOO_LATE = "Its only time passed while no worker was running"
END_DATE = "Its end date has come"
NO_MORE = "There is no further time that fits it"


class Due(Protocol):
    """The columns of a schedule that this asks for."""

    @property
    def when(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def anchor_at(self) -> datetime: ...
    @property
    def next_run_at(self) -> datetime | None: ...
    @property
    def catch_up(self) -> CatchUp: ...
    @property
    def catch_up_most(self) -> int: ...
    @property
    def grace_minutes(self) -> int: ...
    @property
    def ends_at(self) -> datetime | None: ...
    @property
    def ends_after(self) -> int | None: ...
    @property
    def run_count(self) -> int: ...


@dataclass(frozen=True)
class Decision:
    """`starts` begin now, oldest first. `missed` is the first that does not, `missed_until` the last of those."""

    state: ScheduleState
    next_run_at: datetime | None
    starts: tuple[datetime, ...] = ()
    missed: datetime | None = None
    missed_until: datetime | None = None
    reason: str | None = None

    @property
    def why_missed(self) -> str:
        """In words, for the history."""
        if self.missed is None or self.missed == self.missed_until:
            return "No worker was running"
        return f"No worker was running: this one and all until {self.missed_until:%-d %b %Y, %H:%M} UTC were left out"


def decide(schedule: Due, now: datetime) -> Decision:
    """What is to be done with a schedule whose next run is due. Never raises: one schedule must not stop the others."""
    try:
        return _decide(schedule, now)
    except Exception as error:  # a time that this version cannot count: said, and looked at by a person
        reason = f"Its times cannot be counted ({type(error).__name__}); save them anew"
        return Decision(ScheduleState.PAUSED, None, reason=reason)


def _decide(schedule: Due, now: datetime) -> Decision:
    first = schedule.next_run_at
    assert first is not None
    try:
        zone = times.zone_of(schedule.time_zone)
        when = times.kept(schedule.when, zone, schedule.anchor_at)
    except Invalid as error:  # a zone that newer data has no more
        return Decision(ScheduleState.PAUSED, None, reason=error.detail)
    if schedule.catch_up is not CatchUp.SKIP and now - first > grace(schedule.grace_minutes):
        return Decision(ScheduleState.OVERDUE, None, missed=first, reason=_why_overdue(first, zone))
    following = when.after(first, zone)
    is_alone = following is None or following > now  # nearly always
    found = [first] if is_alone else _latest(when, zone, first, now, _most(schedule))
    latest = [run for run in found if not _is_over(schedule, run)]
    starts = [run for run in latest if schedule.catch_up is not CatchUp.SKIP or now - run <= ON_TIME]
    starts = starts[len(starts) - _left(schedule, len(starts)) :]
    following = following if is_alone else when.after(now, zone)
    state, next_run_at, reason = goes_on(schedule, when, following, len(starts))
    return Decision(state, next_run_at, tuple(starts), *_missed(first, latest, starts), reason)


def after_runs(
    schedule: Due, when: When, zone: ZoneInfo, now: datetime, started: int
) -> tuple[ScheduleState, datetime | None, str | None]:
    """How it goes on after `now`, when so many more runs have started: state, next run, and why it ended."""
    return goes_on(schedule, when, when.after(now, zone), started)


def goes_on(
    schedule: Due, when: When, following: datetime | None, started: int
) -> tuple[ScheduleState, datetime | None, str | None]:
    """The same, with the run that comes next by its times alone."""
    if schedule.ends_after is not None and schedule.run_count + started >= schedule.ends_after:
        return ScheduleState.ENDED, None, f"It has run {plural(schedule.ends_after, 'time')}, as was asked for"
    if following is None:
        only = isinstance(when, times.Once)
        return ScheduleState.ENDED, None, (DONE if started else TOO_LATE) if only else NO_MORE
    if _is_over(schedule, following):
        return ScheduleState.ENDED, None, END_DATE
    return ScheduleState.ACTIVE, following, None


def grace(minutes: int) -> timedelta:
    """How late a run may begin by itself."""
    return max(timedelta(minutes=minutes), ON_TIME)


def _most(schedule: Due) -> int:
    return schedule.catch_up_most if schedule.catch_up is CatchUp.ALL else 1


def _left(schedule: Due, count: int) -> int:
    return count if schedule.ends_after is None else max(0, min(count, schedule.ends_after - schedule.run_count))


def _is_over(schedule: Due, run: datetime) -> bool:
    return schedule.ends_at is not None and run > schedule.ends_at


def _latest(when: When, zone: ZoneInfo, first: datetime, now: datetime, most: int) -> list[datetime]:
    """The last runs from the first one to now, so many at most, oldest first.

    Those of a year of minutes are half a million: a short time back is looked at before a longer one.
    """
    for window in _WINDOWS:
        found = list(_between(when, zone, max(first, now - window), now))
        if len(found) >= most or now - window <= first:
            return (found or [first])[-most:]
    return [first]


def _between(when: When, zone: ZoneInfo, start: datetime, now: datetime) -> Iterator[datetime]:
    for run in times.runs(when, zone, start - timedelta(microseconds=1)):
        if run > now:
            return
        yield run


def _missed(first: datetime, latest: list[datetime], starts: list[datetime]) -> tuple[datetime | None, datetime | None]:
    """The first and the last of those that do not start."""
    if not starts:
        return first, (latest or [first])[-1]
    if first == starts[0]:
        return None, None
    before = [run for run in latest if run < starts[0]]
    return first, before[-1] if before else first


def _why_overdue(run: datetime, zone: ZoneInfo) -> str:
    """By its time, not by how long ago that is: the sentence is kept, and read days later."""
    return f"It should have run on {run.astimezone(zone):%a %-d %b %Y at %H:%M} ({zone}), and is later than its grace"
