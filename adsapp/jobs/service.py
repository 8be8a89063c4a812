"""What people and programs do with jobs, queues and workers: what console, API and command line call.

Each function makes the change and writes the audit, so that who did what is known whichever way it was asked for.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.errors import Conflict, Invalid, NotFound
from adsapp.jobs import queues, transitions
from adsapp.jobs.bulk.target import APPLIES_TO, BulkAction
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.models import Job, QueueLimit, Worker
from adsapp.jobs.queries.limits import limit_values, limits_of
from adsapp.jobs.queries.lines import AnyJob
from adsapp.jobs.registry import kind
from adsapp.jobs.rules import may_retry
from adsapp.jobs.states import Queue, State, get_priority
from adsapp.jobs.transitions import Cancelled as Cancelled
from adsapp.organizations.auditing import MANY_JOBS, By

AT_ONCE = 50  # jobs that are changed in one request; more is an operation with its own page and progress
HIGHEST_LIMIT = 1_000_000_000


def fits(verb: BulkAction, job: AnyJob, by: By) -> bool:
    """True if the verb means something for the job in its state, and they may ask for it."""
    if verb != BulkAction.RETRY:
        return job.state in APPLIES_TO[verb]
    return may_retry(job) and (not isinstance(job, Job) or may_begin(job, by))


def may_begin(job: Job, by: By) -> bool:
    """True if they have the right that it takes to ask for such a job: to begin it for them is to ask for it."""
    return by.may(kind(job.processor).needed_for(job))


def reach(jobs: Iterable[Job]) -> int | None:
    """How many people these jobs would message if they began now, exactly; None if their kinds message nobody."""
    by_kind: dict[str, list[Job]] = {}
    for job in jobs:
        by_kind.setdefault(job.processor, []).append(job)
    counted = [hook(of_kind) for name, of_kind in by_kind.items() if (hook := kind(name).reach)]
    return sum(counted) if counted else None


def cancel(job: Job, by: By) -> Cancelled:
    """Cancel the job or ask it to stop, and say which; Conflict if it has ended. Asked again, nothing changes."""
    done = transitions.cancel(job, by)
    if done.is_new:
        by.audit("cancel job", f"job:{job.id}", title=job.title)
    return done


def retry(job: Job, by: By) -> None:
    """Begin the job again; Conflict unless it failed or was cancelled, Forbidden without the right to ask for it."""
    _demand_right(job, by, "retry")
    transitions.retry(job, by)
    _tell([job], by, "retry")
    by.audit("retry job", f"job:{job.id}", title=job.title)


def retry_those_allowed(jobs: Iterable[Job], by: By) -> Sequence[Job]:
    """Begin those of the jobs again that failed or were cancelled and that they may ask for; which those are."""
    begun = transitions.retry_all([job for job in jobs if may_begin(job, by)], by)
    _tell(begun, by, "retry")
    return begun


def run_now(job: Job, by: By) -> None:
    """Run a delayed job now; Conflict if it is not delayed, or waits for a decision or another job, Forbidden without
    the right to ask for it."""
    _demand_right(job, by, "run")
    if job.state == State.DELAYED and job.run_at is None and not job.blocked_by:
        raise Conflict(f"This job waits for a decision, not for the time: {job.wait_reason or 'see what it works on'}")
    transitions.promote(job, by)
    _tell([job], by, "run")
    by.audit("run job now", f"job:{job.id}", title=job.title)


def _demand_right(job: Job, by: By, verb: str) -> None:
    needed = kind(job.processor)
    by.demand(needed.needed_for(job), f"{verb} a job of the kind {needed.quoted_title}")


def _tell(jobs: Iterable[Job], by: By, begin: str) -> None:
    """Let the features write down that somebody let their jobs begin: the last first, so that one that waits for those
    before it finds them there."""
    for job in sorted(jobs, key=lambda job: job.id, reverse=True):
        if on_begin := kind(job.processor).on_begin:
            on_begin(job, by, begin)


def set_priority(job: Job, priority: int, by: By) -> None:
    """Change the priority, 1 to 4; Invalid out of range, Conflict if the job has ended."""
    before = job.priority
    transitions.set_priority(job, priority, by)
    by.audit("change job priority", f"job:{job.id}", title=job.title, before=before, after=job.priority)


@dataclass(frozen=True)
class Acted:
    """How many of the ticked jobs were changed; `stopping` of them were asked to stop and may end before they do."""

    changed: int
    stopping: int = 0


def act_on(
    verb: BulkAction,
    job_ids: Sequence[uuid.UUID],
    by: By,
    priority: int | None = None,
    *,
    asked_at: datetime | None = None,
) -> Acted:
    """Retry, cancel or prioritize up to AT_ONCE jobs now; how many it was possible for. `asked_at`: when somebody
    looked at them; those that changed since are left alone.

    Invalid for none or too many, NotFound if none of them is this organization's, Conflict if it is possible for none.
    """
    if not 1 <= len(job_ids) <= AT_ONCE:
        raise Invalid.field("job", f"Tick 1 to {AT_ONCE} jobs; for more, choose all that match")
    jobs = [job for job in ticked(job_ids) if _is_as_seen(verb, job, asked_at)]
    if verb == BulkAction.RETRY and jobs and not any(may_begin(job, by) for job in jobs):
        _demand_right(jobs[0], by, "retry")
    done = _change(verb, jobs, replace(by, among=len(jobs)), priority)
    changed = done.changed
    if not changed:
        fits = " or ".join(sorted(state.value for state in APPLIES_TO[verb]))
        raise Conflict(f"None of these jobs is {fits} any more; nothing was changed")
    ids = [str(job.id) for job in jobs]
    more = {"priority": priority} if verb == BulkAction.PRIORITIZE else {}
    title = jobs[0].title if len(jobs) == 1 else ""
    by.audit(f"{verb.value} jobs", MANY_JOBS, title=title, changed=changed, jobs=ids, **more)
    return done


def _is_as_seen(verb: BulkAction, job: Job, asked_at: datetime | None) -> bool:
    """False for a job that somebody steered since, or that failed anew."""
    moment = job.finished_at if verb == BulkAction.RETRY else job.steered_at
    return asked_at is None or moment is None or moment <= asked_at


def ticked(job_ids: Sequence[uuid.UUID]) -> Sequence[Job]:
    """The jobs of these ids, oldest first; NotFound if none is this organization's."""
    jobs = db.session.scalars(select(Job).where(Job.id.in_(job_ids)).order_by(Job.id)).all()
    if not jobs:
        raise NotFound("There are no such jobs in this organization")
    return jobs


def _change(verb: BulkAction, jobs: Sequence[Job], by: By, priority: int | None) -> Acted:
    match verb:
        case BulkAction.RETRY:
            return Acted(len(retry_those_allowed(jobs, by)))
        case BulkAction.CANCEL:
            done = transitions.cancel_all(jobs, by)
            return Acted(done.ended + done.stopping, done.stopping)
        case BulkAction.PRIORITIZE:
            return Acted(transitions.prioritize_all(jobs, get_priority(priority or 0), by))
    raise Invalid.field("verb", f"{verb.value} is done by age, not for single jobs")


def pause_queue(queue: Queue, by: By, until: datetime | None = None, processor: str = "") -> None:
    """Pause a queue, or one kind of job in it; Invalid without a reason, for a past moment, for an unknown kind."""
    queues.pause_queue(queue, by, until, processor)
    by.audit("pause queue", **_named(queue), processor=processor, until=iso(until))


def resume_queue(queue: Queue, by: By, processor: str = "") -> bool:
    """Let a paused queue, or a paused kind of job, go on; False if it was not paused: then nothing was done."""
    if not queues.resume_queue(queue, processor):
        return False
    by.audit("resume queue", **_named(queue), processor=processor)
    return True


def set_limit(queue: Queue, by: By, **limits: int | None) -> QueueLimit | None:
    """Set all three limits (LIMITS) of a queue; None lifts one. Invalid below 1 or beyond HIGHEST_LIMIT."""
    for name, value in limits.items():
        if value is not None and value > HIGHEST_LIMIT:
            raise Invalid.field(name, f"should be at most {HIGHEST_LIMIT:,}, or empty for no limit")
    before = limits_of(queue)
    limit = queues.set_limit(queue, by, **limits)
    by.audit("change queue limits", **_named(queue), before=before, after=limit_values(limit))
    return limit


def cap_jobs(most_at_once: int | None, by: By) -> None:
    """What whoever runs the installation lets this organization run at once in each queue; None lifts it."""
    before = {queue.value: queues.cap(queue, most_at_once, by) for queue in Queue}
    if any(each != most_at_once for each in before.values()):
        subject, was = f"organization:{db.require_organization_id()}", before[Queue.BULK_MESSAGES.value]
        by.audit("set cap", subject, title="jobs at once in each queue", after=most_at_once, before=was)


def _named(queue: Queue) -> dict[str, Any]:
    """The queue as the subject of an event in the audit."""
    return {"subject": f"queue:{queue.value}", "title": QUEUE_TITLES[queue]}


def drain(worker: Worker, by: By) -> None:
    """Ask a worker to end once its jobs have; Conflict if it has stopped, or was asked already."""
    if worker.drain_requested_at is not None and worker.stopped_at is None:
        raise Conflict(f"{worker.drain_requested_by} asked this worker to drain already; it ends when its jobs do")
    queues.drain(worker, by)
    if db.current_organization_id() is not None:
        title = f"{worker.host}-{worker.pid}"
        by.audit("drain worker", f"worker:{worker.id}", title=title, host=worker.host, pid=worker.pid)
