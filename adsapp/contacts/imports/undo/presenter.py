"""What pages show about undoing an import: the question with its exact counts, how far it is, who stays as they are."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from adsapp.contacts.imports.subject import IMPORT
from adsapp.contacts.imports.undo import queries, service
from adsapp.contacts.imports.undo.queries import Outlook
from adsapp.contacts.imports.undo.reasons import reasons
from adsapp.contacts.models import Contact, Import
from adsapp.core.clock import iso
from adsapp.core.uses import warnings
from adsapp.core.web.confirmation import Choice, Confirmation, Line, Shown
from adsapp.core.web.pages import WebPage
from adsapp.core.web.urls import url_for
from adsapp.core.words import plural
from adsapp.jobs import State
from adsapp.jobs.wait_reasons import why_waiting


@dataclass(frozen=True, slots=True)
class Kept:
    """So many were left as they are for this reason."""

    code: str
    title: str
    advice: str
    people: int
    url: str


@dataclass(frozen=True, slots=True)
class UndoFace:
    """How far the undoing of an import is, or what came of it."""

    state: str
    by: str
    at: datetime
    done: int
    total: int | None
    deleted: int
    restored: int
    kept: Sequence[Kept]
    why_waiting: str
    error: str
    is_running: bool
    is_stopping: bool

    @classmethod
    def of(cls, batch: Import) -> "UndoFace | None":
        """None if nobody asked for it."""
        undo = batch.undo
        if undo is None or undo.job is None:
            return None
        job, reason = undo.job, why_waiting(undo.job)
        return cls(
            state=State.COMPLETED.value if undo.finished_at else job.state.value,
            by=undo.created_by,
            at=undo.finished_at or undo.created_at,
            done=job.progress_done,
            total=job.progress_total,
            deleted=undo.deleted,
            restored=undo.restored,
            kept=_kept(batch.id, undo.kept_by_code),
            why_waiting=str(reason) if reason else "",
            error=job.error or "",
            is_running=undo.finished_at is None and not job.is_finished,
            is_stopping=job.is_stopping,
        )

    @property
    def summary(self) -> str:
        """What it has changed, in words."""
        left = sum(each.people for each in self.kept)
        parts = [f"{plural(self.deleted, 'new contact')} removed", f"{self.restored:,} put back"]
        return ", ".join([*parts, f"{left:,} left as they are"] if left else parts)


def _kept(import_id: uuid.UUID, by_code: Mapping[str, int]) -> Sequence[Kept]:
    words = reasons()
    found = sorted(by_code.items(), key=lambda item: -item[1])
    return tuple(
        Kept(
            code,
            words[code].title,
            words[code].advice,
            people,
            url_for("contacts.kept_contacts", import_id=import_id, reason=code),
        )
        for code, people in found
    )


def undo_json(batch: Import) -> dict[str, Any] | None:
    """The undoing for programs; None if nobody asked for it."""
    undo = batch.undo
    if undo is None:
        return None
    state = undo.job.state.value if undo.job else "waiting"
    return {
        "state": "completed" if undo.finished_at else state,
        "deleted": undo.deleted,
        "restored": undo.restored,
        "kept_by_code": undo.kept_by_code,
        "job_id": str(undo.job_id) if undo.job_id else None,
        "created_by": undo.created_by,
        "created_at": iso(undo.created_at),
        "finished_at": iso(undo.finished_at),
    }


def question(batch: Import) -> Confirmation:
    """Undo it? With how many people would be removed and put back, and who would not, as counted now."""
    here = url_for("contacts.show_import", import_id=batch.id)
    over = service.why_not(batch)
    outlook = Outlook(0, 0, {}) if over else queries.outlook(batch.id)
    return Confirmation(
        name="undo-import",
        title=f"Undo the import of {batch.file_name}?",
        window=f"Undo {batch.file_name}",
        lines=(*_lines(outlook), *(Line(said, "strong") for said in warnings(IMPORT.of(batch.id)))),
        action=url_for("contacts.undo_import", import_id=batch.id),
        choices=(Choice("Undo the import", "danger", "arrow-back-up"),),
        leave="Keep it",
        back=here,
        crumbs=(("Imports", url_for("contacts.list_imports")), (batch.file_name, here), ("Undo", None)),
        why_not=f"{over}." if over else "",
        shown=Shown.now(outlook.text),
    )


def _lines(outlook: Outlook) -> tuple[Line, ...]:
    words, kept = reasons(), sorted(outlook.kept.items(), key=lambda item: -item[1])
    return (
        Line(f"{plural(outlook.deleted, 'person', 'people')} whom it added will be removed.", "strong"),
        Line(f"{plural(outlook.restored, 'person', 'people')} whom it changed will be as before.", "strong"),
        *(Line(_stays(count, words[code].title, words[code].advice)) for code, count in kept),
        Line(
            "Nobody who got a message, wrote to you or said no is ever removed. It cannot be undone in turn.", "muted"
        ),
    )


def _stays(count: int, title: str, advice: str) -> str:
    verb = "stays" if count == 1 else "stay"
    return f"{plural(count, 'person', 'people')} {verb} ({title[:1].lower()}{title[1:]}). {advice}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage(WebPage):
    """Contacts that an undone import left as they are, with the reason."""

    template: ClassVar[str] = "contacts/kept.html"

    batch: Import
    contacts: Sequence[tuple[Contact, str]]
    reason: str
    cursor: str
    next_cursor: str | None

    @classmethod
    def of(cls, batch: Import, reason: str, cursor: str) -> "KeptPage":
        """Of one reason, or of all."""
        page = queries.kept(batch.id, reason, cursor)
        words = reasons()
        rows = [(contact, words[code].title if code in words else code) for contact, code in page.items]
        return cls(batch=batch, contacts=rows, reason=reason, cursor=cursor, next_cursor=page.next)

    @property
    def next_url(self) -> str | None:
        """Those after them."""
        return self._url(self.next_cursor) if self.next_cursor else None

    @property
    def first_url(self) -> str | None:
        """The first, from a later page."""
        return self._url(None) if self.cursor else None

    def _url(self, cursor: str | None) -> str:
        return url_for("contacts.kept_contacts", import_id=self.batch.id, reason=self.reason or None, cursor=cursor)
