"""API of contacts and imports: the same services and verdicts as the pages."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field
from werkzeug.datastructures import FileStorage

from adsapp.contacts import import_queries, import_service, queries, service, uploads
from adsapp.contacts.forms import mapping_of
from adsapp.contacts.import_items import rows_as_items
from adsapp.contacts.import_service import ImportRunning
from adsapp.contacts.inputs import ContactIn, ImportOptions, ListedContacts
from adsapp.contacts.models import Contact, Import
from adsapp.contacts.queries import ContactFilter
from adsapp.contacts.reading.mapping import Mapping
from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.errors import Invalid, TooLarge
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.parsing import parse, parse_body, parse_query
from adsapp.core.templating import format_phone
from adsapp.jobs import idempotency
from adsapp.jobs.enqueueing import digest_of
from adsapp.jobs.idempotency import AskedMeanwhile
from adsapp.jobs.items import register_items
from adsapp.jobs.json import job_json
from adsapp.jobs.models import Job
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

api = Blueprint("contacts_api", __name__, url_prefix="/api")
register_items("import-contacts", rows_as_items)

IMPORT = "import-contacts"
MAX_LIST_BYTES = 20 * 1024 * 1024  # a list in JSON is read into memory; a file is not


class ContactsQuery(BaseModel):
    """What to list: `search` in names, e-mails and numbers, one `tag`, only those who opted out, one import."""

    search: str = ""
    tag: str = ""
    opted_out: bool = False
    import_id: str = ""
    cursor: str = ""
    limit: int = Field(PAGE, ge=1, le=MOST)


@api.get("/contacts")
@allow(Permission.SEE)
def list_contacts() -> ResponseReturnValue:
    """Newest first; `next` is the cursor of the following page."""
    query = parse_query(ContactsQuery)
    whole, country = current_actor().sees_numbers, current_actor().organization.default_country
    wanted = ContactFilter(
        query.search.strip(), query.tag, query.opted_out, query.import_id, by_number=whole, country=country
    )
    page = queries.list_contacts(wanted, query.cursor, query.limit)
    tags = queries.tags_of([contact.id for contact in page.items])
    shown = [contact_json(contact, tags[contact.id], whole=whole) for contact in page.items]
    return {"contacts": shown, "next": page.next}


@api.post("/contacts")
@allow(Permission.MANAGE)
def create_contact() -> ResponseReturnValue:
    """201 with the contact; 409 where the number is a contact already."""
    actor = current_actor()
    contact = service.create_contact(parse_body(ContactIn), actor.organization.default_country)
    db.session.commit()
    shown = contact_json(contact, queries.tags_of([contact.id])[contact.id], whole=actor.sees_numbers)
    return {"contact": shown}, 201, {"Location": url_for("contacts_api.get_contact", contact_id=contact.id)}


@api.get("/contacts/<uuid:contact_id>")
@allow(Permission.SEE)
def get_contact(contact_id: Any) -> ResponseReturnValue:
    """One contact."""
    contact = queries.get_contact(contact_id)
    return contact_json(contact, queries.tags_of([contact.id])[contact.id], whole=current_actor().sees_numbers)


@api.post("/jobs/import-contacts")
@allow(Permission.MANAGE)
def import_contacts() -> ResponseReturnValue:
    """A file (multipart `file`, with optional `mapping` and `options` as JSON) or a list of contacts; 202.

    The same again for the same Idempotency-Key.
    """
    key = idempotency.requested_key()
    asked = _asked_with_file(key) if request.mimetype == "multipart/form-data" else _asked_with_list()
    if (known := idempotency.known_job(key, asked.digest)) is not None:
        return _accepted(known)
    try:
        job = _start(asked, key)
    except (ImportRunning, AskedMeanwhile):  # perhaps it is this very request, sent twice
        db.session.rollback()
        if (known := idempotency.known_job(key, asked.digest)) is None:
            raise
        return _accepted(known)
    return _accepted(job)


def _accepted(job: Job) -> ResponseReturnValue:
    batch = import_queries.get_import((job.subject or "").removeprefix("import:"))
    return {"job": job_json(job), "import": import_json(batch)}, 202, {"Location": f"/api/jobs/{job.id}"}


@dataclass(frozen=True)
class _Asked:
    """What was asked for: options, the digest of it all, and how the file is taken in."""

    options: ImportOptions
    digest: str
    receive: Callable[[str], tuple[Import, Mapping]]


def _asked_with_file(key: str | None) -> _Asked:
    options, wanted, file = parse(ImportOptions, _form_json("options")), _wanted_mapping(), _sent_file()
    content = idempotency.sha256_of(file.stream) if key else ""  # another look at the whole file, only where it counts
    digest = digest_of(IMPORT, content, options.model_dump(mode="json"), wanted)
    return _Asked(options, digest, lambda by: _receive_file(file, wanted, by))


def _asked_with_list() -> _Asked:
    body = _listed()
    digest = digest_of(IMPORT, body.model_dump(mode="json"))
    return _Asked(body.options, digest, lambda by: import_service.receive_list(body.contacts, by=by))


@api.get("/imports/<uuid:import_id>")
@allow(Permission.SEE)
def get_import(import_id: Any) -> ResponseReturnValue:
    """How far it is: the five counts add up to `rows_read` at any moment."""
    return import_json(import_queries.get_import(import_id))


def _form_json(name: str) -> dict[str, Any]:
    text = request.form.get(name, "").strip()
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Invalid.field(name, f"This is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Invalid.field(name, 'This should be a JSON object, such as {"Mobile": "phone"}')
    return value


def _wanted_mapping() -> dict[str, str | None]:
    wanted = _form_json("mapping")
    for column, target in wanted.items():
        if not (target is None or isinstance(target, str)):
            raise Invalid.field(f"mapping.{column}", "should be the name of a field, or null to leave it out")
    return wanted


def _sent_file() -> FileStorage:
    file = request.files.get(import_service.FILE_FIELD)
    if file is None or not file.filename:
        raise Invalid.field(import_service.FILE_FIELD, "No file was sent: send it as the multipart field `file`")
    return file


def _receive_file(file: FileStorage, wanted: dict[str, str | None], by: str) -> tuple[Import, Mapping]:
    batch = import_service.receive(file.stream, file.filename or "", by=by)
    if not wanted:
        return batch, import_service.proposed(batch)
    try:
        return batch, mapping_of(wanted, batch.inspection["header"])
    except Invalid:
        uploads.remove(batch.path)
        raise


def _listed() -> ListedContacts:
    if (request.content_length or 0) > MAX_LIST_BYTES:
        raise TooLarge("A list of contacts in JSON may be 20 MB large; send more as a file", code="too_large")
    return parse_body(ListedContacts)


def _with_country(options: ImportOptions, country: str) -> ImportOptions:
    return options if options.default_country else options.model_copy(update={"default_country": country})


def _start(asked: _Asked, key: str | None) -> Job:
    actor = current_actor()
    batch, mapping = asked.receive(actor.name)
    options = _with_country(asked.options, actor.organization.default_country)
    try:
        job = import_service.start_import(
            batch, mapping, options, by=actor.name, idempotency_key=key, digest=asked.digest
        )
        db.session.commit()
    except BaseException:
        uploads.remove(batch.path)
        raise
    return job


def contact_json(contact: Contact, tags: list[str], *, whole: bool) -> dict[str, Any]:
    """A contact for programs; `whole` False masks the number."""
    return {
        "id": str(contact.id),
        "phone": format_phone(contact.phone, whole),
        "name": contact.display_name,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "email": contact.email,
        "language": contact.language,
        "country": contact.country,
        "tags": tags,
        "attributes": contact.attributes,
        "opted_out": contact.opted_out_at is not None,
        "opted_out_at": iso(contact.opted_out_at),
        "created_at": iso(contact.created_at),
        "updated_at": iso(contact.updated_at),
    }


def import_json(batch: Import) -> dict[str, Any]:
    """An import for programs."""
    return {
        "id": str(batch.id),
        "status": batch.standing.value,
        "reason": batch.reason,
        "file_name": batch.file_name,
        "size_bytes": batch.size_bytes,
        "rows_read": batch.rows_read,
        "created": batch.created,
        "updated": batch.updated,
        "unchanged": batch.unchanged,
        "duplicate": batch.duplicate,
        "rejected": batch.rejected,
        "rejected_by_code": batch.rejected_by_code,
        "noted_by_code": batch.noted_by_code,
        "mapping": batch.mapping,
        "options": batch.options,
        "job_id": str(batch.job_id) if batch.job_id else None,
        "created_by": batch.created_by,
        "created_at": iso(batch.created_at),
        "started_at": iso(batch.started_at),
        "finished_at": iso(batch.finished_at),
        "links": {
            "self": f"/api/imports/{batch.id}",
            "job": f"/api/jobs/{batch.job_id}" if batch.job_id else None,
            "page": f"/imports/{batch.id}",
            "rejected": f"/imports/{batch.id}/rejected.csv",
        },
    }
