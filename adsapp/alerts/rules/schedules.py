"""The rule about what starts by the clock."""

from collections.abc import Iterator
from typing import Final

from adsapp.alerts import concerns
from adsapp.alerts.models import Severity
from adsapp.alerts.rules.base import Conditions, Facts, Finding, Rule, Was
from adsapp.schedules import queries as schedules

MOST: Final = 100  # that one alert lists


def _overdue(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    for concern in concerns.overdue_schedules(schedules.overdue(MOST)):
        yield Finding(concern.key, concern)


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
RULES = (OVERDUE,)
