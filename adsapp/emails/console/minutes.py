"""An e-mail's people by the minute, in its first hour. Read from counters."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from adsapp.core import db
from adsapp.emails.models import Email, EmailMinute
from adsapp.jobs.queries.statistics import MINUTES

COUNTED: Final = (("accepted", "neutral"), ("delivered", "accent"), ("bounced", "bad"))


@dataclass(frozen=True, slots=True)
class EmailMinutes:
    """How many in each minute, oldest first; each as long as `labels`."""

    labels: tuple[str, ...]
    accepted: tuple[int, ...]
    delivered: tuple[int, ...]
    bounced: tuple[int, ...]

    @property
    def series(self) -> list[dict[str, Any]]:
        """For `ui.line_chart`."""
        return [{"label": name, "kind": kind, "values": getattr(self, name)} for name, kind in COUNTED]


def of_email(email: Email, now: datetime) -> EmailMinutes | None:
    """The first hour, or as much of it as there is; None if it was over within two full minutes."""
    if email.started_at is None:
        return None
    since = email.started_at.replace(second=0, microsecond=0)
    length = min(MINUTES, int((min(now, email.finished_at or now) - since).total_seconds() // 60))
    if length < 2 and email.finished_at is not None:
        return None
    rows = db.session.execute(
        select(EmailMinute.minute, *(getattr(EmailMinute, name) for name, _ in COUNTED)).where(
            EmailMinute.email_id == email.id,
            EmailMinute.minute >= since,
            EmailMinute.minute <= since + timedelta(minutes=length),
        )
    )
    by_place = {int((minute - since).total_seconds() // 60): counts for minute, *counts in rows}
    every = zip(*(by_place.get(place, (0, 0, 0)) for place in range(length + 1)), strict=True)
    return EmailMinutes(tuple(f"minute {place}" for place in range(1, length + 2)), *every)
