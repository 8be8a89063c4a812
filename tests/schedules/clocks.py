"""Random expressions, zones and moments around changes of the clocks, and what cronsim says of them."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim

from adsapp.core.errors import Invalid
from adsapp.schedules import cron

ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "America/Sao_Paulo",  # no changes any more
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "America/Santiago",  # at midnight
    "Pacific/Apia",
    "UTC",
)
CHANGES = (  # days of changes in some of these zones
    datetime(2027, 3, 14, tzinfo=UTC),
    datetime(2027, 3, 28, tzinfo=UTC),
    datetime(2027, 4, 3, tzinfo=UTC),
    datetime(2027, 9, 5, tzinfo=UTC),
    datetime(2027, 10, 2, tzinfo=UTC),
    datetime(2027, 10, 31, tzinfo=UTC),
    datetime(2027, 11, 7, tzinfo=UTC),
)
RUNS = 4


def disagreements(count: int, seed: int) -> Iterator[str]:
    """Of so many random questions those that we answer otherwise than cronsim does."""
    chance = random.Random(seed)
    for _ in range(count):
        text, zone = _expression(chance), ZoneInfo(chance.choice(ZONES))
        moment = chance.choice(CHANGES) + timedelta(minutes=chance.randrange(-1440, 2880))
        ours, theirs = _one_by_one(text, zone, moment), _at_one_go(text, zone, moment)
        if ours != theirs:
            yield f"{text} in {zone} after {moment}: {ours}, cronsim {theirs}"


def _one_by_one(text: str, zone: ZoneInfo, moment: datetime) -> list[datetime]:
    """As the dispatcher asks: each time anew, from the run before."""
    expression, found = cron.Cron(text), []
    for _ in range(RUNS):
        run = expression.after(moment, zone)
        if run is None:
            break
        found.append(run)
        moment = run
    return found


def _at_one_go(text: str, zone: ZoneInfo, moment: datetime) -> list[datetime]:
    try:
        runs = (run.astimezone(UTC) for run in CronSim(text, moment.astimezone(zone)))
        return list(islice((run for run in runs if run > moment), RUNS))
    except RuntimeError:
        return []


def _expression(chance: random.Random) -> str:
    fields = (
        chance.choice(("0", "30", "*", "*/15", "0,30", "5-10", str(chance.randrange(60)))),
        chance.choice(("*", "0", "1", "2", "3", "1-3", "*/2", "0,23", str(chance.randrange(24)))),
        chance.choice(("*", "*", "*", "1", "28", "31", "*/2", "1-7", "L")),
        chance.choice(("*", "*", "*", "3", "10", "3-4,10-11")),
        chance.choice(("*", "*", "*", "0", "7", "1-5", "SUN", "5#2")),
    )
    text = " ".join(fields)
    try:
        return cron.parse(text).text
    except Invalid:
        return _expression(chance)
