"""Reads of imports and their rows."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, null, or_, select
from sqlalchemy.orm import defer, joinedload

from adsapp.contacts.models import Contact, ContactImport, Import, ImportRow, ImportStatus, ImportUndo
from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import id_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.jobs import Job
from adsapp.jobs.states import FINAL

AT_ONCE = 1_000  # rows of a report that are read in one go


# What is large and shown by the page of one import only.
IN_LISTS = (defer(Import.inspection, raiseload=True), defer(Import.trial, raiseload=True))


def list_imports(cursor: str = "", limit: int = PAGE) -> Page[Import]:
    """Imports with their jobs, newest first."""
    jobs = (joinedload(Import.job), joinedload(Import.undo))
    statement = select(Import).options(*jobs, *IN_LISTS).order_by(Import.id.desc()).limit(limit + 1)
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


OUTCOMES = ("rejected", "duplicate", "noted")


@dataclass(frozen=True, slots=True)
class ReportedRow:
    """A row that was refused, repeats somebody, or got a remark: as a spreadsheet counts it, and its line in the file
    (0 if it is not known)."""

    number: int
    line: int
    outcome: str
    column: str
    code: str
    message: str
    suggestion: str
    cells: Sequence[str]


_REPORTED = tuple(
    getattr(ImportRow, name)
    for name in ("row_no", "line", "outcome", "column", "code", "message", "suggestion", "cells")
)


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which of them; a blank field does not filter."""

    outcome: str = ""
    code: str = ""


def reported_rows(import_id: uuid.UUID, wanted: RowFilter, after: int = 0, limit: int = PAGE) -> Page[ReportedRow]:
    """Rows behind this row number, in the file's order; the cursor is a row number."""
    statement = select(*_REPORTED).where(ImportRow.import_id == import_id, ImportRow.row_no > after)
    outcomes = [wanted.outcome] if wanted.outcome else OUTCOMES
    statement = statement.where(ImportRow.outcome.in_(outcomes))
    if wanted.code:
        further = ImportRow.also.contains(f" {wanted.code} ", autoescape=True)
        statement = statement.where(or_(ImportRow.code == wanted.code, further))
    found = db.session.execute(statement.order_by(ImportRow.row_no).limit(limit + 1))
    return cut([ReportedRow(*row) for row in found], limit, lambda row: str(row.number))


def refused_cells(import_id: uuid.UUID, codes: Sequence[str], limit: int) -> Sequence[Sequence[str]]:
    """The cells of the first rows that were refused for one of these reasons."""
    refused = (ImportRow.import_id == import_id, ImportRow.outcome == "rejected", ImportRow.code.in_(codes))
    return db.session.scalars(select(ImportRow.cells).where(*refused).order_by(ImportRow.row_no).limit(limit)).all()


def earlier_import(batch: Import) -> Import | None:
    """The latest other import of the very same file that has put somebody in and was not undone."""
    kept = ~exists().where(ImportUndo.import_id == Import.id, ImportUndo.finished_at.is_not(None))
    return _latest(Import.sha256 == batch.sha256, Import.id != batch.id, Import.rows_read > 0, kept)


def last_like(batch: Import) -> Import | None:
    """The latest other import of a file with the same columns, if it put somebody in and nobody wanted it undone."""
    wanted = ~exists().where(ImportUndo.import_id == Import.id)
    same = (Import.header_key == batch.header_key, Import.id != batch.id, Import.rows_read > Import.rejected, wanted)
    return _latest(*same) if batch.header_key else None


def _latest(*conditions: ColumnElement[bool]) -> Import | None:
    return db.session.scalars(select(Import).where(*conditions).order_by(Import.id.desc()).limit(1)).first()
