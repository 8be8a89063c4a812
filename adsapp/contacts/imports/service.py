"""How an import starts: a file is received, its columns are mapped, its job is enqueued."""

import csv
import io
import uuid
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Dict
from pathlib import PurePath
from typing import IO, Any

from sqlalchemy import delete, update

from adsapp import jobs
from adsapp.contacts.imports import lane, uploads
from adsapp.contacts.imports.queries import running_import
from adsapp.contacts.imports.reading.errors import UnreadableFile
from adsapp.contacts.imports.reading.files import FEWEST_ROWS, MAX_COLUMNS, Inspection, Reading, inspect
from adsapp.contacts.imports.reading.mapping import ATTRIBUTE, InvalidMapping, Mapping, Problem, propose
from adsapp.contacts.imports.reading.overlooked import Overlooked, overlooked
from adsapp.contacts.imports.reading.signature import signature
from adsapp.contacts.imports.schemas import ImportOptions, ListedContact
from adsapp.contacts.imports.sheets import archives
from adsapp.contacts.imports.subject import IMPORT
from adsapp.contacts.imports.telling import tell_when_ended
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import context, db
from adsapp.core.errors import Conflict, FieldError, Invalid, NotFound
from adsapp.core.ids import new_id
from adsapp.core.web.limits import MB
from adsapp.jobs import Job
from adsapp.jobs import service as job_service
from adsapp.jobs.idempotency import require_subject
from adsapp.organizations.auditing import By

FILE_FIELD = "file"
MOST_CELLS = 2_000_000  # of a list in a request


class ImportRunning(Conflict):
    """The same file is being imported at the moment; `import_id` is that import."""

    def __init__(self, running: Import) -> None:
        super().__init__(
            f"The same file is being imported just now: {running.file_name}, started by {running.created_by or 'API'} "
            f"(import {running.id}). Wait until it has ended; nothing was started twice.",
            code="import_running",
        )
        self.import_id = running.id


def receive(stream: IO[bytes], name: str, by: By, reading: Reading | None = None) -> Import:
    """Store a file on disk, inspect it and propose what its columns become. Nothing is imported yet.

    Of a ZIP, the list in it is stored. `reading` is how the file is to be read, if it is not to be found by itself.

    Raises TooLarge; Invalid (field `file`) that says where a file cannot be read and what to do; ImportRunning if the
    same file is being imported at the moment. Nothing is kept then.
    """
    import_id = new_id()
    name = PurePath(name.replace("\\", "/")).name.strip()[:200] or "contacts.csv"
    upload = uploads.save(stream, import_id)
    try:
        inspection = _inspect(upload.path, reading or Reading(), unpack=True)
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
            header_key=signature(inspection.header),
            mapping=propose(inspection.header, inspection.sample).to_json(),
            created_by=by.name,
        )
        db.session.add(batch)
        db.session.flush()
    except BaseException:
        uploads.remove(upload.path)
        raise
    return batch


def _inspect(path: str, reading: Reading, *, unpack: bool = False) -> Inspection:
    file = uploads.full_path(path)
    try:
        if unpack:
            archives.unpack(file, context.settings().max_upload_mb * MB)
        return inspect(file, reading)
    except UnreadableFile as error:
        raise Invalid(str(error), fields=[FieldError(FILE_FIELD, str(error))], code="unreadable_file") from error


def read_again(batch: Import, reading: Reading) -> None:
    """Look at an upload once more, read in another way: another sheet, header row, encoding, delimiter or quote. What
    its columns become is proposed anew.

    Raises Invalid, and changes nothing, if it cannot be read so; Conflict if the import has begun.
    """
    if batch.status is not ImportStatus.MAPPING:
        raise Conflict("This import was begun already, so it is read as it was; discard it and upload the file again")
    inspection = _inspect(batch.path, reading)
    batch.inspection, batch.header_key = inspection.to_json(), signature(inspection.header)
    batch.mapping = propose(inspection.header, inspection.sample).to_json()
    db.session.flush()


def _refuse_twice(sha256: str) -> None:
    """Refuse a double click, or a second person with the same file."""
    # Without the lock, two simultaneous requests would both see that nothing is running.
    db.hold_key(db.session.connection(), bytes.fromhex(sha256))
    running = running_import(sha256)
    if running is not None:
        raise ImportRunning(running)


def proposed(batch: Import) -> Mapping:
    """The mapping we propose, with its notes about columns that are left out."""
    inspection = Inspection.from_json(batch.inspection)
    return propose(inspection.header, inspection.sample)


def unused_columns(batch: Import, chosen: Mapping | None = None) -> tuple[Overlooked, ...]:
    """Columns somebody should look at, because they are not used: by the chosen mapping, or by the stored one."""
    inspection = Inspection.from_json(batch.inspection)
    return overlooked(chosen or Mapping.stored(batch.mapping, inspection.header), inspection.sample)


def start_import(
    batch: Import,
    mapping: Mapping,
    options: ImportOptions,
    *,
    by: By,
    idempotency_key: str | None = None,
    digest: str | None = None,
) -> Job:
    """Check the mapping, store it and enqueue the job with the `idempotency_key` and `digest` of the request. A dry run
    leaves the import unbegun, with what it would do (`trial`); another, or the import itself, takes its place.

    Raises Invalid that names the columns; Conflict if this import, or one of the same file, was started already;
    AskedMeanwhile if another request used the key at the same moment.
    """
    problems = mapping.validate()
    if problems:
        raise invalid_mapping(problems)
    _refuse_twice(batch.sha256)
    _settle(batch, mapping, options)
    end_trial(batch, by)
    verb = "Try" if options.dry_run else "Import"
    job = jobs.enqueue(
        "try-import" if options.dry_run else "import-contacts",
        {"import_id": str(batch.id)},
        title=f"{verb} {batch.file_name}"[:200],
        subject=IMPORT.of(batch.id),
        idempotency_key=idempotency_key,
        digest=digest,
        created_by=by.name,
    )
    job_id = require_subject(job, IMPORT.of(batch.id)).id
    lane.line_up(job)
    if options.dry_run:
        batch.trial_job_id, batch.trial = job_id, None
        by.audit("try import", IMPORT.of(batch.id), title=batch.file_name)
    else:
        batch.job_id = job_id
        by.audit("start import", IMPORT.of(batch.id), title=batch.file_name)
        tell_when_ended(job, batch.id, by.user_id)
    db.session.flush()
    db.session.expire(batch)
    return job


def _settle(batch: Import, mapping: Mapping, options: ImportOptions) -> None:
    """Keep how it is imported; Conflict if it was begun."""
    status = ImportStatus.MAPPING if options.dry_run else ImportStatus.QUEUED
    inspection = batch.inspection
    if not options.dry_run:  # nobody looks at its columns any more, and its page is read again and again
        inspection = inspection | {"sample": inspection["sample"][:FEWEST_ROWS]}
    begun = db.session.execute(
        update(Import)
        .where(Import.id == batch.id, Import.status == ImportStatus.MAPPING)
        .values(status=status, mapping=mapping.to_json(), options=options.to_json(), inspection=inspection)
        .returning(Import.id)
    ).first()
    if begun is None:
        raise Conflict("This import was begun already; open it to see how far it is", code="import_running")


def end_trial(batch: Import, by: By) -> None:
    """Something else takes the place of a trial that still runs."""
    if batch.trial_job is not None and not batch.trial_job.is_finished:
        job_service.cancel(batch.trial_job, by)


def cancel(batch: Import, by: By) -> None:
    """Stop it after the chunk that is being written; what is imported stays. Conflict if it has ended.

    Of an import that is being undone, the undoing: what is put back stays so.
    """
    job_service.cancel(_job_of(batch), by)


def retry(batch: Import, by: By) -> None:
    """Go on after the last row that was imported; Conflict unless it failed or was cancelled, or if it was undone."""
    if batch.undo is not None:
        raise Conflict("This import was undone. To import the file after all, upload it again", code="import_undone")
    job_service.retry(_job_of(batch), by)


def _job_of(batch: Import) -> Job:
    job = batch.undo.job if batch.undo else batch.job or batch.trial_job
    if job is None:
        raise NotFound("This import has no job yet")
    return job


def invalid_mapping(problems: Iterable[Problem]) -> Invalid:
    """The problems of a mapping as one error that names the place of each."""
    fields = [FieldError(problem.place, problem.message) for problem in problems]
    return Invalid(" ".join(f"{field.field}: {field.message}" for field in fields), fields=fields, code="mapping")


def mapping_of(data: Dict[str, str | None], header: Sequence[str]) -> Mapping:
    """A mapping by header names or indexes; raises Invalid that names keys which are not columns."""
    try:
        mapping = Mapping.from_json(data, header)
    except InvalidMapping as error:
        raise invalid_mapping(error.problems) from None
    problems = mapping.validate()
    if problems:
        raise invalid_mapping(problems)
    return mapping


def note_export(batch: Import, by: By) -> None:
    """Before the file of its refused rows is made: who took it."""
    by.note("export refused rows", IMPORT.of(batch.id), title=batch.file_name)


def discard(batch: Import, by: By) -> None:
    """Delete an upload whose import was not started; raises Conflict if it was."""
    path = batch.path
    end_trial(batch, by)
    gone = db.session.execute(
        delete(Import).where(Import.id == batch.id, Import.status == ImportStatus.MAPPING).returning(Import.id)
    ).first()
    if gone is None:
        raise Conflict("This import has begun and cannot be discarded; cancel it instead")
    db.after_commit(lambda: uploads.remove(path))


def receive_list(contacts: Sequence[ListedContact], by: By) -> tuple[Import, Mapping]:
    """Write contacts from a request to a file, to be imported like any other; returns the import and its mapping."""
    attributes = list(dict.fromkeys(key for contact in contacts for key in contact.attributes))
    fields = [name for name in ListedContact.model_fields if name not in ("tags", "attributes")]
    header = [*fields, "tags", *attributes]
    _refuse_wide(len(contacts), len(header))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(_cells(contact, fields, attributes) for contact in contacts)
    batch = receive(io.BytesIO(out.getvalue().encode()), f"contacts-{uuid.uuid4().hex[:8]}.csv", by=by)
    targets = [*fields, "tags", *(ATTRIBUTE + key for key in attributes)]
    return batch, Mapping(tuple(header), tuple(targets))


def _refuse_wide(rows: int, columns: int) -> None:
    """Every attribute is a column of every contact: a list whose contacts each name others grows with their square."""
    if columns > MAX_COLUMNS or rows * columns > MOST_CELLS:
        raise Invalid.field(
            "contacts",
            f"{rows:,} contacts with {columns:,} different fields are too many for a list: {MAX_COLUMNS:,} fields and "
            f"{MOST_CELLS:,} values at most. Send several lists, or a file",
        )


def _cells(contact: ListedContact, fields: Sequence[str], attributes: Sequence[str]) -> list[Any]:
    named = [getattr(contact, name) for name in fields]
    return [*named, ",".join(contact.tags), *(contact.attributes.get(key, "") for key in attributes)]
