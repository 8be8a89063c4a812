"""A run that makes something first, a campaign, an e-mail or an import, whose own job then does the work.

What is made and that it was made are written in one transaction: a run that is tried again after a crash finds it and
makes no second one.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select, update

from adsapp.core import db
from adsapp.jobs import Job, JobFailed, Progress
from adsapp.jobs.models import JobDependency
from adsapp.organizations.auditing import By
from adsapp.outbound.timing import known_zone
from adsapp.schedules.firing import BY
from adsapp.schedules.models import Schedule, ScheduleFire


@dataclass(frozen=True)
class Made:
    """What a run made, and the job that does its work; neither if there was nothing to make. `said` is what the history
    says of it."""

    subject: str | None
    job_id: uuid.UUID | None
    said: str = ""


# Makes it, for somebody and with a label for its name. Raises what its service raises.
Make = Callable[[By, str], Made]


def made_before(progress: Progress) -> dict[str, str] | None:
    """What an attempt before made, if it was lost then: for runs that take long to find out what is to be made."""
    fire = db.session.scalars(_fire(progress)).first()
    found = _told(fire) if fire is not None and fire.work_job_id is not None else None
    progress.commit()
    return found


def start(progress: Progress, make: Make) -> dict[str, str]:
    """Make it once for the run that this job is of; what was made, and the job that does the work."""
    fire = db.session.scalars(_fire(progress).with_for_update()).first()
    if fire is None:
        raise JobFailed("schedule_gone", "The schedule that asked for this was deleted", permanent=True)
    if fire.work_job_id is None:
        schedule = db.session.get_one(Schedule, fire.schedule_id)
        by = By(f"{BY} {schedule.name}"[:200], user_id=schedule.created_by_id)
        made = make(by, _label(schedule, fire.fire_at))
        fire.subject, fire.work_job_id, fire.reason = made.subject, made.job_id, made.said or fire.reason
        if made.job_id is not None:
            _hand_over(schedule, progress.job_id, made.job_id)
    progress.commit()
    return _told(fire)


def _fire(progress: Progress) -> Select[ScheduleFire]:
    return select(ScheduleFire).where(ScheduleFire.job_id == progress.job_id)


def _told(fire: ScheduleFire) -> dict[str, str]:
    if fire.work_job_id is None:
        return {"made": "", "said": fire.reason}
    return {"made": fire.subject or "", "job_id": str(fire.work_job_id)}


def _label(schedule: Schedule, at: datetime) -> str:
    """The day and hour of the run, in its zone."""
    zone = known_zone(schedule.time_zone)
    return f"{at.astimezone(zone):%-d %b %Y, %H:%M}"


def _hand_over(schedule: Schedule, old: uuid.UUID, new: uuid.UUID) -> None:
    """The run ends when the new job does: the next one, and whoever waits for this one already, wait for that.

    The row of the old job is locked first: a dispatcher that just now lets a run wait for it is through before, or
    passes it by.
    """
    db.session.flush()
    db.session.execute(select(Job.id).where(Job.id == old).with_for_update())
    waiting = update(JobDependency).where(JobDependency.needs_id == old, JobDependency.resolved_at.is_(None))
    db.session.execute(waiting.values(needs_id=new), execution_options={"synchronize_session": False})
    ours = update(Schedule).where(Schedule.id == schedule.id, Schedule.last_job_id == old)
    db.session.execute(ours.values(last_job_id=new), execution_options={"synchronize_session": False})
