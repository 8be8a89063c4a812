"""The items of a job: its own `job_items`, or the rows of the feature whose job it is.

A campaign's recipients are the items of its job; to copy them into `job_items` would be a second truth. So a feature
may say how its processor's items are read: `register_items("bulk-message", recipients_as_items)`.
"""

from collections.abc import Callable

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.jobs.models import Job, JobItem
from adsapp.jobs.registry import ItemRow

# (job, status or "", cursor or "", limit) -> the rows and the cursor of the next page
ItemSource = Callable[[Job, str, str, int], Page[ItemRow]]

_sources: dict[str, ItemSource] = {}


def register_items(processor: str, source: ItemSource) -> None:
    """Let `source` give the items of this processor's jobs."""
    if _sources.get(processor, source) is not source:
        raise ValueError(f"two sources for the items of {processor}")
    _sources[processor] = source


def items(job: Job, status: str = "", cursor: str = "", limit: int = PAGE) -> Page[ItemRow]:
    """Items of a job in the order they were noted; NotFound for a cursor that is none."""
    source = _sources.get(job.processor, _noted)
    return source(job, status, cursor, limit)


def first_items(job: Job, status: str, limit: int) -> Page[ItemRow] | None:
    """As `items`, from the beginning; None where the campaign or import that has them is not there any more."""
    try:
        return items(job, status, limit=limit)
    except NotFound:
        return None


def _noted(job: Job, status: str, cursor: str, limit: int) -> Page[ItemRow]:
    statement = select(JobItem).where(JobItem.job_id == job.id).order_by(JobItem.id).limit(limit + 1)
    if status:
        statement = statement.where(JobItem.status == status)
    if cursor:
        statement = statement.where(JobItem.id > _place(cursor))
    page = cut(db.session.scalars(statement).all(), limit, lambda item: str(item.id))
    rows = [ItemRow(item.key, item.status, item.code, item.message) for item in page.items]
    return Page(rows, page.next)


def _place(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit()) or len(cursor) > 18:
        raise NotFound("This page of the list does not exist; begin at the first one")
    return int(cursor)
