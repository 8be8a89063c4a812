"""Finds out what an import would do: it does all of it, chunk by chunk, and takes each chunk back.

So a trial computes what an import computes, and its counts are exact, if nobody changes contacts meanwhile. What a
chunk has to know of those before it, which are gone again, is kept here: the numbers that were read, and who said no.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import select, update

from adsapp.contacts import opt_outs
from adsapp.contacts.identity import Identity
from adsapp.contacts.imports.chunk import Chunk, ChunkPlan, Judged, Known, Tally
from adsapp.contacts.imports.country import BY_COUNTRY, misread
from adsapp.contacts.imports.queries import get_import
from adsapp.contacts.imports.reading.errors import UnreadableFile
from adsapp.contacts.imports.reading.files import Inspection, Row, count_rows, settled
from adsapp.contacts.imports.reading.home import ROWS_LOOKED_AT
from adsapp.contacts.imports.reading.rows import ContactRow, Rejected
from adsapp.contacts.imports.run import UNREADABLE, Plan, judged_chunks, make_ready, plan_of
from adsapp.contacts.merge import ContactFields
from adsapp.contacts.models import Import, ImportStatus, OptSource, Tag
from adsapp.contacts.opt_outs import Said
from adsapp.core import db
from adsapp.core.clock import iso, utcnow
from adsapp.jobs import JobFailed, Progress

CHANGES_SHOWN = 20
NOBODY = ContactFields("", "", "", "", "", "", "", {})


@dataclass
class Past:
    """What the chunks before have left behind: 1,000,000 numbers take some 70 MB."""

    numbers: set[int] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)  # person keys of those who said no in this file

    def note(self, judged: Sequence[Judged]) -> None:
        """These rows were read."""
        for row in judged:
            if isinstance(row, ContactRow):
                self.numbers.add(int(row.phone))
                if row.opt_in is False:
                    self.silent.add(row.person_key)


class TrialChunk(Chunk):
    """A chunk that knows what the chunks before it would have written."""

    def __init__(self, plan: ChunkPlan, rows: Sequence[Row], before: Tally, past: Past) -> None:
        super().__init__(plan, rows, before)
        self.past = past

    def find(self, phones: Sequence[str]) -> Mapping[str, Known]:
        """Whoever stood in an earlier chunk would be a contact by now, and counted."""
        found = dict(super().find(phones))
        for phone in phones:
            if int(phone) in self.past.numbers:
                there = found.get(phone) or Known(uuid.UUID(int=0), self.now, NOBODY, None)
                found[phone] = there._replace(outcome="read before")
        return found

    def sort(self, judged: Sequence[Judged]) -> None:
        """As always, after those who had said no before this chunk have said so again."""
        said = Said(OptSource.IMPORT, f"import {self.plan.file_name}", self.plan.by, self.now)
        for row in judged:
            if isinstance(row, ContactRow) and row.person_key in self.past.silent:
                opt_outs.opt_out_person([Identity(row.phone.lstrip("+"))], said)
        super().sort(judged)

    def differences(self, most: int) -> list[dict[str, Any]]:
        """The first contacts that would change: each field before and after, and the tags that would come."""
        changed = [key for key in self.known if self.outcomes.get(key) == "updated"][:most]
        names = {tag.id: tag.name for tag in db.session.scalars(select(Tag))} if self.tagged else {}
        return [self._difference(key, [names[tag_id] for tag_id in self.tagged.get(key, ())]) for key in changed]

    def _difference(self, contact_id: uuid.UUID, tags: list[str]) -> dict[str, Any]:
        was = flat(self.known[contact_id].fields)
        will = flat(self.changes.get(contact_id, self.known[contact_id].fields))
        fields = {name: [was.get(name, ""), value] for name, value in will.items() if was.get(name, "") != value}
        return {
            "contact_id": str(contact_id),
            "fields": fields,
            "tags": tags,
            "opts_out": contact_id in self.silenced,
        }


def flat(fields: ContactFields) -> dict[str, Any]:
    """Fields and attributes side by side."""
    named = fields._asdict()
    attributes, typed = named.pop("attributes"), named.pop("email_typed")
    named["email"] = typed or fields.email
    return named | {f"attribute:{key}": value for key, value in attributes.items()}


def run_trial(import_id: uuid.UUID, progress: Progress) -> dict[str, Any]:
    """Read the whole file and store what would come of it; the counts. A trial that was killed starts over."""
    batch = get_import(import_id)
    if batch.trial_job_id != progress.job_id or batch.status is not ImportStatus.MAPPING:
        return {"import_id": str(import_id), "replaced": True}  # by another, or by the import itself
    if (file := plan_of(batch).file).is_file():
        batch.inspection = settled(file, Inspection.from_json(batch.inspection)).to_json()
    plan = plan_of(batch)
    db.session.rollback()
    try:
        tally, changes, refused = _try(plan, progress)
    except UnreadableFile as error:
        raise JobFailed(UNREADABLE, str(error), permanent=True) from error
    counts = {"rows_read": tally.rows, **vars(tally)}
    cause = misread(get_import(import_id), refused)
    trial = counts | {"changes": changes, "cause": cause and cause.to_json(), "finished_at": iso(utcnow())}
    db.session.execute(update(Import).where(Import.id == import_id).values(trial=trial))
    progress.commit()
    return {"import_id": str(import_id), **{name: value for name, value in counts.items() if isinstance(value, int)}}


def _try(plan: Plan, progress: Progress) -> tuple[Tally, list[dict[str, Any]], list[Sequence[str]]]:
    """The counts, the first changes, and the cells of the first rows that another default country may mend."""
    make_ready(plan)
    progress.start(count_rows(plan.file, plan.inspection))
    tally, past, changes, refused = Tally(), Past(), list[dict[str, Any]](), list[Sequence[str]]()
    for rows, judged in judged_chunks(plan):
        progress.check()
        chunk = TrialChunk(plan.chunk, rows, tally, past)
        try:
            chunk.sort(judged)
            chunk.write()
            changes += chunk.differences(CHANGES_SHOWN - len(changes))
        finally:
            db.session.rollback()
        past.note(judged)
        wrong = (row.cells for row in judged if isinstance(row, Rejected) and row.code in BY_COUNTRY)
        refused += islice(wrong, ROWS_LOOKED_AT - len(refused))
        tally += chunk.tally
        progress.advance(chunk.tally.rows, chunk.tally.rejected)
    return tally, changes, refused
