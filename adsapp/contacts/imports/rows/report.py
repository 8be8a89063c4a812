"""Rows that somebody should look at as a file to mend and import again, made while it is sent.

Each part is read in a transaction of its own: the file may be of any size, and a slow download holds none open.
"""

from collections.abc import Iterator

from flask import Flask, Response, current_app

from adsapp.contacts.imports import service
from adsapp.contacts.imports.queries import AT_ONCE, ReportedRow, RowFilter, reported_rows
from adsapp.contacts.imports.reading.report import report_lines, report_records
from adsapp.contacts.models import Import
from adsapp.core import db
from adsapp.core.web.downloads import download, file_name
from adsapp.core.xlsx import MIMETYPE, workbook
from adsapp.organizations.auditing import By


def as_csv(batch: Import, wanted: RowFilter, by: By) -> Response:
    """With the delimiter and columns of the upload."""
    delimiter: str = batch.inspection["delimiter"]
    lines = report_lines(batch.inspection["header"], _begin(batch, wanted, by), delimiter)
    ending = ".tsv" if delimiter == "\t" else ".csv"
    return download(lines, "text/csv", _name(batch, wanted, ending))


def as_xlsx(batch: Import, wanted: RowFilter, by: By) -> Response:
    """The same as a workbook in which every cell is a text."""
    records = report_records(batch.inspection["header"], _begin(batch, wanted, by))
    book = workbook(next(records), records, wanted.outcome or "rows")
    return download(book, MIMETYPE, _name(batch, wanted, ".xlsx"))


def _begin(batch: Import, wanted: RowFilter, by: By) -> Iterator[ReportedRow]:
    service.note_export(batch, by)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return _rows(app, batch, wanted)


def _rows(app: Flask, batch: Import, wanted: RowFilter) -> Iterator[ReportedRow]:
    organization_id, import_id = batch.organization_id, batch.id  # asked while the request's session is open

    def read() -> Iterator[ReportedRow]:
        after: int | None = 0
        while after is not None:
            with db.organization_context(app, organization_id), db.reading():
                page = reported_rows(import_id, wanted, after, AT_ONCE)
            yield from page.items
            after = int(page.next) if page.next else None

    return read()


def _name(batch: Import, wanted: RowFilter, ending: str) -> str:
    upload = batch.file_name.rpartition(".")[0] or batch.file_name
    return file_name(upload, wanted.outcome or wanted.code or "rows", ending=ending)
