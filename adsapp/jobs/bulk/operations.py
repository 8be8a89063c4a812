"""Verbs over many jobs: retry, cancel, clean, change priority, for those ticked or for all that match a filter.

An operation is a job itself, with progress, a cancel button and a history. What it works on is fixed when it is asked
for: the filter sees no job that came later, and none is met twice.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter

from adsapp import jobs
from adsapp.core import db
from adsapp.core.errors import Conflict
from adsapp.jobs import service as job_service
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
from adsapp.jobs.registry import messaging
from adsapp.jobs.states import Priority, State
from adsapp.organizations.auditing import By

MOST_COUNTED = 500  # jobs that message people, in one operation


def preview(
    verb: str,
    *,
    filters: JobFilters | None = None,
    job_ids: Sequence[uuid.UUID] | None = None,
    older_than_days: int | None = None,
    priority: int | None = None,
    asked_at: datetime | None = None,
) -> MatchCount:
    """How many jobs the operation would work on; raises as `start` does. `asked_at`: those of them that somebody has
    seen who looked at that moment, as `start` takes it.

    Counted up to COUNTED, with words of the title among the newest `queries.WINDOW` jobs, as the list looks for them.
    """
    return _count(target_of(verb, filters, job_ids, older_than_days, priority, asked_at), is_now=asked_at is None)


def start(
    verb: str,
    *,
    by: By,
    filters: JobFilters | None = None,
    job_ids: Sequence[uuid.UUID] | None = None,
    older_than_days: int | None = None,
    priority: int | None = None,
    asked_at: datetime | None = None,
    confirmed: int | None = None,
) -> Job:
    """Begin an operation; the job that carries it out.

    `asked_at` is the moment of the page that was confirmed (None: now): what came or changed after it is left alone.
    `confirmed` is how many jobs that page counted; the operation's result says how many of them were gone.

    Invalid for an unknown verb, a state that the verb does not fit, ids that are none or too many; Conflict if no
    job matches.
    """
    target = target_of(verb, filters, job_ids, older_than_days, priority, asked_at)
    found = _count(target, is_now=asked_at is None)
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
        role=by.role,
        confirmed=confirmed,
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


def reach(filters: JobFilters, asked_at: datetime | None = None) -> int | None:
    """How many people a retry of all that match would message, exactly; None if none of their kinds messages people.
    `asked_at` as in `start`.

    Conflict if too many jobs would message people to be counted one by one.
    """
    wanted = target_of(BulkAction.RETRY, filters, asked_at=asked_at).jobs().where(Job.processor.in_(messaging()))
    jobs = db.session.scalars(wanted.limit(MOST_COUNTED + 1)).all()
    if len(jobs) > MOST_COUNTED:
        raise Conflict(
            f"More than {MOST_COUNTED:,} of these jobs message people. Narrow the list, so that it can be said how many"
        )
    return job_service.reach(jobs)


def _title(target: Target, found: MatchCount) -> str:
    state = f"{target.filters.state.value} " if target.filters.state else ""
    jobs = "job" if found.count == 1 and not found.more else "jobs"
    return f"{ACTION_WORDS[target.verb].title} {found} {state}{jobs}"


def _count(target: Target, *, is_now: bool) -> MatchCount:
    if is_now and _is_counted(target):
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
