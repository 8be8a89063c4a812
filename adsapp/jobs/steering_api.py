"""API by which programs steer the engine: many jobs at once, pauses and limits of queues, workers."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.parsing import parse_body
from adsapp.jobs import actions, operations, service, workers
from adsapp.jobs.filters import JobFilters
from adsapp.jobs.forms import queue_of
from adsapp.jobs.holding import pause_json
from adsapp.jobs.json import job_json
from adsapp.jobs.models import Job, Worker
from adsapp.jobs.operations import MOST_TICKED
from adsapp.jobs.states import FINAL, Queue, State, get_queue
from adsapp.jobs.waiting import database_now, pauses
from adsapp.organizations import policy
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

api = Blueprint("steering_api", __name__, url_prefix="/api")

OLDEST_DAYS = 36_500
Reason = Annotated[str, Field(max_length=200)]


class Body(BaseModel):
    """A body in which an unknown field is a mistake."""

    model_config = ConfigDict(extra="forbid")


class FilterBody(Body):
    """Which jobs, as `GET /api/jobs` takes it."""

    state: str = ""
    queue: str = ""
    q: str = ""
    routine: bool = False

    def filters(self, state: State | None = None) -> JobFilters:
        """As services take it; `state` where none is named."""
        named = {"state": self.state or (state.value if state else ""), "queue": self.queue, "q": self.q}
        return JobFilters.from_query(named | {"routine": "1" if self.routine else ""})


class ManyJobs(Body):
    """Jobs by their ids, or all that match a filter."""

    filter: FilterBody | None = None
    job_ids: list[uuid.UUID] | None = Field(None, min_length=1, max_length=MOST_TICKED)
    reason: Reason = ""

    @model_validator(mode="after")
    def _one_of_both(self) -> "ManyJobs":
        if (self.filter is None) == (self.job_ids is None):
            raise ValueError("name either job_ids or a filter")
        return self


class Cleaning(Body):
    """Which finished jobs go."""

    state: State
    older_than_days: int = Field(ge=0, le=OLDEST_DAYS, strict=True)
    queue: str = ""
    routine: bool = Field(False, strict=True)
    reason: Reason = ""


class Pause(Body):
    """Why, until when (None: until somebody resumes it), and which kind of job alone."""

    reason: Reason
    until: AwareDatetime | None = None
    processor: str = ""


class Limits(Body):
    """All three limits; None is no limit."""

    at_once: int | None = Field(None, strict=True)
    per_minute: int | None = Field(None, strict=True)
    waiting: int | None = Field(None, strict=True)


@api.post("/jobs/retries")
@allow(Permission.SEND)
def retry_jobs() -> ResponseReturnValue:
    """Begin many failed jobs again: 202 with the operation's job; a filter without a state means failed ones."""
    return _operation("retry", State.FAILED)


@api.post("/jobs/cancellations")
@allow(Permission.SEND)
def cancel_jobs() -> ResponseReturnValue:
    """Cancel many jobs that have not ended: 202 with the operation's job."""
    return _operation("cancel")


@api.post("/jobs/cleanings")
@allow(Permission.MANAGE)
def clean_jobs() -> ResponseReturnValue:
    """Remove finished jobs by age: 202 with the operation's job; their history stays."""
    body = parse_body(Cleaning)
    if body.state not in FINAL:
        raise Invalid.field("state", f"should be one of {', '.join(sorted(state.value for state in FINAL))}")
    filters = JobFilters(state=body.state, queue=get_queue(body.queue) if body.queue else None, routine=body.routine)
    by = current_actor().name
    job = operations.start("clean", by=by, filters=filters, older_than_days=body.older_than_days, reason=body.reason)
    return _begun(job)


@api.put("/queues/<name>/pause")
@allow(Permission.MANAGE)
def pause_queue(name: str) -> ResponseReturnValue:
    """Pause a queue of this organization, or one kind of job in it; running jobs go on."""
    queue, body = queue_of(name), parse_body(Pause)
    until: datetime | None = body.until
    actions.pause_queue(queue, current_actor().name, body.reason, until, body.processor)
    db.session.commit()
    pause = pauses(database_now()).get((queue, body.processor))
    return {"queue": queue.value, "processor": body.processor or None, "pause": pause_json(pause)}


@api.delete("/queues/<name>/pause")
@allow(Permission.MANAGE)
def resume_queue(name: str) -> ResponseReturnValue:
    """Let it go on, `?processor=` one kind of job: 204, also where nothing was paused."""
    actions.resume_queue(queue_of(name), current_actor().name, request.args.get("processor", ""))
    db.session.commit()
    return "", 204


@api.get("/queues/<name>/limits")
@allow(Permission.SEE)
def get_limits(name: str) -> ResponseReturnValue:
    """What this organization allows itself of the queue."""
    return _limits_json(queue_of(name))


@api.put("/queues/<name>/limits")
@allow(Permission.MANAGE)
def set_limits(name: str) -> ResponseReturnValue:
    """Set all three; what is left out or null is no limit."""
    queue, body = queue_of(name), parse_body(Limits)
    actions.set_limit(queue, current_actor().name, **body.model_dump())
    db.session.commit()
    return _limits_json(queue)


@api.get("/workers")
@allow(Permission.MANAGE)
def list_workers() -> ResponseReturnValue:
    """The worker processes that serve this organization, with those of its jobs that they run."""
    return {"workers": [workers.worker_json(view) for view in workers.list_workers()]}


@api.post("/workers/<uuid:worker_id>/drains")
@allow(Permission.MANAGE)
def drain_worker(worker_id: uuid.UUID) -> ResponseReturnValue:
    """Let a worker end after its jobs: 202; 403 where it serves other organizations too, 409 where it drains."""
    worker = db.session.get(Worker, worker_id)
    if worker is None:
        raise NotFound("There is no such worker")
    workers.refuse_where_shared()
    actions.drain(worker, current_actor().name)
    db.session.commit()
    return workers.worker_json(workers.view_of(worker, database_now())), 202


def _operation(verb: str, state: State | None = None) -> ResponseReturnValue:
    body, actor = parse_body(ManyJobs), current_actor()
    if body.filter is None:
        return _begun(operations.start(verb, by=actor.name, job_ids=body.job_ids, reason=body.reason))
    policy.demand(actor.role, Permission.MANAGE, f"{verb} all jobs that match a filter; name the jobs instead")
    return _begun(operations.start(verb, by=actor.name, filters=body.filter.filters(state), reason=body.reason))


def _begun(job: Job) -> ResponseReturnValue:
    db.session.commit()
    return job_json(job), 202, {"Location": f"/api/jobs/{job.id}"}


def _limits_json(queue: Queue) -> dict[str, Any]:
    limit = service.get_limit(queue)
    changed = {"by": limit.changed_by, "at": iso(limit.changed_at)} if limit else None
    return {"queue": queue.value, "limits": actions.limit_values(limit), "changed": changed}
