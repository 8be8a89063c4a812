"""Jobs that wait for other jobs: on success, on failure, always, and on a condition on the other's result.

A job's `blocked_by` is the number of needed jobs that have not ended yet; dispatch passes by what is blocked. When a
job ends, `resolve` runs in the same transaction: it lets go those that waited and tells which of them never get what
they need; these are cancelled with the reason. Because both the finish and whoever adds a dependency lock the needed
job's row first, none can slip through between them.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    Uuid,
    bindparam,
    case,
    delete,
    exists,
    select,
    text,
    update,
)

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.constructs import any_of
from adsapp.core.db.rows import insert_rows
from adsapp.core.errors import Conflict, Invalid
from adsapp.jobs.models import Job, JobDependency
from adsapp.jobs.states import FINAL, On, State

JOBS = cast(Table, Job.__table__)
EDGES = cast(Table, JobDependency.__table__)
_OPEN_EDGES = select(EDGES).where(any_of(EDGES.c.needs_id, "needed"), EDGES.c.resolved_at.is_(None))

COMPARE = {"eq": eq, "ne": ne, "gt": gt, "ge": ge, "lt": lt, "le": le}
SIGNS = {"eq": "is", "ne": "is not", "gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


@dataclass(frozen=True)
class Condition:
    """`field` of the needed job's result against a value: Condition("rejected", "gt", 0)."""

    field: str
    op: str
    value: Any

    def __post_init__(self) -> None:
        if self.op not in COMPARE:
            raise Invalid.field("condition.op", f"should be one of {', '.join(COMPARE)}, not {self.op}")

    def __str__(self) -> str:
        return f"{self.field} {SIGNS[self.op]} {self.value}"

    def holds(self, result: Mapping[str, Any] | None) -> bool:
        """True if the result has the field and it compares so; a value of another kind never does."""
        if result is None or self.field not in result:
            return False
        try:
            return bool(COMPARE[self.op](result[self.field], self.value))
        except TypeError:
            return False


@dataclass(frozen=True)
class After:
    """What a job waits for: the end of another, as `on` says, and only if the condition holds."""

    job_id: uuid.UUID
    on: On = On.SUCCESS
    condition: Condition | None = None

    def as_row(self) -> dict[str, Any]:
        """Its columns in `job_dependencies`."""
        return {
            "needs_id": self.job_id,
            "on": self.on,
            "condition": asdict(self.condition) if self.condition else None,
        }


def is_met(on: On, condition: Condition | None, state: State, result: Mapping[str, Any] | None) -> bool:
    """Whether a job that ended so gives what was waited for."""
    wanted = {On.SUCCESS: state == State.COMPLETED, On.FAILURE: state != State.COMPLETED, On.ALWAYS: True}[on]
    return wanted and (condition is None or condition.holds(result))


def why_unmet(on: On, condition: Condition | None, title: str, state: State) -> str:
    """In words, why the job that waited is not begun any more."""
    if condition is not None and is_met(on, None, state, None):
        return f"It was to begin only if {condition}, and “{title}” did not end so."
    wanted = "to end well" if on == On.SUCCESS else "to fail"
    return f"It waited for “{title}” {wanted}, which is {state.value}."


def resolve(connection: Connection, ended: Sequence[Any], now: datetime) -> dict[uuid.UUID, str]:
    """Let go whoever waited for these jobs (rows with ENDED); those whose needs are unmet, and why."""
    by_id = {row.id: row for row in ended}
    edges = connection.execute(_OPEN_EDGES, {"needed": list(by_id)}).all()
    if not edges:
        return {}
    verdicts = [(edge, _verdict(edge, by_id[edge.needs_id])) for edge in edges]
    _close(connection, verdicts, now)
    _let_go(connection, Counter(edge.job_id for edge in edges), now)
    return {edge.job_id: reason for edge, reason in verdicts if reason}


def _verdict(edge: Any, needed: Any) -> str:
    """Empty if the need is met, else the reason."""
    condition = Condition(**edge.condition) if edge.condition else None
    state = State(needed.state)
    if is_met(edge.on, condition, state, needed.result):
        return ""
    return why_unmet(edge.on, condition, needed.title, state)


def _close(connection: Connection, verdicts: Sequence[tuple[Any, str]], now: datetime) -> None:
    connection.execute(
        update(EDGES)
        .where(EDGES.c.job_id == bindparam("waiting"), EDGES.c.needs_id == bindparam("needed"))
        .values(resolved_at=now, met=bindparam("is_met")),
        [{"waiting": edge.job_id, "needed": edge.needs_id, "is_met": not reason} for edge, reason in verdicts],
    )


def _let_go(connection: Connection, freed: Counter[uuid.UUID], now: datetime) -> None:
    left = JOBS.c.blocked_by - bindparam("fewer")
    is_due = (JOBS.c.state == State.DELAYED) & (left <= 0) & (JOBS.c.run_at <= now)
    connection.execute(
        update(JOBS)
        .where(JOBS.c.id == bindparam("waiting"))
        .values(blocked_by=left, state=case((is_due, State.WAITING.value), else_=JOBS.c.state)),
        [{"waiting": job_id, "fewer": count} for job_id, count in sorted(freed.items())],
    )


def add_dependencies(job: Job, after: Sequence[After]) -> None:
    """Let a job that was just added wait for others.

    Raises Invalid for an unknown one, Conflict if the dependency can no longer be met.
    """
    if not after:
        return
    needed = _locked([each.job_id for each in after])
    open_needs = 0
    for each in after:
        other = needed.get(each.job_id)
        if other is None:
            raise Invalid.field("after", f"There is no job {each.job_id} in this organization")
        open_needs += _add_edge(job, each, other)
    if open_needs:
        job.blocked_by = open_needs
        job.state = State.DELAYED
    db.session.flush()


def wait_for_all(job: Job, *others: ColumnElement[bool]) -> Sequence[Row[uuid.UUID, str]]:
    """Let a job, which was just added or begun again, wait for the end of all others that fit and do not wait for it;
    their ids and titles. In as many statements for a hundred as for one.
    """
    # Of several that are begun again at once the first to come here waits for the others: they must not wait for it.
    waits_for_it = exists().where(EDGES.c.job_id == Job.id, EDGES.c.needs_id == job.id, EDGES.c.resolved_at.is_(None))
    # Locked as in `_locked`, and why. Begun again, it may have waited for one of them before.
    open_ones = (Job.id != job.id, Job.state.not_in(FINAL), ~waits_for_it, *others)
    needed = db.session.execute(select(Job.id, Job.title).where(*open_ones).order_by(Job.id).with_for_update(read=True))
    rows = needed.all()
    if not rows:
        return rows
    db.session.execute(delete(JobDependency).where(JobDependency.job_id == job.id))
    edges = [After(row.id, On.ALWAYS).as_row() for row in rows]
    insert_rows(JobDependency, edges, {"job_id": job.id, "resolved_at": None, "met": None})
    job.blocked_by, job.state = len(rows), State.DELAYED
    db.session.flush()
    return rows


def _locked(job_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Job]:
    # Against the moment in which they end: either that transaction sees our edges, or we see its end.
    rows = db.session.scalars(
        select(Job)
        .where(Job.id.in_(job_ids))
        .order_by(Job.id)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def _add_edge(job: Job, each: After, other: Job) -> bool:
    """True if the needed job has not ended yet."""
    is_open = other.state not in FINAL
    if not is_open and not is_met(each.on, each.condition, other.state, other.result):
        raise Conflict(why_unmet(each.on, each.condition, other.title, other.state))
    db.session.add(
        JobDependency(
            organization_id=job.organization_id,
            job_id=job.id,
            resolved_at=None if is_open else utcnow(),
            met=None if is_open else True,
            **each.as_row(),
        )
    )
    return is_open


def block_parent(parent: uuid.UUID, child: Job) -> None:
    """The parent goes on only when the child has ended, however it ends."""
    edge = After(parent, On.ALWAYS).as_row() | {"needs_id": child.id}
    db.session.add(JobDependency(organization_id=child.organization_id, job_id=parent, **edge))
    db.session.execute(update(Job).where(Job.id == parent).values(blocked_by=Job.blocked_by + 1))


_REACHES = text(
    """
    with recursive needed (id) as (
        select needs_id from job_dependencies
        where organization_id = :organization_id and job_id = :start and resolved_at is null
        union
        select d.needs_id from job_dependencies d join needed on d.job_id = needed.id
        where d.organization_id = :organization_id and d.resolved_at is null
    )
    select 1 from needed where id = :target
    """
).bindparams(*(bindparam(name, type_=Uuid()) for name in ("organization_id", "start", "target")))


def reject_cycle(after: Sequence[After], parent: uuid.UUID | None) -> None:
    """A parent waits for its child, so the child must not wait for the parent, by whatever way."""
    if parent is None:
        return
    for each in after:
        if each.job_id == parent or _reaches(each.job_id, parent):
            raise Invalid.field("after", f"A circle: {each.job_id} waits for {parent}, which would wait for this job")


def _reaches(start: uuid.UUID, target: uuid.UUID) -> bool:
    ids = {"organization_id": db.require_organization_id(), "start": start, "target": target}
    return db.session.execute(_REACHES, ids, execution_options={"names_organization": True}).first() is not None
