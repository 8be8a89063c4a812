"""API of contacts and imports: the same services and verdicts as the pages."""

from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field

from adsapp.contacts import export, queries, service
from adsapp.contacts.models import Contact
from adsapp.contacts.queries import ContactFilter
from adsapp.contacts.schemas import ContactIn
from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.masks import Mask
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.web.exports import delimiter_of
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_body, parse_query
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

api = Blueprint("contacts_api", __name__, url_prefix="/api")


class Narrowed(BaseModel):
    """Which contacts: `search` in names, e-mails and numbers, one `tag`, only those who opted out, one import."""

    search: str = ""
    tag: str = ""
    opted_out: bool = False
    import_id: str = ""

    def filter(self) -> ContactFilter:
        """As this actor may look for people."""
        actor = current_actor()
        return ContactFilter(
            self.search.strip(),
            self.tag,
            self.opted_out,
            self.import_id,
            by_number=actor.sees_numbers,
            country=actor.organization.default_country,
        )


class ContactsQuery(Narrowed):
    """What to list."""

    cursor: str = ""
    limit: int = Field(PAGE, ge=1, le=MOST)


@api.get("/contacts")
@reads(ContactsQuery)
@allow(Permission.SEE)
def list_contacts() -> ResponseReturnValue:
    """Newest first; `next` is the cursor of the following page."""
    query = parse_query(ContactsQuery)
    page = queries.list_contacts(query.filter(), query.cursor, query.limit)
    tags = queries.tags_of([contact.id for contact in page.items])
    shown = [contact_json(contact, tags[contact.id], current_actor().mask) for contact in page.items]
    return {"contacts": shown, "next": page.next}


class ExportQuery(Narrowed):
    """What to export, and the delimiter of a CSV file: comma, semicolon or tab."""

    delimiter: str = ""


@api.get("/contacts.csv")
@reads(ExportQuery)
@allow(Permission.MANAGE, to="export contacts")
def export_csv() -> ResponseReturnValue:
    """All of them as CSV, which imports again as it is."""
    query = parse_query(ExportQuery)
    return export.as_csv(query.filter(), delimiter_of(query.delimiter), current_actor().by())


@api.get("/contacts.xlsx")
@reads(Narrowed)
@allow(Permission.MANAGE, to="export contacts")
def export_xlsx() -> ResponseReturnValue:
    """The same as a workbook."""
    return export.as_xlsx(parse_query(Narrowed).filter(), current_actor().by())


@api.post("/contacts")
@allow(Permission.MANAGE)
def create_contact() -> ResponseReturnValue:
    """201 with the contact; 409 if the number is a contact already."""
    actor = current_actor()
    contact = service.create_contact(parse_body(ContactIn), actor.organization.default_country, by=actor.by())
    db.session.commit()
    shown = contact_json(contact, queries.tags_of([contact.id])[contact.id], actor.mask)
    return {"contact": shown}, 201, {"Location": url_for("contacts_api.get_contact", contact_id=contact.id)}


@api.get("/contacts/<uuid:contact_id>")
@allow(Permission.SEE)
def get_contact(contact_id: Any) -> ResponseReturnValue:
    """One contact."""
    contact = queries.get_contact(contact_id)
    return contact_json(contact, queries.tags_of([contact.id])[contact.id], current_actor().mask)


def contact_json(contact: Contact, tags: list[str], mask: Mask) -> dict[str, Any]:
    """A contact for programs, as `mask` allows."""
    return {
        "id": str(contact.id),
        "phone": mask.number(contact.phone) if contact.phone.startswith("+") else "",
        "wa_user_id": mask.secret(contact.wa_user_id),
        "moved_to": mask.number(contact.moved_to) if contact.moved_to else None,
        "name": contact.display_name,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "email": contact.email,
        "email_typed": contact.email_typed or contact.email,
        "language": contact.language,
        "country": contact.country,
        "tags": tags,
        "attributes": contact.attributes,
        "opted_out": contact.opted_out_at is not None,
        "opted_out_at": iso(contact.opted_out_at),
        "created_at": iso(contact.created_at),
        "updated_at": iso(contact.updated_at),
    }
