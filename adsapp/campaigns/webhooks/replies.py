"""What people write or tap: kept, attributed to the campaign it answers, and obeyed if it asks us to stop."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select

from adsapp.campaigns import ledger
from adsapp.campaigns.models import Campaign, CampaignRecipient, InboundMessage
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.statuses import count_opt_out
from adsapp.contacts import opt_outs
from adsapp.contacts import queries as contacts
from adsapp.contacts.models import Contact, OptSource
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_new
from adsapp.integrations.events import InboundEvent, PreferenceEvent

# Most people write without quoting: the reply is attributed to the last campaign message they got, if it is recent.
ANSWERS_WITHIN = timedelta(hours=72)
# The provider tells whole seconds of its own clock: an answer may seem a little older than the message it answers.
CLOCKS_DIFFER = timedelta(minutes=1)
GOT_IT = (Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ)


def receive(account_id: uuid.UUID, event: InboundEvent) -> bool:
    """Take a message in, in the caller's transaction; False for one that is known already."""
    contact = _sender(event)
    recipient = _answered(event)
    if contact is None and recipient is not None:
        contact = db.session.get(Contact, recipient.contact_id)
    if contact is not None and recipient is None:
        recipient = _last_message(contact, event.timestamp)
    if not _store(account_id, event, contact, recipient):
        return False
    if recipient is not None:
        _record_reply(recipient, event.timestamp)
    if contact is None:
        return True
    _update_contact(contact, event)
    if event.asks_to_stop:
        source = OptSource.BUTTON if event.is_tap else OptSource.KEYWORD
        _opt_out(contact, source, event.text, event.timestamp, recipient)
    return True


def apply_preference(event: PreferenceEvent) -> None:
    """The person used WhatsApp's own switch. `resume` is not new consent: nothing is sent to them again for it."""
    contact = contacts.find_by_number(event.address)
    if contact is not None and event.value == "stop":
        _opt_out(contact, OptSource.PREFERENCES, "stopped marketing in WhatsApp", event.timestamp, None)


def _sender(event: InboundEvent) -> Contact | None:
    for number in dict.fromkeys((event.address, event.sender)):
        found = contacts.find_by_number(number) if number.isdecimal() else None
        if found is not None:
            return found
    return None


def _answered(event: InboundEvent) -> CampaignRecipient | None:
    if event.answers is None:
        return None
    query = select(CampaignRecipient).where(CampaignRecipient.provider_id == event.answers)
    return db.session.scalars(query.limit(1)).first()


def _store(
    account_id: uuid.UUID, event: InboundEvent, contact: Contact | None, recipient: CampaignRecipient | None
) -> bool:
    row = {
        "account_id": account_id,
        "provider_id": event.provider_id[:200],
        "from_number": (event.sender or event.address)[:20],
        "contact_id": contact.id if contact else None,
        "recipient_id": recipient.id if recipient else None,
        "kind": event.kind[:20],
        "text": event.text,
        "at": event.timestamp,
    }
    return bool(insert_new(InboundMessage, [row], returning=("id",)))


def _record_reply(recipient: CampaignRecipient, at: datetime) -> None:
    if recipient.replied_at is not None:
        return
    campaign = ledger.lock([recipient.campaign_id])[recipient.campaign_id]
    recipient.replied_at = at
    campaign.replied_count = Campaign.replied_count + 1


def _update_contact(contact: Contact, event: InboundEvent) -> None:
    if contact.last_inbound_at is None or contact.last_inbound_at < event.timestamp:
        contact.last_inbound_at = event.timestamp
    if event.address and not contact.wa_id:
        contact.wa_id = event.address[:20]
    if event.user_id and not contact.wa_user_id:
        contact.wa_user_id = event.user_id[:140]


def _opt_out(
    contact: Contact, source: OptSource, detail: str, at: datetime, recipient: CampaignRecipient | None
) -> None:
    if not opt_outs.opt_out(contact, source, detail=detail, at=at):
        return
    recipient = recipient or _last_message(contact, at)
    if recipient is not None:
        count_opt_out(ledger.lock([recipient.campaign_id])[recipient.campaign_id])


def _last_message(contact: Contact, before: datetime) -> CampaignRecipient | None:
    """The newest campaign message the contact has got in the last days, sent before they wrote."""
    query = select(CampaignRecipient).where(
        CampaignRecipient.contact_id == contact.id,
        CampaignRecipient.status.in_(GOT_IT),
        CampaignRecipient.accepted_at > utcnow() - ANSWERS_WITHIN,
        CampaignRecipient.accepted_at <= before + CLOCKS_DIFFER,
    )
    newest = (CampaignRecipient.accepted_at.desc(), CampaignRecipient.id.desc())
    return db.session.scalars(query.order_by(*newest).limit(1)).first()
