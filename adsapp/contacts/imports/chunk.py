"""Writes one chunk of an import in the caller's transaction: contacts, tags, consent, remarks on rows.

The rows have been judged before, so that the transaction holds its locks only while it writes.
"""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select

from adsapp.contacts import opt_outs, tags
from adsapp.contacts.imports.reading.files import Row
from adsapp.contacts.imports.reading.rows import ContactRow, Rejected
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.contacts.imports.undo.values import before
from adsapp.contacts.merge import ContactFields, merge
from adsapp.contacts.models import Contact, ContactImport, ContactTag, ImportRow, OptSource
from adsapp.contacts.schemas import MAX_EMAIL, OnDuplicate
from adsapp.contacts.values.reasons import MESSAGES
from adsapp.contacts.values.text import MAX_NAME
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.constructs import any_of
from adsapp.core.db.rows import Beside, insert_rows, update_rows
from adsapp.core.ids import new_id

HEADER_ROWS = 1  # rows are numbered as in a spreadsheet: the header is row 1
REPEATED = "repeated"
REPEATED_MESSAGE = "The number stood in an earlier row of this file, which was taken."
REPEATED_ADVICE = "Nothing, if both rows are the same person."
KNOWN = "known"
KNOWN_MESSAGE = "This person was a contact already and was left as they are, as was chosen."
KNOWN_ADVICE = "Nothing; to change them, import the file again and choose to update them."
MOST_LISTED = 10_000  # rows of one import that are listed for what may be true of every row


@dataclass
class Tally:
    """Counts of what became of rows; the five outcomes add up to the rows read."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    rejected: int = 0
    opted_out: int = 0  # of the people, not a sixth outcome
    rejected_by_code: Counter[str] = field(default_factory=Counter)
    noted_by_code: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """The number of rows counted."""
        return self.created + self.updated + self.unchanged + self.duplicate + self.rejected

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{name: value + getattr(other, name) for name, value in vars(self).items()})


@dataclass(frozen=True)
class ChunkPlan:
    """What is the same for every chunk of an import."""

    import_id: uuid.UUID
    file_name: str
    by: str
    options: ImportOptions
    whole_names: bool


class Known(NamedTuple):
    """A contact that exists already; `outcome` is what this import did with it earlier, if anything."""

    id: uuid.UUID
    updated_at: datetime
    fields: ContactFields
    outcome: str | None


Judged = ContactRow | Rejected


def store_chunk(plan: ChunkPlan, judged: Sequence[Judged], rows: Sequence[Row], before: Tally) -> Tally:
    """Write the rows, as judged and as they were read, without a commit; returns their counts. `before`: those of the
    chunks before."""
    chunk = Chunk(plan, rows, before)
    chunk.sort(judged)
    chunk.write()
    return chunk.tally


class Chunk:
    """The rows of one chunk, and what they add to each table."""

    def __init__(self, plan: ChunkPlan, rows: Sequence[Row], before: Tally) -> None:
        self.plan = plan
        self.rows = {row.number: row for row in rows}
        self.before = before
        self.tally = Tally()
        self.now = utcnow()
        self.ids: dict[str, uuid.UUID] = {}  # by phone
        self.fresh: list[dict[str, Any]] = []
        self.known: dict[uuid.UUID, Known] = {}
        self.changes: dict[uuid.UUID, ContactFields] = {}
        self.outcomes: dict[uuid.UUID, str] = {}  # of those who were known
        self.wanted_tags: list[tuple[uuid.UUID, tuple[str, ...]]] = []
        self.no_consent: list[str] = []  # phones
        self.tagged: dict[uuid.UUID, list[uuid.UUID]] = {}
        self.silenced: set[uuid.UUID] = set()
        self.skipped = 0
        self.remarks: list[dict[str, Any]] = []

    def sort(self, judged: Sequence[Judged]) -> None:
        """Decide what becomes of each row."""
        known = self.find([row.phone for row in judged if isinstance(row, ContactRow)])
        for row in judged:
            if isinstance(row, Rejected):
                self._reject(row)
                continue
            if row.opt_in is False:
                self.no_consent.append(row.phone)
            if row.phone in self.ids:
                self._repeated(row)
            else:
                self._first(row, known.get(row.phone))

    def find(self, phones: Sequence[str]) -> Mapping[str, Known]:
        """The contacts with these numbers, by number."""
        return _known(self.plan.import_id, phones)

    def _reject(self, row: Rejected) -> None:
        self.tally.rejected += 1
        self.tally.rejected_by_code[row.code] += 1
        self._remark(row.number, "rejected", row.column, row.code, row.message, row.suggestion)

    def _repeated(self, row: ContactRow) -> None:
        self.tally.duplicate += 1
        self._remark(
            row.number, "duplicate", "", REPEATED, REPEATED_MESSAGE, REPEATED_ADVICE, repeats=self.ids[row.phone]
        )

    def _first(self, row: ContactRow, known: Known | None) -> None:
        self.ids[row.phone] = contact_id = known.id if known else new_id()
        if known and known.outcome:
            self._repeated(row)
            return
        if known:
            self._known(known, row)
            return
        if row.assumed or row.notes:
            self._note(row, skipped=False, of=contact_id)
        self.fresh.append(dict(zip(_WRITTEN, (contact_id, row.phone, row.person_key, *_storable(row)), strict=True)))
        if row.tags:
            self.wanted_tags.append((contact_id, row.tags))

    def _known(self, known: Known, row: ContactRow) -> None:
        policy = self.plan.options.on_duplicate
        skipped = policy is OnDuplicate.SKIP
        self._note(row, skipped=skipped, of=known.id)
        self.known[known.id] = known
        merged = merge(known.fields, _storable(row), policy, whole_names=self.plan.whole_names)
        if merged != known.fields:
            self.changes[known.id] = merged
        self.outcomes[known.id] = "skipped" if skipped else "unchanged"
        if row.tags and not skipped:
            self.wanted_tags.append((known.id, row.tags))

    def _note(self, row: ContactRow, *, skipped: bool, of: uuid.UUID) -> None:
        codes = [note.code for note in row.notes] + ([row.assumed] if row.assumed else [])
        self.tally.noted_by_code.update(codes)
        if skipped:
            self.skipped += 1
            if self.before.duplicate + self.skipped <= MOST_LISTED:
                self._remark(row.number, "duplicate", "", KNOWN, KNOWN_MESSAGE, KNOWN_ADVICE, also=codes, repeats=of)
        elif row.notes or self._is_listed(row.assumed):
            columns = [note.column for note in row.notes] + [""] * len(codes)
            named = zip(codes, columns, strict=False)
            message = " ".join(f"{column}: {_title(code)}." if column else f"{_title(code)}." for code, column in named)
            self._remark(row.number, "noted", columns[0], codes[0], message, MESSAGES[codes[0]].advice, also=codes[1:])

    def _is_listed(self, assumed: str | None) -> bool:
        """In a list of national numbers every row has the same assumption: the first of them are enough to look at."""
        if not assumed:
            return False
        return self.before.noted_by_code[assumed] + self.tally.noted_by_code[assumed] <= MOST_LISTED

    def _remark(
        self,
        number: int,
        outcome: str,
        column: str,
        code: str,
        message: str,
        suggestion: str,
        also: Sequence[str] = (),
        repeats: uuid.UUID | None = None,
    ) -> None:
        row = self.rows[number]
        self.remarks.append(
            {
                "row_no": number + HEADER_ROWS,
                "line": row.line,
                "contact_id": repeats,
                "outcome": outcome,
                "column": column[:200],
                "code": code,
                "also": f" {' '.join(also)} " if also else "",
                "message": message,
                "suggestion": suggestion,
                "cells": list(row.cells),
            }
        )

    def write(self) -> None:
        """Write everything in a few statements, however many rows there are; the tally is complete afterwards."""
        same = {"import_id": self.plan.import_id, "at": self.now}
        created = Beside(ContactImport, {"contact_id": "id"}, same | {"outcome": "created"})
        insert_rows(Contact, self.fresh, {"created_at": self.now, "updated_at": self.now}, beside=created)
        met = opt_outs.meet_new([(row["id"], row["person_key"]) for row in self.fresh])
        self.tagged, self.silenced = self._write_tags(), self._write_opt_outs()
        self._write_changes()
        self._count_outcomes()
        self._count_opted_out({*met, *self.silenced})
        insert_rows(ContactImport, [self._touched(key, self.outcomes[key]) for key in self.known], same)
        insert_rows(ImportRow, self.remarks, {"import_id": self.plan.import_id})

    def _write_changes(self) -> None:
        """Whoever was known and is different now: all of them say that they changed at this moment."""
        changed = [key for key in self.known if key in self.changes or key in self.tagged or key in self.silenced]
        fields = {key: self.changes.get(key, self.known[key].fields) for key in changed}
        update_rows(Contact, [{"id": key, **fields[key]._asdict(), "updated_at": self.now} for key in changed])
        self.outcomes |= dict.fromkeys(changed, "updated")

    def _touched(self, contact_id: uuid.UUID, outcome: str) -> dict[str, Any]:
        undo = None
        if outcome == "updated":
            known = self.known[contact_id]
            undo = before(
                known.fields,
                self.changes.get(contact_id, known.fields),
                known.updated_at,
                tags=self.tagged.get(contact_id, ()),
                opted_out=contact_id in self.silenced,
            )
        return {"contact_id": contact_id, "outcome": outcome, "undo": undo}

    def _write_tags(self) -> dict[uuid.UUID, list[uuid.UUID]]:
        """Add the tags; returns those that the contacts who were known did not have, by contact."""
        if not self.wanted_tags:
            return {}
        lists = dict.fromkeys(names for _, names in self.wanted_tags)  # a file has few different ones
        ids = tags.ensure_tags(name for names in lists for name in names)
        ids_of = {names: list(dict.fromkeys(ids[tags.key_of(name)] for name in names)) for names in lists}
        known = [(key, names) for key, names in self.wanted_tags if key in self.known]
        there = _tagged([key for key, _ in known])
        missing = {key: [tag_id for tag_id in ids_of[names] if (key, tag_id) not in there] for key, names in known}
        wanted = ((key, tag_id) for key, names in self.wanted_tags for tag_id in missing.get(key, ids_of[names]))
        tags.add_tags(wanted)
        return {key: tag_ids for key, tag_ids in missing.items() if tag_ids}

    def _write_opt_outs(self) -> set[uuid.UUID]:
        """Opt out those with a no in the consent column, whatever the policy; a yes never undoes an opt-out."""
        contact_ids = list(dict.fromkeys(self.ids[phone] for phone in self.no_consent))
        if not contact_ids:
            return set()
        left = opt_outs.opt_out_many(
            contact_ids, OptSource.IMPORT, f"import {self.plan.file_name}", self.plan.by, self.now
        )
        return set(left)

    def _count_opted_out(self, left: Set[uuid.UUID]) -> None:
        """How many of these people no campaign is sent to: they said so in this file, or before."""
        silent = select(func.count()).select_from(Contact).where(Contact.opted_out_at.is_not(None))
        known = db.session.scalar(silent.where(any_of(Contact.id, list(self.known)))) if self.known else 0
        self.tally.opted_out = (known or 0) + (sum(row["id"] in left for row in self.fresh) if left else 0)

    def _count_outcomes(self) -> None:
        counts = Counter(self.outcomes.values())
        self.tally.created += len(self.fresh)
        self.tally.updated += counts["updated"]
        self.tally.unchanged += counts["unchanged"]
        self.tally.duplicate += counts["skipped"]


def _title(code: str) -> str:
    return MESSAGES[code].title


def _storable(row: ContactRow) -> ContactFields:
    email, typed = (row.email, row.email_typed) if len(row.email) <= MAX_EMAIL else ("", "")
    names = (row.name[:MAX_NAME], row.first_name, row.last_name)
    return ContactFields(*names, email, typed, row.language, row.country, row.attributes)


_WRITTEN = ("id", "phone", "person_key", *ContactFields._fields)
_FIELDS = [getattr(Contact, name) for name in ContactFields._fields]


def _known(import_id: uuid.UUID, phones: Sequence[str]) -> Mapping[str, Known]:
    """The contacts with these numbers, by number; locked, so that nobody changes them during the merge."""
    statement = (
        select(Contact.id, Contact.phone, Contact.updated_at, *_FIELDS)
        .where(any_of(Contact.phone, phones))
        .order_by(Contact.id)  # always in the same order, so that two imports cannot deadlock
        .with_for_update(of=Contact)
    )
    rows = db.session.execute(statement).all()
    outcomes = _outcomes(import_id, [row.id for row in rows])
    return {
        phone: Known(contact_id, updated_at, ContactFields(*fields), outcomes.get(contact_id))
        for contact_id, phone, updated_at, *fields in rows
    }


def _outcomes(import_id: uuid.UUID, contact_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, str]:
    """What this import did with those of these contacts that it had before."""
    if not contact_ids:
        return {}
    done = select(ContactImport.contact_id, ContactImport.outcome).where(ContactImport.import_id == import_id)
    rows = db.session.execute(done.where(any_of(ContactImport.contact_id, contact_ids)))
    return {row.contact_id: row.outcome for row in rows}


def _tagged(contact_ids: Sequence[uuid.UUID]) -> Set[tuple[uuid.UUID, uuid.UUID]]:
    """The tags of these contacts, as (contact, tag)."""
    if not contact_ids:
        return frozenset()
    pairs = select(ContactTag.contact_id, ContactTag.tag_id).where(any_of(ContactTag.contact_id, contact_ids))
    return {(contact_id, tag_id) for contact_id, tag_id in db.session.execute(pairs)}
