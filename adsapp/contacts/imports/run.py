"""Runs an import chunk by chunk. An import that was killed continues exactly where it was.

Each chunk is judged first, which is all the computing, and then written in one short transaction together with the
counters and the position where reading continues. The transaction is committed only if the worker still holds the job.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError, OperationalError

from adsapp.contacts.imports import uploads
from adsapp.contacts.imports.chunk import ChunkPlan, Judged, Tally, store_chunk
from adsapp.contacts.imports.queries import get_import
from adsapp.contacts.imports.reading.files import (
    Inspection,
    Position,
    Row,
    UnreadableFile,
    count_rows,
    prepare,
    read_rows,
    settled,
)
from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.imports.reading.rows import Defaults, RowJudge
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.contacts.models import Contact, ContactImport, ContactTag, Import, ImportStatus
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import refresh_statistics
from adsapp.core.logs import get_logger
from adsapp.jobs import JobFailed, Progress

log = get_logger()

WRITE_TRIES = 3
UNREADABLE = "unreadable_file"  # permanent: another attempt would read the same file


@dataclass(frozen=True)
class Plan:
    """Everything an attempt needs, read once, so that nothing is loaded again between chunks."""

    chunk: ChunkPlan
    path: str
    inspection: Inspection
    judge: RowJudge
    position: Position | None
    tally: Tally
    is_done: bool

    @property
    def file(self) -> Path:
        """The file's path on this machine."""
        return uploads.full_path(self.path)


def run_import(import_id: uuid.UUID, progress: Progress) -> dict[str, Any]:
    """Import the file from the stored position to its end; the counts. Raises JobFailed if the file is broken."""
    try:
        plan = _begin(import_id)
        progress.commit()
        if not plan.is_done:
            _import(plan, progress)
    except UnreadableFile as error:
        raise JobFailed(UNREADABLE, str(error), permanent=True) from error
    uploads.remove(plan.path)
    return _result(get_import(import_id))


def _begin(import_id: uuid.UUID) -> Plan:
    batch = get_import(import_id)
    file = uploads.full_path(batch.path)
    if not batch.position and file.is_file():  # else it was settled by an earlier attempt, or is on another machine
        batch.inspection = settled(file, Inspection.from_json(batch.inspection)).to_json()
    plan = _plan(batch)
    if not plan.is_done:
        batch.status = ImportStatus.IMPORTING
        batch.started_at = batch.started_at or utcnow()
    return plan


def _plan(batch: Import) -> Plan:
    inspection, options = Inspection.from_json(batch.inspection), ImportOptions(**batch.options)
    mapping = Mapping.stored(batch.mapping, inspection.header)
    place = batch.position
    return Plan(
        ChunkPlan(batch.id, batch.file_name, batch.created_by, options, mapping.index_of("name") is not None),
        batch.path,
        inspection,
        RowJudge(mapping, Defaults(options.default_country or None, tuple(options.tags))),
        Position(place["offset"], place["number"], place["line"]) if place else None,
        _tally(batch),
        batch.status is ImportStatus.COMPLETED,
    )


def _tally(batch: Import) -> Tally:
    return Tally(
        batch.created,
        batch.updated,
        batch.unchanged,
        batch.duplicate,
        batch.rejected,
        batch.opted_out,
        Counter(batch.rejected_by_code),
        Counter(batch.noted_by_code),
    )


def _import(plan: Plan, progress: Progress) -> None:
    if not plan.file.is_file():
        raise JobFailed(
            "file_missing",
            "The uploaded file is not there any more: upload it again. If this happens to every file, web and "
            "workers do not share the directory ADSAPP_HOME.",
        )
    # Reading it to the end first finds a broken file before anything is stored, and gives the true total.
    prepare(plan.file, plan.inspection)
    total, tally = count_rows(plan.file, plan.inspection), plan.tally
    progress.start(total, done=tally.rows, failed=tally.rejected)
    for number, rows in enumerate(_chunks(read_rows(plan.file, plan.inspection, plan.position)), 1):
        progress.check()
        tally, stored = _store(plan, [plan.judge(row) for row in rows], tally, rows[-1].position, progress)
        progress.advance(stored.rows, stored.rejected)
        if number & (number - 1) == 0:  # after 1, 2, 4, 8 … chunks, that is whenever the tables may have doubled
            refresh_statistics(Contact, ContactTag, ContactImport)
    _save(plan, {"status": ImportStatus.COMPLETED, "finished_at": utcnow()})
    progress.commit()


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    size, rest = context.settings().import_chunk_rows, iter(rows)
    while chunk := list(islice(rest, size)):
        yield chunk


def _store(
    plan: Plan, judged: list[Judged], before: Tally, position: Position, progress: Progress
) -> tuple[Tally, Tally]:
    """Write one chunk; returns the counts so far, and those of the chunk."""
    for left in reversed(range(WRITE_TRIES)):
        try:
            stored = store_chunk(plan.chunk, judged)
            tally = before + stored
            _save(plan, {"position": position._asdict(), "rows_read": tally.rows, **vars(tally)})
            progress.commit()
        except (IntegrityError, OperationalError) as error:
            # Somebody created one of these contacts at the same moment, or locked them in another order: try again.
            db.session.rollback()
            if not left:
                raise
            log.info("chunk_again", import_id=str(plan.chunk.import_id), error=type(error).__name__)
        else:
            return tally, stored
    raise AssertionError("unreachable")


def _save(plan: Plan, values: dict[str, Any]) -> None:
    db.session.execute(update(Import).where(Import.id == plan.chunk.import_id).values(values))


def _result(batch: Import) -> dict[str, Any]:
    names = ("rows_read", "created", "updated", "unchanged", "duplicate", "rejected")
    return {"import_id": str(batch.id), **{name: getattr(batch, name) for name in names}}
