"""Reads about undoing an import: what it would do, and who was left as they are."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from adsapp.contacts.imports.undo.reasons import DELETE, NOTHING, RESTORE, verdict
from adsapp.contacts.models import Contact, ContactImport, ImportUndo
from adsapp.core import db
from adsapp.core.inputs import id_after
from adsapp.core.pagination import PAGE, Page, cut


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would become of an import's contacts: exact, as of now."""

    deleted: int
    restored: int
    kept: Mapping[str, int]  # by the code of the reason

    @property
    def changes(self) -> int:
        """How many people would be other than they are now."""
        return self.deleted + self.restored

    @property
    def text(self) -> str:
        """All of it in one word, to compare with what somebody was shown."""
        return "-".join(map(str, (self.deleted, self.restored, *(f"{k}{n}" for k, n in sorted(self.kept.items())))))


def outlook(import_id: uuid.UUID) -> Outlook:
    """Counted in one statement by what the job will ask."""
    rows = (
        select(verdict().label("verdict"))
        .select_from(ContactImport)
        .join(Contact, Contact.id == ContactImport.contact_id)
        .where(ContactImport.import_id == import_id)
        .subquery()
    )
    counted = db.session.execute(select(rows.c.verdict, func.count()).group_by(rows.c.verdict))
    found = {str(code): int(count) for code, count in counted}
    deleted, restored = found.pop(DELETE, 0), found.pop(RESTORE, 0)
    found.pop(NOTHING, None)
    return Outlook(deleted, restored, found)


def get_undo(import_id: uuid.UUID) -> ImportUndo | None:
    """The import's undo with its job, if there is one."""
    return db.session.get(ImportUndo, import_id)


def kept(import_id: uuid.UUID, code: str = "", cursor: str = "", limit: int = PAGE) -> Page[tuple[Contact, str]]:
    """Contacts that an undone import left as they are, with the code of the reason: of all reasons, or of one."""
    statement = (
        select(Contact, ContactImport.kept)
        .join(ContactImport, ContactImport.contact_id == Contact.id)
        .where(ContactImport.import_id == import_id, ContactImport.kept.is_not(None))
        .order_by(Contact.id)
        .limit(limit + 1)
    )
    if code:
        statement = statement.where(ContactImport.kept == code)
    if cursor:
        statement = statement.where(Contact.id > id_after(cursor))
    rows = [(contact, str(why)) for contact, why in db.session.execute(statement)]
    return cut(rows, limit, lambda row: str(row[0].id))
