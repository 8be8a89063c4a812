"""Freezing an audience into the ledger: one row an address, decided once, with the values as rendered.

By chunks in the order of contact ids, each in one short transaction; a freeze that was killed goes on behind the last
row it wrote. Contacts that share an address make one row, the first one's. Addresses that were given are in the ledger
from the beginning.
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, select

from adsapp.contacts import opt_outs
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_new
from adsapp.emails import ledger, reasons
from adsapp.emails.models import EmailCount, EmailRecipient, EmailStatus
from adsapp.emails.rows import Addressee, new_row
from adsapp.emails.sending.mailing import Mailing
from adsapp.jobs import Progress
from adsapp.outbound import audience as audiences
from adsapp.outbound.audience import person_of

CHUNK: Final = 500

_CONTACT = (
    Contact.id,
    Contact.phone,
    Contact.person_key,
    Contact.moved_to,
    Contact.name,
    Contact.first_name,
    Contact.last_name,
    Contact.email,
    Contact.email_typed,
    Contact.language,
    Contact.country,
    Contact.attributes,
)


def freeze(email_id: uuid.UUID, spec: Mapping[str, Any], mailing: Mailing, progress: Progress, until: float) -> bool:
    """Freeze chunk by chunk until `until` (`time.monotonic()`); True once the whole audience is in the ledger. `spec`
    is the audience as the e-mail keeps it."""
    audience = audiences.from_stored(spec)
    after = _position(email_id)
    while time.monotonic() < until and not progress.is_draining:
        progress.check()
        ids = audiences.next_ids(audience, after, CHUNK)
        if not ids:
            return _finish(email_id, progress)
        if not _write(email_id, _rows(email_id, mailing, ids), progress):
            return False
        after = ids[-1]
    return False


def _write(email_id: uuid.UUID, rows: list[dict[str, Any]], progress: Progress) -> bool:
    with ledger.locked(email_id) as email:
        if email is None or email.status is not EmailStatus.PREPARING:
            return False
        insert_new(EmailRecipient, rows)
        progress.commit()
    return True


def _position(email_id: uuid.UUID) -> uuid.UUID | None:
    # Rows are written in the order of their contacts.
    return db.session.scalar(
        select(EmailRecipient.contact_id)
        .where(EmailRecipient.email_id == email_id)
        .order_by(EmailRecipient.id.desc())
        .limit(1)
    )


def _finish(email_id: uuid.UUID, progress: Progress) -> bool:
    with ledger.locked(email_id) as email:
        if email is None or email.status is not EmailStatus.PREPARING:
            return False
        size = select(func.coalesce(func.sum(EmailCount.count), 0)).where(EmailCount.email_id == email_id)
        email.audience_size = int(db.session.scalar(size) or 0)
        email.frozen_at = utcnow()
        email.status = EmailStatus.SENDING
        progress.commit()
    return True


def _rows(email_id: uuid.UUID, mailing: Mailing, ids: Sequence[uuid.UUID]) -> list[dict[str, Any]]:
    # Locked against being deleted: an import that is undone at this moment sees either the row, or nobody to write to.
    statement = (
        select(*_CONTACT).where(Contact.id.in_(ids)).order_by(Contact.id).with_for_update(read=True, key_share=True)
    )
    contacts = db.session.execute(statement).all()
    silent = opt_outs.persons_out([contact.person_key for contact in contacts])
    rows = []
    for contact in contacts:
        filled = mailing.fill(person_of(contact))
        name = (contact.name or f"{contact.first_name} {contact.last_name}".strip())[:200]
        key = contact.email or f"contact:{contact.id}"
        code = _why_not(contact, silent, filled.missing)
        address = contact.email_typed or contact.email
        row = new_row(email_id, Addressee(address, key, name, contact.id), filled.values, code)
        if code == reasons.MISSING_VARIABLE:
            row["error_message"] = f"No value for {', '.join(filled.missing)}"
        rows.append(row)
    return rows


def _why_not(contact: Any, silent: set[str], missing: Sequence[str]) -> str:
    if contact.person_key in silent:
        return reasons.OPTED_OUT
    if not contact.email:
        return reasons.NO_ADDRESS
    return reasons.MISSING_VARIABLE if missing else ""
