"""Verbs over many jobs: retry, cancel, clean, change priority, for those ticked or for all that match a filter.

An operation is a job itself, with progress, a cancel button and a history. What it works on is fixed when it is asked
for: the filter sees no job that came later, and none is met twice.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, func, not_, or_, select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.ids import first_id_of
from adsapp.jobs import queries, retention, service
from adsapp.jobs.filters import JobFilters
from adsapp.jobs.models import Job, JobCount
from adsapp.jobs.states import FINAL, Priority, State, get_priority
from adsapp.organizations.auditing import audit

PROCESSOR = "act-on-jobs"
MOST_TICKED = 1000
COUNTED = 10_000  # a preview counts up to here


class Verb(StrEnum):
    """What can be done to many jobs."""

    RETRY = "retry"
    CANCEL = "cancel"
    CLEAN = "clean"
    PRIORITIZE = "prioritize"


# The states in which each verb means something.
MEANT: Mapping[Verb, frozenset[State]] = {
    Verb.RETRY: frozenset({State.FAILED, State.CANCELLED}),
    Verb.CANCEL: frozenset(State) - FINAL,
    Verb.CLEAN: FINAL,
    Verb.PRIORITIZE: frozenset(State) - FINAL,
}
WORDS = {Verb.RETRY: "Retry", Verb.CANCEL: "Cancel", Verb.CLEAN: "Remove", Verb.PRIORITIZE: "Change priority of"}


@dataclass(frozen=True)
class Matching:
    """How many jobs an operation would work on; `more` where there may be more than were counted."""

    count: int
    more: bool = False
    newest: int = 0  # only among so many of the newest jobs was counted; 0 where all were

    @property
    def is_none(self) -> bool:
        """True where it is certain that no job matches."""
        return not (self.count or self.more)

    def __str__(self) -> str:
        if self.more:
            return f"{self.count:,}+" if self.count else "any"
        return f"{self.count:,}"


@dataclass(frozen=True)
class Target:
    """What an operation works on: ticked jobs, or all that match a filter, as they stood when it was asked for.

    Every verb takes a job out of its own target, so an operation that was killed goes on with what is left.
    """

    verb: Verb
    filters: JobFilters
    asked_at: datetime
    job_ids: tuple[uuid.UUID, ...] = ()
    ended_before: datetime | None = None
    priority: int | None = None

    def jobs(self) -> Select[Any]:
        """What is left of the target, oldest first."""
        wanted = self._matching()
        if self.job_ids:
            wanted = wanted.where(Job.id.in_(self.job_ids))
        return wanted.where(*self._not_done_yet()).order_by(Job.id)

    def old_enough(self) -> Select[Any]:
        """Of the finished jobs that the filter lets through, those that ended long enough ago to be cleaned."""
        return self._matching().where(self._is_old_enough())

    def _matching(self) -> Select[Any]:
        """What the filter lets through, of the states in which the verb means something."""
        wanted = queries.narrow(self.filters, select(Job)).where(Job.id < self.id_before)
        return wanted if self.filters.state else wanted.where(Job.state.in_(MEANT[self.verb]))

    def _is_old_enough(self) -> ColumnElement[bool]:
        return Job.finished_at < (self.ended_before or self.asked_at)

    @property
    def id_before(self) -> uuid.UUID:
        """No job of the target has this id or a later one."""
        # What ended before was made before; the key begins with the time, so it narrows what must be looked at.
        return first_id_of(self.ended_before or self.asked_at + timedelta(milliseconds=1))

    def _not_done_yet(self) -> Sequence[ColumnElement[bool]]:
        match self.verb:
            case Verb.RETRY:  # one that was retried and failed again ended later
                return (Job.finished_at <= self.asked_at, Job.processor != PROCESSOR, service.retriable())
            case Verb.CANCEL:
                return (Job.cancel_requested_at.is_(None), Job.processor != PROCESSOR)
            case Verb.PRIORITIZE:
                return (Job.priority != self.priority, Job.processor != PROCESSOR)
            case Verb.CLEAN:
                return (self._is_old_enough(), ~retention.is_kept())


def preview(
    verb: str,
    *,
    filters: JobFilters | None = None,
    job_ids: Sequence[uuid.UUID] | None = None,
    older_than_days: int | None = None,
    priority: int | None = None,
) -> Matching:
    """How many jobs the operation would work on; raises as `start` does.

    Counted up to COUNTED, with words of the title among the newest `queries.WINDOW` jobs, as the list looks for them.
    """
    return _count(target_of(verb, filters, job_ids, older_than_days, priority))


def start(
    verb: str,
    *,
    by: str,
    filters: JobFilters | None = None,
    job_ids: Sequence[uuid.UUID] | None = None,
    older_than_days: int | None = None,
    priority: int | None = None,
    reason: str = "",
) -> Job:
    """Begin an operation; the job that carries it out.

    Invalid for an unknown verb, a state that the verb does not fit, ids that are none or too many; Conflict where no
    job matches.
    """
    target = target_of(verb, filters, job_ids, older_than_days, priority)
    found = _count(target)
    if found.is_none:
        raise Conflict("No job matches; there is nothing to do")
    order = Order(
        verb=target.verb,
        by=by,
        filters=target.filters.as_query(),
        asked_at=target.asked_at,
        job_ids=target.job_ids,
        ended_before=target.ended_before,
        priority=priority,
        reason=reason,
    )
    job = service.enqueue(
        PROCESSOR,
        TypeAdapter(Order).dump_python(order, mode="json"),
        title=_title(target, found),
        priority=Priority.HIGH,  # somebody waits for it
        created_by=by,
        total=None if found.more else found.count,
    )
    details = {"filters": target.filters.as_query(), "count": str(found), "ticked": len(target.job_ids)}
    more = {"priority": priority} if target.verb == Verb.PRIORITIZE else {}
    audit(by, f"{target.verb.value} jobs", f"job:{job.id}", title=job.title, reason=reason, **details, **more)
    return job


def _title(target: Target, found: Matching) -> str:
    state = f"{target.filters.state.value} " if target.filters.state else ""
    jobs = "job" if found.count == 1 and not found.more else "jobs"
    return f"{WORDS[target.verb]} {found} {state}{jobs}"


def target_of(
    verb: str,
    filters: JobFilters | None = None,
    job_ids: Sequence[uuid.UUID] | None = None,
    older_than_days: int | None = None,
    priority: int | None = None,
) -> Target:
    """What an operation asked for now would work on; Invalid as `start`."""
    meant, filters, now = _verb(verb), filters or JobFilters(), utcnow()
    if job_ids is not None and not 1 <= len(job_ids) <= MOST_TICKED:
        raise Invalid.field("job_ids", f"should name 1 to {MOST_TICKED} jobs; for more, use a filter")
    if filters.state and filters.state not in MEANT[meant]:
        fits = ", ".join(sorted(state.value for state in MEANT[meant]))
        raise Invalid.field("state", f"{filters.state.value} jobs cannot be chosen here; {fits} can")
    if older_than_days is not None and older_than_days < 0:
        raise Invalid.field("older_than_days", "should be 0 or more")
    if meant == Verb.PRIORITIZE:
        get_priority(priority or 0)
    ended_before = None if older_than_days is None else now - timedelta(days=older_than_days)
    return Target(meant, filters, now, tuple(job_ids or ()), ended_before, priority)


def _verb(name: str) -> Verb:
    try:
        return Verb(name)
    except ValueError:
        raise Invalid.field("verb", f"should be one of {', '.join(Verb)}, not {name}") from None


def _count(target: Target) -> Matching:
    if _is_counted(target):
        return Matching(_from_counters(target))
    wanted, edge = target.jobs().with_only_columns(Job.id), _edge(target)
    if edge is not None:
        return Matching(len(db.session.scalars(wanted.where(Job.id >= edge)).all()), True, queries.WINDOW)
    found = len(db.session.scalars(wanted.limit(COUNTED + 1)).all())
    return Matching(min(found, COUNTED), found > COUNTED)


def _edge(target: Target) -> uuid.UUID | None:
    """The last id among which is counted, because no index finds words; None where all may be looked at."""
    if target.job_ids or not target.filters.search:
        return None
    return queries.edge_of(target.filters, {"older": target.id_before})


def _is_counted(target: Target) -> bool:
    """True where the counters know the number, so that none is counted."""
    is_whole = not (target.job_ids or target.ended_before or target.filters.search)
    is_known = target.verb == Verb.CANCEL or (target.verb == Verb.RETRY and target.filters.state == State.FAILED)
    return is_known and is_whole


def _from_counters(target: Target) -> int:
    filters = target.filters
    states = {filters.state} if filters.state else MEANT[target.verb]
    counted = select(func.sum(JobCount.count)).where(JobCount.state.in_(states), JobCount.processor != PROCESSOR)
    if filters.queue:
        counted = counted.where(JobCount.queue == filters.queue)
    if not filters.routine:
        counted = counted.where(or_(not_(JobCount.routine), JobCount.state == State.FAILED))
    return int(db.session.scalar(counted) or 0)


@dataclass(frozen=True)
class Order:
    """What the processor is told: the target as plain JSON, and who asked."""

    verb: Verb
    by: str
    filters: dict[str, str]
    asked_at: datetime
    job_ids: tuple[uuid.UUID, ...] = ()
    ended_before: datetime | None = None
    priority: int | None = None
    reason: str = ""

    def target(self) -> Target:
        """The target again."""
        filters = JobFilters.from_query(self.filters)
        return Target(self.verb, filters, self.asked_at, self.job_ids, self.ended_before, self.priority)
