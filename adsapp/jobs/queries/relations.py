"""A job's related jobs: those it waits for, those that wait for it, its parent, its children. Some of each."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, or_, select

from adsapp.core.db.prepared import fetch, own_rows
from adsapp.core.ids import first_id_of
from adsapp.jobs.dependencies import Condition
from adsapp.jobs.models import Job, JobDependency
from adsapp.jobs.queries.lines import JOBS, LINE, JobLine
from adsapp.jobs.states import On

MOST = 20  # of one kind on a page
SKEW = timedelta(minutes=1)  # between the clocks of machines that make jobs
NEEDS_WORDS = {On.SUCCESS: "has to complete", On.FAILURE: "has to fail", On.ALWAYS: "has to end"}
NEEDED_WORDS = {
    On.SUCCESS: "begins once this one has completed",
    On.FAILURE: "begins once this one has failed",
    On.ALWAYS: "begins once this one has ended",
}


@dataclass(frozen=True)
class Edge:
    """Another job, how the needed one has to end, and whether it did; `met` None while that is open."""

    job: JobLine
    words: str
    met: bool | None


@dataclass(frozen=True)
class Relations:
    """At most MOST of each; `more_children` if there are more."""

    parent: JobLine | None
    children: Sequence[JobLine]
    more_children: bool
    needs: Sequence[Edge]
    needed_by: Sequence[Edge]

    @property
    def pending_needs(self) -> Sequence[JobLine]:
        """Those that it waits for now, children among them."""
        open_needs = [edge.job for edge in self.needs if edge.met is None]
        return open_needs or [child for child in self.children if not child.is_finished]


def relations(job: Job) -> Relations:
    """Read them, in four statements at most."""
    children = _lines(CHILDREN, job=job.id)
    return Relations(
        parent=_parent(job),
        children=children[:MOST],
        more_children=len(children) > MOST,
        needs=_edges(NEEDS, NEEDS_WORDS, job=job.id, before=first_id_of(job.created_at + SKEW)),
        needed_by=_edges(NEEDED_BY, NEEDED_WORDS, job=job.id, parent=job.parent_id or job.id),
    )


def _parent(job: Job) -> JobLine | None:
    found = _lines(BY_ID, job=job.parent_id) if job.parent_id else []
    return found[0] if found else None


def _lines(statement: Select[Any], **given: uuid.UUID) -> list[JobLine]:
    return [JobLine._make(row) for row in fetch(statement, **given)]


def _edges(statement: Select[Any], words: Mapping[On, str], **given: uuid.UUID) -> list[Edge]:
    rows = fetch(statement, **given)
    return [Edge(JobLine._make(line), words[on] + _condition(condition), met) for on, condition, met, *line in rows]


def _condition(condition: Mapping[str, Any] | None) -> str:
    return f", and its {Condition(**condition)}" if condition else ""


def _id(name: str) -> Any:
    return bindparam(name, type_=JOBS.id.type)


def _among(other: Any) -> Select[Any]:
    """Dependencies, each with the job at its other end."""
    edge = select(EDGES.on, EDGES.condition, EDGES.met, *LINE).select_from(cast(Table, JobDependency.__table__))
    return edge.join(cast(Table, Job.__table__), JOBS.id == other).where(own_rows(EDGES), own_rows(JOBS)).limit(MOST)


EDGES = cast(Table, JobDependency.__table__).c
BY_ID = select(*LINE).where(own_rows(JOBS), JOBS.id == _id("job"))
CHILDREN = select(*LINE).where(own_rows(JOBS), JOBS.parent_id == _id("job")).order_by(JOBS.id).limit(MOST + 1)
# A parent waits for its children too, and there may be thousands. They came after it, what it was told to wait for came
# before, and keys begin with the time: so few of them are looked at, and those are told apart.
NEEDS = (
    _among(EDGES.needs_id)
    .where(EDGES.job_id == _id("job"), EDGES.needs_id < _id("before"))
    .where(or_(JOBS.parent_id.is_(None), JOBS.parent_id != _id("job")))
    .order_by(EDGES.needs_id)
)
NEEDED_BY = (
    _among(EDGES.job_id).where(EDGES.needs_id == _id("job"), EDGES.job_id != _id("parent")).order_by(EDGES.job_id)
)
