"""What people do with schedules: make, change, pause, resume, skip a run, run now, delete.

Each locks the schedule first, so that a dispatcher that is at it just now is through before, or sees what was changed.
Services never commit.
"""

from datetime import datetime

from sqlalchemy import func, select

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import iso, utcnow
from adsapp.core.errors import Conflict, Invalid, NotFound
from adsapp.jobs import After, Job, On
from adsapp.jobs import service as job_service
from adsapp.jobs.registry import kind, require_processor
from adsapp.jobs.states import FINAL, PENDING
from adsapp.organizations.auditing import By
from adsapp.schedules import coming, plan, times
from adsapp.schedules.draft import Draft, ScheduleIn, check, recurs
from adsapp.schedules.models import FireState, Overlap, Schedule, ScheduleFire, ScheduleState
from adsapp.schedules.subject import SCHEDULE

__all__ = [
    "ScheduleIn",
    "change_schedule",
    "create_schedule",
    "delete_schedule",
    "pause",
    "reach",
    "resume",
    "run_now",
    "skip_next",
    "why_not_now",
]


def create_schedule(data: ScheduleIn, by: By) -> Schedule:
    """Make a schedule; its first run comes when its time does. Raises Invalid with every field that is wrong."""
    draft = check(data)
    schedule = Schedule(
        organization_id=db.require_organization_id(),
        params=db.SecretJson.of(draft.params),
        next_run_at=draft.next_run_at,
        created_by=by.name,
        created_by_id=by.user_id,
        **draft.columns,
    )
    db.session.add(schedule)
    db.session.flush()
    by.audit("create schedule", SCHEDULE.of(schedule.id), title=schedule.name, when=draft.when.words)
    return schedule


def change_schedule(schedule: Schedule, data: ScheduleIn, by: By) -> None:
    """Give it other times, another name or other things to do. One that had ended begins again if there is a run left.

    Raises as `create_schedule` does.
    """
    _lock(schedule)
    same_times = (schedule.when, schedule.time_zone) == (data.when, data.time_zone)
    draft = check(data, anchor_at=schedule.anchor_at if same_times else None, run_count=schedule.run_count)
    before, had_times = _words(schedule), coming.read(schedule) is not None
    for name, value in draft.columns.items():
        setattr(schedule, name, value)
    if draft.params != schedule.params.open():
        schedule.params = db.SecretJson.of(draft.params)
    if schedule.state is ScheduleState.PAUSED and not had_times:
        schedule.state = ScheduleState.ACTIVE  # no person paused it: its zone was known no more
    _go_on_as(schedule, draft, by, same_times=same_times)
    by.audit("change schedule", SCHEDULE.of(schedule.id), title=schedule.name, before=before, after=draft.when.words)


def _go_on_as(schedule: Schedule, draft: Draft, by: By, *, same_times: bool) -> None:
    if schedule.state is ScheduleState.OVERDUE and same_times:
        return  # somebody still has to say what becomes of the run that is late
    if schedule.state is ScheduleState.PAUSED:
        schedule.next_run_at = _after_pause(schedule, schedule.paused_until)
        return
    _leave_out_overdue(schedule, by)
    schedule.state, schedule.state_reason = ScheduleState.ACTIVE, None
    schedule.next_run_at = draft.next_run_at


def pause(schedule: Schedule, by: By, until: datetime | None = None) -> None:
    """Let it start nothing, until a moment or until it is resumed; `by` has the reason. What has started goes on.

    Runs that come in that time are left out. Raises Invalid without a reason or for a moment that is past, Conflict if
    it is paused or has ended.
    """
    _lock(schedule)
    if is_paused(schedule) or schedule.state is ScheduleState.ENDED:
        raise Conflict(f"The schedule is {schedule.state.value}; there is nothing to pause")
    if not by.reason:
        raise Invalid.field("reason", "Say why, for those who look at it")
    if until is not None and until <= utcnow():
        raise Invalid.field("until", "This moment is past; choose a later one, or none")
    _leave_out_overdue(schedule, by)
    schedule.state, schedule.state_reason, schedule.paused_until = ScheduleState.PAUSED, by.reason, until
    schedule.next_run_at = _after_pause(schedule, until)
    by.audit("pause schedule", SCHEDULE.of(schedule.id), title=schedule.name, until=iso(until))


def resume(schedule: Schedule, by: By) -> None:
    """Let it go on with its next run after now; of one that is overdue the late runs are left out. Raises Conflict if
    it is neither paused nor overdue."""
    _lock(schedule)
    if schedule.state not in (ScheduleState.PAUSED, ScheduleState.OVERDUE):
        raise Conflict(f"The schedule is {schedule.state.value}; only a paused or an overdue one can be resumed")
    _leave_out_overdue(schedule, by)
    _move_on(schedule, max(utcnow(), _last_fire(schedule)))
    by.audit("resume schedule", SCHEDULE.of(schedule.id), title=schedule.name)


def _last_fire(schedule: Schedule) -> datetime:
    """The last of its times that something was made of: one that is to come was skipped, and does not come back."""
    last = select(func.max(ScheduleFire.fire_at)).where(ScheduleFire.schedule_id == schedule.id)
    return db.session.scalar(last) or schedule.created_at


def skip_next(schedule: Schedule, by: By) -> datetime:
    """Leave the next run out; the moment it was for. Raises Conflict if there is none."""
    _lock(schedule)
    skipped = schedule.next_run_at
    if schedule.state is not ScheduleState.ACTIVE or skipped is None:
        raise Conflict(f"The schedule is {schedule.state.value}; it has no next run that could be skipped")
    _note(schedule, skipped, FireState.SKIPPED, by)
    _move_on(schedule, skipped)
    by.audit("skip run", SCHEDULE.of(schedule.id), title=schedule.name, run=iso(skipped))
    return skipped


def run_now(schedule: Schedule, by: By, *, people: int | None = None) -> ScheduleFire:
    """Start a run at once, beside those by the clock; `people` is how many were confirmed, for the record.

    For one that is overdue that is the answer: this run takes the place of the late ones. Raises Conflict if it has
    ended, or if the run before has not and its runs must not overlap.
    """
    _lock(schedule)
    if why_not := why_not_now(schedule):
        raise Conflict(why_not, code="ended" if schedule.state is ScheduleState.ENDED else "run_before_goes_on")
    after = _make_room(schedule, by)
    processor = require_processor(schedule.processor)
    job = jobs.enqueue(
        processor.name,
        schedule.params.open(),
        title=schedule.name,
        subject=SCHEDULE.of(schedule.id),
        priority=recurs(processor).priority,
        after=after,
        created_by=by.name,
    )
    if schedule.state is ScheduleState.OVERDUE:
        _leave_out_overdue(schedule, by)
        _move_on(schedule, utcnow())
    fire = _note(schedule, utcnow(), FireState.STARTED, by, job)
    schedule.last_fire_at, schedule.last_job_id = fire.fire_at, job.id
    by.audit("run schedule now", SCHEDULE.of(schedule.id), title=schedule.name, people=people)
    return fire


def why_not_now(schedule: Schedule) -> str:
    """Why no run can be started now, "" if one can."""
    if schedule.state is ScheduleState.ENDED:
        return f"The schedule has ended: {schedule.state_reason}. Change its times, and it begins again"
    if schedule.overlap is Overlap.SKIP and _running(schedule) is not None:
        return "The run before has not ended; wait for its end, or cancel its job"
    return ""


def _running(schedule: Schedule) -> Job | None:
    """The job of its last run, if that has not ended."""
    job = last_job(schedule)
    return job if job is not None and job.state not in FINAL else None


def _make_room(schedule: Schedule, by: By) -> list[After]:
    """What a run that is asked for now has to wait for."""
    running = _running(schedule)
    if running is None:
        return []
    if schedule.overlap is Overlap.CANCEL:
        job_service.cancel(running, by.because("The next run takes its place"))
    db.session.refresh(running)
    return [] if running.state in FINAL else [After(running.id, On.ALWAYS)]


def delete_schedule(schedule: Schedule, by: By) -> None:
    """Delete it with its history; runs of it that have not begun are cancelled, what they made stays."""
    _lock(schedule)
    waiting = select(Job).where(Job.subject == SCHEDULE.of(schedule.id), Job.state.in_(PENDING))
    for job in db.session.scalars(waiting).all():
        job_service.cancel(job, by.because("Its schedule was deleted"))
    by.audit("delete schedule", SCHEDULE.of(schedule.id), title=schedule.name)
    db.session.delete(schedule)
    db.session.flush()


def last_job(schedule: Schedule) -> Job | None:
    """The job of its last run, if it is still kept."""
    if schedule.last_job_id is None:
        return None
    return db.session.scalars(select(Job).where(Job.id == schedule.last_job_id)).first()


def reach(schedule: Schedule) -> int | None:
    """How many people a run messages if it begins now, exactly; None if its kind messages nobody."""
    count = kind(schedule.processor).reach
    return count([Job(payload=schedule.params)]) if count else None


def is_paused(schedule: Schedule) -> bool:
    """True until the end of its pause: nobody has to look at it for that."""
    ends = schedule.paused_until
    return schedule.state is ScheduleState.PAUSED and (ends is None or ends > utcnow())


def _lock(schedule: Schedule) -> None:
    locked = select(Schedule).where(Schedule.id == schedule.id).with_for_update()
    if db.session.scalars(locked.execution_options(populate_existing=True)).first() is None:
        raise NotFound("This schedule was deleted meanwhile")


def _words(schedule: Schedule) -> str:
    found = coming.read(schedule)
    return found[0].words if found else schedule.when


def _move_on(schedule: Schedule, after: datetime) -> None:
    """Let the clock start its next run after this moment."""
    zone = times.zone_of(schedule.time_zone)
    when = times.kept(schedule.when, zone, schedule.anchor_at)
    state, following, reason = plan.after_runs(schedule, when, zone, max(after, utcnow()), 0)
    schedule.state, schedule.next_run_at, schedule.state_reason = state, following, reason
    schedule.paused_until = None


def _after_pause(schedule: Schedule, until: datetime | None) -> datetime | None:
    """The first run after the pause; None as long as nobody resumes it, or if there is none."""
    if until is None:
        return None
    zone = times.zone_of(schedule.time_zone)
    when = times.kept(schedule.when, zone, schedule.anchor_at)
    return plan.after_runs(schedule, when, zone, until, 0)[1]


def _leave_out_overdue(schedule: Schedule, by: By) -> None:
    if schedule.due_since is not None:
        _note(schedule, schedule.due_since, FireState.MISSED, by)
        schedule.due_since = None


def _note(schedule: Schedule, at: datetime, state: FireState, by: By, job: Job | None = None) -> ScheduleFire:
    fire = ScheduleFire(
        organization_id=schedule.organization_id,
        schedule_id=schedule.id,
        fire_at=at,
        state=state,
        reason=by.reason,
        by=by.name,
        job_id=job.id if job else None,
    )
    db.session.add(fire)
    db.session.flush()
    return fire
