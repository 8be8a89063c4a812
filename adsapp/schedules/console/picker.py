"""A time that is chosen in place of being written: each day, some weekdays, a day of the month, every few minutes.

What is chosen becomes an expression like any other (`adsapp.schedules.times`), and is kept as that alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Final

from werkzeug.datastructures import MultiDict

from adsapp.core import inputs
from adsapp.core.errors import Invalid
from adsapp.schedules.times import MOST_MINUTES
from adsapp.schedules.words import WEEKDAYS

WRITTEN: Final = ""  # nothing is chosen: what is written counts
CHOICES: Final = (
    (WRITTEN, "As it is written above"),
    ("daily", "Every day"),
    ("weekdays", "On some days of the week"),
    ("monthly", "On a day of the month"),
    ("minutes", "Every so many minutes"),
)
LAST_DAY: Final = "L"
DAYS: Final = tuple((str(day), WEEKDAYS[day % 7]) for day in range(1, 8))  # the week begins on Monday
DAYS_OF_MONTH: Final = (*((str(day), str(day)) for day in range(1, 32)), (LAST_DAY, "the last one"))
NAMES: Final = ("pick", "pick_time", "pick_day", "pick_minutes")


@dataclass(frozen=True)
class Picked:
    """What is chosen, as it is sent; nothing is checked here."""

    pick: str = WRITTEN
    pick_time: str = "09:00"
    pick_days: tuple[str, ...] = ()
    pick_day: str = "1"
    pick_minutes: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Picked:
        """From a posted form, or an address."""
        days = tuple(given.getlist("pick_days")) if isinstance(given, MultiDict) else ()
        return cls(**{name: given[name].strip() for name in NAMES if name in given}, pick_days=days)

    @property
    def expression(self) -> str:
        """It as an expression, "" if nothing is chosen; raises Invalid beside the field that is wrong."""
        makers: dict[str, Callable[[], str]] = {
            WRITTEN: lambda: "",
            "daily": lambda: f"{self._clock()} * * *",
            "weekdays": lambda: f"{self._clock()} * * {self._weekdays()}",
            "monthly": lambda: f"{self._clock()} {self._day_of_month()} * *",
            "minutes": lambda: f"every {self._minutes()} minutes",
        }
        if self.pick not in makers:
            raise Invalid.field("pick", "Choose one of these")
        return makers[self.pick]()

    def _clock(self) -> str:
        found: time | None = inputs.clock(self.pick_time)
        if found is None:
            raise Invalid.field("pick_time", "Enter a time of day, such as 09:00")
        return f"{found.minute} {found.hour}"

    def _weekdays(self) -> str:
        days = sorted({day for day in self.pick_days if day in dict(DAYS)})
        if not days:
            raise Invalid.field("pick_days", "Tick at least one day")
        return ",".join(days)

    def _day_of_month(self) -> str:
        if self.pick_day not in dict(DAYS_OF_MONTH):
            raise Invalid.field("pick_day", "Choose a day of the month")
        return self.pick_day

    def _minutes(self) -> int:
        return inputs.whole_number("pick_minutes", self.pick_minutes, 1, MOST_MINUTES) or _none_given()


def _none_given() -> int:
    raise Invalid.field("pick_minutes", f"Enter a number of minutes, from 1 to {MOST_MINUTES:,}")
