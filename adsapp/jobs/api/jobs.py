"""API of jobs, their statistics and the installation's health: the same services and verdicts as the pages."""

import uuid
from dataclasses import asdict

from flask import make_response, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from adsapp.core import db
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.web import waiting
from adsapp.core.web.freshness import is_known, tagged
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_body, parse_query
from adsapp.jobs import service
from adsapp.jobs.api.blueprint import api
from adsapp.jobs.api.serializers import attempt_json, event_json, job_json
from adsapp.jobs.events import actions_on
from adsapp.jobs.models import Job
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import FILTERS, JobFilters
from adsapp.jobs.queries.items import items
from adsapp.jobs.registry import kind
from adsapp.jobs.states import State
from adsapp.jobs.wait_reasons import run_conditions
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission


class Paging(BaseModel):
    """Where in a list, and how much of it."""

    cursor: str = ""
    limit: int = Field(PAGE, ge=1, le=MOST)


class ItemsQuery(Paging):
    """Which items of a job."""

    status: str = ""


class JobChange(BaseModel):
    """What may be changed of a job."""

    model_config = ConfigDict(extra="forbid")

    priority: int = Field(strict=True)


class WaitQuery(BaseModel):
    """For how many seconds to wait for news."""

    wait: int = Field(0, ge=0, le=waiting.LONGEST)


@api.get("/jobs")
@reads(Paging, *FILTERS)
@tagged
@allow(Permission.SEE)
def list_jobs() -> ResponseReturnValue:
    """Newest first; `?state=failed&queue=bulk-messages&q=…&cursor=…&limit=…`; `routine=1` lists routine work too."""
    paging = parse_query(Paging)
    page = job_queries.list_jobs(JobFilters.from_query(request.args), paging.cursor, paging.limit)
    conditions = run_conditions()
    return {"jobs": [job_json(job, conditions) for job in page.items], "next": page.next}


@api.get("/jobs/<uuid:job_id>")
@reads(WaitQuery)
@tagged
@allow(Permission.SEE)
def get_job(job_id: uuid.UUID) -> ResponseReturnValue:
    """State, progress and what it counts, attempts, what people did to it, and why it waits.

    `?wait=20` answers when the job has ended, after so many seconds at the latest; with If-None-Match as soon as
    anything about it has changed.
    """
    if (seconds := parse_query(WaitQuery).wait) > 0:
        waiting.wait_until(seconds, lambda: _has_news(job_id))
    return _job_answer(job_id)


def _has_news(job_id: uuid.UUID) -> bool:
    """Nothing is kept open between two looks."""
    try:
        if request.if_none_match:
            return not is_known(make_response(_job_answer(job_id)))
        return job_queries.get_job(job_id).is_finished
    finally:
        db.session.rollback()


def _job_answer(job_id: uuid.UUID) -> ResponseReturnValue:
    job = job_queries.get_job(job_id)
    attempts = [attempt_json(attempt) for attempt in job_queries.attempts(job)]
    told = {"attempts": attempts, "events": [event_json(event) for event in actions_on(job)]}
    return job_json(job) | told | {"counts": kind(job.processor).what_it_counts(job) or None}


@api.delete("/jobs/<uuid:job_id>")
@allow(Permission.SEND)
def cancel_job(job_id: uuid.UUID) -> ResponseReturnValue:
    """200 when it is cancelled, 202 while a running one is stopping, 409 when it had ended already."""
    job = job_queries.get_job(job_id)
    service.cancel(job, current_actor().by())
    db.session.commit()
    return _answer(job, 200 if job.state == State.CANCELLED else 202)


@api.patch("/jobs/<uuid:job_id>")
@allow(Permission.SEND)
def change_job(job_id: uuid.UUID) -> ResponseReturnValue:
    """Another priority, `{"priority": 2}`; 409 if the job has ended."""
    job, change = job_queries.get_job(job_id), parse_body(JobChange)
    service.set_priority(job, change.priority, current_actor().by())
    db.session.commit()
    return _answer(job, 200)


@api.post("/jobs/<uuid:job_id>/runs")
@allow(Permission.SEND)
def run_job(job_id: uuid.UUID) -> ResponseReturnValue:
    """Run a delayed job now: 202; 409 if it is not delayed, or waits for a decision or another job."""
    job = job_queries.get_job(job_id)
    service.run_now(job, current_actor().by())
    db.session.commit()
    return _answer(job, 202)


@api.get("/jobs/<uuid:job_id>/items")
@reads(ItemsQuery)
@allow(Permission.SEE)
def list_items(job_id: uuid.UUID) -> ResponseReturnValue:
    """What became of the things a job worked on; `?status=failed&cursor=…&limit=…`."""
    query = parse_query(ItemsQuery)
    page = items(job_queries.get_job(job_id), query.status, query.cursor, query.limit)
    return {"items": [asdict(item) for item in page.items], "next": page.next}


@api.post("/jobs/<uuid:job_id>/retries")
@allow(Permission.SEND)
def retry_job(job_id: uuid.UUID) -> ResponseReturnValue:
    """Begin a failed or cancelled job again: 202; 409 for any other."""
    job = job_queries.get_job(job_id)
    service.retry(job, current_actor().by())
    db.session.commit()
    return _answer(job, 202)


def _answer(job: Job, status: int) -> ResponseReturnValue:
    db.session.refresh(job)
    return job_json(job), status, {"Location": f"/api/jobs/{job.id}"}
