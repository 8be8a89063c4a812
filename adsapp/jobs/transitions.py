"""Changes of a job's state that a person or another feature asks for: cancel, retry, run now, change priority.

Nothing here commits: the edge that called does, and what leaves the process (the nudge) leaves after that.
"""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import case, select, update

from adsapp.core import db
from adsapp.core.clock import iso, utcnow
from adsapp.core.errors import Conflict
from adsapp.jobs import events
from adsapp.jobs.engine import completion, recording
from adsapp.jobs.enqueue import NUDGE_BELOW, nudge, wake
from adsapp.jobs.events import ActionKind, Change
from adsapp.jobs.models import Job
from adsapp.jobs.queries.limits import get_limit
from adsapp.jobs.registry import kind
from adsapp.jobs.rules import retriable, why_not_retriable
from adsapp.jobs.states import FINAL, Queue, State, get_priority
from adsapp.organizations.auditing import By


class Cancelled(NamedTuple):
    """What came of a cancellation, in jobs: `ended` at once; `stopping`, asked to stop, which may end first;
    `already`, asked to stop before, by whom their row names."""

    ended: int
    stopping: int
    already: int

    @property
    def is_new(self) -> bool:
        """True if this was the first time that somebody asked."""
        return bool(self.ended or self.stopping)


def cancel(job: Job, by: By) -> Cancelled:
    """Cancel a job that has not begun; ask a running one to stop. It stops within seconds, unless it ends before.

    Its children are cancelled with it. Conflict if it has ended.
    """
    done = cancel_all([job], by)
    if not any(done):
        raise Conflict(f"The job is {job.state.value} already; there is nothing left to cancel")
    return done


def cancel_all(jobs: Iterable[Job], by: By) -> Cancelled:
    """Cancel those of the jobs that have not ended, and their children; how many of the jobs that were.

    Who asked a running one first stays the one who asked: to ask again changes nothing.
    """
    wanted, now = {job.id for job in jobs}, utcnow()
    family = _locked(_with_children(sorted(wanted)))
    already = {job.id for job in family if job.is_stopping}
    going = {job.id for job in family if job.state not in FINAL} - already
    asked = {"cancel_requested_at": now, "cancel_requested_by": by.name, "steered_at": now}
    connection = db.session.connection()
    ended = completion.cancel_pending(connection, going, now, **asked)
    running = update(Job).where(Job.id.in_(going), Job.state == State.ACTIVE).values(**asked)
    db.session.execute(running, execution_options={"synchronize_session": False})
    in_vain = completion.resolve_dependents(connection, ended, now)
    wake(*Queue)  # whatever waited for one of them to end may begin
    events.record(
        ActionKind.CANCEL,
        by,
        now,
        [Change(each, {} if each in wanted else {"with": "parent"}) for each in sorted(going)],
    )
    _read_anew([job.id for job in family])
    for row in ended:
        if on_cancel := kind(row.processor).on_cancel:
            on_cancel(db.session.get_one(Job, row.id), by)
    recording.record(connection, in_vain, now)
    at_once = {row.id for row in ended}
    return Cancelled(len(at_once & wanted), len((going - at_once) & wanted), len(already & wanted))


def _with_children(job_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    found, generation = list(job_ids), list(job_ids)
    while generation:
        children = select(Job.id).where(Job.parent_id.in_(generation), Job.state.not_in(FINAL))
        generation = [child for child in db.session.scalars(children) if child not in found]
        found += generation
    return found


def _locked(job_ids: Sequence[uuid.UUID]) -> Sequence[Job]:
    # All at once and in one order, so that what is true of them stays true until they are changed.
    rows = select(Job).where(Job.id.in_(job_ids)).order_by(Job.id).with_for_update()
    return db.session.scalars(rows, execution_options={"populate_existing": True}).all()


def _read_anew(job_ids: Collection[uuid.UUID]) -> None:
    """What the session has of these jobs is as they are now. If they were only expired, each would be read by a
    statement of its own as soon as somebody looks at it."""
    rows = select(Job).where(Job.id.in_(job_ids))
    db.session.scalars(rows, execution_options={"populate_existing": True}).all()


def retry(job: Job, by: By) -> None:
    """Begin a failed or cancelled job again, with all its attempts."""
    if not retry_all([job], by):
        if over := why_not_retriable(job):
            raise Conflict(over)
        raise Conflict(f"Only failed and cancelled jobs can be retried; this one is {job.state.value}")


def retry_all(jobs: Iterable[Job], by: By) -> Sequence[Job]:
    """Begin those of the jobs again that failed or were cancelled; which those are."""
    by_id = {job.id: job for job in _locked([job.id for job in jobs])}
    ends, now = {job.id: events.end_of(job) for job in by_id.values()}, utcnow()
    again = db.session.execute(
        update(Job)
        .where(Job.id.in_(by_id), retriable())
        .values(
            state=case((Job.blocked_by > 0, State.DELAYED), else_=State.WAITING),
            run_at=now,
            dedupe_key=None,  # one of its key may have been added since
            failures=0,
            dispatched_at=None,
            finished_at=None,
            cancel_requested_at=None,
            cancel_requested_by=None,
            error=None,
            error_code=None,
            handed_back=False,
            wait_reason=f"retried by {by.name}",
            steered_at=now,
        )
        .returning(Job.id),
        execution_options={"synchronize_session": False},
    ).scalars()
    begun = [by_id[job_id] for job_id in again]
    events.record(ActionKind.RETRY, by, now, [Change(job.id, {"ended": ends[job.id]}) for job in begun])
    few, queues_of_others = begun[:NUDGE_BELOW], {job.queue for job in begun[NUDGE_BELOW:]}
    limited = {queue: get_limit(queue) is not None for queue in {job.queue for job in few}}
    _read_anew(by_id)
    for job in few:
        nudge(job, limited=limited[job.queue])
    wake(*queues_of_others)
    return begun


def promote(job: Job, by: By) -> None:
    """Let a delayed job run now, and record who asked, if somebody did.

    Raises Conflict if it is not delayed, or waits for other jobs.
    """
    if job.blocked_by:
        raise Conflict(f"This job waits for {job.blocked_by} other jobs to end; cancel those, or wait for them")
    now = utcnow()
    steered = {"steered_at": now} if by.name else {}
    moved = db.session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == State.DELAYED, Job.blocked_by == 0)
        .values(state=State.WAITING, run_at=now, dispatched_at=None, wait_reason=None, **steered)
        .returning(Job.id)
    ).first()
    db.session.refresh(job)
    if moved is None:
        raise Conflict(f"Only a delayed job can be run early; this one is {job.state.value}")
    if by.name:
        events.record(ActionKind.RUN, by, now, [Change(job.id)])
    nudge(job, limited=get_limit(job.queue) is not None)


def move(job: Job, run_at: datetime, by: By) -> None:
    """Let a job that only the clock holds back begin at another time. Conflict if it is not held back by it."""
    before, now = job.run_at, utcnow()
    only_the_clock = (Job.state == State.DELAYED, Job.blocked_by == 0, Job.run_at.is_not(None))
    moved = db.session.execute(
        update(Job).where(Job.id == job.id, *only_the_clock).values(run_at=run_at, steered_at=now).returning(Job.id)
    ).first()
    db.session.refresh(job)
    if moved is None:
        raise Conflict(f"Only a job that waits for its time can be moved; this one is {job.state.value}")
    events.record(ActionKind.MOVE, by, now, [Change(job.id, {"before": iso(before), "after": iso(run_at)})])
    nudge(job, limited=get_limit(job.queue) is not None)


def set_priority(job: Job, priority: int, by: By) -> None:
    """Change the priority of a job that has not ended; it counts from the next time that it is taken up."""
    if not prioritize_all([job], get_priority(priority), by):
        db.session.refresh(job)
        raise Conflict(f"The job is {job.state.value} already; its priority means nothing any more")


def prioritize_all(jobs: Iterable[Job], priority: int, by: By) -> int:
    """Give those of the jobs that have not ended this priority; returns how many."""
    by_id, now = {job.id: job for job in _locked([job.id for job in jobs])}, utcnow()
    going = [job for job in by_id.values() if job.state not in FINAL]
    changes = [Change(job.id, {"before": job.priority, "after": priority}) for job in going]
    changed = update(Job).where(Job.id.in_([job.id for job in going])).values(priority=priority, steered_at=now)
    db.session.execute(changed, execution_options={"synchronize_session": False})
    events.record(ActionKind.PRIORITIZE, by, now, changes)
    _read_anew([job.id for job in going])
    return len(going)
