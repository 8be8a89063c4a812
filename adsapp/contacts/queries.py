"""Reads of contacts and tags, one function for each screen; imports have `imports.queries`."""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from adsapp.contacts.identity import Identity
from adsapp.contacts.models import Contact, ContactCount, ContactImport, ContactTag, Import, OptEvent, Tag
from adsapp.contacts.values.countries import country_code
from adsapp.contacts.values.phones import Phone, normalise_phone, person_key
from adsapp.core import db
from adsapp.core.db.constructs import keys_of
from adsapp.core.db.searching import has_words
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import id_after
from adsapp.core.pagination import PAGE, Page, cut

MOST_COUNTED = 10_000
MOST_WORDS = 6  # of a search that are looked for one by one
LEAST_AT_HOME = 4  # digits behind the zeros: fewer are in too many numbers
_DIGITS_ONLY = re.compile(r"\+?[\d\s().\-/]{3,}")
Text = ColumnElement[str] | InstrumentedAttribute[str]


@dataclass(frozen=True)
class ContactFilter:
    """What a list of contacts is filtered by; a blank field does not filter."""

    search: str = ""
    tag: str = ""
    opted_out: bool = False
    import_id: str = ""
    by_number: bool = True  # and e-mail; False for those to whom both are masked, and who must not find them out so
    country: str = ""  # a search may be a number in this country's local form

    @property
    def is_narrow(self) -> bool:
        """True if the filter leaves anybody out."""
        return bool(self.search or self.tag or self.opted_out or self.import_id)


NARROWING = ("search", "tag", "opted_out", "import_id")


def names_of(contact_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """What these contacts are called, "" if they have no name; those who are gone are left out."""
    found = db.session.scalars(select(Contact).where(Contact.id.in_(contact_ids))) if contact_ids else ()
    return {contact.id: contact.display_name for contact in found}


def list_contacts(wanted: ContactFilter, cursor: str = "", limit: int = PAGE) -> Page[Contact]:
    """Contacts, newest first. The cursor is the id of the last one shown."""
    statement = _narrowed(select(Contact), wanted).order_by(Contact.id.desc()).limit(limit + 1)
    if cursor:
        statement = statement.where(Contact.id < id_after(cursor))
    return cut(db.session.scalars(statement).all(), limit, lambda contact: str(contact.id))


@dataclass(frozen=True, slots=True)
class FoundContacts:
    """A page of the contacts that were looked for, and how many there are; MOST_COUNTED + 1 means more than that."""

    page: Page[Contact]
    count: int


def find_contacts(wanted: ContactFilter, cursor: str = "", limit: int = PAGE) -> FoundContacts:
    """As `list_contacts`, counted in the same walk: up to MOST_COUNTED, so that no page reads everybody to count."""
    newest = _narrowed(select(Contact.id), wanted).order_by(Contact.id.desc()).limit(MOST_COUNTED + 1)
    ids = db.session.scalars(newest).all()
    after = id_after(cursor) if cursor else None
    here = [contact_id for contact_id in ids if after is None or contact_id < after][: limit + 1]
    if len(here) <= limit and len(ids) > MOST_COUNTED:  # a page far behind
        return FoundContacts(list_contacts(wanted, cursor, limit), len(ids))
    contacts = db.session.scalars(select(Contact).where(Contact.id.in_(here)).order_by(Contact.id.desc())).all()
    return FoundContacts(cut(contacts, limit, lambda contact: str(contact.id)), len(ids))


def _narrowed(statement: Select[Any], wanted: ContactFilter) -> Select[Any]:
    if wanted.search:
        statement = statement.where(_matches(wanted))
    if wanted.tag:
        statement = statement.join(ContactTag, ContactTag.contact_id == Contact.id).where(
            ContactTag.tag_id == select(Tag.id).where(Tag.name == wanted.tag).scalar_subquery()
        )
    if wanted.opted_out:
        statement = statement.where(Contact.opted_out_at.is_not(None))
    if wanted.import_id:
        statement = statement.join(ContactImport, ContactImport.contact_id == Contact.id).where(
            ContactImport.import_id == parse_id(wanted.import_id)
        )
    return statement


def _matches(wanted: ContactFilter) -> ColumnElement[bool]:
    search = wanted.search
    if not wanted.by_number:
        return people_with(search, Contact.name)
    found = people_with(search, Contact.name, phone=Contact.phone, email=Contact.email, country=wanted.country)
    return or_(found, Contact.wa_id == _digits_of(search)) if _is_number(search) else found


def people_with(
    search: str,
    name: Text,
    *,
    phone: Text | None = None,
    email: Text | None = None,
    country: str = "",
) -> ColumnElement[bool]:
    """SQL: people whose name has all these words, in any order, or whose address contains the text; for a number,
    people whose number contains it. A column that is not given is not looked in."""
    if phone is not None and _is_number(search):
        return _has_digits(phone, search, country)
    named = and_(*(has_words(name, word) for word in search.split(maxsplit=MOST_WORDS - 1)))
    return named if email is None else or_(named, has_words(email, search))


def _has_digits(phone: Text, search: str, country: str) -> ColumnElement[bool]:
    """As it is written, in the organization's country, or as it is dialled at home, wherever that is."""
    digits = _digits_of(search)
    local = normalise_phone(search, country_code(country))
    whole = [phone == local.e164] if isinstance(local, Phone) else []
    at_home = digits.lstrip("0")
    shorter = [phone.contains(at_home)] if digits != at_home and len(at_home) >= LEAST_AT_HOME else []
    return or_(phone.contains(digits), *whole, *shorter)


def _is_number(search: str) -> bool:
    return bool(_DIGITS_ONLY.fullmatch(search) and _digits_of(search))


def _digits_of(search: str) -> str:
    return re.sub(r"\D", "", search.replace("(0)", ""))


def attribute_keys(wanted: ContactFilter) -> list[str]:
    """The keys of all attributes that these contacts have, by alphabet."""
    those = _narrowed(select(Contact.attributes), wanted).subquery()
    keys = keys_of(those.c.attributes).table_valued("key", name="key")
    return sorted(db.session.scalars(select(keys.c.key).select_from(those.join(keys, true())).distinct()))


def get_contact(contact_id: str | uuid.UUID) -> Contact:
    """The contact; raises NotFound if this organization has no such contact."""
    parsed = contact_id if isinstance(contact_id, uuid.UUID) else parse_id(contact_id)
    found = db.session.scalars(select(Contact).where(Contact.id == parsed)).one_or_none() if parsed else None
    if found is None:
        raise NotFound("There is no such contact; it may have been deleted")
    return found


def find_by_phone(e164: str) -> Contact | None:
    """The contact with exactly this number."""
    return db.session.scalars(select(Contact).where(Contact.phone == e164)).one_or_none()


def find_by_number(wa_id: str) -> Contact | None:
    """The contact with this number as the provider writes it (digits only). Looks for the provider's id of the number,
    then for the number, then for the person: numbers of Brazil, Mexico and Argentina have two forms."""
    digits = wa_id.lstrip("+")
    phone = "+" + digits
    for condition in (Contact.wa_id == digits, Contact.phone == phone, Contact.person_key == person_key(phone)):
        # Both forms of one person's number may be contacts; always take the older one.
        found = db.session.scalars(select(Contact).where(condition).order_by(Contact.id).limit(1)).first()
        if found is not None:
            return found
    return None


def find_person(who: Identity) -> Contact | None:
    """The contact the provider names so: by user id, which is the person's own, else by number."""
    if who.user_id:
        by_user_id = select(Contact).where(Contact.wa_user_id == who.user_id).order_by(Contact.id).limit(1)
        found = db.session.scalars(by_user_id).first()
        if found is not None:
            return found
    return find_by_number(who.number) if who.number else None


def file_name(import_id: str) -> str:
    """The name of the file that this import read; "" if there is none, or no import is named."""
    parsed = parse_id(import_id) if import_id else None
    return (db.session.scalar(select(Import.file_name).where(Import.id == parsed)) or "") if parsed else ""


def contact_count() -> int:
    """The number of contacts of the organization, from its counter."""
    return db.session.scalar(select(ContactCount.count)) or 0


def tags() -> Sequence[Tag]:
    """All tags, by name."""
    return db.session.scalars(select(Tag).order_by(Tag.name)).all()


def tags_of(contact_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    """The tags' names for each contact of a page."""
    found: dict[uuid.UUID, list[str]] = {contact_id: [] for contact_id in contact_ids}
    pairs = (
        select(ContactTag.contact_id, Tag.name)
        .join(Tag, Tag.id == ContactTag.tag_id)
        .where(ContactTag.contact_id.in_(contact_ids))
        .order_by(Tag.name)
    )
    for contact_id, name in db.session.execute(pairs):
        found[contact_id].append(name)
    return found


def consent_history(contact: Contact) -> Sequence[OptEvent]:
    """Every change of the contact's consent, oldest first."""
    events = select(OptEvent).where(OptEvent.contact_id == contact.id).order_by(OptEvent.id)
    return db.session.scalars(events).all()


def imports_of(contact: Contact) -> Sequence[tuple[Import, str]]:
    """The imports that created or touched the contact, with the outcome of each, newest first."""
    found = (
        select(Import, ContactImport.outcome)
        .join(ContactImport, ContactImport.import_id == Import.id)
        .where(ContactImport.contact_id == contact.id)
        .order_by(Import.id.desc())
        .limit(20)
    )
    return [(row.Import, row.outcome) for row in db.session.execute(found)]
