"""Consent: one record for each key of a person, a history to which rows are only added, and copies on the contacts.

The record is kept by person, known or not: somebody may write STOP who is imported a week later, under another form of
the same number, or by user id alone. Sending reads the records at the moment of sending; code that learns of a change
calls these functions. A person who has said no under one key has said no under all of them.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from adsapp.contacts.identity import Identity, keys_of
from adsapp.contacts.models import Consent, Contact, OptEvent, OptSource
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.constructs import any_of
from adsapp.core.db.rows import insert_new, insert_rows, slices, update_rows
from adsapp.organizations.auditing import By


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said about messages, when, and how we know."""

    source: OptSource
    detail: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _People:
    """Whom a statement is about, by everything they are known by."""

    keys: frozenset[str]
    user_ids: frozenset[str]

    @property
    def condition(self) -> ColumnElement[bool]:
        """SQL: is this contact one of them?"""
        by_number = Contact.person_key.in_(self.keys)
        return or_(by_number, Contact.wa_user_id.in_(self.user_ids)) if self.user_ids else by_number


def opt_out(contact: Contact, source: OptSource, detail: str = "", *, by: By, at: datetime | None = None) -> bool:
    """Record that the person wants no more messages. False if that was known already; its first date is kept."""
    changed = bool(opt_out_many([contact.id], source, detail, by.name, at))
    if changed:
        by.because(detail).audit("opt out contact", f"contact:{contact.id}")
    _read_again(contact)
    return changed


def opt_out_many(
    contact_ids: Iterable[uuid.UUID], source: OptSource, detail: str = "", by: str = "", at: datetime | None = None
) -> list[uuid.UUID]:
    """Do what `opt_out` does for many contacts; returns those who had not opted out before, and with them the other
    contacts that are the same people."""
    said = Said(source, detail, by, at or utcnow())
    return [left for some in slices(contact_ids) for left in _opt_out(_people_of(some), said)]


def opt_out_person(who: Sequence[Identity], said: Said) -> list[uuid.UUID]:
    """The same for somebody as the provider names them, contact or not; returns the contacts that it changed."""
    return _opt_out(_with_contacts(_named(who)), said)


def carry_over(old: Identity, new: Identity, at: datetime) -> None:
    """The provider says that one is the other now: whoever had said no under either has said it under both."""
    records = _records(old.keys | new.keys).values()
    said = [Said(one.source, one.detail, one.by, at) for one in records if one.opted_out_at]
    if said:
        opt_out_person([old, new], said[0])


def opt_in(contact: Contact, source: OptSource, detail: str = "", *, by: By, at: datetime | None = None) -> bool:
    """Record that the person wants messages again. False if the person had not opted out."""
    said, people = Said(source, detail, by.name, at or utcnow()), _people_of([contact.id])
    _agree(people, said)
    back = update(Contact).where(people.condition, Contact.opted_out_at.is_not(None))
    values = {"opted_out_at": None, "opt_out_source": None, "updated_at": said.at}
    found = db.session.scalars(back.values(values).returning(Contact.id)).all()
    _note([(contact_id, said) for contact_id in found], opted_out=False)
    if found:
        by.because(detail).audit("opt in contact", f"contact:{contact.id}")
    _read_again(contact)
    return bool(found)


def meet(contact_ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Contacts that are new, or are known by another number or user id from now on, take over what was said before;
    of two states the stricter. Returns those who opted out by it."""
    return [left for some in slices(contact_ids) for left in _meet(some)]


def meet_new(people: Sequence[tuple[uuid.UUID, str]]) -> list[uuid.UUID]:
    """The same in one look for contacts that were just made of a number and of nothing else, each with its key."""
    records = _records({key for _, key in people})
    found = {contact_id: records[key] for contact_id, key in people if key in records}
    out = {key: one for key, one in found.items() if one.opted_out_at}
    return _copy({key: Said(one.source, one.detail, one.by, one.opted_out_at) for key, one in out.items()})


def persons_out(person_keys: Collection[str]) -> set[str]:
    """Those of these persons who opted out: by their record, or by what any contact of theirs says."""
    keys = set(person_keys)
    recorded = select(Consent.person_key).where(Consent.person_key.in_(keys), Consent.opted_out_at.is_not(None))
    copied = select(Contact.person_key).where(Contact.person_key.in_(keys), Contact.opted_out_at.is_not(None))
    return {*db.session.scalars(recorded), *db.session.scalars(copied)}


# --- whom it is about ---------------------------------------------------------------------------------------------


def _named(who: Iterable[Identity]) -> _People:
    named = list(who)
    user_ids = frozenset(each.user_id for each in named if each.user_id)
    return _People(frozenset(key for each in named for key in each.keys), user_ids)


def _people_of(contact_ids: Sequence[uuid.UUID]) -> _People:
    return _people(_known_by(Contact.id.in_(contact_ids)))


def _with_contacts(people: _People) -> _People:
    """They, by everything that the contacts among them are known by too."""
    more = _people(_known_by(people.condition))
    return _People(people.keys | more.keys, people.user_ids | more.user_ids)


def _known_by(condition: ColumnElement[bool]) -> Sequence[Any]:
    return db.session.execute(select(Contact.person_key, Contact.wa_user_id).where(condition)).all()


def _people(rows: Iterable[Any]) -> _People:
    known = list(rows)
    keys = frozenset(key for row in known for key in keys_of(row.person_key, row.wa_user_id))
    return _People(keys, frozenset(row.wa_user_id for row in known if row.wa_user_id))


# --- no -----------------------------------------------------------------------------------------------------------


def _opt_out(people: _People, said: Said) -> list[uuid.UUID]:
    if not people.keys or not _record(people.keys, said):
        return []
    out = update(Contact).where(people.condition, Contact.opted_out_at.is_(None))
    values = {"opted_out_at": said.at, "opt_out_source": said.source.value, "updated_at": utcnow()}
    left = db.session.scalars(out.values(values).returning(Contact.id)).all()
    _note([(contact_id, said) for contact_id in left], opted_out=True)
    return list(left)


def _record(keys: Collection[str], said: Said) -> bool:
    """Keep it under each key; the first date stays. False if it is older than what the person agreed to since: the
    provider delivers for up to a week."""
    known = _records(keys)
    agreed = [row for row in known.values() if row.opted_out_at is None]
    if any(row.updated_at >= said.at for row in agreed):
        return False
    insert_new(Consent, [_row(key, said) for key in keys if key not in known])
    update_rows(Consent, [_row(row.person_key, said) for row in agreed], key="person_key")
    return True


def _records(keys: Iterable[str]) -> dict[str, Any]:
    """The records under these keys as they are now, never as the session remembers them."""
    columns = (getattr(Consent, name) for name in ("person_key", "opted_out_at", *Said.__slots__[:3], "updated_at"))
    rows = db.session.execute(select(*columns).where(any_of(Consent.person_key, list(keys))))
    return {row.person_key: row for row in rows}


def _row(key: str, said: Said) -> dict[str, Any]:
    told = {"source": said.source, "detail": said.detail, "by": said.by}
    return {"person_key": key, "opted_out_at": said.at, **told, "updated_at": utcnow()}


# --- yes ----------------------------------------------------------------------------------------------------------


def _agree(people: _People, said: Said) -> None:
    """Known from now on as having agreed at that time, so that a report of an older no changes nothing."""
    rows = [_row(key, said) | {"opted_out_at": None, "updated_at": said.at} for key in sorted(people.keys)]
    insert_new(Consent, rows)
    update_rows(Consent, rows, key="person_key")


# --- who comes later ----------------------------------------------------------------------------------------------


def _meet(contact_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    contacts = db.session.execute(select(*_OWN).where(Contact.id.in_(contact_ids))).all()
    records = _records({key for row in contacts for key in keys_of(row.person_key, row.wa_user_id)})
    copies, left = {}, []
    for row in contacts:
        said = _strictest(row, records)
        if said is None:
            continue
        if row.wa_user_id or row.person_key not in records:
            left += _opt_out(_with_contacts(_people([row])), said)
        elif row.opted_out_at is None:
            copies[row.id] = said
    return left + _copy(copies)


_OWN = (Contact.id, Contact.person_key, Contact.wa_user_id, Contact.opted_out_at, Contact.opt_out_source)


def _strictest(row: Any, records: Mapping[str, Any]) -> Said | None:
    """The earliest no among what is recorded under the contact's keys and what the contact itself says."""
    mine = [records[key] for key in keys_of(row.person_key, row.wa_user_id) if key in records]
    said = [Said(one.source, one.detail, one.by, one.opted_out_at) for one in mine if one.opted_out_at]
    if row.opted_out_at is not None:
        said.append(Said(OptSource(row.opt_out_source or OptSource.HAND), "", "", row.opted_out_at))
    if not said:
        return None
    earliest = min(said, key=lambda each: each.at)
    has_agreed = any(one.opted_out_at is None for one in mine)  # under another key, and perhaps later: no is stricter
    return replace(earliest, at=utcnow()) if has_agreed else earliest


def _copy(said: Mapping[uuid.UUID, Said]) -> list[uuid.UUID]:
    rows = [
        {"id": key, "opted_out_at": each.at, "opt_out_source": each.source.value, "updated_at": utcnow()}
        for key, each in said.items()
    ]
    update_rows(Contact, rows)
    _note(list(said.items()), opted_out=True)
    return list(said)


def _note(who: Sequence[tuple[uuid.UUID, Said]], *, opted_out: bool) -> None:
    insert_rows(
        OptEvent,
        [
            {
                "contact_id": contact_id,
                "at": said.at,
                "opted_out": opted_out,
                "source": said.source,
                "detail": said.detail,
                "by": said.by,
            }
            for contact_id, said in who
        ],
    )


def _read_again(contact: Contact) -> None:
    if contact in db.session():
        db.session.refresh(contact, ["opted_out_at", "opt_out_source", "updated_at"])
