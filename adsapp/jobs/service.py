"""What people and programs do with jobs and queues: the service's change and its line in the audit.

Console, API and command line all call these, so that who did what is noted whichever way it was asked for.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.errors import Conflict, Invalid, NotFound
from adsapp.jobs import queues, transitions
from adsapp.jobs.bulk.target import MEANT, Verb
from adsapp.jobs.events import Asked
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.lines import AnyJob
from adsapp.jobs.models import Job, QueueLimit, Worker
from adsapp.jobs.states import FINAL, Queue, State, get_priority
from adsapp.organizations.auditing import MANY_JOBS, audit

AT_ONCE = 50  # jobs that are changed in one request; more is an operation with its own page and progress
LIMITS = ("at_once", "per_minute", "waiting")
HIGHEST_LIMIT = 1_000_000_000


def may_cancel(job: Job) -> bool:
    """True where there is something left to stop, and nobody asked yet."""
    return job.state not in FINAL and job.cancel_requested_at is None


def may_retry(job: AnyJob) -> bool:
    """True for a job that ended without success, unless its kind is over once it was cancelled."""
    return job.state == State.FAILED or (job.state == State.CANCELLED and not transitions.why_over(job))


def fits(verb: Verb, job: AnyJob) -> bool:
    """True where the verb means something for the job as it stands."""
    return may_retry(job) if verb == Verb.RETRY else job.state in MEANT[verb]


def may_run_now(job: Job) -> bool:
    """True where only the clock holds the job back; a decision is taken where it is asked for."""
    return job.state == State.DELAYED and job.run_at is not None and not job.blocked_by


def may_prioritize(job: Job) -> bool:
    """True while a priority still means something."""
    return job.state not in FINAL


def cancel(job: Job, by: str, reason: str = "") -> None:
    """Cancel the job or ask it to stop; Conflict where it has ended."""
    transitions.cancel(job, by, reason)
    audit(by, "cancel job", f"job:{job.id}", title=job.title, reason=reason)


def retry(job: Job, by: str) -> None:
    """Begin the job again; Conflict where it has not ended badly."""
    transitions.retry(job, by)
    audit(by, "retry job", f"job:{job.id}", title=job.title)


def run_now(job: Job, by: str) -> None:
    """Let a delayed job run at once; Conflict where it is not delayed, or waits for a decision or another job."""
    if job.state == State.DELAYED and job.run_at is None and not job.blocked_by:
        raise Conflict(f"This job waits for a decision, not for the time: {job.wait_reason or 'see what it works on'}")
    transitions.promote(job, by)
    audit(by, "run job now", f"job:{job.id}", title=job.title)


def set_priority(job: Job, priority: int, by: str) -> None:
    """Change the priority, 1 to 4; Invalid out of range, Conflict where the job has ended."""
    before = job.priority
    transitions.set_priority(job, priority, by)
    audit(by, "change job priority", f"job:{job.id}", title=job.title, before=before, after=job.priority)


def act_on(verb: Verb, job_ids: Sequence[uuid.UUID], by: str, priority: int | None = None, reason: str = "") -> int:
    """Retry, cancel or prioritize up to AT_ONCE jobs now; how many it was possible for.

    Invalid for none or too many, NotFound where none of them is this organization's, Conflict where no one fits.
    """
    if not 1 <= len(job_ids) <= AT_ONCE:
        raise Invalid.field("job", f"Tick 1 to {AT_ONCE} jobs; for more, choose all that match")
    jobs = ticked(job_ids)
    changed = _change(verb, jobs, Asked(by, reason, among=len(jobs)), priority)
    if not changed:
        fits = " or ".join(sorted(state.value for state in MEANT[verb]))
        raise Conflict(f"None of these jobs is {fits} any more; nothing was changed")
    ids = [str(job.id) for job in jobs]
    more = {"priority": priority} if verb == Verb.PRIORITIZE else {}
    title = jobs[0].title if len(jobs) == 1 else ""
    audit(by, f"{verb.value} jobs", MANY_JOBS, title=title, reason=reason, changed=changed, jobs=ids, **more)
    return changed


def ticked(job_ids: Sequence[uuid.UUID]) -> Sequence[Job]:
    """The jobs of these ids, oldest first; NotFound where none is this organization's."""
    jobs = db.session.scalars(select(Job).where(Job.id.in_(job_ids)).order_by(Job.id)).all()
    if not jobs:
        raise NotFound("There are no such jobs in this organization")
    return jobs


def _change(verb: Verb, jobs: Sequence[Job], by: Asked, priority: int | None) -> int:
    match verb:
        case Verb.RETRY:
            return transitions.retry_all(jobs, by)
        case Verb.CANCEL:
            return transitions.cancel_all(jobs, by)
        case Verb.PRIORITIZE:
            return transitions.prioritize_all(jobs, get_priority(priority or 0), by)
    raise Invalid.field("verb", f"{verb.value} is done by age, not for single jobs")


def pause_queue(queue: Queue, by: str, reason: str, until: datetime | None = None, processor: str = "") -> None:
    """Pause a queue, or one kind of job in it; Invalid without a reason, for a past moment, for an unknown kind."""
    queues.pause_queue(queue, by=by, reason=reason, until=until, processor=processor)
    audit(by, "pause queue", **_named(queue), reason=reason.strip(), processor=processor, until=iso(until))


def resume_queue(queue: Queue, by: str, processor: str = "") -> bool:
    """Let a paused queue, or a paused kind of job, go on; False where it was not paused: then nothing was done."""
    if not queues.resume_queue(queue, processor):
        return False
    audit(by, "resume queue", **_named(queue), processor=processor)
    return True


def set_limit(queue: Queue, by: str, **limits: int | None) -> QueueLimit | None:
    """Set all three limits (LIMITS) of a queue; None lifts one. Invalid below 1 or beyond HIGHEST_LIMIT."""
    for name, value in limits.items():
        if value is not None and value > HIGHEST_LIMIT:
            raise Invalid.field(name, f"should be at most {HIGHEST_LIMIT:,}, or empty for no limit")
    before = limit_values(queues.get_limit(queue))
    limit = queues.set_limit(queue, by=by, **limits)
    audit(by, "change queue limits", **_named(queue), before=before, after=limit_values(limit))
    return limit


def _named(queue: Queue) -> dict[str, Any]:
    """The queue as the subject of an event in the audit."""
    return {"subject": f"queue:{queue.value}", "title": QUEUE_TITLES[queue]}


def limit_values(limit: QueueLimit | None) -> dict[str, int | None]:
    """The three limits by name; None is no limit."""
    return {name: getattr(limit, name) if limit else None for name in LIMITS}


def drain(worker: Worker, by: str) -> None:
    """Ask a worker to end once its jobs have; Conflict where it has stopped, or was asked already."""
    if worker.drain_requested_at is not None and worker.stopped_at is None:
        raise Conflict(f"{worker.drain_requested_by} asked this worker to drain already; it ends when its jobs do")
    queues.drain(worker, by)
    if db.current_organization_id() is not None:
        title = f"{worker.host}-{worker.pid}"
        audit(by, "drain worker", f"worker:{worker.id}", title=title, host=worker.host, pid=worker.pid)
