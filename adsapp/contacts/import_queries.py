"""Reads of imports and their rows."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from adsapp.contacts.models import Import, ImportRow, ImportStatus
from adsapp.contacts.reading.report import report_lines
from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.jobs.models import Job
from adsapp.jobs.states import FINAL

_AT_ONCE = 1_000


def list_imports(cursor: str = "", limit: int = PAGE) -> Page[Import]:
    """Imports with their jobs, newest first."""
    statement = select(Import).options(joinedload(Import.job)).order_by(Import.id.desc()).limit(limit + 1)
    after = parse_id(cursor) if cursor else None
    if after is not None:
        statement = statement.where(Import.id < after)
    return cut(db.session.scalars(statement).all(), limit, lambda each: str(each.id))


def get_import(import_id: str | uuid.UUID) -> Import:
    """The import with its job; NotFound where there is none in this organization."""
    parsed = import_id if isinstance(import_id, uuid.UUID) else parse_id(import_id)
    statement = select(Import).options(joinedload(Import.job)).where(Import.id == parsed)
    found = db.session.scalars(statement).one_or_none() if parsed else None
    if found is None:
        raise NotFound("There is no such import; it may have been discarded")
    return found


def running_import(sha256: str) -> Import | None:
    """An import of the same file that has been started and has not ended."""
    begun = (
        select(Import)
        .join(Job, Job.id == Import.job_id)
        .where(
            Import.sha256 == sha256,
            Import.status.in_([ImportStatus.QUEUED, ImportStatus.IMPORTING]),
            Job.state.not_in(FINAL),
        )
        .limit(1)
    )
    return db.session.scalars(begun).first()


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A rejected row for the report."""

    number: int
    column: str
    message: str
    suggestion: str
    cells: Sequence[str]


def rejected_rows(import_id: uuid.UUID, limit: int | None = None) -> Iterator[RejectedRow]:
    """The rejected rows in the file's order, read a part at a time."""
    after, left = 0, limit
    while left is None or left > 0:
        size = _AT_ONCE if left is None else min(_AT_ONCE, left)
        found = db.session.execute(
            select(ImportRow.row_no, ImportRow.column, ImportRow.message, ImportRow.suggestion, ImportRow.cells)
            .where(ImportRow.import_id == import_id, ImportRow.outcome == "rejected", ImportRow.row_no > after)
            .order_by(ImportRow.row_no)
            .limit(size)
        ).all()
        yield from (RejectedRow(*row) for row in found)
        if len(found) < size:
            return
        after = found[-1].row_no
        left = None if left is None else left - size


def rejected_lines(batch: Import) -> Iterator[str]:
    """The rejected rows as the lines of a CSV file that can be mended and imported again."""
    return report_lines(batch.inspection["header"], rejected_rows(batch.id))
