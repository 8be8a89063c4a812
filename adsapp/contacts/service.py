"""Writes of contacts: create, change, update from a file or the API."""

from collections.abc import Mapping
from typing import Any

from adsapp.contacts import opt_outs, people, queries, tags
from adsapp.contacts.identity import Identity, user_key
from adsapp.contacts.merge import ContactFields
from adsapp.contacts.models import Contact, OptSource
from adsapp.contacts.schemas import ContactIn
from adsapp.contacts.values.attributes import with_extension
from adsapp.contacts.values.countries import country_code
from adsapp.contacts.values.emails import normalise_email
from adsapp.contacts.values.names import split_name
from adsapp.contacts.values.phones import Phone, Rejection, normalise_phone, person_key
from adsapp.contacts.values.text import MAX_NAME
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid
from adsapp.organizations.auditing import By


class ContactExists(Conflict):
    """Another contact has the number already; `contact_id` names it."""

    def __init__(self, detail: str, contact: Contact) -> None:
        super().__init__(detail, code="contact_exists")
        self.contact_id = contact.id


def create_contact(data: ContactIn, default_country: str = "", *, by: By) -> Contact:
    """Add a contact. Raises Invalid if the number is not valid, ContactExists if another contact has it."""
    phone = _phone(data, default_country)
    known = _known(data, phone)
    if known is not None:
        raise ContactExists(
            f"{phone.e164 if data.phone else data.wa_user_id} is a contact already; open it to change it", known
        )
    contact = _add(data, phone)
    by.audit("add contact", f"contact:{contact.id}")
    _respect_no(contact, data, by)
    return contact


def update_contact(contact: Contact, data: ContactIn, default_country: str = "", *, by: By) -> None:
    """Replace the contact's fields; unlike in an import, a blank clears a field. Consent is not touched."""
    phone = _phone(data, default_country)
    other = queries.find_by_phone(phone.e164)
    if other is not None and other.id != contact.id:
        raise ContactExists(f"{phone.e164} belongs to another contact of yours", other)
    if phone.e164 != contact.phone:
        people.renumber(contact, phone.e164)
    _set_fields(contact, _incoming(data, phone))
    people.meet(contact)
    if tags.set_tags(contact, data.tags):
        contact.updated_at = utcnow()
    by.audit("change contact", f"contact:{contact.id}")


def _respect_no(contact: Contact, data: ContactIn, by: By) -> None:
    if data.opted_out:
        opt_outs.opt_out(contact, OptSource.API, by=by)


def _known(data: ContactIn, phone: Phone) -> Contact | None:
    """By number; by user id if no number is given, or if the contact's is not known yet."""
    found = queries.find_by_phone(phone.e164)
    return found or (queries.find_person(Identity(user_id=data.wa_user_id)) if data.wa_user_id else None)


def _phone(data: ContactIn, default_country: str) -> Phone:
    if data.wa_user_id and not data.phone:
        return Phone(user_key(data.wa_user_id), "")
    found = normalise_phone(data.phone, country_code(default_country), country_code(data.country))
    if isinstance(found, Rejection):
        raise Invalid.field("phone", f"{found.message} {found.suggestion}")
    return found


def _add(data: ContactIn, phone: Phone) -> Contact:
    contact = Contact(
        organization_id=db.require_organization_id(),
        phone=phone.e164,
        person_key=person_key(phone.e164),
        wa_user_id=data.wa_user_id or None,
        **_incoming(data, phone)._asdict(),
    )
    db.session.add(contact)
    people.meet(contact)
    tags.add_tags([(contact.id, tag_id) for tag_id in tags.ensure_tags(data.tags).values()])
    return contact


def _incoming(data: ContactIn, phone: Phone) -> ContactFields:
    first, last = data.first_name, data.last_name
    if data.name and not (first or last):
        first, last = split_name(data.name)
    name = (data.name or f"{first} {last}".strip())[:MAX_NAME]
    attributes = with_extension(dict(data.attributes), phone.extension)
    address = normalise_email(data.email) if data.email else None
    return ContactFields(
        name=name,
        first_name=first,
        last_name=last,
        email=address.email if address else "",
        email_typed=address.if_typed_otherwise if address else "",
        language=data.language,
        country=data.country or phone.region,
        attributes=attributes,
    )


def _fields(contact: Contact) -> ContactFields:
    return ContactFields(*(getattr(contact, field) for field in ContactFields._fields))


def _set_fields(contact: Contact, fields: ContactFields) -> None:
    if fields == _fields(contact):
        return
    values: Mapping[str, Any] = fields._asdict()
    for name, value in values.items():
        setattr(contact, name, value)
    contact.updated_at = utcnow()
