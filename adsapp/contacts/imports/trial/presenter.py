"""What pages and programs see of a trial: how far it is, then what the import would do, and to whom."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from adsapp.contacts.imports.country import Misread
from adsapp.contacts.imports.presenter import FileFacts, Outcome, Reasons, outcomes, reasons, warnings
from adsapp.contacts.imports.reading.mapping import ATTRIBUTE
from adsapp.contacts.models import Import
from adsapp.contacts.queries import names_of
from adsapp.contacts.schemas import OnDuplicate
from adsapp.contacts.values.attributes import TARGETS
from adsapp.core.clock import utcnow
from adsapp.core.web.pages import LivePage
from adsapp.core.web.urls import url_for
from adsapp.jobs import Job, State
from adsapp.jobs.wait_reasons import why_waiting


@dataclass(frozen=True, slots=True)
class Change:
    """What would change in somebody, each in words: a field, its value now and then."""

    contact_id: uuid.UUID
    name: str
    fields: Sequence[tuple[str, str, str]]
    tags: Sequence[str]
    opts_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialPage(LivePage):
    """An import that is tried, or was: nothing is imported yet."""

    template: ClassVar[str] = "contacts/trial.html"
    fragment: ClassVar[str] = "contacts/_trial.html"

    as_of: datetime = field(compare=False)
    id: uuid.UUID
    file_name: str
    created_by: str
    created_at: datetime
    state: str
    done: int
    total: int | None
    why_waiting: str
    error: str
    is_stopping: bool
    job_id: uuid.UUID
    rows_read: int
    outcomes: Sequence[Outcome]
    rejected: int
    opted_out: int
    cause: Misread | None
    reasons: Reasons
    notes: Reasons
    changes: Sequence[Change]
    warnings: Sequence[str]
    facts: FileFacts

    @classmethod
    def of(cls, batch: Import, job: Job) -> "TrialPage":
        """As it is now."""
        trial, reason = batch.trial or {}, why_waiting(job)
        return cls(
            as_of=utcnow(),
            id=batch.id,
            file_name=batch.file_name,
            created_by=batch.created_by,
            created_at=batch.created_at,
            state="completed" if batch.trial else job.state.value,
            done=job.progress_done,
            total=job.progress_total,
            why_waiting=str(reason) if reason else "",
            error=job.error or "",
            is_stopping=job.is_stopping,
            job_id=job.id,
            rows_read=trial.get("rows_read", 0),
            outcomes=outcomes(trial, skips=batch.options.get("on_duplicate") == OnDuplicate.SKIP.value)
            if trial
            else (),
            rejected=trial.get("rejected", 0),
            opted_out=trial.get("opted_out", 0),
            cause=Misread.from_json(cause) if (cause := trial.get("cause")) else None,
            reasons=reasons(trial.get("rejected_by_code", {})),
            notes=reasons(trial.get("noted_by_code", {})),
            changes=_changes(trial.get("changes", ())),
            warnings=warnings(batch),
            facts=FileFacts.of(batch),
        )

    @property
    def is_running(self) -> bool:
        """True while it may still change by itself."""
        return self.state not in ("completed", State.FAILED.value, State.CANCELLED.value)

    @property
    def live_url(self) -> str | None:
        """None once it has ended."""
        return url_for("contacts.live_import", import_id=self.id, version=self.version) if self.is_running else None

    @property
    def sum_text(self) -> str:
        """What would become of the rows, added up."""
        return " + ".join(f"{each.value:,}" for each in self.outcomes) + f" = {self.rows_read:,} rows read"


def _changes(stored: Sequence[dict[str, Any]]) -> Sequence[Change]:
    names = names_of([uuid.UUID(each["contact_id"]) for each in stored])
    return tuple(
        Change(
            contact_id := uuid.UUID(each["contact_id"]),
            names.get(contact_id, ""),
            tuple((_word(name), str(before), str(after)) for name, (before, after) in each["fields"].items()),
            tuple(each["tags"]),
            each["opts_out"],
        )
        for each in stored
    )


def _word(name: str) -> str:
    return TARGETS.get(name, name.removeprefix(ATTRIBUTE))


def trial_json(batch: Import, *, with_people: bool) -> dict[str, Any] | None:
    """What it would do, for programs; None if it was not tried. The counts are there once `state` is completed.

    `changes`, what would become of the first people, is left out for whoever sees no numbers and addresses.
    """
    job = batch.trial_job
    if job is None:
        return None
    found = dict(batch.trial or {})
    if not with_people:
        found.pop("changes", None)
    return {"state": "completed" if batch.trial else job.state.value, "job_id": str(job.id), **found}
