"""The page of worker processes, for those who manage: who lives, what each does for this organization, drain."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import context, db
from adsapp.core.errors import NotFound
from adsapp.core.web.htmx import fragment, version_of
from adsapp.jobs import service
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.models import Worker
from adsapp.jobs.queries import workers
from adsapp.jobs.queries.statistics import queues_without_worker
from adsapp.jobs.states import Queue
from adsapp.jobs.wait_reasons import run_conditions
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("workers", __name__)


@views.get("/workers")
@allow(Permission.MANAGE)
def list_workers() -> ResponseReturnValue:
    """All worker processes that have not stopped."""
    return render_template("workers/list.html", **_page())


@views.get("/workers/live")
@allow(Permission.MANAGE)
def live() -> ResponseReturnValue:
    """The live part of the page."""
    return fragment("workers/_workers.html", **_page())


@views.get("/workers/<uuid:worker_id>/drain")
@allow(Permission.MANAGE)
def ask_to_drain(worker_id: uuid.UUID) -> ResponseReturnValue:
    """What draining means, before it is done."""
    worker = _worker(worker_id)
    return render_template("workers/drain.html", worker=worker, name=workers.name_of(worker), titles=QUEUE_TITLES)


@views.post("/workers/<uuid:worker_id>/drain")
@allow(Permission.MANAGE)
def drain(worker_id: uuid.UUID) -> ResponseReturnValue:
    """Ask it to end after its jobs."""
    worker = _worker(worker_id)
    service.drain(worker, current_actor().by())
    name = workers.name_of(worker)
    db.session.commit()
    flash(f"{name} begins nothing more and ends when its jobs have", "good")
    return redirect(url_for("workers.list_workers"), 303)


def _worker(worker_id: uuid.UUID) -> Worker:
    worker = db.session.get(Worker, worker_id)
    if worker is None:
        raise NotFound("There is no such worker; it may have stopped and been forgotten")
    workers.refuse_where_shared()
    return worker


def _page() -> dict[str, Any]:
    conditions = run_conditions()
    crew, lacking = workers.list_workers(conditions.now), queues_without_worker(conditions)
    may_drain = workers.is_ours_alone()
    version = version_of([each.version_key for each in crew], lacking, may_drain)
    return {
        "crew": crew,
        "lacking": lacking,
        "start_command": workers.start_command(lacking or tuple(Queue)),
        "command": context.settings().command,
        "may_drain": may_drain,
        "titles": {queue.value: title for queue, title in QUEUE_TITLES.items()},
        "as_of": conditions.now,
        "version": version,
        "live_url": url_for("workers.live", version=version),
    }
