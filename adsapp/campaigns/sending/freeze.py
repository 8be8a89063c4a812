"""Freezing a campaign's audience into its ledger, with the variables as rendered.

Who is left out is decided here, and looked at again just before a message goes (`claim`).
"""

import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Row

from adsapp.campaigns import ledger, reasons
from adsapp.campaigns.lately import persons_who_got_one
from adsapp.campaigns.models import Campaign, CampaignCount, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.sending.message import CampaignMessage
from adsapp.contacts.identity import number_of
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Progress
from adsapp.outbound.audience import full_name, person_of
from adsapp.outbound.freezing import OF_CONTACT, Freezing


class CampaignFreezing(Freezing):
    """Of one campaign."""

    recipients, counts, owner = CampaignRecipient, CampaignCount, "campaign_id"
    of_contact = (*OF_CONTACT, Contact.wa_user_id, Contact.last_inbound_at)

    def __init__(
        self, campaign_id: uuid.UUID, spec: Mapping[str, Any], message: CampaignMessage, progress: Progress
    ) -> None:
        super().__init__(campaign_id, spec, progress)
        self._message = message

    def locked(self) -> AbstractContextManager[Campaign | None]:
        """See Freezing."""
        return ledger.locked(self.owner_id)

    def rows(self, contacts: Sequence[Row[Any]], silent: set[str]) -> list[dict[str, Any]]:
        """See Freezing."""
        persons = {each.person_key for each in contacts}
        served = persons_who_got_one(persons, self.audience.not_within_hours, self.owner_id)
        organization_id, now = db.require_organization_id(), utcnow()
        alike = {"organization_id": organization_id, "campaign_id": self.owner_id, "attempts": 0}
        alike |= {"created_at": now, "updated_at": now}
        return [alike | self._row(contact, silent, served) for contact in contacts]

    def _row(self, contact: Row[Any], silent: set[str], served: set[str]) -> dict[str, Any]:
        number, person = number_of(contact.phone, contact.moved_to), person_of(contact)
        values, code = self._message.fill(person, number or contact.wa_user_id or "")
        if contact.person_key in silent:
            code = reasons.OPTED_OUT
        elif not code and not self._message.is_allowed(contact.last_inbound_at):
            code = reasons.OUTSIDE_WINDOW
        elif not code and contact.person_key in served:
            code = reasons.MESSAGED_LATELY
        return {
            "contact_id": contact.id,
            "phone": number,
            "wa_user_id": contact.wa_user_id,
            "person_key": contact.person_key,
            "name": full_name(contact),
            "variables": values,
            "status": Status.SKIPPED if code else Status.PENDING,
            "error_code": code,
            "error_message": self._message.why_left_out(code, person) if code else None,
        }
