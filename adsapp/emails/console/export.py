"""The people of an e-mail as a file, read chunk by chunk: memory stays flat however many there are."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Flask, Response, current_app, request

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.web import exports
from adsapp.core.web.downloads import file_name
from adsapp.core.web.exports import ExportPage, Table, forms_of
from adsapp.core.web.urls import url_for
from adsapp.emails import queries, reasons
from adsapp.emails.events import note_export
from adsapp.emails.models import Email, EmailRecipient
from adsapp.organizations.auditing import By
from adsapp.outbound.console.people import Narrowed
from adsapp.outbound.words import people

CHUNK: Final = 500
NO_PHONE: Final = -1  # no column of the table has numbers
HEADER: Final = (
    "name", "email", "status", "code", "reason", "attempts",
    "accepted_at", "sent_at", "delayed_at", "delivered_at", "opened_at", "clicked_at",
    "bounced_at", "complained_at", "failed_at", "unsubscribed_at",
)  # fmt: skip
MOMENTS: Final = tuple(name for name in HEADER if name.endswith("_at"))


@dataclass(frozen=True)
class Export:
    """Whom of an e-mail it is about: everybody, or those whom its page is narrowed to."""

    email: Email
    narrowed: Narrowed

    @classmethod
    def asked(cls, email: Email) -> "Export":
        """As the page was narrowed to; raises Invalid for an unknown status, before any file begins."""
        narrowed = Narrowed.read(request.args)
        if narrowed.status and narrowed.status != queries.UNSUBSCRIBED:
            queries.status_of(narrowed.status)
        return cls(email, narrowed)

    @property
    def page(self) -> ExportPage:
        """The files to choose from."""
        query = {"email_id": self.email.id, **self.narrowed.query}
        name, back = self.email.name, url_for("emails.show_email", _anchor="people", **query)
        return ExportPage(
            title="Export people",
            lead=self._whom,
            note="who got the e-mail, when, and why others did not",
            forms=forms_of(url_for("emails.export_csv", **query), url_for("emails.export_xlsx", **query)),
            crumbs=(("E-mail", url_for("emails.list_emails")), (name, back), ("Export", None)),
        )

    @property
    def _whom(self) -> str:
        narrowed = self.narrowed.in_words(lambda code: reasons.explain(code).title)
        return f"Some of them · {narrowed}" if narrowed else people(queries.counts(self.email).total)

    def as_csv(self, delimiter: str, by: By) -> Response:
        """`delimiter` is a key of `exports.DELIMITERS`."""
        return exports.as_csv(self._table(by), delimiter, self._file(".csv"))

    def as_xlsx(self, by: By) -> Response:
        """The same as a workbook."""
        return exports.as_xlsx(self._table(by), "People", self._file(".xlsx"))

    def _table(self, by: By) -> Table:
        note_export(self.email, by, **self.narrowed.noted)
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        chunks = _chunks(app, db.require_organization_id(), self)
        return Table(HEADER, chunks, phone=NO_PHONE)

    def _file(self, ending: str) -> str:
        return file_name(self.email.name, self.narrowed.status, self.narrowed.code, "people", ending=ending)


def _chunks(app: Flask, organization_id: uuid.UUID, asked: Export) -> Iterator[list[list[str]]]:
    # A transaction a chunk: a slow download must not hold one open.
    email_id, which = asked.email.id, asked.narrowed
    cursor: str | None = ""
    while cursor is not None:
        with db.organization_context(app, organization_id), db.reading():
            email = queries.get_email(email_id)
            page = queries.recipients(
                email, which.status or None, cursor or None, CHUNK, which.code or None, which.search
            )
            rows, cursor = [row_of(recipient) for recipient in page.items], page.next
        yield rows


def row_of(recipient: EmailRecipient) -> list[str]:
    """The cells in the order of HEADER."""
    reason = reasons.explain(recipient.error_code).title if recipient.error_code else ""
    return [
        recipient.name,
        recipient.address,
        recipient.status.value,
        recipient.error_code,
        reason,
        str(recipient.attempts),
        *(iso(getattr(recipient, name)) or "" for name in MOMENTS),
    ]
