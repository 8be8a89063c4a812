"""Verbs over many jobs: retry, cancel, clean, change priority, for those ticked or for all that match a filter.

An operation is a job itself, with progress, a cancel button and a history. What it works on is fixed when it is asked
for: the filter sees no job that came later, and none is met twice.
"""

import uuid
from collections.abc import Sequence

from pydantic import TypeAdapter

from adsapp import jobs
from adsapp.core import db
from adsapp.core.errors import Conflict
from adsapp.jobs.bulk.target import (
    APPLIES_TO,
    COUNTED,
    PROCESSOR,
    BulkAction,
    BulkParams,
    MatchCount,
    Target,
    target_of,
)
from adsapp.jobs.labels import ACTION_WORDS
from adsapp.jobs.models import Job, JobCount
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.states import Priority, State
from adsapp.organizations.auditing import By


def preview(
    verb: str,
    *,
    filters: JobFilters | None = None,
    job_ids: Sequence[uuid.UUID] | None = None,
    older_than_days: int | None = None,
    priority: int | None = None,
) -> MatchCount:
    """How many jobs the operation would work on; raises as `start` does.

    Counted up to COUNTED, with words of the title among the newest `queries.WINDOW` jobs, as the list looks for them.
    """
    return _count(target_of(verb, filters, job_ids, older_than_days, priority))


def start(
    verb: str,
    *,
    by: By,
    filters: JobFilters | None = None,
    job_ids: Sequence[uuid.UUID] | None = None,
    older_than_days: int | None = None,
    priority: int | None = None,
) -> Job:
    """Begin an operation; the job that carries it out.

    Invalid for an unknown verb, a state that the verb does not fit, ids that are none or too many; Conflict if no
    job matches.
    """
    target = target_of(verb, filters, job_ids, older_than_days, priority)
    found = _count(target)
    if found.is_none:
        raise Conflict("No job matches; there is nothing to do")
    params = BulkParams(
        verb=target.verb,
        by=by.name,
        filters=target.filters.as_query(),
        asked_at=target.asked_at,
        job_ids=target.job_ids,
        ended_before=target.ended_before,
        priority=priority,
        reason=by.reason,
    )
    job = jobs.enqueue(
        PROCESSOR,
        TypeAdapter(BulkParams).dump_python(params, mode="json"),
        title=_title(target, found),
        priority=Priority.HIGH,  # somebody waits for it
        created_by=by.name,
        total=None if found.more else found.count,
    )
    details = {"filters": target.filters.as_query(), "count": str(found), "ticked": len(target.job_ids)}
    more = {"priority": priority} if target.verb == BulkAction.PRIORITIZE else {}
    by.audit(f"{target.verb.value} jobs", f"job:{job.id}", title=job.title, **details, **more)
    return job


def _title(target: Target, found: MatchCount) -> str:
    state = f"{target.filters.state.value} " if target.filters.state else ""
    jobs = "job" if found.count == 1 and not found.more else "jobs"
    return f"{ACTION_WORDS[target.verb].title} {found} {state}{jobs}"


def _count(target: Target) -> MatchCount:
    if _is_counted(target):
        return MatchCount(_from_counters(target))
    wanted, edge = target.jobs().with_only_columns(Job.id), _edge(target)
    if edge is not None:
        return MatchCount(len(db.session.scalars(wanted.where(Job.id >= edge)).all()), True, job_queries.WINDOW)
    found = len(db.session.scalars(wanted.limit(COUNTED + 1)).all())
    return MatchCount(min(found, COUNTED), found > COUNTED)


def _edge(target: Target) -> uuid.UUID | None:
    """The last id among which is counted, because no index finds words; None if all may be looked at."""
    if target.job_ids or not target.filters.search:
        return None
    return job_queries.edge_of(target.filters, {"older": target.id_before})


def _is_counted(target: Target) -> bool:
    """True if the counters know the number, so that none is counted."""
    is_whole = not (target.job_ids or target.ended_before or target.filters.search)
    is_known = target.verb == BulkAction.CANCEL or (
        target.verb == BulkAction.RETRY and target.filters.state == State.FAILED
    )
    return is_known and is_whole


def _from_counters(target: Target) -> int:
    filters = target.filters
    states = {filters.state} if filters.state else APPLIES_TO[target.verb]
    shown = () if filters.routine else (job_queries.SHOWN_COUNTS,)
    return job_queries.sum_counters(states, filters.queue, JobCount.processor != PROCESSOR, *shown)
