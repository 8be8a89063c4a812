"""Reads of schedules, one function a screen."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import id_after, number_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.jobs import Job
from adsapp.jobs.registry import recurring
from adsapp.schedules.models import Schedule, ScheduleFire, ScheduleState

MOST_IN_A_WEEK = 100  # schedules whose runs the calendar shows


@dataclass(frozen=True)
class Run:
    """One fire, with the job that does its work, if that is kept."""

    fire: ScheduleFire
    job: Job | None


def list_schedules(cursor: str | None = None, limit: int = PAGE) -> Page[Schedule]:
    """Newest first."""
    query = select(Schedule).order_by(Schedule.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(Schedule.id < id_after(cursor))
    return cut(db.session.scalars(query).all(), limit, lambda schedule: str(schedule.id))


def get_schedule(schedule_id: uuid.UUID | str) -> Schedule:
    """The schedule; raises NotFound."""
    wanted = parse_id(str(schedule_id))
    found = wanted and db.session.scalars(select(Schedule).where(Schedule.id == wanted)).first()
    if not found:
        raise NotFound("There is no such schedule")
    return found


def named(name: str) -> Sequence[Schedule]:
    """Those of this name."""
    return db.session.scalars(select(Schedule).where(Schedule.name == name).order_by(Schedule.id)).all()


def runs(schedule: Schedule, cursor: str | None = None, limit: int = PAGE) -> Page[Run]:
    """What was made of its times, newest first."""
    query = select(ScheduleFire).where(ScheduleFire.schedule_id == schedule.id)
    if cursor:
        query = query.where(ScheduleFire.id < number_after(cursor))
    fires = db.session.scalars(query.order_by(ScheduleFire.id.desc()).limit(limit + 1)).all()
    jobs = jobs_of(fires)
    found = [Run(fire, jobs.get(fire.work_job_id or fire.job_id)) for fire in fires]
    return cut(found, limit, lambda run: str(run.fire.id))


def jobs_of(fires: Sequence[ScheduleFire]) -> dict[uuid.UUID | None, Job]:
    """The jobs that do their work, by id."""
    return _jobs([fire.work_job_id or fire.job_id for fire in fires])


def last_jobs(schedules: Sequence[Schedule]) -> dict[uuid.UUID | None, Job]:
    """The jobs of their last runs, by id."""
    return _jobs([schedule.last_job_id for schedule in schedules])


def _jobs(ids: Sequence[uuid.UUID | None]) -> dict[uuid.UUID | None, Job]:
    wanted = [job_id for job_id in ids if job_id is not None]
    if not wanted:
        return {}
    return {job.id: job for job in db.session.scalars(select(Job).where(Job.id.in_(wanted)))}


def those_that_run() -> Sequence[Schedule]:
    """Those that the clock starts, the soonest first; of very many the first MOST_IN_A_WEEK."""
    query = select(Schedule).where(Schedule.next_run_at.is_not(None)).order_by(Schedule.next_run_at, Schedule.id)
    return db.session.scalars(query.limit(MOST_IN_A_WEEK)).all()


def due_before(end: datetime, limit: int) -> Sequence[Schedule]:
    """Those that the clock starts before then and that message people, the soonest first."""
    kinds = [name for name, kind in recurring().items() if kind.reach]
    query = select(Schedule).where(Schedule.next_run_at < end, Schedule.processor.in_(kinds))
    return db.session.scalars(query.order_by(Schedule.next_run_at, Schedule.id).limit(limit)).all()


def due_next(end: datetime, limit: int) -> Sequence[Schedule]:
    """Those that the clock starts before then, the soonest first."""
    query = select(Schedule).where(Schedule.next_run_at < end).order_by(Schedule.next_run_at, Schedule.id)
    return db.session.scalars(query.limit(limit)).all()


def overdue(limit: int) -> Sequence[Schedule]:
    """Those that wait for a person's word, oldest first."""
    query = select(Schedule).where(Schedule.state == ScheduleState.OVERDUE).order_by(Schedule.id)
    return db.session.scalars(query.limit(limit)).all()


def count_overdue() -> int:
    """How many wait for a person's word."""
    query = select(func.count()).select_from(Schedule).where(Schedule.state == ScheduleState.OVERDUE)
    return db.session.scalar(query) or 0
