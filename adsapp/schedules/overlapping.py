"""A run that takes the place of the one before: that one is cancelled first."""

from sqlalchemy import select

from adsapp.core import db
from adsapp.jobs import Job, service
from adsapp.jobs.states import FINAL
from adsapp.organizations.auditing import By
from adsapp.schedules.firing import BY
from adsapp.schedules.models import FireState, Schedule, ScheduleFire


def cancel_old(fire_id: int) -> None:
    """Cancel the job that this fire replaces, unless it has ended or another dispatcher has done so."""
    fire = db.session.scalars(select(ScheduleFire).where(ScheduleFire.id == fire_id).with_for_update()).first()
    if fire is None or fire.state is not FireState.REPLACING:
        return
    fire.state = FireState.STARTED
    schedule = db.session.get_one(Schedule, fire.schedule_id)
    cancel_job_of(schedule, fire, By(f"{BY} {schedule.name}", reason="The next run takes its place"))


def cancel_job_of(schedule: Schedule, fire: ScheduleFire, by: By) -> None:
    """The job it replaces, as far as that still runs."""
    old = db.session.scalars(select(Job).where(Job.id == fire.replaces)).first()
    if old is not None and old.state not in FINAL:
        service.cancel(old, by)
