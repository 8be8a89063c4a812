"""Five fields of cron by Vixie's rules, in a time zone.

Either day field matches if both are set, and both have to if one begins with a star; 7 is Sunday; names, steps and
ranges. A daily job runs once on each local day, also when a clock change leaves its minute out or brings it twice.
`cronsim` does the counting (https://github.com/cuu508/cronsim); it mimics Debian's cron.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from adsapp.core.errors import Invalid

FIELD: Final = "when"
LONGEST: Final = 100
LAST: Final = CronSim.LAST  # of the month, among the days and beside a weekday
LAST_WEEKDAY: Final = CronSim.LAST_WEEKDAY

NAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
FIELDS: Final = ("minute", "hour", "day of the month", "month", "day of the week")
RANGES: Final = (
    "0 to 59",
    "0 to 23",
    "1 to 31",
    "1 to 12, or JAN to DEC",
    "0 to 7, or SUN to SAT (0 and 7 are Sunday)",
)
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MOST_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_SOMEWHERE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cron:
    """A checked expression."""

    text: str  # five fields, in capitals

    @cached_property
    def parsed(self) -> CronSim:
        """The sets of its fields; its own moment means nothing."""
        return CronSim(self.text, _SOMEWHERE)

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """The first run after the moment, in UTC; None if there is none within fifty years."""
        return _after(self.text, moment.astimezone(UTC), zone)

    def runs(self, moment: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """All runs after the moment, in UTC.

        In the hour that comes twice a daily run belongs to the first time. Who asks in the second is told of it once
        more by cronsim, as of something to come: what is past is passed over here.
        """
        after = moment.astimezone(UTC)
        try:
            for run in CronSim(self.text, after.astimezone(zone)):
                if (found := run.astimezone(UTC)) > after:
                    yield found
        except (OverflowError, ValueError):  # the calendar ends
            return


@lru_cache(maxsize=4096)  # what is due at midnight is due by the same few expressions
def _after(text: str, moment: datetime, zone: ZoneInfo) -> datetime | None:
    return next(Cron(text).runs(moment, zone), None)


def parse(text: str) -> Cron:
    """The expression; raises Invalid that says which field is wrong, and why one never comes."""
    fields = NAMES.get(text.lower(), text).upper().split()
    if text.startswith("@") and text.lower() not in NAMES:
        raise _wrong(f"There is no {text[:20]}; there are {', '.join(NAMES)}")
    if len(fields) != len(FIELDS):
        raise _wrong(
            f"{len(fields)} fields; cron has five: minute, hour, day of the month, month, day of the week, as in "
            "0 9 * * 1"
        )
    for place, field in enumerate(fields):
        _check_field(place, field)
    cron = Cron(" ".join(fields))
    try:
        comes = cron.after(_SOMEWHERE, ZoneInfo("UTC")) is not None
    except CronSimError:
        comes = False
    if not comes:
        raise _wrong(_why_never(fields))
    return cron


def _check_field(place: int, field: str) -> None:
    """Raise Invalid that names this field."""
    alone = ["*"] * len(FIELDS)
    alone[place] = field
    try:
        if "//" in field or field.startswith("/"):
            raise CronSimError
        CronSim(" ".join(alone), _SOMEWHERE)
    except (CronSimError, ValueError, AssertionError, TypeError):
        raise _wrong(
            f"The {FIELDS[place]} “{field[:40]}” cannot be read; it takes {RANGES[place]}, *, and lists, ranges and "
            "steps of these, as 1,15 or 1-5 or */2"
        ) from None


def _why_never(fields: list[str]) -> str:
    days = {int(day) for day in re.findall(r"(?<![#/\d])\d+", fields[2])}
    months = sorted(CronSim(f"* * * {fields[3]} *", _SOMEWHERE).months)
    day = min(days) if days else 0
    named = " or ".join(MONTHS[month - 1] for month in months[:3])
    if day and day > max(_MOST_DAYS[month - 1] for month in months):
        most = max(_MOST_DAYS[month - 1] for month in months)
        return f"This never comes: there is no {day} {named}; {most} is the last day"
    return "This never comes: no day within fifty years fits all five fields"


def _wrong(message: str) -> Invalid:
    return Invalid.field(FIELD, message)
