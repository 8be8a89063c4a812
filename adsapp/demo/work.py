"""Work of the demo that is still to come, so that there is something to run early and to cancel."""

import uuid
from datetime import datetime, timedelta

from adsapp import jobs
from adsapp.core.clock import utcnow
from adsapp.organizations.auditing import By
from adsapp.schedules.draft import ScheduleIn
from adsapp.schedules.service import create_schedule

MORNING = 6  # o'clock, UTC


def add_delayed_job(account_id: uuid.UUID) -> None:
    """Add a sync of the templates for tomorrow morning, which can be run now or cancelled."""
    title = "Read the templates again tomorrow morning"
    payload = {"account_id": str(account_id)}
    jobs.enqueue("sync-templates", payload, title=title, run_at=_tomorrow_morning(), created_by="demo")


def _tomorrow_morning() -> datetime:
    tomorrow = utcnow() + timedelta(days=1)
    return tomorrow.replace(hour=MORNING, minute=0, second=0, microsecond=0)


def add_schedule(account_id: uuid.UUID) -> None:
    """Something that recurs, so that the page of schedules shows what it is for."""
    data = ScheduleIn("Templates every night", "sync-templates", {"account_id": str(account_id)}, "30 2 * * *")
    create_schedule(data, By("Alice"))
