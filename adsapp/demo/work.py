"""Work of the demo that is still to come, so that there is something to run early and to cancel."""

import uuid
from datetime import datetime, timedelta

from adsapp import jobs
from adsapp.core.clock import utcnow

MORNING = 6  # o'clock, UTC


def add_delayed_job(account_id: uuid.UUID) -> None:
    """Add a sync of the templates for tomorrow morning, which can be run now or cancelled."""
    title = "Read the templates again tomorrow morning"
    payload = {"account_id": str(account_id)}
    jobs.enqueue("sync-templates", payload, title=title, run_at=_tomorrow_morning(), created_by="demo")


def _tomorrow_morning() -> datetime:
    tomorrow = utcnow() + timedelta(days=1)
    return tomorrow.replace(hour=MORNING, minute=0, second=0, microsecond=0)
