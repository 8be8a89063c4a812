"""Tells who started an import how it ended, if it took long or failed: a job that waits for the import's own.

So it hears of every end, also of one that no code of the import sees, as when its worker died too often.
"""

import uuid
from datetime import timedelta

from adsapp import jobs
from adsapp.contacts.imports.subject import IMPORT
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import context, db
from adsapp.jobs import After, Job, On
from adsapp.notifications import ImportFinished, tell

LONG = timedelta(minutes=1)  # whoever waited less saw it end


def tell_when_ended(job: Job, import_id: uuid.UUID, user_id: uuid.UUID | None) -> None:
    """Once the import's job has ended, tell the person who started it; a program sees by itself."""
    if user_id is not None:
        about = {"import_id": str(import_id), "user_id": str(user_id)}
        jobs.enqueue("tell-import", about, after=[After(job.id, On.ALWAYS)])


def tell_ended(import_id: uuid.UUID, user_id: uuid.UUID) -> None:
    """Write to them, if there is something to tell: one that was cancelled or discarded is no news."""
    batch = db.session.get(Import, import_id)
    if batch is None:
        return
    failure = (batch.reason or "It failed.") if batch.standing is ImportStatus.FAILED else ""
    if failure or _took_long(batch):
        tell(user_id, _letter(batch, failure))


def _took_long(batch: Import) -> bool:
    ended = batch.standing is ImportStatus.COMPLETED and batch.started_at and batch.finished_at
    return bool(ended and batch.finished_at - batch.started_at >= LONG)  # type: ignore[operator]  # both are there


def _letter(batch: Import, failure: str) -> ImportFinished:
    return ImportFinished(
        file_name=batch.file_name,
        url=f"{context.settings().base_url}{IMPORT.path(batch.id)}",
        rows=batch.rows_read,
        created=batch.created,
        updated=batch.updated,
        rejected=batch.rejected,
        failure=failure,
    )
