"""The items of a job: those it recorded in `job_items`, or the rows of the feature whose job it is.

If a feature has a row for each thing its job works on, those rows are the items; to copy them into `job_items` would
be a second truth. The kind of job says how they are read: `@processor(…, items=lazy("…"))`.
"""

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.inputs import number_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.jobs.models import Job, JobItem
from adsapp.jobs.registry import ItemRow, kind


def items(job: Job, status: str = "", cursor: str = "", limit: int = PAGE) -> Page[ItemRow]:
    """Items of a job in the order they were recorded; NotFound for a cursor that is none."""
    source = kind(job.processor).items or _recorded
    return source(job, status, cursor, limit)


def first_items(job: Job, status: str, limit: int) -> Page[ItemRow] | None:
    """The first page of `items`; None if what the job worked on, which has them, is gone."""
    try:
        return items(job, status, limit=limit)
    except NotFound:
        return None


def _recorded(job: Job, status: str, cursor: str, limit: int) -> Page[ItemRow]:
    statement = select(JobItem).where(JobItem.job_id == job.id).order_by(JobItem.id).limit(limit + 1)
    if status:
        statement = statement.where(JobItem.status == status)
    if cursor:
        statement = statement.where(JobItem.id > number_after(cursor))
    page = cut(db.session.scalars(statement).all(), limit, lambda item: str(item.id))
    rows = [ItemRow(item.key, item.status, item.code, item.message) for item in page.items]
    return Page(rows, page.next)
