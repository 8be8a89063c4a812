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
from adsapp.core.ahead import ahead
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import refresh_statistics
from adsapp.core.logs import get_logger
from adsapp.core.observing.metrics import counter
from adsapp.jobs import JobFailed, Progress

log = get_logger()

ROWS = counter("adsapp_import_rows_total", "Rows of files that were imported, by what became of them", "outcome")
OUTCOMES = ("created", "updated", "unchanged", "duplicate", "rejected")

WRITE_TRIES = 3
UNDONE = "import_undone"
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
        log.warning("import_unreadable", import_id=str(import_id))
        raise JobFailed(UNREADABLE, str(error), permanent=True) from error
    uploads.remove(plan.path)
    result = _result(get_import(import_id))
    log.info("import_completed", **result)
    return result


def _begin(import_id: uuid.UUID) -> Plan:
    batch = get_import(import_id)
    if batch.undo is not None:
        raise JobFailed(
            UNDONE, "This import was undone. To import the file after all, upload it again.", permanent=True
        )
    file = uploads.full_path(batch.path)
    if not batch.position and file.is_file():  # else it was settled by an earlier attempt, or is on another machine
        batch.inspection = settled(file, Inspection.from_json(batch.inspection)).to_json()
    plan = plan_of(batch)
    if not plan.is_done:
        batch.undo_kept = batch.undo_kept or not batch.position  # not of one that an older version began
        batch.status = ImportStatus.IMPORTING
        batch.started_at = batch.started_at or utcnow()
    return plan


def plan_of(batch: Import) -> Plan:
    """As its row says: for the next attempt, or for a trial."""
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
    make_ready(plan)
    # Reading it to the end first finds a broken file before anything is stored, and gives the true total.
    total, tally = count_rows(plan.file, plan.inspection), plan.tally
    progress.start(total, done=tally.rows, failed=tally.rejected)
    log.info("import_reads", import_id=str(plan.chunk.import_id), rows=total, goes_on_after=tally.rows)
    for number, (rows, judged) in enumerate(judged_chunks(plan), 1):
        progress.check()
        tally, stored = _store(plan, rows, judged, tally, progress)
        progress.advance(stored.rows, stored.rejected)
        if number & (number - 1) == 0:  # after 1, 2, 4, 8 … chunks, that is whenever the tables may have doubled
            refresh_statistics(Contact, ContactTag, ContactImport)
    _save(plan, {"status": ImportStatus.COMPLETED, "finished_at": utcnow()})
    progress.commit()


def make_ready(plan: Plan) -> None:
    """Make the rows of a workbook. Raises JobFailed if the file is not here, UnreadableFile."""
    if not plan.file.is_file():
        raise JobFailed(
            "file_missing",
            "The uploaded file is not there any more: upload it again. If this happens to every file, web and "
            "workers do not share the directory ADSAPP_HOME.",
        )
    prepare(plan.file, plan.inspection)


def judged_chunks(plan: Plan) -> Iterator[tuple[list[Row], list[Judged]]]:
    """The rows in parts, as many in each as are written in one transaction, and what each of them is.

    Where the database is another process, the next part is read while it writes. SQLite works in this one, and while
    a part is read others can write.
    """
    rows, size = read_rows(plan.file, plan.inspection, plan.position), context.settings().import_chunk_rows
    parts = ((part, [plan.judge(row) for row in part]) for part in _parts(rows, size))
    return parts if db.has_one_writer(db.db.engine) else ahead(parts)


def _parts(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    rest = iter(rows)
    while part := list(islice(rest, size)):
        yield part


def _store(plan: Plan, rows: list[Row], judged: list[Judged], before: Tally, progress: Progress) -> tuple[Tally, Tally]:
    """Write one chunk; returns the counts so far, and those of the chunk."""
    position = rows[-1].position
    for left in reversed(range(WRITE_TRIES)):
        try:
            stored = store_chunk(plan.chunk, judged, rows, before)
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
            _count(stored)
            return tally, stored
    raise AssertionError("unreachable")


def _count(stored: Tally) -> None:
    """After the commit: a chunk that is tried again counts once."""
    for outcome in OUTCOMES:
        ROWS.add(getattr(stored, outcome), outcome=outcome)


def _save(plan: Plan, values: dict[str, Any]) -> None:
    db.session.execute(update(Import).where(Import.id == plan.chunk.import_id).values(values))


def _result(batch: Import) -> dict[str, Any]:
    names = ("rows_read", "created", "updated", "unchanged", "duplicate", "rejected")
    return {"import_id": str(batch.id), **{name: getattr(batch, name) for name in names}}
