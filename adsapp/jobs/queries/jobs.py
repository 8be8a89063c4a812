"""Reads of jobs for the console and the API. None costs more as the history grows: counters and key ranges only."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import ColumnElement, Integer, Select, Table, and_, bindparam, case, func, not_, or_, select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.prepared import fetch, own_rows
from adsapp.core.db.searching import has_words
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import id_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.jobs.models import SHOWN, Job, JobAttempt, JobCount
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.queries.lines import JOBS, LINE, JobLine
from adsapp.jobs.states import Queue, State

COUNTS = cast(Table, JobCount.__table__).c
SHOWN_COUNTS = or_(not_(COUNTS.routine), COUNTS.state == State.FAILED)  # `SHOWN`, of the counters
# Looking for a needle, so many jobs are gone through for one page, newest first; the next page goes on from there.
WINDOW = 5_000
NEW_ROWS_COUNTED = 100
MADE = 256  # statements of a kind that are kept; without a search there are fewer
BY_ID = select(Job).where(Job.id == bindparam("id"))
ATTEMPTS = select(JobAttempt).where(JobAttempt.job_id == bindparam("job")).order_by(JobAttempt.attempt)
J = TypeVar("J", Job, JobLine)


def get_job(job_id: uuid.UUID | str) -> Job:
    """The job; NotFound for an unknown id and for another organization's alike."""
    parsed = parse_id(job_id) if isinstance(job_id, str) else job_id
    job = db.session.scalars(BY_ID, {"id": parsed}).one_or_none() if parsed else None
    if job is None:
        raise NotFound("There is no such job in this organization")
    return job


def list_jobs(filters: JobFilters, cursor: str = "", limit: int = PAGE, newest: str = "") -> Page[Job]:
    """Jobs, newest first: older than `cursor`, none newer than `newest`. NotFound for a cursor that is none.

    A page may hold fewer than `limit` rows, even none, and yet have a next one: see WINDOW.
    """
    span = _span(filters, cursor, newest)
    wanted = _newest_first(select(Job), filters, tuple(span)).limit(limit + 1)
    jobs = db.session.scalars(wanted, span).all()
    return _page(jobs, limit, span.get("edge"))


def list_lines(filters: JobFilters, cursor: str = "", limit: int = PAGE, newest: str = "") -> Page[JobLine]:
    """The lines of a list of jobs, for a page."""
    span = _span(filters, cursor, newest)
    rows = fetch(_lines(filters, tuple(span)), limit=limit + 1, **span)
    return _page([JobLine._make(row) for row in rows], limit, span.get("edge"))


def count_newer(filters: JobFilters, newest: str) -> int:
    """How many jobs came in since `newest`, counted up to NEW_ROWS_COUNTED."""
    return len(fetch(_newer(filters), newer=id_after(newest), window=WINDOW))


def recent_jobs(limit: int = 10) -> Sequence[Job]:
    """The newest jobs, without routine work."""
    return list_jobs(JobFilters(), limit=limit).items


class StateCounts(NamedTuple):
    """Jobs in each state; `more` if older jobs were not looked through, and any state may have more."""

    of: dict[State, int]
    more: bool = False


def count_by_state(filters: JobFilters) -> StateCounts:
    """Jobs in each state, of one queue or of all: from the counters; words among the newest WINDOW jobs."""
    if not filters.search:
        counted = {row[0]: int(row[1]) for row in fetch(_counts(filters.queue, filters.routine))}
        return StateCounts({state: counted.get(state, 0) for state in State})
    rows = fetch(_matches(replace(filters, state=None)), window=WINDOW)
    matching = {row[0]: int(row[1]) for row in rows}
    return StateCounts({state: matching.get(state, 0) for state in State}, sum(row[2] for row in rows) >= WINDOW)


def sum_counters(states: Collection[State], queue: Queue | None, *only: ColumnElement[bool]) -> int:
    """How many jobs are in these states, of one queue or of all, from the counters; `only` narrows them further."""
    counted = select(func.sum(JobCount.count)).where(JobCount.state.in_(states), *only)
    if queue:
        counted = counted.where(JobCount.queue == queue)
    return int(db.session.scalar(counted) or 0)


def attempts(job: Job) -> Sequence[JobAttempt]:
    """The attempts of a job, oldest first."""
    return db.session.scalars(ATTEMPTS, {"job": job.id}).all()


def narrow(filters: JobFilters, statement: Select[Any]) -> Select[Any]:
    """The statement on jobs with the filter's conditions."""
    if not filters.routine:
        statement = statement.where(SHOWN)
    if filters.state:
        statement = statement.where(JOBS.state == filters.state)
    if filters.queue:
        statement = statement.where(JOBS.queue == filters.queue)
    if filters.search:
        statement = statement.where(has_words(JOBS.title, filters.search))
    return statement


BOUNDS: Mapping[str, ColumnElement[bool]] = {
    "older": JOBS.id < bindparam("older", type_=JOBS.id.type),
    "newest": JOBS.id <= bindparam("newest", type_=JOBS.id.type),
    "edge": JOBS.id >= bindparam("edge", type_=JOBS.id.type),
}


def _span(filters: JobFilters, cursor: str, newest: str) -> dict[str, uuid.UUID]:
    """The bounds between which is looked, each with its id."""
    asked = {"older": cursor, "newest": newest}
    span = {name: id_after(place) for name, place in asked.items() if place}
    if filters.has_index:
        return span
    edge = edge_of(filters, span)
    return span | {"edge": edge} if edge else span


def edge_of(filters: JobFilters, span: Mapping[str, uuid.UUID]) -> uuid.UUID | None:
    """The last id of the window between these BOUNDS, along the one index that narrows most; None if the window
    reaches the end."""
    found = fetch(_edge(filters.indexed, tuple(span)), skipped=WINDOW - 1, **span)
    return found[0][0] if found else None


# Statements are made once for each way of asking: these are read by every poll of every open list.


def _newest_first(statement: Select[Any], filters: JobFilters, bounds: tuple[str, ...]) -> Select[Any]:
    within = statement.where(*(BOUNDS[name] for name in bounds))
    return narrow(filters, within).order_by(JOBS.id.desc())


@lru_cache(maxsize=MADE)
def _lines(filters: JobFilters, bounds: tuple[str, ...]) -> Select[Any]:
    shown = select(*LINE).where(own_rows(JOBS))
    return _newest_first(shown, filters, bounds).limit(bindparam("limit", type_=Integer()))


@lru_cache(maxsize=MADE)
def _edge(filters: JobFilters, bounds: tuple[str, ...]) -> Select[Any]:
    along = _newest_first(select(JOBS.id).where(own_rows(JOBS)), filters, bounds)
    return along.offset(bindparam("skipped", type_=Integer())).limit(1)


@lru_cache(maxsize=MADE)
def _newer(filters: JobFilters) -> Select[Any]:
    since = select(JOBS.id).where(own_rows(JOBS), JOBS.id > bindparam("newer", type_=JOBS.id.type)).order_by(JOBS.id)
    if filters.has_index:
        return narrow(filters, since).limit(NEW_ROWS_COUNTED)
    window = since.limit(bindparam("window", type_=Integer())).subquery()
    return narrow(filters, select(JOBS.id).where(own_rows(JOBS), JOBS.id.in_(select(window)))).limit(NEW_ROWS_COUNTED)


@lru_cache(maxsize=MADE)
def _counts(queue: Queue | None, routine: bool) -> Select[Any]:
    counted = select(COUNTS.state, func.sum(COUNTS.count)).where(own_rows(COUNTS)).group_by(COUNTS.state)
    if queue:
        counted = counted.where(COUNTS.queue == queue)
    return counted if routine else counted.where(SHOWN_COUNTS)


@lru_cache(maxsize=MADE)
def _matches(filters: JobFilters) -> Select[Any]:
    """Of the newest jobs, by state: how many have the words in their title, how many were looked at."""
    along = select(JOBS.state, JOBS.title, JOBS.queue).where(own_rows(JOBS))
    newest = _newest_first(along, filters.indexed, ()).limit(bindparam("window", type_=Integer())).subquery()
    words = has_words(newest.c.title, filters.search)
    fits = and_(words, newest.c.queue == filters.queue) if filters.queue else words
    return select(newest.c.state, func.sum(case((fits, 1), else_=0)), func.count()).group_by(newest.c.state)


def _page(jobs: Sequence[J], limit: int, edge: uuid.UUID | None) -> Page[J]:
    page = cut(jobs, limit, lambda job: str(job.id))
    return page if page.next or edge is None else Page(page.items, str(edge))


def has_due_jobs(queue: Queue) -> bool:
    """True if a due job of any organization waits on this queue."""
    due = select(Job.id).where(Job.queue == queue, Job.state == State.WAITING, Job.run_at <= utcnow()).limit(1)
    with db.reading(), db.engine_transaction() as connection:
        return connection.execute(due).first() is not None
