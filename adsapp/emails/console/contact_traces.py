"""The e-mails that a contact got, on their page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from flask import url_for
from sqlalchemy import select

from adsapp.contacts import traces
from adsapp.contacts.models import Contact
from adsapp.contacts.traces import Trace
from adsapp.core import db
from adsapp.emails.console.presenter import moment_of
from adsapp.emails.models import Email, EmailRecipient, Suppression, SuppressionReason
from adsapp.emails.reasons import explain

MOST: Final = 10
WHY_SUPPRESSED: Final[Mapping[SuppressionReason, str]] = {
    SuppressionReason.BOUNCE: "an e-mail to the address bounced",
    SuppressionReason.COMPLAINT: "they marked an e-mail as spam",
    SuppressionReason.UNSUBSCRIBED: "they unsubscribed",
    SuppressionReason.MANUAL: "the address was added by hand",
}


def emails_of(contact: Contact) -> Sequence[Trace]:
    """The newest that they are in, whatever became of them."""
    rows = db.session.execute(
        select(EmailRecipient, Email.name)
        .join(Email, (Email.organization_id == EmailRecipient.organization_id) & (Email.id == EmailRecipient.email_id))
        .where(EmailRecipient.contact_id == contact.id)
        .order_by(EmailRecipient.id.desc())
        .limit(MOST)
    ).all()
    return [*_silence(contact), *(_trace(recipient, name) for recipient, name in rows)]


def _silence(contact: Contact) -> Iterator[Trace]:
    """Before all others, that their address gets none any more."""
    listed = select(Suppression).where(Suppression.address_key == contact.email)
    found = db.session.scalars(listed).first() if contact.email else None
    if found is not None:
        why = WHY_SUPPRESSED[found.reason]
        url = url_for(
            "emails.list_suppressions", reason=found.reason.value
        )  # not the address, which viewers do not see
        yield Trace("Gets no e-mail", f"{why} (see Suppressions)", "ban", url, found.created_at)


def _trace(recipient: EmailRecipient, name: str) -> Trace:
    why = f": {explain(recipient.error_code).title}" if recipient.error_code else ""
    url = url_for("emails.show_email", email_id=recipient.email_id, person=recipient.id, _anchor="preview")
    return Trace(name, f"{recipient.status.value}{why}", "mail", url, moment_of(recipient))


traces.leave("E-mails", emails_of)
