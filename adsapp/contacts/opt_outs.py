"""Consent: a history to which rows are only added, and the current state on the contact.

Sending reads the contact at the moment of sending; code that learns of a change calls these functions.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import update

from adsapp.contacts.models import Contact, OptEvent, OptSource
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_rows
from adsapp.organizations.auditing import NOBODY, By

_SLICE = 1_000


def opt_out(contact: Contact, source: OptSource, detail: str = "", by: By = NOBODY, at: datetime | None = None) -> bool:
    """Record that the person wants no more messages. False if that was known already; its first date is kept."""
    changed = bool(opt_out_many([contact.id], source, detail, by.name, at))
    if changed:
        by.because(detail).audit("opt out contact", f"contact:{contact.id}")
    _read_again(contact)
    return changed


def opt_out_many(
    contact_ids: Iterable[uuid.UUID], source: OptSource, detail: str = "", by: str = "", at: datetime | None = None
) -> list[uuid.UUID]:
    """Do what `opt_out` does for many contacts; returns those who had not opted out before."""
    at, ids = at or utcnow(), iter(contact_ids)
    changed: list[uuid.UUID] = []
    while some := list(islice(ids, _SLICE)):
        out = update(Contact).where(Contact.id.in_(some), Contact.opted_out_at.is_(None))
        values = {"opted_out_at": at, "opt_out_source": source.value, "updated_at": at}
        left = db.session.scalars(out.values(values).returning(Contact.id)).all()
        _note(left, True, source, detail, by, at)
        changed += left
    return changed


def opt_in(contact: Contact, source: OptSource, detail: str = "", by: By = NOBODY, at: datetime | None = None) -> bool:
    """Record that the person wants messages again. False if the person had not opted out."""
    at = at or utcnow()
    back = update(Contact).where(Contact.id == contact.id, Contact.opted_out_at.is_not(None))
    values = {"opted_out_at": None, "opt_out_source": None, "updated_at": at}
    found = db.session.scalars(back.values(values).returning(Contact.id)).all()
    _note(found, False, source, detail, by.name, at)
    if found:
        by.because(detail).audit("opt in contact", f"contact:{contact.id}")
    _read_again(contact)
    return bool(found)


def _read_again(contact: Contact) -> None:
    if contact in db.session():
        db.session.refresh(contact, ["opted_out_at", "opt_out_source", "updated_at"])


def _note(
    contact_ids: Sequence[uuid.UUID], opted_out: bool, source: OptSource, detail: str, by: str, at: datetime
) -> None:
    event = {"at": at, "opted_out": opted_out, "source": source, "detail": detail, "by": by}
    insert_rows(OptEvent, [{"contact_id": contact_id, **event} for contact_id in contact_ids])
