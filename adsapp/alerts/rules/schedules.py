"""The rules about what starts by the clock."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from adsapp.alerts import concerns
from adsapp.alerts.concerns import Concern
from adsapp.alerts.models import Severity
from adsapp.alerts.rules.base import Conditions, Facts, Finding, Rule, Was
from adsapp.schedules import queries as schedules
from adsapp.schedules.uses import why_it_cannot_run

MOST: Final = 100  # that one alert lists
MOST_ASKED: Final = 20
AHEAD: Final = timedelta(days=8)  # what runs weekly is asked in any case


def _overdue(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    for concern in concerns.overdue_schedules(schedules.overdue(MOST)):
        yield Finding(concern.key, concern)


def _broken(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    """Of those that run soonest: each is asked what a run of it would ask."""
    for each in schedules.due_next(now.now + AHEAD, MOST_ASKED):
        if why_not := why_it_cannot_run(each):
            concern = Concern(
                "warning", "calendar-time", f"The schedule “{each.name}” cannot run as things are", why_not,
                action="Open the schedule", url=f"/schedules/{each.id}",
            )  # fmt: skip
            yield Finding(f"schedule:{each.id}", concern)


BROKEN = Rule(
    kind="schedule_broken",
    title="A schedule cannot run",
    text="A template, a tag, an import or an account that it uses is gone or refused; its next run would fail.",
    icon="calendar-time",
    look=_broken,
    together="{} schedules cannot run as things are",
    all_url="/schedules",
    all_action="See the schedules",
)
OVERDUE = Rule(
    kind="schedule_overdue",
    title="A schedule is overdue",
    text="Its run was missed by more than its grace: it starts again once somebody says so.",
    icon="calendar-time",
    look=_overdue,
    together="{} schedules are overdue",
    all_url="/schedules",
    all_action="See the schedules",
    usual=Conditions(severity=Severity.CRITICAL),
)
RULES = (OVERDUE, BROKEN)
