"""Undoes an import chunk by chunk; killed anywhere, it goes on behind the last contact it looked at.

A contact that was put back belongs to the import no longer. Those that could not be put back still do, with the reason.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update

from adsapp.contacts import tags
from adsapp.contacts.imports.undo.reasons import DELETE, NOTHING, RESTORE, SILENCED, verdict
from adsapp.contacts.imports.undo.values import Before
from adsapp.contacts.merge import ContactFields
from adsapp.contacts.models import Contact, ContactImport, ImportUndo
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import slices, update_rows
from adsapp.jobs import JobFailed, Progress


def run_undo(import_id: uuid.UUID, progress: Progress) -> dict[str, Any]:
    """Put back everybody who can be; the counts. Raises JobFailed if the import is gone."""
    undo = db.session.get(ImportUndo, import_id)
    if undo is None:
        raise JobFailed("import_gone", "The import that was to be undone is not there any more.", permanent=True)
    if undo.finished_at is None:
        _begin(undo, progress)
        size = context.settings().import_chunk_rows
        while ids := _next(undo, size):
            progress.check()
            put_back(undo, ids)
            progress.commit()
            progress.advance(len(ids))
        undo.finished_at = utcnow()
        progress.commit()
    return {"import_id": str(import_id), "deleted": undo.deleted, "restored": undo.restored, "kept": undo.kept_by_code}


def _begin(undo: ImportUndo, progress: Progress) -> None:
    left = select(func.count()).select_from(ContactImport).where(ContactImport.import_id == undo.import_id)
    if undo.position is not None:
        left = left.where(ContactImport.contact_id > undo.position)
    more = db.session.scalar(left) or 0
    done = undo.deleted + undo.restored + sum(undo.kept_by_code.values())
    progress.start(done + more, done=done)


def _next(undo: ImportUndo, size: int) -> Sequence[uuid.UUID]:
    rows = select(ContactImport.contact_id).where(ContactImport.import_id == undo.import_id)
    if undo.position is not None:
        rows = rows.where(ContactImport.contact_id > undo.position)
    return db.session.scalars(rows.order_by(ContactImport.contact_id).limit(size)).all()


def put_back(undo: ImportUndo, ids: Sequence[uuid.UUID]) -> None:
    """One chunk, without the commit."""
    found: dict[str, list[Any]] = {}
    for some in slices(ids):
        # Locked first, then judged: what somebody committed while we waited for the lock is seen.
        db.session.execute(select(Contact.id).where(Contact.id.in_(some)).order_by(Contact.id).with_for_update())
        for row in db.session.execute(_judged(undo.import_id, some)):
            found.setdefault(row.verdict, []).append(row)
    restored = [*found.get(RESTORE, []), *found.get(SILENCED, [])]
    _restore(restored)
    _keep(undo.import_id, found)
    done_with = [row.id for code in (RESTORE, NOTHING) for row in found.get(code, [])]
    mine = ContactImport.import_id == undo.import_id
    for some in slices(done_with):
        _execute(delete(ContactImport).where(mine, ContactImport.contact_id.in_(some)))
    for some in slices(row.id for row in found.get(DELETE, [])):
        _execute(delete(Contact).where(Contact.id.in_(some)))
    _count(undo, {code: len(rows) for code, rows in found.items()})
    undo.position = ids[-1]


def _judged(import_id: uuid.UUID, ids: Sequence[uuid.UUID]) -> Any:
    fields = (getattr(Contact, name) for name in ContactFields._fields)
    return (
        select(Contact.id, verdict().label("verdict"), ContactImport.undo, *fields)
        .join(ContactImport, ContactImport.contact_id == Contact.id)
        .where(ContactImport.import_id == import_id, Contact.id.in_(ids))
    )


def _restore(rows: Sequence[Any]) -> None:
    was = {row.id: Before.of(row.undo) for row in rows}
    tags.take_tags({key: each.tags for key, each in was.items()})
    values = []
    for row in rows:
        now = ContactFields(*(getattr(row, name) for name in ContactFields._fields))
        values.append({"id": row.id, **was[row.id].onto(now)._asdict(), "updated_at": _moment(row, was[row.id])})
    update_rows(Contact, values)


def _moment(row: Any, was: Before) -> Any:
    return utcnow() if row.verdict == SILENCED else was.updated_at


def _keep(import_id: uuid.UUID, found: dict[str, list[Any]]) -> None:
    for code, rows in found.items():
        if code in (DELETE, RESTORE, NOTHING):
            continue
        for some in slices(row.id for row in rows):
            mine = (ContactImport.import_id == import_id, ContactImport.contact_id.in_(some))
            _execute(update(ContactImport).where(*mine).values(kept=code))


def _count(undo: ImportUndo, counts: dict[str, int]) -> None:
    undo.deleted += counts.pop(DELETE, 0)
    undo.restored += counts.pop(RESTORE, 0)
    counts.pop(NOTHING, None)
    undo.kept_by_code = dict(Counter(undo.kept_by_code) + Counter(counts))


def _execute(statement: Any) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})
