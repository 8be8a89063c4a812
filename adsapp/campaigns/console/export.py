"""The people of a campaign as a file, read chunk by chunk: memory stays flat however many there are."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask, Response, current_app, request

from adsapp.campaigns import queries, reasons, service
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.web import exports
from adsapp.core.web.downloads import file_name
from adsapp.core.web.exports import ExportPage, Table, forms_of
from adsapp.core.web.urls import url_for
from adsapp.core.words import plural
from adsapp.organizations.access import current_actor
from adsapp.organizations.auditing import By
from adsapp.outbound.console.people import Narrowed

CHUNK: Final = 500
HEADER: Final = (
    "name", "phone", "status", "code", "reason", "attempts",
    "accepted_at", "sent_at", "delivered_at", "read_at", "failed_at", "replied_at",
    "wa_user_id", "price_category", "price_type", "price_model", "billable",
)  # fmt: skip
MOMENTS: Final = tuple(name for name in HEADER if name.endswith("_at"))


@dataclass(frozen=True)
class Export:
    """Whom of a campaign it is about: everybody, or those whom its page is narrowed to."""

    campaign: Campaign
    narrowed: Narrowed
    country: str = ""  # in which a number that is looked for may be written

    @classmethod
    def asked(cls, campaign: Campaign) -> "Export":
        """As the page was narrowed to; raises Invalid for an unknown status, before any file begins."""
        narrowed = Narrowed.read(request.args)
        if narrowed.status:
            queries.status_of(narrowed.status)
        return cls(campaign, narrowed, current_actor().organization.default_country)

    @property
    def page(self) -> ExportPage:
        """The files to choose from."""
        query = {"campaign_id": self.campaign.id, **self.narrowed.query}
        name, back = self.campaign.name, url_for("campaigns.show_campaign", _anchor="people", **query)
        return ExportPage(
            title="Export people",
            lead=self._whom,
            note="who got the message, when, and why others did not",
            forms=forms_of(url_for("campaigns.export_csv", **query), url_for("campaigns.export_xlsx", **query)),
            crumbs=(("Campaigns", url_for("campaigns.list_campaigns")), (name, back), ("Export", None)),
        )

    @property
    def _whom(self) -> str:
        narrowed = self.narrowed.in_words(lambda code: reasons.explain(code).title)
        return (
            f"Some of them · {narrowed}"
            if narrowed
            else plural(queries.counts(self.campaign).total, "person", "people")
        )

    def as_csv(self, delimiter: str, by: By) -> Response:
        """`delimiter` is a key of `exports.DELIMITERS`."""
        return exports.as_csv(self._table(by), delimiter, self._file(".csv"))

    def as_xlsx(self, by: By) -> Response:
        """The same as a workbook."""
        return exports.as_xlsx(self._table(by), "People", self._file(".xlsx"))

    def _table(self, by: By) -> Table:
        service.note_export(self.campaign, by, **self.narrowed.noted)
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        chunks = _chunks(app, db.require_organization_id(), self)
        return Table(HEADER, chunks, HEADER.index("phone"))

    def _file(self, ending: str) -> str:
        return file_name(self.campaign.name, self.narrowed.status, self.narrowed.code, "people", ending=ending)


def _chunks(app: Flask, organization_id: uuid.UUID, asked: Export) -> Iterator[list[list[str]]]:
    # A transaction a chunk: a slow download must not hold one open.
    campaign_id, which = asked.campaign.id, asked.narrowed
    narrowed: dict[str, Any] = {"code": which.code or None, "search": which.search, "country": asked.country}
    cursor: str | None = ""
    while cursor is not None:
        with db.organization_context(app, organization_id), db.reading():
            campaign = queries.get_campaign(campaign_id)
            page = queries.recipients(campaign, which.status or None, cursor or None, CHUNK, **narrowed)
            rows, cursor = [row_of(recipient) for recipient in page.items], page.next
        yield rows


def row_of(recipient: CampaignRecipient) -> list[str]:
    """The cells in the order of HEADER."""
    reason = reasons.explain(recipient.error_code).title if recipient.error_code else ""
    told = (recipient.wa_user_id, recipient.price_category, recipient.price_type, recipient.price_model)
    billable = {True: "yes", False: "no", None: ""}[recipient.billable]
    return [
        recipient.name,
        recipient.phone,
        recipient.status.value,
        recipient.error_code,
        reason,
        str(recipient.attempts),
        *(iso(getattr(recipient, name)) or "" for name in MOMENTS),
        *(each or "" for each in told),
        billable,
    ]
