"""People as webhooks name them: found by number or user id, obeyed, moved when the provider says so."""

import uuid
from collections.abc import Iterator, Sequence

from sqlalchemy import select

from adsapp.campaigns import ledger, reasons
from adsapp.campaigns.models import CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.contacts import opt_outs, people
from adsapp.contacts import queries as contacts
from adsapp.contacts.identity import Identity
from adsapp.contacts.models import Contact, OptSource
from adsapp.contacts.opt_outs import Said
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.events import Event, InboundEvent, MovedEvent, PreferenceEvent


def named(event: InboundEvent | PreferenceEvent) -> Sequence[Identity]:
    """Everything the event calls the person: a number may be spelled in two ways."""
    numbers = [event.address, event.sender] if isinstance(event, InboundEvent) else [event.address]
    digits = dict.fromkeys(number.lstrip("+") for number in numbers if number.lstrip("+").isdecimal())
    found = [Identity(number[:15], event.user_id) for number in digits]
    return found or ([Identity(user_id=event.user_id)] if event.user_id else [])


def find(event: InboundEvent | PreferenceEvent) -> Contact | None:
    """The contact who is meant, if it is one."""
    return next((found for found in map(contacts.find_person, named(event)) if found is not None), None)


def obey(event: Event, elsewhere: str) -> list[uuid.UUID]:
    """If the person asks us to stop: nobody of this organization writes to them again, whoever they are, contact or
    not, whichever number of ours they wrote to. Returns the contacts who had not opted out before. `elsewhere`: why it
    is no message to a number that is connected here, else ""."""
    if isinstance(event, InboundEvent) and event.asks_to_stop:
        source, detail = OptSource.BUTTON if event.is_tap else OptSource.KEYWORD, event.text
    elif isinstance(event, PreferenceEvent) and event.value == "stop":
        source, detail = OptSource.PREFERENCES, "stopped marketing in WhatsApp"
    else:
        return []
    where = f" (to {elsewhere})" if elsewhere else ""
    return opt_outs.opt_out_person(named(event), Said(source, detail + where, "", event.timestamp))


def learn(contact: Contact, event: InboundEvent | PreferenceEvent) -> None:
    """Keep by what the provider names them; messages that wait go where they are now."""
    known = next(iter(named(event)), None)
    if known is not None and people.learn(contact, known, event.timestamp):
        readdress(contact)


def move(event: MovedEvent) -> None:
    """The provider's notice of another number or user id. Consent goes along, for people who are no contacts too."""
    old, new = (
        Identity(_digits(number), user_id)
        for number, user_id in ((event.address, event.user_id), (event.new_address, event.new_user_id))
    )
    opt_outs.carry_over(old, new, event.timestamp)
    contact = contacts.find_person(old)
    if contact is not None and people.move(contact, new, event.timestamp):
        readdress(contact)


def _digits(number: str) -> str:
    digits = number.lstrip("+")
    return digits[:15] if digits.isdecimal() else ""


def readdress(contact: Contact) -> None:
    """What waits for this contact in running campaigns goes to the number they have now: never to the old one, which
    may be somebody else's by now, and never twice to one person."""
    db.session.flush()
    mine = (CampaignRecipient.contact_id == contact.id, CampaignRecipient.status == Status.PENDING)
    campaigns = db.session.scalars(select(CampaignRecipient.campaign_id).where(*mine)).all()
    if not campaigns:
        return
    ledger.lock(campaigns)
    for waiting in db.session.scalars(select(CampaignRecipient).where(*mine)).all():
        waiting.updated_at = utcnow()
        if any(_others(waiting, contact.person_key)):
            waiting.status, waiting.error_code = Status.SKIPPED, reasons.SAME_PERSON
            waiting.error_message = reasons.explain(reasons.SAME_PERSON).title
        else:
            waiting.phone, waiting.person_key = contact.number, contact.person_key
            waiting.wa_user_id = contact.wa_user_id
    db.session.flush()


def _others(waiting: CampaignRecipient, key: str) -> Iterator[int]:
    same = (CampaignRecipient.campaign_id == waiting.campaign_id, CampaignRecipient.person_key == key)
    return iter(db.session.scalars(select(CampaignRecipient.id).where(*same, CampaignRecipient.id != waiting.id)))
