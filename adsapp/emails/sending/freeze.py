"""Freezing an e-mail's audience into its ledger, one row an address, with the values as rendered. Addresses that were
given are in the ledger from the beginning."""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Row

from adsapp.contacts.models import Contact
from adsapp.emails import ledger, reasons
from adsapp.emails.models import Email, EmailCount, EmailRecipient
from adsapp.emails.rows import Addressee, new_row
from adsapp.emails.sending.mailing import Mailing
from adsapp.jobs import Progress
from adsapp.outbound.audience import full_name, person_of
from adsapp.outbound.freezing import OF_CONTACT, Freezing


class EmailFreezing(Freezing):
    """Of one e-mail."""

    recipients, counts, owner = EmailRecipient, EmailCount, "email_id"
    of_contact = (*OF_CONTACT, Contact.email_typed)

    def __init__(self, email_id: uuid.UUID, spec: Mapping[str, Any], mailing: Mailing, progress: Progress) -> None:
        super().__init__(email_id, spec, progress)
        self._mailing = mailing

    def locked(self) -> AbstractContextManager[Email | None]:
        """See Freezing."""
        return ledger.locked(self.owner_id)

    def rows(self, contacts: Sequence[Row[Any]], silent: set[str]) -> list[dict[str, Any]]:
        """See Freezing."""
        return [self._row(contact, silent) for contact in contacts]

    def _row(self, contact: Row[Any], silent: set[str]) -> dict[str, Any]:
        filled = self._mailing.fill(person_of(contact))
        address, key = contact.email_typed or contact.email, contact.email or f"contact:{contact.id}"
        addressee = Addressee(address, key, full_name(contact), contact.id)
        code = _why_not(contact, silent, filled.missing)
        row = new_row(self.owner_id, addressee, filled.values, code)
        if code == reasons.MISSING_VARIABLE:
            row["error_message"] = f"No value for {', '.join(filled.missing)}"
        return row


def _why_not(contact: Row[Any], silent: set[str], missing: Sequence[str]) -> str:
    if contact.person_key in silent:
        return reasons.OPTED_OUT
    if not contact.email:
        return reasons.NO_ADDRESS
    return reasons.MISSING_VARIABLE if missing else ""
