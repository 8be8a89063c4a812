"""The pages of imports as their templates read them: list, upload, columns, and an import from start to report."""

import uuid
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from adsapp.contacts.imports import preview, reading_form, service
from adsapp.contacts.imports.country import BY_COUNTRY, CHOOSE, Misread, Reading, misread, readings, why
from adsapp.contacts.imports.form import ImportForm
from adsapp.contacts.imports.preview import FEW, Preview
from adsapp.contacts.imports.queries import Repeat, earlier_import, refused_cells, repeats
from adsapp.contacts.imports.reading.files import Inspection
from adsapp.contacts.imports.reading.home import ROWS_LOOKED_AT
from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.imports.reading.overlooked import SECOND
from adsapp.contacts.imports.run import UNREADABLE
from adsapp.contacts.imports.undo.presenter import UndoFace
from adsapp.contacts.imports.undo.service import why_not
from adsapp.contacts.models import Import, ImportStatus
from adsapp.contacts.schemas import OnDuplicate
from adsapp.contacts.values.countries import countries
from adsapp.contacts.values.reasons import MESSAGES
from adsapp.core.clock import utcnow
from adsapp.core.errors import Problem
from adsapp.core.web.limits import MB
from adsapp.core.web.pages import LivePage, PartedPage, WebPage
from adsapp.core.web.urls import url_for
from adsapp.core.words import plural
from adsapp.jobs.wait_reasons import why_waiting
from adsapp.organizations.access import Actor
from adsapp.organizations.policy import Permission

POLICIES = {
    OnDuplicate.UPDATE.value: "updated, blanks keep what is there",
    OnDuplicate.FILL_EMPTY.value: "only gaps are filled",
    OnDuplicate.SKIP.value: "left as they are",
}
POLICY_CHOICES = (
    (OnDuplicate.UPDATE.value, "Update them", "Filled cells overwrite. Blank cells keep what is there."),
    (OnDuplicate.FILL_EMPTY.value, "Fill gaps only", "What a contact has already stays."),
    (OnDuplicate.SKIP.value, "Leave them as they are", "Only new people are added."),
)
RUNNING = (ImportStatus.QUEUED, ImportStatus.IMPORTING)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One of the five things that become of a row."""

    kind: str
    label: str
    value: int
    note: str


REPEATS_SHOWN = 10
Reasons = Sequence[tuple[str, str, int, str]]  # why, what to do, how many rows, the code


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was found in the file, and how it is imported."""

    read_as: Sequence[tuple[str, str]]
    country: str
    policy: str
    tags: Sequence[str]

    @classmethod
    def of(cls, batch: Import) -> "FileFacts":
        """Of an import that was begun."""
        options = batch.options
        return cls(
            read_as=preview.read_as(batch),
            country=countries().get(options.get("default_country", ""), "none"),
            policy=POLICIES.get(options.get("on_duplicate", ""), "–"),
            tags=tuple(options.get("tags", ())),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage(LivePage):
    """An import that was begun: how far it is, then what came of it.

    What goes on with the clock is not compared: rows a second since the start, and the seconds left.
    """

    template: ClassVar[str] = "contacts/import.html"
    fragment: ClassVar[str] = "contacts/_import.html"

    as_of: datetime = field(compare=False)
    rate: float | None = field(compare=False)
    seconds_left: float | None = field(compare=False)
    id: uuid.UUID
    file_name: str
    created_by: str
    created_at: datetime
    status: ImportStatus
    reason: str | None
    rows_read: int
    rejected: int
    total: int | None
    outcomes: Sequence[Outcome]
    headline: str
    cause: Misread | None
    reasons: Reasons
    notes: Reasons
    opted_out: int
    duplicates: int
    repeats: Sequence[Repeat]
    warnings: Sequence[str]
    facts: FileFacts
    seconds_taken: float | None
    why_waiting: str
    job_id: uuid.UUID | None
    attempt: int
    cancelled_by: str | None
    is_stopping: bool
    can_go_on: bool
    undo: UndoFace | None
    cannot_undo: str

    @classmethod
    def of(cls, batch: Import) -> "ImportPage":
        """The import as it is now."""
        now, job = utcnow(), batch.job
        total = job.progress_total if job else None
        elapsed = _seconds(batch.started_at, batch.finished_at or now)
        rate = batch.rows_read / elapsed if elapsed and batch.rows_read else None
        reason = why_waiting(job) if job else None
        return cls(
            as_of=now,
            rate=rate,
            seconds_left=(total - batch.rows_read) / rate if rate and total else None,
            id=batch.id,
            file_name=batch.file_name,
            created_by=batch.created_by,
            created_at=batch.created_at,
            status=batch.standing,
            reason=batch.reason,
            rows_read=batch.rows_read,
            rejected=batch.rejected,
            total=total,
            outcomes=_outcomes(batch),
            headline=headline(batch),
            cause=_cause(batch),
            reasons=reasons(batch.rejected_by_code),
            notes=reasons(batch.noted_by_code),
            opted_out=batch.opted_out,
            duplicates=batch.duplicate,
            repeats=repeats(batch.id, REPEATS_SHOWN) if batch.duplicate else (),
            warnings=warnings(batch),
            facts=FileFacts.of(batch),
            seconds_taken=_seconds(batch.started_at, batch.finished_at) if batch.finished_at else None,
            why_waiting=str(reason) if reason else "",
            job_id=batch.undo.job_id if batch.undo else batch.job_id,  # the latest
            attempt=job.attempt if job else 0,
            cancelled_by=job.cancel_requested_by if job else None,
            is_stopping=bool(job and job.is_stopping),
            can_go_on=not (job and job.error_code == UNREADABLE),
            undo=UndoFace.of(batch),
            cannot_undo=why_not(batch),
        )

    @property
    def live_url(self) -> str | None:
        """None once it has ended."""
        lives = self.is_running or (self.undo is not None and self.undo.is_running)
        return url_for("contacts.live_import", import_id=self.id, version=self.version) if lives else None

    @property
    def is_running(self) -> bool:
        """True while it may still change by itself."""
        return self.status in RUNNING

    @property
    def is_undone(self) -> bool:
        """True once everybody who can be is put back."""
        return self.undo is not None and self.undo.state == "completed"

    @property
    def sum_text(self) -> str:
        """What became of the rows, added up."""
        return " + ".join(f"{each.value:,}" for each in self.outcomes) + f" = {self.rows_read:,} rows read"

    @property
    def none_taken(self) -> bool:
        """True if nobody came in by this file."""
        return self.rows_read == self.rejected


@dataclass(frozen=True, slots=True)
class ImportListPage(WebPage):
    """Imports, newest first."""

    template: ClassVar[str] = "contacts/imports.html"

    imports: Sequence[Import]
    cursor: str
    next_cursor: str | None

    @property
    def next_url(self) -> str | None:
        """Earlier ones."""
        return url_for("contacts.list_imports", cursor=self.next_cursor) if self.next_cursor else None

    @property
    def first_url(self) -> str | None:
        """The newest, from a later page."""
        return url_for("contacts.list_imports") if self.cursor else None


@dataclass(frozen=True, slots=True)
class UploadPage(WebPage):
    """Where a file is dropped: what is wrong with the one that was sent, and the import that it repeats."""

    template: ClassVar[str] = "contacts/upload.html"

    most_mb: int
    error: str | None = None
    running_url: str | None = None

    @classmethod
    def of(cls, most_mb: int, problem: Problem | None = None) -> "UploadPage":
        """After a problem with the file, or before there is any."""
        running = getattr(problem, "import_id", None)
        url = url_for("contacts.show_import", import_id=running) if running else None
        return cls(most_mb, problem.detail if problem else None, url)

    @property
    def most_bytes(self) -> int:
        """The largest file."""
        return self.most_mb * MB


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnsPage(PartedPage):
    """The columns of an upload and how they are imported. Whoever may not import sees only what the file is: the
    sample holds whole numbers."""

    template: ClassVar[str] = "contacts/columns.html"
    fragment: ClassVar[str] = "contacts/_columns.html"

    batch: Import
    form: ImportForm
    preview: Preview | None
    country: str
    warnings: Sequence[str]
    earlier: Import | None  # the same file, imported before

    @classmethod
    def of(cls, batch: Import, form: ImportForm, actor: Actor) -> "ColumnsPage":
        """With the columns as chosen so far."""
        return cls(
            batch=batch,
            form=form,
            preview=preview.preview(batch, form) if actor.may(Permission.MANAGE) else None,
            country=countries().get(form.default_country, form.default_country or "none"),
            warnings=warnings(batch, form.mapping),
            earlier=earlier_import(batch),
        )

    @property
    def read_as(self) -> Sequence[tuple[str, str]]:
        """What was found in the file, in words."""
        return preview.read_as(self.batch)

    @property
    def reading_choices(self) -> Sequence[tuple[str, str, reading_form.Choices, str]]:
        """How else the file may be read: label, name, choices and the chosen one of each."""
        inspection, chosen = Inspection.from_json(self.batch.inspection), self.form.reading
        if inspection.is_workbook:
            return (("Sheet", "sheet", reading_form.sheets(inspection), chosen.sheet),)
        return (
            ("Encoding", "encoding", reading_form.encodings(inspection), chosen.encoding),
            ("Delimiter", "delimiter", reading_form.delimiters(inspection), chosen.delimiter),
            ("Quotes around cells", "quote", reading_form.quotes(inspection), chosen.quote),
        )

    @property
    def is_read_as_found(self) -> bool:
        """True if there is nothing about it that somebody should look at: no doubt, no choice, no second sheet."""
        inspection = Inspection.from_json(self.batch.inspection)
        doubts = (inspection.encoding_note, inspection.notes, inspection.chosen, len(inspection.sheets) > 1)
        wrong = set(self.form.errors) & {"encoding", "delimiter", "quote", "sheet", "header_row"}
        return not any(doubts) and not wrong

    @property
    def notes(self) -> Sequence[str]:
        """What people should know of the file."""
        return tuple(self.batch.inspection.get("notes", ()))

    @property
    def countries(self) -> Sequence[tuple[str, str]]:
        """Countries to choose from."""
        none = CHOOSE if self.form.proposal.is_open else "None: reject numbers without a country code"
        return [("", none), *countries().items()]

    @property
    def country_help(self) -> str:
        """Whom the default country is for, and why it is this one."""
        return f"For numbers without a country code. {why(self.form.proposal, self.form.default_country)}".strip()

    @property
    def country_question(self) -> Sequence[Reading]:
        """The countries that fit the numbers, while a person has to choose between them."""
        return readings(self.form.proposal) if self.form.must_choose_country else ()

    @property
    def start_label(self) -> str:
        """What the button does: it says so if that is not what people would expect."""
        seen = self.preview
        if seen is None or not seen.can_judge:
            return "Import these contacts"
        if self.form.must_choose_country:
            return "Choose the country first"
        if seen.taken < seen.sampled * (1 - FEW):
            return f"Import without the {plural(seen.sampled - seen.taken, 'refused row')}"
        return f"Import with {self.country} as country" if self.form.proposal.needed else "Import these contacts"

    @property
    def policies(self) -> Sequence[tuple[str, str, str]]:
        """What may become of people who are contacts already."""
        return POLICY_CHOICES


def _seconds(begin: datetime | None, end: datetime) -> float:
    return max((end - begin).total_seconds(), 0.001) if begin else 0.0


def outcomes(counts: Dict[str, int], *, skips: bool) -> Sequence[Outcome]:
    """The five by the counts of an import or a trial; `skips`: whoever is a contact already is left as they are."""
    rejected, rows = counts["rejected"], counts["rows_read"]
    share = f"{100 * rejected / rows:.1f} %" if rows else "of the rows"
    return (
        Outcome("created", "Created", counts["created"], "new people"),
        Outcome("updated", "Updated", counts["updated"], "changed"),
        Outcome("unchanged", "Unchanged", counts["unchanged"], "already so"),
        Outcome(
            "duplicate", "Duplicate", counts["duplicate"], "known or repeated" if skips else "repeated in the file"
        ),
        Outcome("rejected", "Rejected", rejected, share),
    )


def _outcomes(batch: Import) -> Sequence[Outcome]:
    names = ("rows_read", "created", "updated", "unchanged", "duplicate", "rejected")
    skips = batch.options.get("on_duplicate") == OnDuplicate.SKIP.value
    return outcomes({name: getattr(batch, name) for name in names}, skips=skips)


def reasons(by_code: dict[str, int]) -> Reasons:
    """Why, what to do, how many rows; the commonest first."""
    found = sorted(by_code.items(), key=lambda item: -item[1])
    return tuple(
        (*MESSAGES[code], count, code) if code in MESSAGES else (code, "", count, code) for code, count in found
    )


def warnings(batch: Import, chosen: Mapping | None = None) -> Sequence[str]:
    """What must not be overlooked; columns left out for another are said beside the column."""
    found = service.unused_columns(batch, chosen)
    return tuple(each.message for each in found if each.code != SECOND)


def _cause(batch: Import) -> Misread | None:
    """What refused rows share, once all are there."""
    if batch.standing in RUNNING or not set(BY_COUNTRY) & set(batch.rejected_by_code):
        return None
    return misread(batch, refused_cells(batch.id, BY_COUNTRY, ROWS_LOOKED_AT))


def headline(batch: Import) -> str:
    """What came of it, in one sentence."""
    brought = batch.created + batch.updated
    if not brought and batch.unchanged + batch.duplicate:
        return "Everybody in it was known already"
    if not brought:
        return "No row could be taken"
    parts = [plural(batch.created, "new contact")] if batch.created else []
    parts += [f"{batch.updated:,} updated"] if batch.updated else []
    return " and ".join(parts)
