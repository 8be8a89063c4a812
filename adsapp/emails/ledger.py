"""The ledger of an e-mail's people, and the lock under which its rows are changed.

Whoever changes rows locks the e-mail first (`lock`), so that writers of one e-mail queue up and never wait in a circle.
Its counters follow the rows by triggers.
"""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import ColumnElement, exists, select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.emails.models import Email, EmailCount, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.outbound.statuses import OutboundStatus


class Counted(NamedTuple):
    """So many recipients have this status for this reason ("" for none)."""

    status: Status
    error_code: str
    people: int


def is_recipient() -> ColumnElement[bool]:
    """SQL, in a statement about `Contact`: is this one in the ledger of any e-mail?"""
    own = EmailRecipient
    return exists().where(own.organization_id == Contact.organization_id, own.contact_id == Contact.id)


def counted(email_id: uuid.UUID) -> list[Counted]:
    """An e-mail's recipients by status and reason, from its counters."""
    rows = db.session.execute(
        select(EmailCount.status, EmailCount.error_code, EmailCount.count).where(EmailCount.email_id == email_id)
    )
    return [Counted(*row) for row in rows]


def lock(email_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Email]:
    """Lock these e-mails to the end of the transaction, in one order for everybody; they come back read afresh."""
    db.session.flush()  # what is read afresh loses what was changed before
    found = db.session.scalars(
        select(Email)
        .where(Email.id.in_(set(email_ids)))
        .order_by(Email.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {email.id: email for email in found}


@contextmanager
def locked(email_id: uuid.UUID) -> Iterator[Email | None]:
    """The e-mail, locked and read afresh; None if there is none. What the block does not commit is rolled back."""
    try:
        yield lock([email_id]).get(email_id)
    finally:
        db.session.rollback()


def lock_status(email_id: uuid.UUID) -> OutboundStatus:
    """Lock an e-mail to the end of the transaction; its status then. Its bodies are not read."""
    return db.session.execute(
        select(Email.status).where(Email.id == email_id).with_for_update(key_share=True)
    ).scalar_one()
