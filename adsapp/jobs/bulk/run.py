"""An operation as its processor carries it out, batch by batch, and what it says in the end."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import retention, transitions
from adsapp.jobs.bulk.target import COUNTED, Order, Target, Verb, target_of
from adsapp.jobs.models import Job, JobCount
from adsapp.jobs.progress import HandBack, Progress
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.registry import subjects
from adsapp.jobs.states import FINAL, State, get_priority
from adsapp.organizations.auditing import By

BATCH = 250  # jobs in one transaction: short enough that nobody waits for it
TURN_SECONDS = 30  # then the operation lets others have its thread


def carry_out(order: Order, progress: Progress) -> dict[str, Any]:
    """Work through the target in short transactions; a job whose state changed meanwhile is passed over.

    The result says how many were changed, or removed; then also what was left, see `left`.
    """
    target, turn_ends = order.target(), time.monotonic() + TURN_SECONDS
    jobs, act, by = target.jobs(), _ACTS[order.verb], By(order.by, order.reason, progress.job_id)
    last: uuid.UUID | None = None
    while batch := db.session.scalars((jobs.where(Job.id > last) if last else jobs).limit(BATCH)).all():
        last = batch[-1].id
        changed = act(order, by, batch)
        progress.commit()
        progress.advance(changed)
        if progress.is_draining or time.monotonic() > turn_ends:
            raise HandBack(utcnow(), "lets others have a turn")
    if order.verb == Verb.CLEAN:
        return {"removed": progress.done, "left": left(target)}
    return {"changed": progress.done}


def would_stay(filters: JobFilters, older_than_days: int) -> str:
    """What cleaning would pass over now, in words."""
    return left_in_words(left(target_of("clean", filters, older_than_days=older_than_days)))


def left(target: Target) -> dict[str, int]:
    """What cleaning passes over: `routine` jobs of these states and queues, whatever their age, unless they are meant
    too; and those old enough that are kept as long as what they work on (`kept`), counted up to COUNTED."""
    kept = target.old_enough().where(retention.is_kept()).with_only_columns(Job.id).limit(COUNTED)
    return {"routine": 0 if target.filters.routine else _routine(target), "kept": len(db.session.scalars(kept).all())}


def _routine(target: Target) -> int:
    filters = target.filters
    # Where it failed it is meant like any other.
    states = ({filters.state} if filters.state else FINAL) - {State.FAILED}
    counted = select(func.sum(JobCount.count)).where(JobCount.routine, JobCount.state.in_(states))
    if filters.queue:
        counted = counted.where(JobCount.queue == filters.queue)
    return int(db.session.scalar(counted) or 0)


def left_in_words(left: Mapping[str, int]) -> str:
    """What stays and why, a sentence each; empty where nothing does."""
    routine, kept = left.get("routine", 0), left.get("kept", 0)
    parts = []
    if routine:
        parts.append(f"{_jobs(routine)} of routine work {_stay(routine)}, as it was not asked for.")
    if kept:
        more = "+" if kept >= COUNTED else ""
        of = " and ".join(sorted(each.plural for each in subjects().values() if each.keeps_jobs))
        parts.append(f"{_jobs(kept, more)} of {of} {_stay(kept)} as long as those.")
    return " ".join(parts)


def in_words(result: Mapping[str, Any]) -> str | None:
    """What came of an operation, as a sentence: 5 jobs changed; None for the result of another kind of job."""
    if "removed" in result:
        return f"{_jobs(result['removed'])} removed. {left_in_words(result.get('left', {}))}".rstrip()
    return f"{_jobs(result['changed'])} changed." if "changed" in result else None


def _jobs(count: int, more: str = "") -> str:
    return f"{count:,}{more} job{'' if count == 1 else 's'}"


def _stay(count: int) -> str:
    return "stays" if count == 1 else "stay"


def _retry(_order: Order, by: By, jobs: Sequence[Job]) -> int:
    return transitions.retry_all(jobs, by)


def _cancel(_order: Order, by: By, jobs: Sequence[Job]) -> int:
    return transitions.cancel_all(jobs, by)


def _clean(_order: Order, _by: By, jobs: Sequence[Job]) -> int:
    return retention.remove([job.id for job in jobs])


def _prioritize(order: Order, by: By, jobs: Sequence[Job]) -> int:
    return transitions.prioritize_all(jobs, get_priority(order.priority or 0), by)


_ACTS: Mapping[Verb, Callable[[Order, By, Sequence[Job]], int]] = {
    Verb.RETRY: _retry,
    Verb.CANCEL: _cancel,
    Verb.CLEAN: _clean,
    Verb.PRIORITIZE: _prioritize,
}
