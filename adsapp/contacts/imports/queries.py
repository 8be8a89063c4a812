"""Reads of imports and their rows."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import null, select
from sqlalchemy.orm import joinedload

from adsapp.contacts.imports.reading.report import report_lines
from adsapp.contacts.models import Contact, ContactImport, Import, ImportRow, ImportStatus, ImportUndo
from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import id_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.jobs import Job
from adsapp.jobs.states import FINAL

_AT_ONCE = 1_000


def list_imports(cursor: str = "", limit: int = PAGE) -> Page[Import]:
    """Imports with their jobs, newest first."""
    jobs = (joinedload(Import.job), joinedload(Import.undo))
    statement = select(Import).options(*jobs).order_by(Import.id.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(Import.id < id_after(cursor))
    return cut(db.session.scalars(statement).all(), limit, lambda each: str(each.id))


def get_import(import_id: str | uuid.UUID) -> Import:
    """The import with its job; raises NotFound if this organization has no such import."""
    parsed = import_id if isinstance(import_id, uuid.UUID) else parse_id(import_id)
    undo = joinedload(Import.undo).joinedload(ImportUndo.job)
    jobs = (joinedload(Import.job), joinedload(Import.trial_job), undo)
    statement = select(Import).options(*jobs).where(Import.id == parsed)
    found = db.session.scalars(statement).one_or_none() if parsed else None
    if found is None:
        raise NotFound("There is no such import; it may have been discarded")
    return found


def running_import(sha256: str) -> Import | None:
    """An import of the same file that was started and has not ended yet."""
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
class Repeat:
    """A row that repeats somebody, or a contact of the file that was left as it was (`number` None)."""

    number: int | None
    contact_id: uuid.UUID
    name: str


def repeats(import_id: uuid.UUID, limit: int) -> Sequence[Repeat]:
    """The first rows that repeat an earlier one, then the first who were contacts already and were left as they are."""
    of_rows = (
        select(ImportRow.row_no, Contact.id, Contact.name, Contact.first_name, Contact.last_name)
        .join(Contact, Contact.id == ImportRow.contact_id)
        .where(ImportRow.import_id == import_id, ImportRow.outcome == "duplicate")
        .order_by(ImportRow.row_no)
        .limit(limit)
    )
    left = (
        select(null(), Contact.id, Contact.name, Contact.first_name, Contact.last_name)
        .join(ContactImport, ContactImport.contact_id == Contact.id)
        .where(ContactImport.import_id == import_id, ContactImport.outcome == "skipped")
        .order_by(Contact.id)
        .limit(limit)
    )
    rows = [*db.session.execute(of_rows), *db.session.execute(left)][:limit]
    return [
        Repeat(number, contact_id, name or f"{first} {last}".strip()) for number, contact_id, name, first, last in rows
    ]


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A rejected row for the report."""

    number: int
    column: str
    message: str
    suggestion: str
    cells: Sequence[str]


def rejected_page(import_id: uuid.UUID, after: int, limit: int = _AT_ONCE) -> Sequence[RejectedRow]:
    """The rejected rows after this row number, in the file's order."""
    found = db.session.execute(
        select(ImportRow.row_no, ImportRow.column, ImportRow.message, ImportRow.suggestion, ImportRow.cells)
        .where(ImportRow.import_id == import_id, ImportRow.outcome == "rejected", ImportRow.row_no > after)
        .order_by(ImportRow.row_no)
        .limit(limit)
    )
    return [RejectedRow(*row) for row in found]


def rejected_lines(header: Sequence[str], read: Callable[[int], Sequence[RejectedRow]]) -> Iterator[str]:
    """The rejected rows as the lines of a CSV file that can be corrected and imported again.

    `read` returns the rows after a row number (`rejected_page`); the lines are made part by part, so the file may be of
    any size.
    """
    return report_lines(header, _all_rows(read))


def _all_rows(read: Callable[[int], Sequence[RejectedRow]]) -> Iterator[RejectedRow]:
    after = 0
    while rows := read(after):
        yield from rows
        after = rows[-1].number
