"""API of workers: list them, ask one to drain."""

import uuid

from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.jobs import service
from adsapp.jobs.api.blueprint import api
from adsapp.jobs.models import Worker
from adsapp.jobs.queries import workers
from adsapp.jobs.wait_reasons import database_now
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission


@api.get("/workers")
@allow(Permission.MANAGE)
def list_workers() -> ResponseReturnValue:
    """The worker processes that serve this organization, with those of its jobs that they run."""
    return {"workers": [workers.worker_json(view) for view in workers.list_workers()]}


@api.post("/workers/<uuid:worker_id>/drains")
@allow(Permission.MANAGE)
def drain_worker(worker_id: uuid.UUID) -> ResponseReturnValue:
    """Let a worker end after its jobs: 202; 403 if it serves other organizations too, 409 if it drains already."""
    worker = db.session.get(Worker, worker_id)
    if worker is None:
        raise NotFound("There is no such worker")
    workers.refuse_where_shared()
    service.drain(worker, current_actor().by())
    db.session.commit()
    return workers.worker_json(workers.view_of(worker, database_now())), 202
