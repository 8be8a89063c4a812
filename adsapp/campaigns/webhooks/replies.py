"""What people write or tap: kept, and attributed to the campaign it answers. A STOP was obeyed before (`persons`)."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Select, select

from adsapp.campaigns import ledger
from adsapp.campaigns.models import Campaign, CampaignRecipient, InboundMessage
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.statuses import count_opt_out
from adsapp.campaigns.webhooks import persons
from adsapp.contacts import opt_outs, people
from adsapp.contacts.models import Contact, OptSource
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_new
from adsapp.integrations import queries as accounts
from adsapp.integrations.events import InboundEvent, PreferenceEvent
from adsapp.integrations.models import Account
from adsapp.organizations.auditing import NOBODY

# Most people write without quoting: the reply is attributed to the last campaign message they got, if it is recent.
ANSWERS_WITHIN = timedelta(hours=72)
# The provider tells whole seconds of its own clock: an answer may seem a little older than the message it answers.
CLOCKS_DIFFER = timedelta(minutes=1)
GOT_IT = (Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ)


def receive(account: Account, event: InboundEvent, newly_out: Collection[uuid.UUID]) -> bool:
    """Take in a message to this account, in the caller's transaction; False for one that is known already.
    `newly_out`: the contacts who opted out by this very message."""
    contact = persons.find(event)
    recipient = _answered(account, event)
    if contact is None and recipient is not None:
        contact = db.session.get(Contact, recipient.contact_id)
    if contact is not None and recipient is None:
        recipient = _last_message(account, contact, event.timestamp)
    if not _store(account.id, event, contact, recipient):
        return False
    if recipient is not None:
        _record_reply(recipient, event.timestamp)
    if contact is None:
        return True
    persons.learn(contact, event)
    if accounts.sends(account):
        people.heard(contact, event.timestamp)
    if event.asks_to_stop and (newly_out or _opt_out(contact, event)):
        _count_opt_out(recipient)
    return True


def apply_preference(account: Account, event: PreferenceEvent, newly_out: Collection[uuid.UUID]) -> None:
    """The person used WhatsApp's own switch. `resume` is not new consent: nothing is sent to them again for it."""
    contact = persons.find(event)
    if contact is None:
        return
    persons.learn(contact, event)
    if newly_out:
        _count_opt_out(_last_message(account, contact, event.timestamp))


def _answered(account: Account, event: InboundEvent) -> CampaignRecipient | None:
    """The message they quote, if it came from this account."""
    if event.answers is None:
        return None
    query = _sent_by(account).where(CampaignRecipient.provider_id == event.answers)
    return db.session.scalars(query.limit(1)).first()


def _sent_by(account: Account) -> Select[CampaignRecipient]:
    return (
        select(CampaignRecipient)
        .join(Campaign, Campaign.id == CampaignRecipient.campaign_id)
        .where(Campaign.account_id == account.id)
    )


def _store(
    account_id: uuid.UUID, event: InboundEvent, contact: Contact | None, recipient: CampaignRecipient | None
) -> bool:
    row = {
        "account_id": account_id,
        "provider_id": event.provider_id[:200],
        "from_number": (event.sender or event.address)[:20],
        "from_user_id": event.user_id[:140] or None,
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


def _opt_out(contact: Contact, event: InboundEvent) -> bool:
    """Somebody who is known only by the message they answered."""
    source = OptSource.BUTTON if event.is_tap else OptSource.KEYWORD
    return opt_outs.opt_out(contact, source, detail=event.text, at=event.timestamp, by=NOBODY)


def _count_opt_out(recipient: CampaignRecipient | None) -> None:
    if recipient is not None:
        count_opt_out(ledger.lock([recipient.campaign_id])[recipient.campaign_id])


def _last_message(account: Account, contact: Contact, before: datetime) -> CampaignRecipient | None:
    """The newest campaign message from this account that the person has got in the last days, before they wrote."""
    same_person = select(Contact.id).where(Contact.person_key == contact.person_key)
    query = _sent_by(account).where(
        CampaignRecipient.contact_id.in_(same_person),
        CampaignRecipient.status.in_(GOT_IT),
        CampaignRecipient.accepted_at > utcnow() - ANSWERS_WITHIN,
        CampaignRecipient.accepted_at <= before + CLOCKS_DIFFER,
    )
    newest = (CampaignRecipient.accepted_at.desc(), CampaignRecipient.id.desc())
    return db.session.scalars(query.order_by(*newest).limit(1)).first()
