"""Numbers and user ids of one person: learned from what the provider says, moved when it says so.

A contact is never merged into another one or deleted: its history, its tags and the campaigns it was in keep pointing
to it. What makes two contacts one person is their `person_key`: campaigns write to it once, and its consent is one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import update

from adsapp.contacts import opt_outs, queries
from adsapp.contacts.identity import Identity, keys_of
from adsapp.contacts.models import Contact
from adsapp.contacts.values.phones import person_key
from adsapp.core import db
from adsapp.core.clock import utcnow


def learn(contact: Contact, who: Identity, at: datetime) -> bool:
    """Keep the number and the user id by which the provider names this contact. True if messages go elsewhere from
    now on."""
    with _identity(contact) as before:
        contact.wa_user_id = who.user_id or contact.wa_user_id
        if who.number and not contact.number:
            _take_number(contact, who.phone, at)
        elif who.number and not contact.wa_id:
            contact.wa_id = who.number  # as the provider spells the number
    return before != contact.number


def move(contact: Contact, new: Identity, at: datetime) -> bool:
    """The provider says that this person is now known as `new`. True if messages go elsewhere from now on.

    Others may have the new number as a contact already: then both are one person, written to once, at the new number,
    and whoever of the two had opted out has opted out for both.
    """
    if contact.moved_at is not None and contact.moved_at > at:
        return False  # an older notice that was delayed
    with _identity(contact) as before:
        contact.wa_user_id = new.user_id or contact.wa_user_id
        if new.number:
            _take_number(contact, new.phone, at)
    return before != contact.number


@contextmanager
def _identity(contact: Contact) -> Iterator[str]:
    """The block may change how the contact is known: then it takes over what was said under its new names. Gives the
    number of before."""
    number, keys = contact.number, keys_of(contact.person_key, contact.wa_user_id)
    yield number
    if keys != keys_of(contact.person_key, contact.wa_user_id):
        meet(contact)


def renumber(contact: Contact, phone: str) -> None:
    """Somebody corrects the number: what the provider said about the old one is not true of the new one."""
    if contact.number:
        contact.wa_user_id = None
    contact.phone, contact.person_key, contact.wa_id = phone, person_key(phone), None
    contact.moved_to = contact.moved_at = None


def meet(contact: Contact) -> None:
    """Take over what was said about messages under any number or user id of this contact; the stricter state holds."""
    db.session.flush()
    opt_outs.meet([contact.id])
    db.session.refresh(contact, ["opted_out_at", "opt_out_source", "updated_at"])


def heard(contact: Contact, at: datetime) -> None:
    """The person wrote to the number that sends: the 24-hour window is open, whichever form of the number it was."""
    later = (Contact.last_inbound_at.is_(None)) | (Contact.last_inbound_at < at)
    same = Contact.person_key == contact.person_key
    db.session.execute(update(Contact).where(same, later).values(last_inbound_at=at))


def _take_number(contact: Contact, phone: str, at: datetime) -> None:
    contact.wa_id, contact.person_key, contact.updated_at = phone.lstrip("+"), person_key(phone), utcnow()
    if not contact.number and queries.find_by_phone(phone) is None:
        contact.phone = phone  # a number at last
    elif phone == contact.phone:
        contact.moved_to, contact.moved_at = None, at  # moved back
    else:
        contact.moved_to, contact.moved_at = phone, at
