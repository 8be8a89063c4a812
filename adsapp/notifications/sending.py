"""Sends one letter; the job engine tries again."""

import uuid
from typing import Any

from adsapp.core import context
from adsapp.jobs import JobFailed
from adsapp.notifications.letters import KINDS, letter_from
from adsapp.notifications.outgoing import Envelope, NotTaken, outgoing
from adsapp.notifications.rendering import one_line, render

PATH = "/settings/notifications"


def send(job_id: uuid.UUID, to: str, name: str, kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Render it and hand it over; by which way it went. Raises JobFailed."""
    if kind not in KINDS:
        raise JobFailed("unknown_kind", f"This version knows no letter called {kind}", permanent=True)
    settings = context.settings()
    mail = render(letter_from(kind, values), name=name, settings_url=f"{settings.base_url}{PATH}")
    way = outgoing(settings)
    envelope = Envelope(settings.notifications_from, to, one_line(name), f"notify-{job_id}")
    try:
        way.send(mail, envelope)
    except NotTaken as error:
        raise JobFailed(error.code, error.message, permanent=error.is_permanent) from error
    return {"kind": kind, "by": way.name}
