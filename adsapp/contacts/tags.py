"""Tags: found by name in any spelling, created if they do not exist."""

import uuid
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, select

from adsapp.contacts.models import Contact, ContactTag, Tag
from adsapp.contacts.values.text import name_key
from adsapp.core import db
from adsapp.core.db.rows import insert_new, slices
from adsapp.core.ids import new_id


def key_of(name: str) -> str:
    """A key that is the same for all spellings of a tag, in which A+ and A- differ."""
    return name_key(name)


def ensure_tags(names: Iterable[str]) -> dict[str, uuid.UUID]:
    """The tags' ids by `key_of` their names; missing tags are created, in the spelling that comes first."""
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(key_of(name), name)
    known = _known() if wanted else {}
    missing = [name for key, name in wanted.items() if key not in known]
    if missing:
        # Another import may create the same tag at the same moment; then its row is used.
        insert_new(Tag, [{"id": new_id(), "name": name} for name in missing])
        known = _known()
    return {key: known[key] for key in wanted}


def _known() -> dict[str, uuid.UUID]:
    # Newest first, so that the older of two spellings is the one that stays in the dict.
    rows = db.session.execute(select(Tag.name, Tag.id).order_by(Tag.id.desc()))
    return {key_of(name): tag_id for name, tag_id in rows}


def set_tags(contact: Contact, names: Sequence[str]) -> bool:
    """Give the contact exactly these tags; True if it had others."""
    ids = set(ensure_tags(names).values())
    others = delete(ContactTag).where(ContactTag.contact_id == contact.id, ContactTag.tag_id.not_in(ids))
    gone = db.session.execute(others.returning(ContactTag.tag_id)).all()
    rows = _rows((contact.id, tag_id) for tag_id in ids)
    return bool(insert_new(ContactTag, rows, returning=("tag_id",))) or bool(gone)


def add_tags(pairs: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> None:
    """Put tags on contacts, given as (contact, tag); pairs that exist already are left alone."""
    insert_new(ContactTag, _rows(pairs))


def _rows(pairs: Iterable[tuple[uuid.UUID, uuid.UUID]]) -> list[dict[str, uuid.UUID]]:
    return [{"contact_id": contact_id, "tag_id": tag_id} for contact_id, tag_id in pairs]


def take_tags(added: Mapping[uuid.UUID, Sequence[uuid.UUID]]) -> None:
    """Take tags away again, given by contact."""
    contacts: dict[uuid.UUID, list[uuid.UUID]] = {}
    for contact_id, tag_ids in added.items():
        for tag_id in tag_ids:
            contacts.setdefault(tag_id, []).append(contact_id)
    for tag_id, contact_ids in contacts.items():
        for some in slices(contact_ids):
            db.session.execute(delete(ContactTag).where(ContactTag.tag_id == tag_id, ContactTag.contact_id.in_(some)))
