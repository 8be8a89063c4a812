"""API of queues: pause, resume, limits."""

from datetime import datetime
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, Field

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_body
from adsapp.jobs import service
from adsapp.jobs.api.blueprint import Body, Reason, api
from adsapp.jobs.queries.limits import get_limit, limit_values
from adsapp.jobs.states import Queue, queue_of
from adsapp.jobs.wait_reasons import database_now, pause_json, pauses
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission


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


@api.put("/queues/<name>/pause")
@allow(Permission.MANAGE)
def pause_queue(name: str) -> ResponseReturnValue:
    """Pause a queue of this organization, or one kind of job in it; running jobs go on."""
    queue, body = queue_of(name), parse_body(Pause)
    until: datetime | None = body.until
    service.pause_queue(queue, current_actor().by(body.reason), until, body.processor)
    db.session.commit()
    pause = pauses(database_now()).get((queue, body.processor))
    return {"queue": queue.value, "processor": body.processor or None, "pause": pause_json(pause)}


@api.delete("/queues/<name>/pause")
@reads("processor")
@allow(Permission.MANAGE)
def resume_queue(name: str) -> ResponseReturnValue:
    """Let it go on, `?processor=` one kind of job: 204, also if nothing was paused."""
    service.resume_queue(queue_of(name), current_actor().by(), request.args.get("processor", ""))
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
    service.set_limit(queue, current_actor().by(), **body.model_dump())
    db.session.commit()
    return _limits_json(queue)


def _limits_json(queue: Queue) -> dict[str, Any]:
    limit = get_limit(queue)
    changed = {"by": limit.changed_by, "at": iso(limit.changed_at)} if limit else None
    return {"queue": queue.value, "limits": limit_values(limit), "changed": changed}
