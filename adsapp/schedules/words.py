"""Expressions of cron as people say them."""

from calendar import monthrange
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from adsapp.schedules.cron import LAST, LAST_WEEKDAY, MONTHS, Cron

WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MOST_TIMES = 6  # of a day that are named one by one
LEAP_YEAR = 2028  # any: 29 February is there
RUN = 3  # so many in a row are said as "from … to …"


def in_words(cron: Cron) -> str:
    """“Every Monday at 09:00”."""
    clock, days = _times(cron), _days(cron)
    if clock.startswith("at ") and ":" in clock:
        said = f"{days or 'every day'} {clock}" if days.count(",") == 0 else f"{days}, {clock}"
    else:
        said = f"{clock}, {days}" if days else clock
    return said[0].upper() + said[1:]


def joined(parts: Iterable[str]) -> str:
    """“a, b and c”."""
    *some, last = parts
    return f"{', '.join(some)} and {last}" if some else last


# --- the time of day --------------------------------------------------------------------------------------------------


def _times(cron: Cron) -> str:
    minutes, hours = sorted(cron.parsed.minutes), sorted(cron.parsed.hours)
    if len(hours) == 24:
        return _each_hour(minutes)
    if len(minutes) * len(hours) <= MOST_TIMES:
        return "at " + joined(f"{hour:02}:{minute:02}" for hour in hours for minute in minutes)
    if len(minutes) == 1 and (step := _step(hours, 24)):
        return f"every {step} hours" + (f" at minute {minutes[0]}" if minutes[0] else "")
    return f"{_each_hour(minutes)} {_within(hours)}".replace(" of every hour", "")


def _each_hour(minutes: Sequence[int]) -> str:
    if len(minutes) == 60:
        return "every minute"
    if minutes == [0]:
        return "every hour"
    if step := _step(minutes, 60):
        return f"every {step} minutes"
    if len(minutes) == 1:
        return f"every hour at minute {minutes[0]}"
    return f"at the minutes {_numbers(minutes)} of every hour"


def _within(hours: Sequence[int]) -> str:
    if _is_run(hours):
        return f"from {hours[0]:02}:00 to {hours[-1]:02}:59"
    if step := _step(hours, 24):
        return f"in every {_ordinal(step)} hour from 00:00 on"
    return f"in the hours {_numbers(hours)}"


def _step(values: Sequence[int], whole: int) -> int:
    """The step if they go round evenly from 0 on, else 0."""
    count = len(values)
    step = whole // count
    return step if count > 1 and whole % count == 0 and list(values) == list(range(0, whole, step)) else 0


def _numbers(values: Sequence[int]) -> str:
    return f"{values[0]} to {values[-1]}" if _is_run(values) else joined(map(str, values))


def _is_run(values: Sequence[int]) -> bool:
    return len(values) >= RUN and list(values) == list(range(values[0], values[-1] + 1))


# --- the day ----------------------------------------------------------------------------------------------------------


def _days(cron: Cron) -> str:
    """Which days; empty for every day of the year."""
    parsed = cron.parsed
    there, is_any_day = _there(parsed.days, parsed.months), _covers(parsed.days, range(1, 32))
    of_month = "" if is_any_day or not there else _days_of_month(there)
    of_week = "" if _covers(_weekdays(cron), range(7)) else _days_of_week(_weekdays(cron))
    months = "" if len(parsed.months) == 12 else _months(sorted(parsed.months))
    if not parsed.day_and and (is_any_day or not of_week):
        of_month = of_week = ""  # either matches, and one of them is every day
    in_months = f" {'from' if ' to ' in months else 'in'} {months}" if months else ""
    if not of_month:
        return ((of_week or ("every day" if months else "")) + in_months).strip()
    day = f"on {of_month} of {months or 'the month'}"
    if not of_week:
        return day
    return f"{day} if it is {_one_of(of_week)}" if parsed.day_and else f"{day} and {of_week}{in_months}"


def _there(days: Collection[int], months: Collection[int]) -> Collection[int]:
    """Those days that some of these months have: where the day of the week is given, too, nothing else refuses them."""
    longest = max(monthrange(LEAP_YEAR, month)[1] for month in months)
    return [day for day in days if day <= longest]


def _covers(values: Collection[object], all_of_them: Iterable[int]) -> bool:
    return all(value in values for value in all_of_them)


def _weekdays(cron: Cron) -> set[object]:
    """Sunday is 0, whichever way it was written."""
    found: set[object] = set()
    for each in cron.parsed.weekdays:
        found.add(each % 7 if isinstance(each, int) else (each[0] % 7, each[1]))
    return found


def _days_of_month(days: Collection[int]) -> str:
    plain = sorted(day for day in days if day > 0)
    if _is_run(plain):
        said = [f"the {_ordinal(plain[0])} to the {_ordinal(plain[-1])}"]
    else:
        said = [f"the {joined(map(_ordinal, plain))}"] if plain else []
    said += ["the last day"] * (LAST in days) + ["the last working day"] * (LAST_WEEKDAY in days)
    return joined(said)


def _days_of_week(days: Collection[object]) -> str:
    plain = sorted((day or 7) for day in days if isinstance(day, int))  # the week begins on Monday
    some = [each for each in days if isinstance(each, tuple)]
    said = []
    if _is_run(plain):
        said.append(f"{WEEKDAYS[plain[0] % 7]} to {WEEKDAYS[plain[-1] % 7]}")
    elif plain:
        said.append(f"every {joined(WEEKDAYS[day % 7] for day in plain)}")
    for day, nth in sorted(some, key=lambda each: (each[1] < 0, each[1], each[0])):
        said.append(f"on the {'last' if nth == LAST else _ordinal(nth)} {WEEKDAYS[day]} of the month")
    return joined(said)


def _one_of(days: str) -> str:
    return days.replace("every ", "a ").replace(" and ", " or ") if days.startswith("every ") else days


def _months(months: Sequence[int]) -> str:
    if _is_run(months):
        return f"{MONTHS[months[0] - 1]} to {MONTHS[months[-1] - 1]}"
    return joined(MONTHS[month - 1] for month in months)


def _ordinal(number: int) -> str:
    last = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{last}"
