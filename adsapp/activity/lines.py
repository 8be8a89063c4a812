"""An event as people read it: who did what, to what, to how many, what changed, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adsapp.activity.subjects import Subject, subjects_of
from adsapp.activity.words import FIELDS, LIMITS, action_words
from adsapp.core.clock import iso
from adsapp.jobs import Priority
from adsapp.jobs.labels import PRIORITY_WORDS, QUEUE_TITLES
from adsapp.jobs.registry import kind as kind_of
from adsapp.organizations.auditing import MANY_JOBS
from adsapp.organizations.models import AuditEvent


@dataclass(frozen=True)
class Line:
    """One event. `count` is empty if it concerned one thing; `others` are those of many that are not in
    `subjects`; `until` is when what was done ends by itself; `address` is empty if it was done on the server."""

    id: int
    at: datetime
    actor: str
    action: str
    what: str
    kind: str
    subject: str
    subjects: Sequence[Subject]
    others: int
    count: str
    change: str
    until: datetime | None
    reason: str
    address: str

    @property
    def names(self) -> str:
        """All of `subjects` in one text."""
        more = [f"and {self.others:,} more"] if self.others else []
        return ", ".join([*(subject.title for subject in self.subjects), *more])


def lines_of(events: Sequence[AuditEvent]) -> list[Line]:
    """The events in their order; one statement for each kind of subject among them, whatever their number."""
    subjects = subjects_of(events)
    return [_line(event, subjects[event.id]) for event in events]


def line_json(line: Line) -> dict[str, Any]:
    """An event for programs; `page` None if what it was done to is gone."""
    return {
        "id": line.id,
        "at": iso(line.at),
        "actor": line.actor,
        "action": line.action,
        "words": line.what,
        "kind": line.kind,
        "subject": line.subject,
        "subjects": [{"title": each.title, "page": each.path} for each in line.subjects],
        "count": line.count or None,
        "change": line.change or None,
        "until": iso(line.until),
        "reason": line.reason or None,
        "address": line.address or None,
    }


def _line(event: AuditEvent, subjects: Sequence[Subject]) -> Line:
    details = event.details
    until = details.get("until")
    ticked = len(details.get("jobs", [])) if event.subject == MANY_JOBS else 0
    return Line(
        id=event.id,
        at=event.at,
        actor=event.actor,
        action=event.action,
        what=action_words(event.action),
        kind=event.kind,
        subject=event.subject,
        subjects=subjects,
        others=max(0, ticked - len(subjects)),
        count=_count(details),
        change=_change(event.action, details),
        until=datetime.fromisoformat(until) if until else None,
        reason=event.reason,
        address=event.address,
    )


def _count(details: Mapping[str, Any]) -> str:
    """How many jobs or people it concerned, as it was counted then: 12, 10,000+."""
    for name in ("changed", "count", "people"):
        value = details.get(name)
        if value is not None:  # of a run that messages nobody there is no number
            return f"{value:,}" if isinstance(value, int) else str(value)
    return ""


def _change(action: str, details: Mapping[str, Any]) -> str:
    """Before and after, or what was meant."""
    match action:
        case "change job priority":
            return f"{_priority(details['before'])} → {_priority(details['after'])}"
        case "change queue limits":
            return _limits(details["before"], details["after"])
        case "set cap":
            return f"{_limit(details['before'])} → {_limit(details['after'])}"
        case "pause queue" | "resume queue":
            kind = details.get("processor") or details.get("kind")
            return f"only {kind_of(kind).quoted_title}" if kind else ""
        case "change WhatsApp number":
            return ", ".join(FIELDS.get(name, name) for name in details.get("fields") or details.get("changed", []))
        case "check WhatsApp number":
            return str(details.get("result", ""))
        case "add member" | "remove member" | "make token" | "revoke token":
            return f"as {details.get('role', '')}"
        case "change role" | "change name":
            return f"{details['before']} → {details['after']}"
        case "create schedule":
            return str(details.get("when", ""))
        case "change schedule":
            return "" if details["before"] == details["after"] else f"{details['before']} → {details['after']}"
        case "skip run":
            return f"that of {datetime.fromisoformat(details['run']):%-d %b %Y, %H:%M} UTC"
        case "send failed again":
            return str(details.get("error", ""))
    return ", ".join(filter(None, (_matching(details), _to_priority(details))))


def _limits(before: Mapping[str, int | None], after: Mapping[str, int | None]) -> str:
    changed = [name for name in LIMITS if before.get(name) != after.get(name)]
    words = [f"{LIMITS[name]} {_limit(before.get(name))} → {_limit(after.get(name))}" for name in changed]
    return ", ".join(words) or "as they were"


def _limit(value: float | None) -> str:
    return "no limit" if value is None else f"{value:,g}" if value < 1_000_000 else f"{value:,.0f}"


def _priority(value: int) -> str:
    return PRIORITY_WORDS[Priority(value)] if value in list(Priority) else str(value)


def _to_priority(details: Mapping[str, Any]) -> str:
    return f"to {_priority(details['priority'])}" if details.get("priority") else ""


def _matching(details: Mapping[str, Any]) -> str:
    """Which jobs an operation was for: the filter as it was chosen."""
    filters = details.get("filters")
    if filters is None or details.get("ticked"):
        return ""
    titles = {queue.value: title for queue, title in QUEUE_TITLES.items()}
    words = [filters.get("state", ""), titles.get(filters.get("queue", ""), ""), filters.get("q", "")]
    return "all that match: " + (", ".join(filter(None, words)) or "every job")
