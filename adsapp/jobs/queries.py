"""Reads of jobs for the console and the API. None costs more as the history grows: counters and key ranges only."""

import uuid
from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, func, not_, or_, select

from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.jobs.filters import JobFilters
from adsapp.jobs.listing import JobLine, select_lines
from adsapp.jobs.models import SHOWN, Job, JobAttempt, JobCount
from adsapp.jobs.states import State

# Looking for a needle, so many jobs are gone through for one page, newest first; the next page goes on from there.
WINDOW = 5_000
NEW_ROWS_COUNTED = 100
J = TypeVar("J", Job, JobLine)


def get_job(job_id: uuid.UUID | str) -> Job:
    """The job; NotFound for an unknown id and for another organization's alike."""
    parsed = parse_id(job_id) if isinstance(job_id, str) else job_id
    job = db.session.scalars(select(Job).where(Job.id == parsed)).one_or_none() if parsed else None
    if job is None:
        raise NotFound("There is no such job in this organization")
    return job


def list_jobs(filters: JobFilters, cursor: str = "", limit: int = PAGE, newest: str = "") -> Page[Job]:
    """Jobs, newest first: older than `cursor`, none newer than `newest`. NotFound for a cursor that is none.

    A page may hold fewer than `limit` rows, even none, and yet have a next one: see WINDOW.
    """
    wanted, edge = _newest_first(select(Job), filters, cursor, limit, newest)
    return _page(db.session.scalars(wanted).all(), limit, edge)


def list_lines(filters: JobFilters, cursor: str = "", limit: int = PAGE, newest: str = "") -> Page[JobLine]:
    """As `list_jobs`, for a page that shows a line of each."""
    wanted, edge = _newest_first(select_lines(), filters, cursor, limit, newest)
    return _page([JobLine._make(row) for row in db.session.execute(wanted)], limit, edge)


def _newest_first(
    statement: Select[Any], filters: JobFilters, cursor: str, limit: int, newest: str
) -> tuple[Select[Any], uuid.UUID | None]:
    """The statement for one more than `limit`, and the last id that is looked at where no index finds the rows."""
    wanted = narrow(filters, _within(statement, cursor, newest)).order_by(Job.id.desc()).limit(limit + 1)
    edge = None if filters.has_index else _edge(filters, cursor, newest)
    return (wanted if edge is None else wanted.where(Job.id >= edge)), edge


def _page(jobs: Sequence[J], limit: int, edge: uuid.UUID | None) -> Page[J]:
    page = cut(jobs, limit, lambda job: str(job.id))
    return page if page.next or edge is None else Page(page.items, str(edge))


def count_newer(filters: JobFilters, newest: str) -> int:
    """How many jobs came in since `newest`, counted up to NEW_ROWS_COUNTED."""
    since = select(Job.id).where(Job.id > _place(newest)).order_by(Job.id)
    if filters.has_index:
        newer = narrow(filters, since)
    else:
        newer = narrow(filters, select(Job.id).where(Job.id.in_(select(since.limit(WINDOW).subquery()))))
    return len(db.session.scalars(newer.limit(NEW_ROWS_COUNTED)).all())


def recent_jobs(limit: int = 10) -> Sequence[Job]:
    """The newest jobs, without routine work."""
    return list_jobs(JobFilters(), limit=limit).items


def count_by_state(filters: JobFilters) -> dict[State, int]:
    """Jobs in each state, of one queue or of all, from the counters."""
    statement = select(JobCount.state, func.sum(JobCount.count)).group_by(JobCount.state)
    if filters.queue:
        statement = statement.where(JobCount.queue == filters.queue)
    if not filters.routine:
        statement = statement.where(or_(not_(JobCount.routine), JobCount.state == State.FAILED))
    counted = {row[0]: int(row[1]) for row in db.session.execute(statement)}
    return {state: counted.get(state, 0) for state in State}


def attempts(job: Job) -> Sequence[JobAttempt]:
    """The attempts of a job, oldest first."""
    mine = select(JobAttempt).where(JobAttempt.job_id == job.id).order_by(JobAttempt.attempt)
    return db.session.scalars(mine).all()


def narrow(filters: JobFilters, statement: Select[Any]) -> Select[Any]:
    """The statement on jobs with the filter's conditions."""
    if not filters.routine:
        statement = statement.where(SHOWN)
    if filters.state:
        statement = statement.where(Job.state == filters.state)
    if filters.queue:
        statement = statement.where(Job.queue == filters.queue)
    if filters.search:
        statement = statement.where(Job.title.icontains(filters.search, autoescape=True))
    return statement


def _within(statement: Select[Any], cursor: str, newest: str) -> Select[Any]:
    if cursor:
        statement = statement.where(Job.id < _place(cursor))
    return statement.where(Job.id <= _place(newest)) if newest else statement


def _edge(filters: JobFilters, cursor: str, newest: str) -> uuid.UUID | None:
    # The last id of the window, along the one index that narrows most; None where the window reaches the end.
    along = narrow(filters.indexed, _within(select(Job.id), cursor, newest))
    return db.session.scalars(along.order_by(Job.id.desc()).offset(WINDOW - 1).limit(1)).first()


def _place(cursor: str) -> uuid.UUID:
    place = parse_id(cursor)
    if place is None:
        raise NotFound("This page of the list does not exist; begin at the first one")
    return place
