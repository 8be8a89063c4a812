"""What becomes of an incident from one look to the next, and when somebody is told. Nothing here reads or sends.

Something found opens an incident once it has lasted long enough. While it is open, what a rule finds is written into
it, however many things it is about. When nothing is found any more it is resolved; if one of these things comes back
within the cool-down it is the same one, and anything else is a new one. Somebody is told when it opens, when it has
grown by the end of a cool-down, and when it is over: if it was told of before, if no quiet hours hold, and if nobody
has taken it on or put it off.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from adsapp.alerts.models import AlertIncident, What
from adsapp.alerts.rules import Conditions, Finding, Rule

MOST_THINGS: Final = 20
OVER: Final = "It is no longer so"


def begun(rule: Rule, now: datetime) -> AlertIncident:
    """A new incident, which nobody sees yet."""
    incident = AlertIncident(kind=rule.kind, seen_at=now, count=0, peak=0, times=1, since=now)
    incident.told_count, incident.told_keys, incident.keys = 0, [], []
    return incident


def reopen(incident: AlertIncident) -> None:
    """It came back within its cool-down: nobody is told of it as of something new."""
    incident.resolved_at, incident.resolved_because = None, ""
    incident.acknowledged_at, incident.acknowledged_by, incident.note = None, "", ""
    incident.times += 1


def note(
    incident: AlertIncident, rule: Rule, conditions: Conditions, findings: Sequence[Finding], now: datetime
) -> None:
    """Write what was found into it; open it if it has been so for long enough."""
    said, is_new = rule.headline(findings), incident.opened_at is None
    incident.severity, incident.title, incident.text = conditions.severity, said.title, said.text
    incident.action, incident.url, incident.last_at = said.action, said.url, now
    if is_new:
        incident.since = min(said.since or incident.seen_at, incident.seen_at)
    incident.count = sum(each.count for each in findings)
    incident.peak = max(incident.peak, incident.count)
    incident.keys = [each.key for each in findings]
    incident.things = [
        {"title": each.concern.title, "text": each.concern.text, "url": each.concern.url}
        for each in findings[:MOST_THINGS]
    ]
    if is_new and now - incident.seen_at >= timedelta(minutes=conditions.for_minutes):
        incident.opened_at = now


def resolve(incident: AlertIncident, now: datetime, because: str = OVER) -> None:
    """It is over. It keeps what it was about last, by which it is known if that comes back."""
    incident.resolved_at, incident.resolved_because = now, because


def was_about(incident: AlertIncident, findings: Sequence[Finding]) -> bool:
    """True if one of these was in it when it ended, or somebody was told of it."""
    return not {*incident.keys, *incident.told_keys}.isdisjoint(each.key for each in findings)


def to_tell(incident: AlertIncident, conditions: Conditions, now: datetime) -> What | None:
    """What somebody should be told now; None for nothing."""
    if incident.opened_at is None or not conditions.is_on:
        return None
    if conditions.quiet is not None and conditions.quiet.holds(now):
        return None
    if incident.resolved_at is not None:
        return What.RESOLVED if incident.told in (What.FIRED, What.GREW) else None
    if incident.acknowledged_at is not None or incident.is_snoozed(now):
        return None
    if incident.told_at is None or _was_put_off(incident):
        return What.FIRED
    if now - incident.told_at < conditions.cool_down:
        return None
    if incident.told is What.RESOLVED:
        return What.FIRED
    return What.GREW if _has_grown(incident) else None


def told(incident: AlertIncident, what: What, now: datetime) -> None:
    """Remember that it was told."""
    incident.told, incident.told_at = what, now
    incident.told_count = max(incident.told_count, incident.count)
    incident.told_keys = sorted({*incident.told_keys, *incident.keys})


def _was_put_off(incident: AlertIncident) -> bool:
    """It was snoozed since it was told, and is still so."""
    return bool(incident.snoozed_until and incident.told_at and incident.told_at < incident.snoozed_until)


def _has_grown(incident: AlertIncident) -> bool:
    """It is about something that nobody was told of, or about twice as many."""
    return bool(set(incident.keys) - set(incident.told_keys)) or incident.count >= 2 * max(1, incident.told_count)
