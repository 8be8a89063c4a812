"""A rendering's job as the job engine sees it: its items are the rows that failed."""

from adsapp.core.pagination import Page
from adsapp.jobs import ItemRow, Job
from adsapp.message_templates.models import FAILED, RENDERED
from adsapp.renderings import queries
from adsapp.renderings.subject import RENDERING

OUTCOMES = {"": "", "failed": FAILED, "completed": RENDERED}


def rows_as_items(job: Job, status: str, cursor: str, limit: int) -> Page[ItemRow]:
    """Its rows. The key is the number, or the row's place; the API masks it for people who may not see numbers."""
    rendering = queries.get_rendering(RENDERING.id_of(job.subject))
    if status not in OUTCOMES:
        return Page([])
    page = queries.rows_of(rendering, OUTCOMES[status], cursor or None, limit)
    rows = [ItemRow(row.phone or f"row {row.number}", row.outcome, row.code, row.message) for row in page.items]
    return Page(rows, page.next)
