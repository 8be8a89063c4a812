"""The jobs a job stands among: those it waits for, those that wait for it, its parent, its children. Some of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Select, or_, select

from adsapp.core import db
from adsapp.core.ids import first_id_of
from adsapp.jobs.dependencies import Condition
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

    job: Job
    words: str
    met: bool | None


@dataclass(frozen=True)
class Relations:
    """At most MOST of each; `more_children` where there are more."""

    parent: Job | None
    children: Sequence[Job]
    more_children: bool
    needs: Sequence[Edge]
    needed_by: Sequence[Edge]

    @property
    def awaited(self) -> Sequence[Job]:
        """Those that it waits for now, children among them."""
        open_needs = [edge.job for edge in self.needs if edge.met is None]
        return open_needs or [child for child in self.children if not child.is_finished]

    @property
    def face(self) -> tuple[object, ...]:
        """What a page shows of them, for its version."""
        edges = [(edge.job.id, edge.job.state, edge.met) for edge in (*self.needs, *self.needed_by)]
        return (edges, [(child.id, child.state) for child in self.children], self.more_children)


def relations(job: Job) -> Relations:
    """Read them, in four statements at most."""
    children = _children(job)
    return Relations(
        parent=db.session.get(Job, job.parent_id) if job.parent_id else None,
        children=children[:MOST],
        more_children=len(children) > MOST,
        needs=_needs(job),
        needed_by=_needed_by(job),
    )


def _children(job: Job) -> Sequence[Job]:
    mine = select(Job).where(Job.parent_id == job.id).order_by(Job.id).limit(MOST + 1)
    return db.session.scalars(mine).all()


def _needs(job: Job) -> list[Edge]:
    # A parent waits for its children too, and there may be thousands. They came after it, what it was told to wait for
    # came before, and keys begin with the time: so few of them are looked at, and those are told apart.
    before_it = JobDependency.needs_id < first_id_of(job.created_at + SKEW)
    is_no_child = or_(Job.parent_id.is_(None), Job.parent_id != job.id)
    others = select(JobDependency, Job).join(Job, Job.id == JobDependency.needs_id)
    mine = others.where(JobDependency.job_id == job.id, before_it, is_no_child)
    return _edges(mine.order_by(JobDependency.needs_id), NEEDS_WORDS)


def _needed_by(job: Job) -> list[Edge]:
    others = select(JobDependency, Job).join(Job, Job.id == JobDependency.job_id)
    no_parent = [JobDependency.job_id != job.parent_id] if job.parent_id else []
    mine = others.where(JobDependency.needs_id == job.id, *no_parent)
    return _edges(mine.order_by(JobDependency.job_id), NEEDED_WORDS)


def _edges(statement: Select[JobDependency, Job], words: Mapping[On, str]) -> list[Edge]:
    rows = db.session.execute(statement.limit(MOST))
    return [Edge(other, words[edge.on] + _condition(edge), edge.met) for edge, other in rows]


def _condition(edge: JobDependency) -> str:
    return f", and its {Condition(**edge.condition)}" if edge.condition else ""
