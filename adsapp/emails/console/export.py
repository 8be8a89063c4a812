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
    """Whom of an e-mail it is about: everybody, or those of a status and a code."""

    email: Email
    status: str
    code: str

    @classmethod
    def asked(cls, email: Email) -> "Export":
        """As the page was narrowed to; raises Invalid for an unknown status, before any file begins."""
        status, code = request.args.get("status", ""), request.args.get("code", "")
        if status:
            queries.status_of(status)
        return cls(email, status, code)

    @property
    def page(self) -> ExportPage:
        """The files to choose from."""
        query = {"email_id": self.email.id, "status": self.status or None, "code": self.code or None}
        name, back = self.email.name, url_for("emails.show_email", _anchor="people", **query)
        return ExportPage(
            title="Export people",
            lead=" · ".join(filter(None, (self._whom, self.status, self.code and reasons.explain(self.code).title))),
            note="who got the e-mail, when, and why others did not",
            forms=forms_of(url_for("emails.export_csv", **query), url_for("emails.export_xlsx", **query)),
            crumbs=(("E-mail", url_for("emails.list_emails")), (name, back), ("Export", None)),
        )

    @property
    def _whom(self) -> str:
        return "Some of them" if self.status or self.code else people(queries.counts(self.email).total)

    def as_csv(self, delimiter: str, by: By) -> Response:
        """`delimiter` is a key of `exports.DELIMITERS`."""
        return exports.as_csv(self._table(by), delimiter, self._file(".csv"))

    def as_xlsx(self, by: By) -> Response:
        """The same as a workbook."""
        return exports.as_xlsx(self._table(by), "People", self._file(".xlsx"))

    def _table(self, by: By) -> Table:
        note_export(self.email, by, self.status, self.code)
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        chunks = _chunks(app, db.require_organization_id(), self.email.id, self.status or None, self.code or None)
        return Table(HEADER, chunks, phone=NO_PHONE)

    def _file(self, ending: str) -> str:
        return file_name(self.email.name, self.status, self.code, "people", ending=ending)


def _chunks(
    app: Flask, organization_id: uuid.UUID, email_id: uuid.UUID, status: str | None, code: str | None
) -> Iterator[list[list[str]]]:
    # A transaction a chunk: a slow download must not hold one open.
    cursor: str | None = ""
    while cursor is not None:
        with db.organization_context(app, organization_id), db.reading():
            email = queries.get_email(email_id)
            page = queries.recipients(email, status, cursor or None, CHUNK, code)
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
