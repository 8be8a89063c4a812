"""Counts in sentences."""

from typing import Final

DAY_MINUTES: Final = 24 * 60
HOUR_MINUTES: Final = 60


def sentence(text: str) -> str:
    """With a full stop, if it has no other mark at its end."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def plural(count: int, one: str, many: str = "") -> str:
    """1 job, 12,430 jobs; `many` is what follows any other number than 1, if that is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def span(minutes: int) -> str:
    """How long, in the largest unit that fits: 2 days, 1 hour, 90 minutes."""
    for size, unit in ((DAY_MINUTES, "day"), (HOUR_MINUTES, "hour")):
        if minutes and minutes % size == 0:
            return plural(minutes // size, unit)
    return plural(minutes, "minute")
