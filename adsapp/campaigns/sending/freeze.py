"""Freezing an audience into the ledger: one row a person, decided once, with the variables as rendered.

By chunks in the order of contact ids, each in one short transaction; a freeze that was killed goes on behind the last
row it wrote. Contacts that share a person (two spellings of one number) make one row, the first one's.

Who is left out is decided here, and looked at again just before a message goes (`claim`).
"""

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from adsapp.campaigns import ledger, reasons
from adsapp.campaigns.lately import persons_who_got_one
from adsapp.campaigns.models import CampaignCount, CampaignRecipient, CampaignStatus
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.sending.message import CampaignMessage
from adsapp.contacts import opt_outs
from adsapp.contacts.identity import number_of
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_new
from adsapp.jobs import Progress
from adsapp.outbound import audience as audiences
from adsapp.outbound.audience import Audience, person_of

CHUNK = 500

_CONTACT = (
    Contact.id,
    Contact.phone,
    Contact.person_key,
    Contact.wa_user_id,
    Contact.moved_to,
    Contact.name,
    Contact.first_name,
    Contact.last_name,
    Contact.email,
    Contact.language,
    Contact.country,
    Contact.attributes,
    Contact.last_inbound_at,
)


def freeze(
    campaign_id: uuid.UUID, spec: Mapping[str, Any], message: CampaignMessage, progress: Progress, until: float
) -> bool:
    """Freeze chunk by chunk until `until` (`time.monotonic()`); True once the whole audience is in the ledger. `spec`
    is the audience as the campaign keeps it."""
    audience = audiences.from_stored(spec)
    after = _position(campaign_id)
    while time.monotonic() < until and not progress.is_draining:
        progress.check()
        ids = audiences.next_ids(audience, after, CHUNK)
        if not ids:
            return _finish(campaign_id, progress)
        if not _write(campaign_id, _rows(campaign_id, audience, message, ids), progress):
            return False
        after = ids[-1]
    return False


def _write(campaign_id: uuid.UUID, rows: list[dict[str, Any]], progress: Progress) -> bool:
    with ledger.locked(campaign_id) as campaign:
        if campaign is None or campaign.status is not CampaignStatus.PREPARING:
            return False
        insert_new(CampaignRecipient, rows)
        progress.commit()
    return True


def _position(campaign_id: uuid.UUID) -> uuid.UUID | None:
    # Rows are written in the order of their contacts.
    return db.session.scalar(
        select(CampaignRecipient.contact_id)
        .where(CampaignRecipient.campaign_id == campaign_id)
        .order_by(CampaignRecipient.id.desc())
        .limit(1)
    )


def _finish(campaign_id: uuid.UUID, progress: Progress) -> bool:
    with ledger.locked(campaign_id) as campaign:
        if campaign is None or campaign.status is not CampaignStatus.PREPARING:
            return False
        size = select(func.coalesce(func.sum(CampaignCount.count), 0)).where(CampaignCount.campaign_id == campaign_id)
        campaign.audience_size = int(db.session.scalar(size) or 0)
        campaign.frozen_at = utcnow()
        campaign.status = CampaignStatus.SENDING
        progress.commit()
    return True


def _rows(
    campaign_id: uuid.UUID, audience: Audience, message: CampaignMessage, ids: Sequence[uuid.UUID]
) -> list[dict[str, Any]]:
    # Locked against being deleted: an import that is undone at this moment sees either the row, or nobody to write to.
    statement = (
        select(*_CONTACT).where(Contact.id.in_(ids)).order_by(Contact.id).with_for_update(read=True, key_share=True)
    )
    contacts = db.session.execute(statement).all()
    silent = opt_outs.persons_out([contact.person_key for contact in contacts])
    served = persons_who_got_one({each.person_key for each in contacts}, audience.not_within_hours, campaign_id)
    organization_id, now = db.require_organization_id(), utcnow()
    rows = []
    for contact in contacts:
        number = number_of(contact.phone, contact.moved_to)
        person = person_of(contact)
        values, code = message.fill(person, number or contact.wa_user_id or "")
        if contact.person_key in silent:
            code = reasons.OPTED_OUT
        elif not code and not message.is_allowed(contact.last_inbound_at):
            code = reasons.OUTSIDE_WINDOW
        elif not code and contact.person_key in served:
            code = reasons.MESSAGED_LATELY
        rows.append(
            {
                "organization_id": organization_id,
                "campaign_id": campaign_id,
                "contact_id": contact.id,
                "phone": number,
                "wa_user_id": contact.wa_user_id,
                "person_key": contact.person_key,
                "name": (contact.name or f"{contact.first_name} {contact.last_name}".strip())[:200],
                "variables": values,
                "status": Status.SKIPPED if code else Status.PENDING,
                "error_code": code,
                "error_message": message.why_left_out(code, person) if code else None,
                "attempts": 0,
                "created_at": now,
                "updated_at": now,
            }
        )
    return rows
