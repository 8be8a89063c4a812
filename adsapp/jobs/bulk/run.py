"""An operation as its processor carries it out, batch by batch, and what it says in the end."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import retention, service, transitions
from adsapp.jobs.bulk.target import COUNTED, BulkAction, BulkParams, Target, target_of
from adsapp.jobs.models import Job
from adsapp.jobs.progress import Progress, Snooze
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.registry import subjects
from adsapp.jobs.states import FINAL, State, get_priority
from adsapp.organizations.auditing import By

BATCH = 250  # jobs in one transaction: short enough that nobody waits for it
TURN_SECONDS = 30  # then the operation lets others have its thread


def run_operation(params: BulkParams, progress: Progress) -> dict[str, Any]:
    """Work through the target in short transactions; a job whose state changed meanwhile is passed over.

    The result says how many were changed, or removed; then also what was passed over, see `kept`.
    """
    target, turn_ends = params.target(), time.monotonic() + TURN_SECONDS
    jobs, act, by = target.jobs(), _ACTS[params.verb], By(params.by, params.reason, progress.job_id, role=params.role)
    last: uuid.UUID | None = None
    while batch := db.session.scalars((jobs.where(Job.id > last) if last else jobs).limit(BATCH)).all():
        last = batch[-1].id
        changed = act(params, by, batch)
        progress.commit()
        progress.advance(changed)
        if progress.is_draining or time.monotonic() > turn_ends:
            raise Snooze(utcnow(), "lets others have a turn")
    if params.verb == BulkAction.CLEAN:
        return {"removed": progress.done, "left": kept(target)} | _gone(params, progress.done)
    return {"changed": progress.done} | _gone(params, progress.done)


def _gone(params: BulkParams, changed: int) -> dict[str, int]:
    """How many of the jobs that somebody confirmed were not there any more, or had changed; nothing if none."""
    gone = (params.confirmed or 0) - changed
    return {"gone": gone} if gone > 0 and params.verb != BulkAction.PRIORITIZE else {}


def kept_summary(filters: JobFilters, older_than_days: int) -> str:
    """What cleaning would pass over now, in words."""
    return kept_in_words(kept(target_of("clean", filters, older_than_days=older_than_days)))


def kept(target: Target) -> dict[str, int]:
    """How many jobs cleaning passes over.

    - `routine`: internal jobs in these states and queues, whatever their age, unless the filter lets them through.
    - `kept`: old enough, but kept as long as what they work on; counted up to COUNTED.
    """
    kept = target.old_enough().where(retention.is_kept()).with_only_columns(Job.id).limit(COUNTED)
    internal = 0 if target.filters.routine else _internal(target.filters)
    return {"routine": internal, "kept": len(db.session.scalars(kept).all())}


def _internal(filters: JobFilters) -> int:
    # One that failed is shown, and so it is meant like any other.
    states = ({filters.state} if filters.state else FINAL) - {State.FAILED}
    return job_queries.sum_counters(states, filters.queue, job_queries.COUNTS.routine)


def kept_in_words(passed_over: Mapping[str, int]) -> str:
    """What cleaning passes over and why, a sentence each; empty if it passes over nothing."""
    internal, kept = passed_over.get("routine", 0), passed_over.get("kept", 0)
    parts = []
    if internal:
        parts.append(f"{_jobs(internal)} of routine work {_stay(internal)}, as it was not asked for.")
    if kept:
        more = "+" if kept >= COUNTED else ""
        *some, last = sorted(each.plural for each in subjects().values() if each.keeps_jobs)
        of = f"{', '.join(some)} and {last}" if some else last
        parts.append(f"{_jobs(kept, more)} of {of} {_stay(kept)} as long as those.")
    return " ".join(parts)


def result_summary(result: Mapping[str, Any]) -> str | None:
    """What came of an operation, as a sentence: 5 jobs changed; None for the result of another kind of job."""
    if "removed" in result:
        parts = (f"{_jobs(result['removed'])} removed.", gone_in_words(result), kept_in_words(result.get("left", {})))
        return " ".join(part for part in parts if part)
    return f"{_jobs(result['changed'])} changed. {gone_in_words(result)}".rstrip() if "changed" in result else None


def gone_in_words(result: Mapping[str, Any]) -> str:
    """How many of the confirmed jobs were not there any more; empty if none."""
    gone = result.get("gone", 0)
    return f"{gone:,} of those confirmed {'was' if gone == 1 else 'were'} no longer there." if gone else ""


def _jobs(count: int, more: str = "") -> str:
    return f"{count:,}{more} job{'' if count == 1 else 's'}"


def _stay(count: int) -> str:
    return "stays" if count == 1 else "stay"


def _retry(_params: BulkParams, by: By, jobs: Sequence[Job]) -> int:
    return len(service.retry_those_allowed(jobs, by))


def _cancel(_params: BulkParams, by: By, jobs: Sequence[Job]) -> int:
    done = transitions.cancel_all(jobs, by)
    return done.ended + done.stopping


def _clean(_params: BulkParams, _by: By, jobs: Sequence[Job]) -> int:
    return retention.remove([job.id for job in jobs])


def _prioritize(params: BulkParams, by: By, jobs: Sequence[Job]) -> int:
    return transitions.prioritize_all(jobs, get_priority(params.priority or 0), by)


_ACTS: Mapping[BulkAction, Callable[[BulkParams, By, Sequence[Job]], int]] = {
    BulkAction.RETRY: _retry,
    BulkAction.CANCEL: _cancel,
    BulkAction.CLEAN: _clean,
    BulkAction.PRIORITIZE: _prioritize,
}
