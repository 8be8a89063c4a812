"""Who may undo which import, and asking for it."""

import uuid
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select, update

from adsapp import jobs
from adsapp.contacts.imports import lane
from adsapp.contacts.imports.subject import IMPORT
from adsapp.contacts.models import ContactImport, Import, ImportStatus, ImportUndo
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_new
from adsapp.core.errors import Conflict
from adsapp.core.words import plural
from adsapp.jobs import Job, Progress
from adsapp.jobs import service as job_service
from adsapp.organizations.auditing import By

PROCESSOR = "undo-import"
FORGET_AT_ONCE = 1_000


def why_not(batch: Import) -> str:
    """Why this import cannot be undone, in a sentence; "" if it can."""
    undo = batch.undo
    if undo is not None:
        return "" if has_stopped(undo) else f"It {'was' if undo.finished_at else 'is being'} undone already{_by(undo)}"
    if batch.standing in (ImportStatus.QUEUED, ImportStatus.IMPORTING):
        return "It still runs: cancel it first, then what is in can be undone"
    if batch.status is ImportStatus.MAPPING or not batch.created + batch.updated:
        return "It has changed nobody, so there is nothing to undo"
    if not batch.undo_kept:
        days = plural(context.settings().history_days, "day")
        return f"What was before it is not kept any more: an import can be undone for {days}"
    return ""


def has_stopped(undo: ImportUndo) -> bool:
    """True if it ended half way, cancelled or failed: then it can go on."""
    return undo.finished_at is None and undo.job is not None and undo.job.is_finished


def _by(undo: ImportUndo) -> str:
    return f" by {undo.created_by}" if undo.created_by else ""


def ask_undo(batch: Import, by: By) -> Job:
    """Let a job put everybody back as they were. Conflict, in a sentence, if that is not possible.

    Who could not be put back is listed afterwards (`undo.queries.kept`). It waits for an import that runs. One that was
    cancelled half way, or failed, goes on.
    """
    lane.hold()  # from here on nobody starts this import again, nor undoes it at the same moment
    db.session.expire(batch)
    if over := why_not(batch):
        raise Conflict(over, code="cannot_undo")
    if batch.undo is not None and batch.undo.job is not None:
        job_service.retry(batch.undo.job, by)
        return batch.undo.job
    values = {"import_id": batch.id, "deleted": 0, "restored": 0, "kept_by_code": {}}
    told = {"created_by": by.name, "created_at": utcnow()}
    if not insert_new(ImportUndo, [values | told], returning=("import_id",)):
        raise Conflict("It is being undone already", code="cannot_undo")
    job = jobs.enqueue(
        PROCESSOR,
        {"import_id": str(batch.id)},
        title=f"Undo the import of {batch.file_name}"[:200],
        subject=IMPORT.of(batch.id),
        created_by=by.name,
    )
    db.session.execute(update(ImportUndo).where(ImportUndo.import_id == batch.id).values(job_id=job.id))
    lane.line_up(job)
    by.audit("undo import", IMPORT.of(batch.id), title=batch.file_name)
    db.session.flush()
    db.session.expire(batch)
    return job


def forget_old(progress: Progress) -> int:
    """Part of the daily upkeep: let go what was before imports that nobody can undo any more; how many contacts'."""
    before, forgotten = utcnow() - timedelta(days=context.settings().history_days), 0
    old = select(Import.id).where(Import.undo_kept, Import.started_at < before)
    for import_id in db.session.scalars(old).all():
        forgotten += _in_parts(progress, lambda import_id=import_id: _forget(import_id))  # type: ignore[misc]
        db.session.execute(update(Import).where(Import.id == import_id).values(undo_kept=False))
        progress.commit()
    return forgotten


def _in_parts(progress: Progress, forget: Callable[[], int]) -> int:
    total = 0
    while some := forget():
        progress.commit()
        progress.check()
        total += some
    return total


def _forget(import_id: uuid.UUID) -> int:
    kept = select(ContactImport.contact_id).where(ContactImport.import_id == import_id, ContactImport.undo.is_not(None))
    ids = db.session.scalars(kept.limit(FORGET_AT_ONCE)).all()
    theirs = (ContactImport.import_id == import_id, ContactImport.contact_id.in_(ids))
    db.session.execute(update(ContactImport).where(*theirs).values(undo=None))
    return len(ids)
