"""What schedules use, and whether they can still run: what is gone is found before the next run, not by it."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.crypto import UnreadableSecret
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.words import plural, sentence
from adsapp.jobs.registry import kind
from adsapp.schedules.models import Schedule, ScheduleState

MOST: Final = 500  # that are looked at
NAMED: Final = 3


def said_of_users(key: str) -> str:
    """Which schedules use a thing, and what becomes of them without it; "" if none does."""
    names = [schedule.name for schedule in users(key)]
    if not names:
        return ""
    some = ", ".join(f"“{name}”" for name in names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{plural(len(names), 'schedule uses', 'schedules use')} it, and cannot run without: {some}{more}."


def users(key: str) -> Sequence[Schedule]:
    """The schedules that use a thing and have not ended, by name."""
    going = select(Schedule).where(Schedule.state != ScheduleState.ENDED).order_by(Schedule.name, Schedule.id)
    return [each for each in db.session.scalars(going.limit(MOST)) if key in _uses(each)]


def _uses(schedule: Schedule) -> Sequence[str]:
    recurs = kind(schedule.processor).recurs
    if recurs is None or recurs.uses is None:
        return ()
    try:
        return recurs.uses(schedule.params.open())
    except UnreadableSecret:
        return ()


def why_it_cannot_run(schedule: Schedule) -> str:
    """Why its next run would fail, as far as that can be known now: a template, a tag or an account is gone. "" if
    nothing is known against it."""
    recurs = kind(schedule.processor).recurs
    if recurs is None or schedule.state is ScheduleState.ENDED:
        return ""
    try:
        recurs.check(schedule.params.open())
    except UnreadableSecret:
        return "ENCRYPTION_KEYS lacks the key that it was written with."
    except (Invalid, NotFound) as error:
        return sentence(error.detail)
    return ""
