"""API of imports: a file or a list of contacts becomes an import job."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field
from werkzeug.datastructures import FileStorage

from adsapp.contacts.api import api
from adsapp.contacts.imports import queries as import_queries
from adsapp.contacts.imports import service as import_service
from adsapp.contacts.imports import uploads
from adsapp.contacts.imports.country import doubts
from adsapp.contacts.imports.queries import RowFilter
from adsapp.contacts.imports.reading.delimiters import DELIMITER_NAMES
from adsapp.contacts.imports.reading.files import Inspection, Reading
from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.imports.rows.presenter import row_json
from adsapp.contacts.imports.schemas import FileOptions, ImportOptions, ListedContacts
from adsapp.contacts.imports.service import ImportRunning, mapping_of
from adsapp.contacts.imports.subject import IMPORT
from adsapp.contacts.imports.trial.presenter import trial_json
from adsapp.contacts.imports.undo import queries as undo_queries
from adsapp.contacts.imports.undo import service as undo_service
from adsapp.contacts.imports.undo.presenter import undo_json
from adsapp.contacts.models import Import
from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.errors import Invalid
from adsapp.core.inputs import MOST_ROWS, number_after
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.web.limits import MB, takes, takes_upload
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import as_json, parse, parse_body, parse_query
from adsapp.jobs import Job, digest_of
from adsapp.jobs.api.idempotency import requested_key, sha256_of
from adsapp.jobs.api.serializers import job_json
from adsapp.jobs.idempotency import AskedMeanwhile, find_replay
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.auditing import By
from adsapp.organizations.policy import Permission

IMPORT_KIND = "import-contacts"
LIST_BYTES = 4 * MB  # a list in JSON is read into memory, where it takes some thirty times its size; a file is not


@api.post("/jobs/import-contacts")
@takes_upload
@takes(LIST_BYTES)
@allow(Permission.MANAGE)
def import_contacts() -> ResponseReturnValue:
    """A file (multipart `file`, with optional `mapping` and `options` as JSON) or a list of contacts; 202.

    The same answer again for the same Idempotency-Key.
    """
    key = requested_key()
    asked = _asked_with_file(key) if request.mimetype == "multipart/form-data" else _asked_with_list()
    if (known := find_replay(key, asked.digest)) is not None:
        return _accepted(known, asked.options)
    try:
        job = _start(asked, key)
    except (ImportRunning, AskedMeanwhile):  # perhaps this same request was sent twice
        db.session.rollback()
        if (known := find_replay(key, asked.digest)) is None:
            raise
        return _accepted(known, asked.options)
    return _accepted(job, asked.options)


def _accepted(job: Job, options: ImportOptions) -> ResponseReturnValue:
    batch = import_queries.get_import(IMPORT.id_of(job.subject))
    shown = import_json(batch)
    if not options.default_country:
        inspection, own = Inspection.from_json(batch.inspection), current_actor().organization.default_country
        found = doubts(inspection, Mapping.stored(batch.mapping, inspection.header), own)
        shown["warnings"] += [asdict(each) for each in found]
    return {"job": job_json(job), "import": shown}, 202, {"Location": f"/api/jobs/{job.id}"}


@dataclass(frozen=True)
class _Asked:
    """A request: the options, the digest of everything in it, and how to receive the file."""

    options: ImportOptions
    digest: str
    receive: Callable[[By], tuple[Import, Mapping]]


def _asked_with_file(key: str | None) -> _Asked:
    options, wanted, file = parse(FileOptions, _form_json("options")), _wanted_mapping(), _sent_file()
    content = sha256_of(file.stream) if key else ""  # reads the whole file once more, so only if there is a key
    digest = digest_of(IMPORT_KIND, content, options.model_dump(mode="json", exclude_none=True), wanted)
    return _Asked(options.importing, digest, lambda by: _receive_file(file, wanted, options.reading, by))


def _asked_with_list() -> _Asked:
    body = parse_body(ListedContacts)
    digest = digest_of(IMPORT_KIND, body.model_dump(mode="json"))
    return _Asked(body.options, digest, lambda by: import_service.receive_list(body.contacts, by=by))


@api.get("/imports/<uuid:import_id>")
@allow(Permission.SEE)
def get_import(import_id: Any) -> ResponseReturnValue:
    """Status and counts; the five counts add up to `rows_read` at any moment."""
    return import_json(import_queries.get_import(import_id))


class RowsQuery(BaseModel):
    """Of which outcome (rejected, duplicate, noted) and code; blank: of all."""

    outcome: str = ""
    code: str = ""
    cursor: str = ""
    limit: int = Field(PAGE, ge=1, le=MOST)


@api.get("/imports/<uuid:import_id>/rows")
@reads(RowsQuery)
@allow(Permission.SEE)
def list_rows(import_id: Any) -> ResponseReturnValue:
    """Rows that were refused, repeat somebody or got a remark. `cells` are null for whoever sees no numbers."""
    batch, wanted, shown = import_queries.get_import(import_id), parse_query(RowsQuery), current_actor().sees_numbers
    after = number_after(wanted.cursor, MOST_ROWS) if wanted.cursor else 0
    page = import_queries.reported_rows(batch.id, RowFilter(wanted.outcome, wanted.code), after, wanted.limit)
    return {"rows": [row_json(row, with_cells=shown) for row in page.items], "next": page.next}


@api.post("/imports/<uuid:import_id>/start")
@allow(Permission.MANAGE)
def start_import(import_id: Any) -> ResponseReturnValue:
    """Import for real what was tried by `dry_run`, with the same columns and options; 202 with the job."""
    batch, actor = import_queries.get_import(import_id), current_actor()
    mapping = Mapping.stored(batch.mapping, batch.inspection["header"])
    options = _with_country(ImportOptions(**batch.options), actor.organization.default_country)
    job = import_service.start_import(batch, mapping, options, by=actor.by())
    db.session.commit()
    return _accepted(job, options)


@api.post("/imports/<uuid:import_id>/undo")
@allow(Permission.MANAGE)
def undo_import(import_id: Any) -> ResponseReturnValue:
    """Put everybody back as they were before it; 202 with the job. 409 with the reason if that is not possible."""
    batch = import_queries.get_import(import_id)
    job = undo_service.ask_undo(batch, current_actor().by())
    db.session.commit()
    answer = {"job": job_json(job), "import": import_json(import_queries.get_import(import_id))}
    return answer, 202, {"Location": f"/api/jobs/{job.id}"}


class KeptQuery(BaseModel):
    """Of which reason; blank: of all."""

    reason: str = ""
    cursor: str = ""
    limit: int = Field(PAGE, ge=1, le=MOST)


@api.get("/imports/<uuid:import_id>/kept")
@reads(KeptQuery)
@allow(Permission.SEE)
def list_kept(import_id: Any) -> ResponseReturnValue:
    """Contacts that the undoing of the import left as they are, each with the code of the reason."""
    batch = import_queries.get_import(import_id)
    wanted = parse_query(KeptQuery)
    page = undo_queries.kept(batch.id, wanted.reason, wanted.cursor, wanted.limit)
    return {
        "kept": [{"contact_id": str(contact.id), "reason": why} for contact, why in page.items],
        "next": page.next,
    }


def _form_json(name: str) -> dict[str, Any]:
    text = request.form.get(name, "").strip()
    if not text:
        return {}
    value = as_json(text, name)
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


def _receive_file(file: FileStorage, wanted: dict[str, str | None], reading: Reading, by: By) -> tuple[Import, Mapping]:
    batch = import_service.receive(file.stream, file.filename or "", by=by, reading=reading)
    if not wanted:
        return batch, import_service.proposed(batch)
    try:
        return batch, mapping_of(wanted, batch.inspection["header"])
    except Invalid:
        uploads.remove(batch.path)
        raise


def _with_country(options: ImportOptions, country: str) -> ImportOptions:
    return options if options.default_country else options.model_copy(update={"default_country": country})


def _start(asked: _Asked, key: str | None) -> Job:
    actor = current_actor()
    batch, mapping = asked.receive(actor.by())
    options = _with_country(asked.options, actor.organization.default_country)
    try:
        job = import_service.start_import(
            batch, mapping, options, by=actor.by(), idempotency_key=key, digest=asked.digest
        )
        db.session.commit()
    except BaseException:
        uploads.remove(batch.path)
        raise
    return job


def _file_json(inspection: Inspection) -> dict[str, Any]:
    """What the file is and how it was read; what a person should know of it."""
    is_text = not inspection.is_workbook
    return {
        "kind": inspection.kind.value,
        "encoding": inspection.encoding if is_text else None,
        "delimiter": DELIMITER_NAMES[inspection.delimiter] if is_text else None,
        "quote": inspection.quote if is_text else None,
        "sheet": None if inspection.sheet is None else inspection.sheets[inspection.sheet],
        "sheets": [
            {"name": name, "hidden": index in inspection.hidden} for index, name in enumerate(inspection.sheets)
        ],
        "header_row": inspection.header_line,
        "columns": list(inspection.header),
        "notes": [*filter(None, [inspection.encoding_note]), *inspection.notes],
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
        "opted_out": batch.opted_out,
        "rejected_by_code": batch.rejected_by_code,
        "noted_by_code": batch.noted_by_code,
        "file": _file_json(Inspection.from_json(batch.inspection)),
        "mapping": batch.mapping,
        "warnings": [asdict(each) for each in import_service.unused_columns(batch)],
        "options": batch.options,
        "same_file": str(earlier.id) if (earlier := import_queries.earlier_import(batch)) else None,
        "dry_run": trial_json(batch, with_people=current_actor().sees_numbers),
        "undo": undo_json(batch),
        "cannot_undo": undo_service.why_not(batch),
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
            "rows": f"/api/imports/{batch.id}/rows",
        },
    }
