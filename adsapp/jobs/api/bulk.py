"""API of operations: retry, cancel or clean many jobs at once."""

import uuid

from flask.typing import ResponseReturnValue
from pydantic import Field, model_validator

from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.core.web.parsing import parse_body
from adsapp.jobs.api.blueprint import Body, Reason, api
from adsapp.jobs.api.serializers import job_json
from adsapp.jobs.bulk import operations
from adsapp.jobs.bulk.target import MOST_TICKED
from adsapp.jobs.models import Job
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.states import FINAL, State, get_queue
from adsapp.organizations import policy
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

OLDEST_DAYS = 36_500


class FilterBody(Body):
    """Which jobs, as `GET /api/jobs` takes it."""

    state: str = ""
    queue: str = ""
    q: str = ""
    routine: bool = False

    def filters(self, state: State | None = None) -> JobFilters:
        """The filter as services take it; `state` if the body names none."""
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
    by = current_actor().by(body.reason)
    job = operations.start("clean", by=by, filters=filters, older_than_days=body.older_than_days)
    return _begun(job)


def _operation(verb: str, state: State | None = None) -> ResponseReturnValue:
    body, actor = parse_body(ManyJobs), current_actor()
    if body.filter is None:
        return _begun(operations.start(verb, by=actor.by(body.reason), job_ids=body.job_ids))
    policy.demand(actor.role, Permission.MANAGE, f"{verb} all jobs that match a filter; name the jobs instead")
    return _begun(operations.start(verb, by=actor.by(body.reason), filters=body.filter.filters(state)))


def _begun(job: Job) -> ResponseReturnValue:
    db.session.commit()
    return job_json(job), 202, {"Location": f"/api/jobs/{job.id}"}
