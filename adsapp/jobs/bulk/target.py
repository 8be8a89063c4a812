"""What an operation is about: which action, on which jobs, and how many those are."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid
from adsapp.core.ids import first_id_of
from adsapp.jobs import retention
from adsapp.jobs.models import Job, JobAttempt, JobDependency
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.rules import retriable
from adsapp.jobs.states import FINAL, State, get_priority
from adsapp.organizations import policy
from adsapp.organizations.models import Role
from adsapp.organizations.policy import Permission

PROCESSOR = "act-on-jobs"
MOST_TICKED = 1000
COUNTED = 10_000  # a preview counts up to here


class BulkAction(StrEnum):
    """What can be done to many jobs."""

    RETRY = "retry"
    CANCEL = "cancel"
    CLEAN = "clean"
    PRIORITIZE = "prioritize"


# The states in which each verb means something.
APPLIES_TO: Mapping[BulkAction, frozenset[State]] = {
    BulkAction.RETRY: frozenset({State.FAILED, State.CANCELLED}),
    BulkAction.CANCEL: frozenset(State) - FINAL,
    BulkAction.CLEAN: FINAL,
    BulkAction.PRIORITIZE: frozenset(State) - FINAL,
}


@dataclass(frozen=True)
class MatchCount:
    """How many jobs an operation would work on; `more` if there may be more than were counted."""

    count: int
    more: bool = False
    newest: int = 0  # only among so many of the newest jobs was counted; 0 if all were

    @property
    def is_none(self) -> bool:
        """True if it is certain that no job matches."""
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

    verb: BulkAction
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
        wanted = job_queries.narrow(self.filters, select(Job)).where(Job.id < self.id_before)
        return wanted if self.filters.state else wanted.where(Job.state.in_(APPLIES_TO[self.verb]))

    def _is_old_enough(self) -> ColumnElement[bool]:
        return Job.finished_at < (self.ended_before or self.asked_at)

    @property
    def id_before(self) -> uuid.UUID:
        """No job of the target has this id or a later one."""
        # What ended before was made before; the key begins with the time, so it narrows what must be looked at.
        return first_id_of(self.ended_before or self.asked_at + timedelta(milliseconds=1))

    def _not_done_yet(self) -> Sequence[ColumnElement[bool]]:
        match self.verb:
            case BulkAction.RETRY:  # one that was retried and failed again ended later
                return (Job.finished_at <= self.asked_at, Job.processor != PROCESSOR, retriable())
            case BulkAction.CANCEL:
                return (Job.cancel_requested_at.is_(None), Job.processor != PROCESSOR, *self._as_they_were())
            case BulkAction.PRIORITIZE:
                return (Job.priority != self.priority, Job.processor != PROCESSOR, *self._as_they_were())
            case BulkAction.CLEAN:
                return (self._is_old_enough(), ~retention.is_kept())

    def _as_they_were(self) -> Sequence[ColumnElement[bool]]:
        """Of the jobs that have not ended, those that were the same when it was asked for: nobody has steered one since
        (a retry brings jobs back), and none came into the wanted state by itself."""
        untouched = self._not_since(Job.steered_at)
        match self.filters.state:
            case State.WAITING:
                return (untouched, self._not_since(Job.run_at), ~self._let_go_since())
            case State.DELAYED:
                return (untouched, self._not_since(Job.claimed_at), self._not_since(Job.progress_at))
            case State.ACTIVE:
                return (untouched, self._runs_since_before())
        return (untouched,)

    def _not_since(self, moment: InstrumentedAttribute[datetime | None]) -> ColumnElement[bool]:
        return or_(moment.is_(None), moment <= self.asked_at)

    def _let_go_since(self) -> ColumnElement[bool]:
        # To cancel one of a line of jobs lets the next one go: it would be cancelled as well, and then all the line.
        return exists().where(
            JobDependency.organization_id == Job.organization_id,
            JobDependency.job_id == Job.id,
            JobDependency.resolved_at > self.asked_at,
        )

    def _runs_since_before(self) -> ColumnElement[bool]:
        # Not the claim: a job that lets others have a turn is claimed again and again for the same attempt.
        return exists().where(
            JobAttempt.organization_id == Job.organization_id,
            JobAttempt.job_id == Job.id,
            JobAttempt.ended_at.is_(None),
            JobAttempt.started_at <= self.asked_at,
        )


def target_of(
    verb: str,
    filters: JobFilters | None = None,
    job_ids: Sequence[uuid.UUID] | None = None,
    older_than_days: int | None = None,
    priority: int | None = None,
    asked_at: datetime | None = None,
) -> Target:
    """What an operation would work on that was asked for at this moment (None: now); Invalid as `start`."""
    meant, filters, now = _verb(verb), filters or JobFilters(), utcnow()
    now = min(asked_at or now, now)
    if job_ids is not None and not 1 <= len(job_ids) <= MOST_TICKED:
        raise Invalid.field("job_ids", f"should name 1 to {MOST_TICKED} jobs; for more, use a filter")
    if filters.state and filters.state not in APPLIES_TO[meant]:
        fits = ", ".join(sorted(state.value for state in APPLIES_TO[meant]))
        raise Invalid.field("state", f"{filters.state.value} jobs cannot be chosen here; {fits} can")
    if older_than_days is not None and older_than_days < 0:
        raise Invalid.field("older_than_days", "should be 0 or more")
    if meant == BulkAction.PRIORITIZE:
        get_priority(priority or 0)
    ended_before = None if older_than_days is None else now - timedelta(days=older_than_days)
    return Target(meant, filters, now, tuple(job_ids or ()), ended_before, priority)


def _verb(name: str) -> BulkAction:
    try:
        return BulkAction(name)
    except ValueError:
        raise Invalid.field("verb", f"should be one of {', '.join(BulkAction)}, not {name}") from None


@dataclass(frozen=True)
class BulkParams:
    """What the processor is told: the target as plain JSON, and who asked."""

    verb: BulkAction
    by: str
    filters: dict[str, str]
    asked_at: datetime
    job_ids: tuple[uuid.UUID, ...] = ()
    ended_before: datetime | None = None
    priority: int | None = None
    reason: str = ""
    role: Role | None = None  # what whoever asked may do; None: everything
    confirmed: int | None = None  # so many jobs were shown to whoever asked; None if they were not counted exactly

    def needs(self) -> Permission:
        """The right that it takes to ask for this: agents act on jobs that they name, and remove none. What somebody
        asked for who may do more does more, so it takes their right to begin it again."""
        is_agents = self.role is not None and not policy.allows(self.role, Permission.MANAGE)
        is_by_name = bool(self.job_ids) and self.verb != BulkAction.CLEAN
        return Permission.SEND if is_by_name and is_agents else Permission.MANAGE

    def target(self) -> Target:
        """The target again."""
        filters = JobFilters.from_query(self.filters)
        return Target(self.verb, filters, self.asked_at, self.job_ids, self.ended_before, self.priority)
