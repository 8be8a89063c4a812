"""The e-mails that a contact got, on their page."""

from collections.abc import Sequence
from typing import Final

from flask import url_for
from sqlalchemy import select

from adsapp.contacts import traces
from adsapp.contacts.models import Contact
from adsapp.contacts.traces import Trace
from adsapp.core import db
from adsapp.emails.console.presenter import moment_of
from adsapp.emails.models import Email, EmailRecipient
from adsapp.emails.reasons import explain

MOST: Final = 10


def emails_of(contact: Contact) -> Sequence[Trace]:
    """The newest that they are in, whatever became of them."""
    rows = db.session.execute(
        select(EmailRecipient, Email.name)
        .join(Email, (Email.organization_id == EmailRecipient.organization_id) & (Email.id == EmailRecipient.email_id))
        .where(EmailRecipient.contact_id == contact.id)
        .order_by(EmailRecipient.id.desc())
        .limit(MOST)
    ).all()
    return [_trace(recipient, name) for recipient, name in rows]


def _trace(recipient: EmailRecipient, name: str) -> Trace:
    why = f": {explain(recipient.error_code).title}" if recipient.error_code else ""
    url = url_for("emails.show_email", email_id=recipient.email_id, person=recipient.id, _anchor="preview")
    return Trace(name, f"{recipient.status.value}{why}", "mail", url, moment_of(recipient))


traces.leave("E-mails", emails_of)
