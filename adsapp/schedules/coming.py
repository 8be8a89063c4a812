"""The next runs of a schedule as they are shown: in its zone and in the viewer's, with changes of the clocks noted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid
from adsapp.schedules import times
from adsapp.schedules.models import Schedule, ScheduleState
from adsapp.schedules.times import When

SHOWN = 5


@dataclass(frozen=True)
class Coming:
    """One run that is to come. `note` tells of a change of the clocks between the one before and it."""

    at: datetime  # UTC
    local: datetime
    note: str = ""

    @property
    def offset(self) -> str:
        """+01:00, of the zone then."""
        return self.local.isoformat()[-6:]


def read(schedule: Schedule) -> tuple[When, ZoneInfo] | None:
    """Its times; None if its zone is known no more."""
    try:
        zone = times.zone_of(schedule.time_zone)
        return times.kept(schedule.when, zone, schedule.anchor_at), zone
    except Invalid:
        return None


def next_runs(schedule: Schedule, count: int = SHOWN) -> list[Coming]:
    """The next ones that the clock will start; none of one that has ended, is overdue or paused without an end."""
    found = read(schedule)
    if found is None or schedule.next_run_at is None:
        return []
    when, zone = found
    left = schedule.ends_after - schedule.run_count if schedule.ends_after is not None else count
    moments = [each for each in _from(schedule, when, zone, count) if not _is_over(schedule, each)]
    return list(noted(when, zone, moments[: max(0, left)]))


def _from(schedule: Schedule, when: When, zone: ZoneInfo, count: int) -> list[datetime]:
    first = schedule.next_run_at
    assert first is not None
    return [first, *times.next_runs(when, zone, max(first, utcnow()), count - 1)]


def noted(when: When, zone: ZoneInfo, moments: list[datetime], before: datetime | None = None) -> Iterator[Coming]:
    """These moments in their zone; a change of the clocks since now, or since the one before, is noted."""
    last = before or utcnow()
    for moment in moments:
        yield Coming(moment, moment.astimezone(zone), times.clock_change(last, moment, zone))
        last = moment


def within(schedule: Schedule, start: datetime, end: datetime, most: int) -> list[datetime]:
    """Its runs from a moment up to another, so many at most."""
    found = read(schedule)
    if found is None or schedule.next_run_at is None or schedule.state is ScheduleState.ENDED:
        return []
    when, zone = found
    first = schedule.next_run_at
    moment = first if first >= start else when.after(start - timedelta(microseconds=1), zone)
    runs: list[datetime] = []
    while moment is not None and moment < end and len(runs) < most and not _is_over(schedule, moment):
        runs.append(moment)
        moment = when.after(moment, zone)
    return runs


def _is_over(schedule: Schedule, moment: datetime) -> bool:
    return schedule.ends_at is not None and moment > schedule.ends_at
