"""When something that goes to many people starts: a moment, or a wall clock in somebody's time zone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from adsapp.core import inputs
from adsapp.core.clock import utcnow
from adsapp.core.errors import FieldError, Invalid

FURTHEST = timedelta(days=366)
WESTERNMOST = timezone(timedelta(hours=-12))  # where a wall clock's time comes last
MACHINES_OWN = ("localtime", "posix", "right/", "Factory")
LONGEST_ZONE = 60  # America/Argentina/ComodRivadavia has 32
MAY_BE_PAST = timedelta(minutes=5)  # "now", chosen in a form and sent a little later


def scheduled_time(moment: datetime | None, time_zone: str, fold: int | None = None) -> datetime | None:
    """When it starts, in UTC; None for now. Raises Invalid with all that is wrong: an unknown zone, the past, too far
    away, or a wall clock that is no moment or two."""
    zone = known_zone(time_zone)
    why_not = why_not_then(moment, zone) if moment is not None else ""
    errors = [FieldError("scheduled_at", why_not)] if why_not else []
    if zone is None:
        errors.append(FieldError("time_zone", no_such_zone(time_zone)))
    if errors:
        raise Invalid("; ".join(error.message for error in errors), fields=errors)
    if moment is None or zone is None:
        return None
    moment = (moment if moment.tzinfo else local_time(moment, zone, fold)).astimezone(UTC)
    return moment if moment > utcnow() else None


@dataclass(frozen=True, slots=True)
class TypedTime:
    """A date, a time and a zone as they were typed, and which of two moments is meant, if the clocks go back then."""

    date: str
    time: str
    zone: str
    fold: str = ""

    def moment(self) -> datetime:
        """With its zone. Raises Invalid with all that is wrong: not typed, no such zone, past, skipped by a clock
        change, or one of two without saying which."""
        clock, zone = self._clock, known_zone(self.zone)
        errors = []
        if clock is None:
            errors.append(FieldError("scheduled_at", "Give a date and a time"))
        elif zone is None and (why_not := why_not_then(clock, None)):
            errors.append(FieldError("scheduled_at", why_not))
        if zone is None:
            errors.append(FieldError("time_zone", no_such_zone(self.zone)))
        if clock is None or zone is None:
            raise Invalid("; ".join(error.message for error in errors), fields=errors)
        return local_time(clock, zone, int(self.fold) if self.fold in ("0", "1") else None)

    @property
    def comes_twice(self) -> bool:
        """True if the clocks go back then, so that it has to be said which of the two is meant."""
        clock, zone = self._clock, known_zone(self.zone)
        return clock is not None and zone is not None and comes_twice(clock, zone)

    @property
    def _clock(self) -> datetime | None:
        typed = inputs.moment(f"{self.date.strip()}T{self.time.strip()}")
        return typed.replace(tzinfo=None) if typed else None


def local_time(clock: datetime, zone: ZoneInfo, fold: int | None) -> datetime:
    """A wall clock as a moment. Raises Invalid for one that a clock change skips, and for one that comes twice unless
    `fold` says which: 0 the first, 1 the second."""
    first, second = (clock.replace(tzinfo=zone, fold=each) for each in (0, 1))
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != clock:
        raise Invalid.field("scheduled_at", "The clocks go forward then, so this time does not exist; take another")
    if fold is None and comes_twice(clock, zone):
        raise Invalid.field("fold", "The clocks go back then, so this time comes twice; say which of the two is meant")
    return second if fold else first


def comes_twice(clock: datetime, zone: ZoneInfo) -> bool:
    """True in the hour that a clock change repeats: later by the clock is earlier by the offset."""
    first, second = (clock.replace(tzinfo=zone, fold=each).utcoffset() or timedelta() for each in (0, 1))
    return first > second


def why_not_then(moment: datetime, zone: ZoneInfo | None) -> str:
    """Why nothing can start then, "" if it can. If the zone is not known, only what is true in every zone."""
    moment, now = _in_zone(moment, zone), utcnow()
    if moment < now - MAY_BE_PAST:
        return "This time is past; choose a later one, or send now"
    return "This is more than a year away; choose an earlier time" if moment > now + FURTHEST else ""


def _in_zone(moment: datetime, zone: ZoneInfo | None) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone or WESTERNMOST)


def known_zone(name: str) -> ZoneInfo | None:
    """The zone of this name, or None: also for a name that means another zone on another machine."""
    if name.startswith(MACHINES_OWN):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def no_such_zone(name: str) -> str:
    """What is said if `known_zone` finds none."""
    name, known = name.strip()[:LONGEST_ZONE], sorted(available_timezones())
    meant = [zone for zone in known if zone.lower().endswith(f"/{name.lower()}")]
    meant = meant or get_close_matches(name, known, n=1, cutoff=0.85)
    return f"There is no time zone “{name}”; " + (
        f"did you mean {meant[0]}?" if meant else "write it like Europe/Madrid"
    )
