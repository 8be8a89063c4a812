"""The jobs a job stands among: those it waits for, those that wait for it, its parent, its children. Some of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, literal, null, or_, select, union_all
from sqlalchemy import cast as as_type

from adsapp.core.ids import first_id_of
from adsapp.core.reads import mine, read
from adsapp.jobs.dependencies import Condition
from adsapp.jobs.listing import JOBS, LINE, JobLine
from adsapp.jobs.models import Job, JobDependency
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
    """At most MOST of each; `more_children` where there are more."""

    parent: JobLine | None
    children: Sequence[JobLine]
    more_children: bool
    needs: Sequence[Edge]
    needed_by: Sequence[Edge]

    @property
    def awaited(self) -> Sequence[JobLine]:
        """Those that it waits for now, children among them."""
        open_needs = [edge.job for edge in self.needs if edge.met is None]
        return open_needs or [child for child in self.children if not child.is_finished]

    @property
    def face(self) -> tuple[object, ...]:
        """What a page shows of them, for its version."""
        edges = [(edge.job.id, edge.job.state, edge.met) for edge in (*self.needs, *self.needed_by)]
        return (edges, [(child.id, child.state) for child in self.children], self.more_children)


def relations(job: Job) -> Relations:
    """Read them, in one statement."""
    given = {"job": job.id, "parent": job.parent_id or job.id, "before": first_id_of(job.created_at + SKEW)}
    found: dict[str, list[Edge]] = {PARENT: [], CHILD: [], NEEDED: [], NEEDING: []}
    for place, on, condition, met, *line in read(FAMILY, **given):
        words = WORDS[place][on] + _condition(condition) if place in WORDS else ""
        found[place].append(Edge(JobLine._make(line), words, met))
    children = [edge.job for edge in found[CHILD]]
    return Relations(
        parent=found[PARENT][0].job if found[PARENT] else None,
        children=children[:MOST],
        more_children=len(children) > MOST,
        needs=found[NEEDED],
        needed_by=found[NEEDING],
    )


def _condition(condition: Mapping[str, Any] | None) -> str:
    return f", and its {Condition(**condition)}" if condition else ""


# --- the statement, made once ------------------------------------------------------------------------------------

PARENT, CHILD, NEEDED, NEEDING = "parent", "child", "needed", "needing"
WORDS = {NEEDED: NEEDS_WORDS, NEEDING: NEEDED_WORDS}
EDGES = cast(Table, JobDependency.__table__).c
EDGE = (EDGES.on, EDGES.condition, EDGES.met)
OWN, ITS_PARENT, BEFORE = (bindparam(name, type_=JOBS.id.type) for name in ("job", "parent", "before"))


def _jobs(place: str) -> Select[Any]:
    """Jobs that no dependency leads to."""
    no_edge = (as_type(null(), column.type).label(column.name) for column in EDGE)
    return select(literal(place), *no_edge, *LINE).where(mine(JOBS)).order_by(JOBS.id)


def _edges(place: str, other: Any) -> Select[Any]:
    """Dependencies, each with the job at its other end."""
    edge = select(literal(place), *EDGE, *LINE).select_from(cast(Table, JobDependency.__table__))
    joined = edge.join(cast(Table, Job.__table__), JOBS.id == other)
    return joined.where(mine(EDGES), mine(JOBS)).order_by(other).limit(MOST)


# A parent waits for its children too, and there may be thousands. They came after it, what it was told to wait for came
# before, and keys begin with the time: so few of them are looked at, and those are told apart.
IS_NO_CHILD = or_(JOBS.parent_id.is_(None), JOBS.parent_id != OWN)
BRANCHES = (
    _edges(NEEDED, EDGES.needs_id).where(EDGES.job_id == OWN, EDGES.needs_id < BEFORE, IS_NO_CHILD),
    _edges(NEEDING, EDGES.job_id).where(EDGES.needs_id == OWN, EDGES.job_id != ITS_PARENT),
    _jobs(PARENT).where(JOBS.id == ITS_PARENT, JOBS.id != OWN).limit(1),
    _jobs(CHILD).where(JOBS.parent_id == OWN).limit(MOST + 1),
)
FAMILY = union_all(*(branch.subquery().select() for branch in BRANCHES))
