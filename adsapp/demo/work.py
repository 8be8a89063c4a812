"""Jobs of the demo that failed or are still to come, so that there is something to retry, run early and cancel.

Nothing bypasses the engine: a worker really began the failed job, and it failed for the reason it gives.
"""

import time
import uuid
from datetime import datetime, timedelta

from flask import Flask

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Queue
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.queries import jobs as job_queries

FAIL_SECONDS = 15.0  # if it takes longer, the demo's own workers finish it
LOOK_EVERY_SECONDS = 0.05
MORNING = 6  # o'clock, UTC


def add_failed_job(app: Flask, organization_id: uuid.UUID, account_id: uuid.UUID) -> None:
    """Add a sync of the templates that fails because the sandbox has not started yet; a later retry succeeds."""
    with db.organization_context(app, organization_id):
        job = jobs.enqueue("sync-templates", {"account_id": str(account_id)}, created_by="demo")
        job.max_attempts = 1  # so that the demo need not wait for the pauses between attempts
        job_id = job.id
        db.session.commit()
    worker = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    worker.start()
    try:
        _wait_for_end(app, organization_id, job_id)
    finally:
        worker.stop()


def _wait_for_end(app: Flask, organization_id: uuid.UUID, job_id: uuid.UUID) -> None:
    deadline = time.monotonic() + FAIL_SECONDS
    while time.monotonic() < deadline:
        with db.organization_context(app, organization_id), db.reading():
            if job_queries.get_job(job_id).is_finished:
                return
        time.sleep(LOOK_EVERY_SECONDS)


def add_delayed_job(account_id: uuid.UUID) -> None:
    """Add a sync of the templates for tomorrow morning, which can be run now or cancelled."""
    title = "Read the templates again tomorrow morning"
    payload = {"account_id": str(account_id)}
    jobs.enqueue("sync-templates", payload, title=title, run_at=_tomorrow_morning(), created_by="demo")


def _tomorrow_morning() -> datetime:
    tomorrow = utcnow() + timedelta(days=1)
    return tomorrow.replace(hour=MORNING, minute=0, second=0, microsecond=0)
