"""The begin of an import: a file is received, its columns are mapped, the job is started."""

import csv
import io
import uuid
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import IO, Any

from sqlalchemy import delete, update

from adsapp import jobs
from adsapp.contacts.imports import uploads
from adsapp.contacts.imports.queries import running_import
from adsapp.contacts.imports.reading.errors import UnreadableFile
from adsapp.contacts.imports.reading.files import Inspection, inspect
from adsapp.contacts.imports.reading.mapping import ATTRIBUTE, Mapping, Problem, propose
from adsapp.contacts.imports.schemas import ImportOptions, ListedContact
from adsapp.contacts.imports.subject import IMPORT
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import db
from adsapp.core.errors import Conflict, FieldError, Invalid, NotFound
from adsapp.core.ids import new_id
from adsapp.jobs import Job
from adsapp.jobs import service as job_service
from adsapp.jobs.idempotency import require_subject
from adsapp.organizations.auditing import NOBODY, By

FILE_FIELD = "file"


class ImportRunning(Conflict):
    """The very same file is being imported just now; `import_id` is that import's."""

    def __init__(self, running: Import) -> None:
        super().__init__(
            f"The same file is being imported just now: {running.file_name}, started by {running.created_by or 'API'} "
            f"(import {running.id}). Wait until it has ended; nothing was started twice.",
            code="import_running",
        )
        self.import_id = running.id


def receive(stream: IO[bytes], name: str, by: By = NOBODY) -> Import:
    """Take in a file: to disk, looked at, its columns proposed. Nothing is imported yet.

    Raises TooLarge; Invalid (field `file`) for a file that cannot be read, with the place and what to do; Conflict
    where the very same file is being imported just now. Then nothing is kept.
    """
    import_id = new_id()
    name = PurePath(name.replace("\\", "/")).name.strip()[:200] or "contacts.csv"
    upload = uploads.save(stream, import_id)
    try:
        inspection = _inspect(upload)
        _refuse_twice(upload.sha256)
        batch = Import(
            id=import_id,
            organization_id=db.require_organization_id(),
            status=ImportStatus.MAPPING,
            file_name=name,
            path=upload.path,
            sha256=upload.sha256,
            size_bytes=upload.size_bytes,
            inspection=inspection.to_json(),
            mapping=propose(inspection.header, inspection.sample).to_json(),
            created_by=by.name,
        )
        db.session.add(batch)
        db.session.flush()
    except BaseException:
        uploads.remove(upload.path)
        raise
    return batch


def _inspect(upload: uploads.Upload) -> Inspection:
    try:
        return inspect(uploads.full_path(upload.path))
    except UnreadableFile as error:
        raise Invalid(str(error), fields=[FieldError(FILE_FIELD, str(error))], code="unreadable_file") from error


def _refuse_twice(sha256: str) -> None:
    """A double click, or a second person with the same file."""
    db.hold_key(db.session.connection(), bytes.fromhex(sha256))  # else both would see nothing running
    running = running_import(sha256)
    if running is not None:
        raise ImportRunning(running)


def proposed(batch: Import) -> Mapping:
    """The mapping we would choose, with its notes about columns left out."""
    inspection = Inspection.from_json(batch.inspection)
    return propose(inspection.header, inspection.sample)


def start_import(
    batch: Import,
    mapping: Mapping,
    options: ImportOptions,
    *,
    by: By = NOBODY,
    idempotency_key: str | None = None,
    digest: str | None = None,
) -> Job:
    """Begin: check the mapping, keep it, enqueue the job, with the `idempotency_key` and `digest` of the request.

    Raises Invalid that names the columns; Conflict where it was begun already or the same file runs; AskedMeanwhile
    where another request used the key at the same moment.
    """
    problems = mapping.validate()
    if problems:
        raise invalid_mapping(problems)
    _refuse_twice(batch.sha256)
    begun = db.session.execute(
        update(Import)
        .where(Import.id == batch.id, Import.status == ImportStatus.MAPPING)
        .values(status=ImportStatus.QUEUED, mapping=mapping.to_json(), options=options.to_json())
        .returning(Import.id)
    ).first()
    if begun is None:
        raise Conflict("This import was begun already; open it to see how far it is", code="import_running")
    job = jobs.enqueue(
        "import-contacts",
        {"import_id": str(batch.id)},
        title=f"Import {batch.file_name}"[:200],
        subject=IMPORT.of(batch.id),
        idempotency_key=idempotency_key,
        digest=digest,
        created_by=by.name,
    )
    batch.job_id = require_subject(job, IMPORT.of(batch.id)).id
    by.audit("start import", f"import:{batch.id}", title=batch.file_name)
    db.session.flush()
    db.session.refresh(batch)
    return job


def cancel(batch: Import, by: By) -> None:
    """Stop it after the chunk that is being written; what is imported stays. Conflict if it has ended."""
    job_service.cancel(_job_of(batch), by)


def retry(batch: Import, by: By) -> None:
    """Go on after the last row that was imported; Conflict unless it failed or was cancelled."""
    job_service.retry(_job_of(batch), by)


def _job_of(batch: Import) -> Job:
    if batch.job is None:
        raise NotFound("This import has no job yet")
    return batch.job


def invalid_mapping(problems: Iterable[Problem]) -> Invalid:
    """What is wrong with a mapping, as an error with a place for each."""
    fields = [FieldError(problem.place, problem.message) for problem in problems]
    return Invalid(" ".join(f"{field.field}: {field.message}" for field in fields), fields=fields, code="mapping")


def discard(batch: Import) -> None:
    """Throw away an upload that was not begun; Conflict where it was."""
    path = batch.path
    gone = db.session.execute(
        delete(Import).where(Import.id == batch.id, Import.status == ImportStatus.MAPPING).returning(Import.id)
    ).first()
    if gone is None:
        raise Conflict("This import has begun and cannot be discarded; cancel it instead")
    db.after_commit(lambda: uploads.remove(path))


def receive_list(contacts: Sequence[ListedContact], by: By = NOBODY) -> tuple[Import, Mapping]:
    """Contacts from a request, written to a file and imported the same way; the import and its mapping."""
    attributes = list(dict.fromkeys(key for contact in contacts for key in contact.attributes))
    fields = [name for name in ListedContact.model_fields if name not in ("tags", "attributes")]
    header = [*fields, "tags", *attributes]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(_cells(contact, fields, attributes) for contact in contacts)
    batch = receive(io.BytesIO(out.getvalue().encode()), f"contacts-{uuid.uuid4().hex[:8]}.csv", by=by)
    targets = [*fields, "tags", *(ATTRIBUTE + key for key in attributes)]
    return batch, Mapping(tuple(header), tuple(targets))


def _cells(contact: ListedContact, fields: Sequence[str], attributes: Sequence[str]) -> list[Any]:
    named = [getattr(contact, name) for name in fields]
    return [*named, ",".join(contact.tags), *(contact.attributes.get(key, "") for key in attributes)]
