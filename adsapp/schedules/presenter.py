"""Schedules as people read them."""

from typing import Any

from adsapp.core.crypto import UnreadableSecret
from adsapp.jobs.registry import kind, subjects
from adsapp.schedules import coming
from adsapp.schedules.coming import Coming
from adsapp.schedules.models import Schedule, ScheduleState
from adsapp.schedules.service import is_paused


def does(schedule: Schedule) -> str:
    """What a run does, in a sentence."""
    recurs = kind(schedule.processor).recurs
    if recurs is None:
        return f"Starts {schedule.processor}, which is not known here."
    try:
        return recurs.words(schedule.params.open())
    except UnreadableSecret:
        return "What it does cannot be read: ENCRYPTION_KEYS lacks the key that it was written with."


def params(schedule: Schedule) -> dict[str, Any] | None:
    """What it does for programs, without secrets; None if its key is lost."""
    recurs = kind(schedule.processor).recurs
    try:
        found = dict(schedule.params.open())
    except UnreadableSecret:
        return None
    return recurs.shown(found) if recurs and recurs.shown else found


def in_words(schedule: Schedule) -> str:
    """When it runs: “Every Monday at 09:00”."""
    found = coming.read(schedule)
    return found[0].words if found else schedule.when


def next_runs(schedule: Schedule, count: int = coming.SHOWN) -> list[Coming]:
    """Those that come, in its zone."""
    return coming.next_runs(schedule, count)


def made(subject: str | None) -> tuple[str, str] | None:
    """What a run made: the words and the path of a link to it."""
    key, _, made_id = (subject or "").partition(":")
    found = subjects().get(key)
    return (found.link, found.path(made_id)) if found else None


def state_of(schedule: Schedule) -> ScheduleState:
    """Its state now: a pause whose end has come is over, though nobody has written that yet."""
    if schedule.state is ScheduleState.PAUSED and not is_paused(schedule):
        return ScheduleState.ACTIVE
    return schedule.state
