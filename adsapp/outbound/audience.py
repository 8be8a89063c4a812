"""Whom a campaign or an e-mail goes to: everyone, tags, an import, those for whom a template was rendered, or named
contacts; read in the order of contact ids.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, select, true

from adsapp.contacts.identity import number_of
from adsapp.contacts.models import Contact, ContactCount, ContactImport, ContactTag, Import, Tag
from adsapp.core import db
from adsapp.core.db.constructs import text_at
from adsapp.core.errors import FieldError, Invalid
from adsapp.core.ids import parse_id
from adsapp.message_templates.models import RENDERED, Rendering, RenderingRow
from adsapp.message_templates.placeholders import ATTRIBUTE_PREFIX

MOST_CONTACT_IDS = 10_000
NOT_WITHIN = "not_messaged_within_hours"  # an option beside the kind
MOST_HOURS = 24 * 30
KINDS = ("all", "tags", "import_id", "rendering_id", "contact_ids")


@dataclass(frozen=True)
class Audience:
    """One of five kinds; what the other kinds need is empty."""

    kind: str
    tag_ids: tuple[uuid.UUID, ...] = ()
    import_id: uuid.UUID | None = None
    rendering_id: uuid.UUID | None = None  # those of its people for whom the message could be rendered
    contact_ids: tuple[uuid.UUID, ...] = ()
    not_within_hours: int = 0  # whoever got a campaign in so many hours is left out; 0: nobody is for that
    spec: Mapping[str, Any] = field(default_factory=dict)  # as it is stored

    @property
    def condition(self) -> ColumnElement[bool]:
        """SQL: is this contact among them?"""
        if self.kind == "tags":
            return exists().where(
                ContactTag.organization_id == Contact.organization_id,
                ContactTag.contact_id == Contact.id,
                ContactTag.tag_id.in_(self.tag_ids),
            )
        if self.kind == "import_id":
            return exists().where(
                ContactImport.organization_id == Contact.organization_id,
                ContactImport.contact_id == Contact.id,
                ContactImport.import_id == self.import_id,
            )
        if self.kind == "rendering_id":
            return exists().where(
                RenderingRow.organization_id == Contact.organization_id,
                RenderingRow.contact_id == Contact.id,
                *_rendered(self.rendering_id),
            )
        return Contact.id.in_(self.contact_ids) if self.kind == "contact_ids" else true()


@dataclass(frozen=True)
class AudienceCount:
    """Contacts in an audience, and how many of them opted out."""

    total: int
    opted_out: int


def parse(spec: Mapping[str, Any]) -> Audience:
    """The audience of a spec; raises Invalid that names the tag, import or contact that is not there."""
    given = [kind for kind in KINDS if spec.get(kind) not in (None, False, [], "")]
    odd = sorted(str(key) for key in spec if key not in (*KINDS, NOT_WITHIN))
    if odd:
        known = f"use all, tags, import_id, rendering_id or contact_ids, and {NOT_WITHIN}"
        raise Invalid.field(f"audience.{odd[0]}", f"Not known: {odd[0]!r}; {known}")
    if len(given) != 1:
        wrong = "Choose an audience" if not given else f"Choose one of {' and '.join(given)}, not both"
        raise Invalid.field("audience", wrong)
    kind = given[0]
    readers = {
        "all": _all,
        "tags": _tags,
        "import_id": _import,
        "rendering_id": _rendering,
        "contact_ids": _contacts,
    }
    found = readers[kind](spec[kind])
    return _apart_from_lately(found, spec.get(NOT_WITHIN))


def _apart_from_lately(audience: Audience, hours: Any) -> Audience:
    if hours in (None, False, 0, ""):
        return audience
    if not isinstance(hours, int) or isinstance(hours, bool) or not 0 < hours <= MOST_HOURS:
        raise Invalid.field(f"audience.{NOT_WITHIN}", f"should be a number of hours from 1 to {MOST_HOURS}")
    return replace(audience, not_within_hours=hours, spec={**audience.spec, NOT_WITHIN: hours})


def refuse_to_recur(spec: Mapping[str, Any]) -> None:
    """Raise Invalid for an audience that is that of one day: the people of a trial stay as they were, and are
    forgotten."""
    if spec.get("rendering_id"):
        raise Invalid.field(
            "audience.rendering_id",
            "The people of a trial stay those of that day and are forgotten after some time, so they cannot be sent to "
            "again and again; choose a tag, an import or all contacts",
        )


def uses(spec: Mapping[str, Any]) -> list[str]:
    """The keys of what it is made of (`core.uses`)."""
    tags, batch = spec.get("tags") or (), spec.get("import_id")
    return [*(f"tag:{tag}" for tag in tags), *([f"import:{batch}"] if batch else [])]


def count(spec: Mapping[str, Any]) -> AudienceCount:
    """How many; raises Invalid as `parse` does."""
    return count_of(parse(spec))


def count_of(audience: Audience) -> AudienceCount:
    """How many, of a parsed audience."""
    opted_out = select(func.count()).select_from(Contact).where(audience.condition, Contact.opted_out_at.is_not(None))
    return AudienceCount(_total(audience), db.session.scalar(opted_out) or 0)


def _total(audience: Audience) -> int:
    if audience.kind == "all":
        return db.session.scalar(select(ContactCount.count)) or 0
    return db.session.scalar(select(func.count()).select_from(Contact).where(audience.condition)) or 0


def next_ids(audience: Audience, after: uuid.UUID | None, limit: int) -> Sequence[uuid.UUID]:
    """The following contact ids in their order, along an index: each page costs the same."""
    column, where = _key(audience)
    query = select(column).where(*where).order_by(column).limit(limit)
    if audience.kind in ("tags", "rendering_id"):
        query = query.distinct()
    if after is not None:
        query = query.where(column > after)
    found: Sequence[uuid.UUID] = db.session.scalars(query).all()
    return found


def _key(audience: Audience) -> tuple[Any, list[ColumnElement[bool]]]:
    if audience.kind == "tags":
        return ContactTag.contact_id, [ContactTag.tag_id.in_(audience.tag_ids)]
    if audience.kind == "import_id":
        return ContactImport.contact_id, [ContactImport.import_id == audience.import_id]
    if audience.kind == "rendering_id":
        return RenderingRow.contact_id, [*_rendered(audience.rendering_id), RenderingRow.contact_id.is_not(None)]
    return Contact.id, [audience.condition]


def _rendered(rendering_id: uuid.UUID | None) -> list[ColumnElement[bool]]:
    return [RenderingRow.rendering_id == rendering_id, RenderingRow.outcome == RENDERED]


def _all(value: Any) -> Audience:
    if value is not True:
        raise Invalid.field("audience.all", "should be true")
    return Audience("all", spec={"all": True})


def _tags(value: Any) -> Audience:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise Invalid.field("audience.tags", "should be a list of names of tags")
    known = {tag.name: tag.id for tag in db.session.scalars(select(Tag).where(Tag.name.in_(value)))}
    missing = [(place, name) for place, name in enumerate(value) if name not in known]
    if missing:
        raise _unknown_tags(missing)
    names = list(dict.fromkeys(value))
    return Audience("tags", tag_ids=tuple(known[name] for name in names), spec={"tags": names})


def _unknown_tags(missing: list[tuple[int, str]]) -> Invalid:
    names = list(db.session.scalars(select(Tag.name).order_by(Tag.name).limit(1000)))
    fields = [
        FieldError(f"audience.tags[{place}]", f"There is no tag {name!r}{_hint(name, names)}")
        for place, name in missing
    ]
    return Invalid("; ".join(error.message for error in fields), fields=fields)


def _hint(word: str, names: list[str]) -> str:
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(names[:10])}" if names else ""


def _import(value: Any) -> Audience:
    import_id = parse_id(str(value))
    found = import_id and db.session.scalar(select(Import.id).where(Import.id == import_id))
    if not found:
        raise Invalid.field("audience.import_id", f"There is no import {value}")
    return Audience("import_id", import_id=found, spec={"import_id": str(found)})


def _rendering(value: Any) -> Audience:
    rendering_id = parse_id(str(value))
    found = rendering_id and db.session.scalars(select(Rendering).where(Rendering.id == rendering_id)).first()
    if not found:
        raise Invalid.field("audience.rendering_id", f"There is no rendering {value}")
    if found.forgotten_at is not None:
        raise Invalid.field("audience.rendering_id", "Its results are kept no longer; try the template again")
    return Audience("rendering_id", rendering_id=found.id, spec={"rendering_id": str(found.id)})


def _contacts(value: Any) -> Audience:
    if not isinstance(value, list | tuple):
        raise Invalid.field("audience.contact_ids", "should be a list of contact ids")
    if len(value) > MOST_CONTACT_IDS:
        raise Invalid.field(
            "audience.contact_ids", f"{len(value):,} ids are too many ({MOST_CONTACT_IDS:,} at most); use a tag"
        )
    ids = [parse_id(str(item)) for item in value]
    known = _known_contacts([contact_id for contact_id in ids if contact_id])
    fields = [
        FieldError(f"audience.contact_ids[{place}]", f"There is no contact {value[place]}")
        for place, contact_id in enumerate(ids)
        if contact_id not in known
    ]
    if fields:
        raise Invalid("; ".join(error.message for error in fields[:10]), fields=fields[:100])
    chosen = tuple(sorted(known))
    return Audience("contact_ids", contact_ids=chosen, spec={"contact_ids": [str(item) for item in chosen]})


def _known_contacts(ids: list[uuid.UUID]) -> set[uuid.UUID]:
    known: set[uuid.UUID] = set()
    for start in range(0, len(ids), 500):
        known.update(db.session.scalars(select(Contact.id).where(Contact.id.in_(ids[start : start + 500]))))
    return known


def from_stored(spec: Mapping[str, Any]) -> Audience:
    """The audience of a campaign that was checked when it was made: contacts and tags deleted since just drop out."""
    return replace(_stored(spec), spec=spec, not_within_hours=spec.get(NOT_WITHIN, 0))


def _stored(spec: Mapping[str, Any]) -> Audience:
    if "tags" in spec:
        ids = db.session.scalars(select(Tag.id).where(Tag.name.in_(spec["tags"]))).all()
        return Audience("tags", tag_ids=tuple(ids))
    if "import_id" in spec:
        return Audience("import_id", import_id=uuid.UUID(spec["import_id"]))
    if "rendering_id" in spec:
        return Audience("rendering_id", rendering_id=uuid.UUID(spec["rendering_id"]))
    if "contact_ids" in spec:
        return Audience("contact_ids", contact_ids=tuple(map(uuid.UUID, spec["contact_ids"])))
    return Audience("all")


# Names are taken from some contacts and from the columns of imports: to look at all contacts would cost more with each.
CONTACTS_LOOKED_AT = 200  # of the newest, and of the oldest
IMPORTS_LOOKED_AT = 100


def known_attributes() -> list[str]:
    """Names of the attributes contacts have, by alphabet."""
    some = (
        select(Contact.attributes).order_by(order).limit(CONTACTS_LOOKED_AT)
        for order in (Contact.id.desc(), Contact.id)
    )
    names = {name for each in some for attributes in db.session.scalars(each) for name in attributes}
    begun = select(Import.mapping).where(Import.job_id.is_not(None)).order_by(Import.id.desc()).limit(IMPORTS_LOOKED_AT)
    targets = (target for mapping in db.session.scalars(begun) for target in mapping.values())
    return sorted(
        names | {each.removeprefix(ATTRIBUTE_PREFIX) for each in targets if each.startswith(ATTRIBUTE_PREFIX)}
    )


# Whether anybody has an attribute is looked for among so many: to find nobody would else be to read everybody.
CONTACTS_SEARCHED = 10_000


def nobody_has(name: str) -> bool:
    """True if no contact has a value for this attribute; of more contacts than are searched that is never claimed."""
    newest = select(text_at(Contact.attributes, name).label("value")).where(
        Contact.organization_id == db.require_organization_id()
    )
    some = newest.order_by(Contact.id.desc()).limit(CONTACTS_SEARCHED).subquery()
    has_value = select(some.c.value).where(func.trim(func.coalesce(some.c.value, "")) != "").limit(1)
    found = db.session.execute(has_value, execution_options={"names_organization": True}).first()
    return found is None and (db.session.scalar(select(ContactCount.count)) or 0) <= CONTACTS_SEARCHED


def why_no_attribute(name: str) -> str:
    """That no contact has it, and which name may be meant."""
    others = [known for known in known_attributes() if known != name]
    return f"No contact has a value in the column “{name}”{_hint(name, others)}"


# The columns by which `person_of` and `full_name` read a contact.
OF_PERSON: Final = (
    Contact.id,
    Contact.phone,
    Contact.moved_to,
    Contact.name,
    Contact.first_name,
    Contact.last_name,
    Contact.email,
    Contact.language,
    Contact.country,
    Contact.attributes,
)


def person_of(contact: Any) -> dict[str, Any]:
    """A contact (or a row with the columns OF_PERSON) as templates read it."""
    return {
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "name": contact.name,
        "phone": number_of(contact.phone, contact.moved_to),
        "email": contact.email,
        "language": contact.language,
        "country": contact.country,
        "attributes": contact.attributes,
    }


def full_name(contact: Any) -> str:
    """What a ledger calls them."""
    name: str = contact.name or f"{contact.first_name} {contact.last_name}".strip()
    return name[:200]
