"""What a rule would have said in the last days, as it is about to be set: from figures that are kept anyway."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adsapp.alerts import queries
from adsapp.alerts.rules import Conditions, Rule

DAYS: Final = 7


@dataclass(frozen=True)
class Firing:
    """One incident that there would have been; `ended` None: it would still go on."""

    began: datetime
    ended: datetime | None
    peak: float
    keys: frozenset[str] = frozenset()  # what it was about


@dataclass(frozen=True)
class Trial:
    """The incidents there would have been. `is_tried` False: these are those that there were, as it was set then."""

    firings: Sequence[Firing]
    is_tried: bool
    note: str = ""


def try_rule(rule: Rule, conditions: Conditions, now: datetime) -> Trial:
    """The last DAYS days, newest first."""
    since = now - timedelta(days=DAYS)
    if rule.past is None:
        return Trial(_were(rule, since), is_tried=False, note=NO_PAST)
    course = rule.past(since, now, conditions)
    return Trial(list(reversed(firings(rule, course, conditions, now))), is_tried=True, note=rule.past_note)


NO_PAST: Final = (
    "Nothing is kept by which it could be tried. These are the alerts there were, by this rule as it was set then."
)


def _were(rule: Rule, since: datetime) -> list[Firing]:
    return [Firing(each.since, each.resolved_at, each.peak) for each in queries.lately(rule, since)]


def firings(
    rule: Rule, course: Mapping[str, Sequence[tuple[datetime, float]]], conditions: Conditions, now: datetime
) -> Sequence[Firing]:
    """Each incident, oldest first; what came back within the cool-down is in the same one."""
    incidents: list[Firing] = []
    for firing in _spans(rule, course, conditions, now):
        place = _place_of_same(incidents, firing, conditions.cool_down)
        if place is None:
            incidents.append(firing)
        else:
            incidents[place] = _joined(incidents[place], firing)
    return incidents


def _place_of_same(incidents: Sequence[Firing], firing: Firing, cool_down: timedelta) -> int | None:
    """The newest that ended so short a while before and was about one of the same things."""
    for place, before in reversed(list(enumerate(incidents))):
        if before.ended and firing.began - before.ended < cool_down and not before.keys.isdisjoint(firing.keys):
            return place
    return None


def _joined(first: Firing, then: Firing) -> Firing:
    return Firing(first.began, then.ended, max(first.peak, then.peak), first.keys | then.keys)


def _spans(
    rule: Rule, course: Mapping[str, Sequence[tuple[datetime, float]]], conditions: Conditions, now: datetime
) -> Iterator[Firing]:
    """From when something was wrong until nothing was, if that lasted long enough."""
    changes = sorted((at, key, value) for key, values in course.items() for at, value in values)
    over: dict[str, float] = {}
    began, peak, keys = now, 0.0, frozenset[str]()
    for place, (at, key, value) in enumerate(changes):
        if at > now:
            break
        was_over = bool(over)
        if _is_over(rule, conditions, value, was=key in over):
            over[key] = value
        else:
            over.pop(key, None)
        is_last_of_moment = place + 1 == len(changes) or changes[place + 1][0] > at
        if over and not was_over:
            began, peak, keys = at, 0.0, frozenset()
        peak, keys = max([peak, *over.values()]), keys | over.keys()
        if was_over and not over and is_last_of_moment and at - began >= timedelta(minutes=conditions.for_minutes):
            yield Firing(began, at, peak, keys)
    if over and now - began >= timedelta(minutes=conditions.for_minutes):
        yield Firing(began, None, peak, keys)


def _is_over(rule: Rule, conditions: Conditions, value: float, *, was: bool) -> bool:
    if rule.measure is None:
        return value > 0
    return conditions.is_over(value, was=was, less_is_worse=rule.measure.less_is_worse)
