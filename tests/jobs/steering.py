"""What the tests of the steering pages share: forms, jobs made to measure, a worker that lives on."""

import html
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.jobs import Job, Queue, State
from adsapp.jobs.models import Worker
from tests.cast import Cast, csrf_token

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]
LATER = timedelta(days=1)
QUEUE = "template-processing"


def post(client: FlaskClient, path: str, **fields: Any) -> Any:
    """Send a form; the answer."""
    return client.post(path, data={"csrf_token": csrf_token(client), **fields})


def question(page: str) -> tuple[str, dict[str, list[str]]]:
    """Where the question on this page is sent, and what its form sends along unseen."""
    forms = re.findall(r'<form[^>]* method="post" action="([^"]+)"[^>]*>(.*?)</form>', page, re.DOTALL)
    action, form = next((action, form) for action, form in forms if 'name="confirmed"' in form)
    hidden: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form):
        hidden.setdefault(name, []).append(html.unescape(value))
    return html.unescape(action), hidden


def confirm(client: FlaskClient, asked: str, **fields: Any) -> Any:
    """Open what asks first, and answer yes as its form does; `asked` is its address, or the page that came back."""
    page = client.get(asked).text if asked.startswith("/") else asked
    action, hidden = question(page)
    return client.post(action, data={**hidden, **fields})


def change(app: Flask, cast: Cast, job_id: uuid.UUID, **values: object) -> uuid.UUID:
    with db.organization_context(app, cast.bakery_id):
        job = db.session.get_one(Job, job_id)
        for name, value in values.items():
            setattr(job, name, value)
        db.session.commit()
    return job_id


def fail(app: Flask, cast: Cast, job_id: uuid.UUID) -> uuid.UUID:
    return change(app, cast, job_id, state=State.FAILED, error="no", attempt=3, failures=3, finished_at=utcnow())


def add_worker(app: Flask, host: str = "harbour", **changes: object) -> uuid.UUID:
    """A worker process that lives on without a heartbeat, unless the changes say otherwise."""
    worker_id, now = new_id(), utcnow() + timedelta(hours=1)
    row: dict[str, object] = {"id": worker_id, "host": host, "pid": 7, "version": "0.1", "memory_mb": 61}
    row |= {"queues": [queue.value for queue in Queue], "started_at": now, "heartbeat_at": now}
    with app.app_context(), db.engine_transaction() as connection:
        connection.execute(insert(Worker).values(**row | changes))
    return worker_id


def live_url(page: str) -> str:
    found = re.search(r'hx-get="([^"]+)" hx-trigger="live"', page)
    assert found
    return found[1].replace("&amp;", "&")


def without_clock(html: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", re.sub(r"<time[^>]*>[^<]*</time>", "", html))
