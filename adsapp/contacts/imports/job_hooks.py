"""What the job engine asks about jobs of imports: their items are the rows that were rejected, were duplicates, or got
a remark; and what else is done when somebody lets one begin again."""

from sqlalchemy import select

from adsapp.contacts.imports import lane
from adsapp.contacts.imports.telling import tell_when_ended
from adsapp.contacts.models import Import, ImportRow
from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.inputs import MOST_ROWS, number_after
from adsapp.core.pagination import Page, cut
from adsapp.jobs import ItemRow, Job
from adsapp.organizations.auditing import By

FAILED = "failed"  # the status of failed items of any job; for an import, a rejected row


def rows_as_items(job: Job, status: str, cursor: str, limit: int) -> Page[ItemRow]:
    """Rows with a remark, in the file's order; the cursor is a row number. Raises NotFound if the import is gone."""
    statement = (
        select(ImportRow)
        .join(Import, Import.id == ImportRow.import_id)
        .where(Import.job_id == job.id)
        .order_by(ImportRow.row_no)
        .limit(limit + 1)
    )
    if status:
        statement = statement.where(ImportRow.outcome == ("rejected" if status == FAILED else status))
    if cursor:
        statement = statement.where(ImportRow.row_no > number_after(cursor, MOST_ROWS))
    page = cut(db.session.scalars(statement).all(), limit, lambda row: str(row.row_no))
    if not page.items and db.session.scalar(select(Import.id).where(Import.job_id == job.id)) is None:
        raise NotFound("The import of this job is not there any more")
    return Page([_item(row) for row in page.items], page.next)


def _item(row: ImportRow) -> ItemRow:
    message = f"{row.column}: {row.message}" if row.column else row.message
    return ItemRow(f"row {row.row_no}", FAILED if row.outcome == "rejected" else row.outcome, row.code, message)


def job_was_begun(job: Job, by: By, begin: str) -> None:
    """Again, it waits like any other for those that write just now, and whoever lets it begin is told how it ends."""
    if begin != "retry":
        return
    lane.line_up(job)
    import_id = db.session.scalar(select(Import.id).where(Import.job_id == job.id))
    if import_id is not None:  # an undo has the hook of its own
        tell_when_ended(job, import_id, by.user_id)
