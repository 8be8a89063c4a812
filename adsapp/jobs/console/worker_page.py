"""The page of worker processes, for those who manage: who lives, what each does for this organization, drain."""

import uuid

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.web.pages import render, render_fragment
from adsapp.jobs import service
from adsapp.jobs.console import dialogs
from adsapp.jobs.console.queue_presenter import WorkersPage
from adsapp.jobs.models import Worker
from adsapp.jobs.queries import workers
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("workers", __name__)


@views.get("/workers")
@allow(Permission.MANAGE)
def list_workers() -> ResponseReturnValue:
    """All worker processes that have not stopped."""
    return render(WorkersPage.read())


@views.get("/workers/live")
@allow(Permission.MANAGE)
def live() -> ResponseReturnValue:
    """The live part of the page."""
    return render_fragment(WorkersPage.read())


@views.get("/workers/<uuid:worker_id>/drain")
@allow(Permission.MANAGE)
def ask_to_drain(worker_id: uuid.UUID) -> ResponseReturnValue:
    """What draining means, before it is done."""
    return render(dialogs.drain_worker(_worker(worker_id)))


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
