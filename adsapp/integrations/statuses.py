"""How far a message has come, merged from reports that arrive in any order and more than once. Pure.

One time is kept for each milestone. Merging takes the earliest time and lets a higher milestone imply the
lower ones (a message read at once may never be reported as delivered), so the outcome is the same whatever
the order. Nothing ever moves down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from adsapp.integrations.errors import SendError
from adsapp.integrations.events import StatusEvent

_IMPLIED_BY = {
    "accepted": ("accepted_at",),
    "sent": ("accepted_at", "sent_at"),
    "delivered": ("accepted_at", "sent_at", "delivered_at"),
    "read": ("accepted_at", "sent_at", "delivered_at", "read_at"),
    "played": ("accepted_at", "sent_at", "delivered_at", "read_at"),
    "held_for_quality_assessment": ("accepted_at", "held_at"),
    "failed": ("accepted_at", "failed_at"),
}


@dataclass(frozen=True, slots=True)
class Milestones:
    """When a message reached each point (the provider's clock, UTC); None if it has not."""

    accepted_at: datetime | None = None
    held_at: datetime | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    read_at: datetime | None = None
    failed_at: datetime | None = None
    error: SendError | None = None

    @property
    def status(self) -> str | None:
        """The one word to show. With two phones a failure and a delivery may both come: the delivery counts."""
        if self.read_at is not None:
            return "read"
        if self.delivered_at is not None:
            return "delivered"
        if self.failed_at is not None:
            return "failed"
        if self.sent_at is not None:
            return "sent"
        return None if self.accepted_at is None else "accepted"

    @property
    def is_held(self) -> bool:
        """True while the provider keeps the message back to judge the template's quality."""
        return self.held_at is not None and self.status == "accepted"


def merge(current: Milestones, event: StatusEvent) -> Milestones:
    """`current` with `event` worked in; the very same object if the event adds nothing (so: no write)."""
    moved: dict[str, Any] = {
        name: event.timestamp
        for name in _IMPLIED_BY.get(event.status, ())
        if _is_earlier(event.timestamp, getattr(current, name))
    }
    if not moved:
        return current
    if "failed_at" not in moved:
        return replace(current, **moved)
    error = event.errors[0] if event.errors else current.error
    return replace(current, **moved, error=error)


def _is_earlier(moment: datetime, known: datetime | None) -> bool:
    return known is None or moment < known
