"""Schedules for programs: thin over the same services as the pages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.web.limits import MB, takes
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_body, parse_query
from adsapp.jobs import Job
from adsapp.jobs.api.serializers import job_json
from adsapp.jobs.queries import jobs as job_queries
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.auditing import By
from adsapp.organizations.policy import Permission
from adsapp.schedules import coming, presenter, queries, service, uses
from adsapp.schedules.draft import ScheduleIn, end_of
from adsapp.schedules.models import Schedule
from adsapp.schedules.queries import Run
from adsapp.schedules.times import zone_of

api = Blueprint("schedules_api", __name__, url_prefix="/api")

PARAMS_BYTES = 2 * MB  # as those of a campaign


class ScheduleBody(BaseModel):
    """A schedule; `ScheduleIn` says what each field is."""

    model_config = ConfigDict(extra="forbid")

    name: str
    kind: str
    params: dict[str, Any] = Field(default_factory=dict)
    when: str
    time_zone: str = "UTC"
    catch_up: str = "one"
    catch_up_most: int = 1
    grace_minutes: int | None = None
    overlap: str = "skip"
    jitter_minutes: int = 0
    ends_at: datetime | None = None
    ends_after: int | None = None

    def as_asked(self) -> ScheduleIn:
        """The same, as services take it."""
        return ScheduleIn(**{name: getattr(self, name) for name in type(self).model_fields})


class ChangedScheduleBody(BaseModel):
    """What is to be another than it was; the rest stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    params: dict[str, Any] | None = None
    when: str | None = None
    time_zone: str | None = None
    catch_up: str | None = None
    catch_up_most: int | None = None
    grace_minutes: int | None = None
    overlap: str | None = None
    jitter_minutes: int | None = None
    ends_at: datetime | None = None
    ends_after: int | None = None

    def changes(self) -> dict[str, Any]:
        """Those that were given; null takes an end away, and says nothing of anything else."""
        given = self.model_dump(exclude_unset=True)
        return {name: value for name, value in given.items() if value is not None or name in ("ends_at", "ends_after")}


class PauseBody(BaseModel):
    """Why, and until when; `until` without a zone is a wall clock in the schedule's."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=500)
    until: datetime | None = None


class Paging(BaseModel):
    """Where in a list, and how much of it."""

    cursor: str | None = None
    limit: int = Field(PAGE, ge=1, le=MOST)


@api.get("/schedules")
@reads(Paging)
@allow(Permission.SEE)
def list_schedules() -> ResponseReturnValue:
    """Newest first, each with its next run; `next` is the cursor of the following page."""
    asked = parse_query(Paging)
    page = queries.list_schedules(asked.cursor, asked.limit)
    jobs = queries.last_jobs(page.items)
    shown = [schedule_json(each, jobs.get(each.last_job_id), runs=1) for each in page.items]
    return {"schedules": shown, "next": page.next}


@api.post("/schedules")
@takes(PARAMS_BYTES)
@allow(Permission.MANAGE, to="make schedules")
def create_schedule() -> ResponseReturnValue:
    """201 with the schedule; 422 says what is wrong with it, field by field."""
    schedule = service.create_schedule(parse_body(ScheduleBody).as_asked(), current_actor().by())
    db.session.commit()
    here = url_for("schedules_api.show_schedule", schedule_id=schedule.id)
    return {"schedule": schedule_json(schedule, None)}, 201, {"Location": here}


@api.get("/schedules/<schedule_id>")
@allow(Permission.SEE)
def show_schedule(schedule_id: str) -> ResponseReturnValue:
    """One schedule: what it does, its next five runs and its last ones."""
    return _shown(queries.get_schedule(schedule_id))


@api.patch("/schedules/<schedule_id>")
@takes(PARAMS_BYTES)
@allow(Permission.MANAGE, to="change schedules")
def change_schedule(schedule_id: str) -> ResponseReturnValue:
    """The schedule as it is now. What is not named stays as it is."""
    body, schedule = parse_body(ChangedScheduleBody), queries.get_schedule(schedule_id)
    service.change_schedule(schedule, replace(ScheduleIn.of(schedule), **body.changes()), current_actor().by())
    db.session.commit()
    return _shown(schedule)


@api.delete("/schedules/<schedule_id>")
@allow(Permission.MANAGE, to="delete schedules")
def delete_schedule(schedule_id: str) -> ResponseReturnValue:
    """204; what its runs made stays."""
    service.delete_schedule(queries.get_schedule(schedule_id), current_actor().by())
    db.session.commit()
    return "", 204


@api.get("/schedules/<schedule_id>/runs")
@reads(Paging)
@allow(Permission.SEE)
def list_runs(schedule_id: str) -> ResponseReturnValue:
    """What was made of its times, newest first."""
    asked = parse_query(Paging)
    page = queries.runs(queries.get_schedule(schedule_id), asked.cursor, asked.limit)
    return {"runs": [run_json(each) for each in page.items], "next": page.next}


@api.post("/schedules/<schedule_id>/runs")
@allow(Permission.MANAGE, to="run schedules")
def run_now(schedule_id: str) -> ResponseReturnValue:
    """Start a run at once: 202 with its job. Of one that is overdue this takes the place of the late runs."""
    fire = service.run_now(queries.get_schedule(schedule_id), current_actor().by())
    db.session.commit()
    assert fire.job_id is not None
    job = job_queries.get_job(fire.job_id)
    return {"run": run_json(Run(fire, job)), "job": job_json(job)}, 202, {"Location": f"/api/jobs/{job.id}"}


@api.post("/schedules/<schedule_id>/pause")
@allow(Permission.MANAGE, to="pause schedules")
def pause_schedule(schedule_id: str) -> ResponseReturnValue:
    """Let it start nothing, until a moment or until it is resumed."""
    body = parse_body(PauseBody)

    def pause(schedule: Schedule, by: By) -> None:
        until = end_of(body.until, zone_of(schedule.time_zone))
        service.pause(schedule, by.because(body.reason), until)

    return _changed(schedule_id, pause)


@api.post("/schedules/<schedule_id>/resume")
@allow(Permission.MANAGE, to="resume schedules")
def resume_schedule(schedule_id: str) -> ResponseReturnValue:
    """Let it go on with its next run; late ones are left out."""
    return _changed(schedule_id, service.resume)


@api.post("/schedules/<schedule_id>/skip")
@allow(Permission.MANAGE, to="skip runs of schedules")
def skip_next(schedule_id: str) -> ResponseReturnValue:
    """Leave its next run out."""
    return _changed(schedule_id, service.skip_next)


def _changed(schedule_id: str, change: Callable[[Schedule, By], object]) -> ResponseReturnValue:
    schedule = queries.get_schedule(schedule_id)
    change(schedule, current_actor().by())
    db.session.commit()
    return _shown(schedule)


def _shown(schedule: Schedule) -> ResponseReturnValue:
    last = service.last_job(schedule)
    runs = [run_json(each) for each in queries.runs(schedule, limit=coming.SHOWN).items]
    return {"schedule": schedule_json(schedule, last), "runs": runs}


def schedule_json(schedule: Schedule, last: Job | None, *, runs: int = coming.SHOWN) -> dict[str, Any]:
    """A schedule for programs. `does` says what a run does, `in_words` when."""
    return {
        "id": str(schedule.id),
        "name": schedule.name,
        "kind": schedule.processor,
        "params": presenter.params(schedule),
        "does": presenter.does(schedule),
        "when": schedule.when,
        "in_words": presenter.in_words(schedule),
        "time_zone": schedule.time_zone,
        "state": presenter.state_of(schedule).value,
        "state_reason": schedule.state_reason,
        "cannot_run": uses.why_it_cannot_run(schedule) or None,
        "paused_until": iso(schedule.paused_until),
        "due_since": iso(schedule.due_since),
        "next_run_at": iso(schedule.next_run_at),
        "next_runs": [
            {"at": iso(each.at), "local": each.local.isoformat(), "note": each.note or None}
            for each in coming.next_runs(schedule, runs)
        ],
        "last_run_at": iso(schedule.last_fire_at),
        "last_job": {"id": str(last.id), "state": last.state.value} if last else None,
        "catch_up": schedule.catch_up.value,
        "catch_up_most": schedule.catch_up_most,
        "grace_minutes": schedule.grace_minutes,
        "overlap": schedule.overlap.value,
        "jitter_minutes": schedule.jitter_seconds // 60,
        "ends_at": iso(schedule.ends_at),
        "ends_after": schedule.ends_after,
        "run_count": schedule.run_count,
        "created_by": schedule.created_by,
        "created_at": iso(schedule.created_at),
    }


def run_json(run: Run) -> dict[str, Any]:
    """One run, or one that was left out; `job` is the one that does the work."""
    fire, job = run.fire, run.job
    made = presenter.made(fire.subject)
    error = {"code": job.error_code or "", "message": job.error} if job and job.error else None
    return {
        "id": fire.id,
        "for": iso(fire.fire_at),
        "state": fire.state.value,
        "reason": fire.reason or None,
        "by": fire.by or None,
        "made_at": iso(fire.made_at),
        "subject": fire.subject,
        "path": made[1] if made else None,
        "job": {"id": str(job.id), "state": job.state.value, "error": error} if job else None,
    }
