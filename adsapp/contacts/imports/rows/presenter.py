"""The rows of an import that somebody should look at, as a page shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from adsapp.contacts.imports.chunk import KNOWN, KNOWN_MESSAGE, REPEATED, REPEATED_MESSAGE
from adsapp.contacts.imports.queries import ReportedRow, RowFilter, reported_rows
from adsapp.contacts.models import Import
from adsapp.contacts.values.reasons import MESSAGES
from adsapp.core.inputs import MOST_ROWS, number_after
from adsapp.core.web.pages import WebPage
from adsapp.core.web.urls import url_for

OWN = {REPEATED: REPEATED_MESSAGE.rstrip("."), KNOWN: KNOWN_MESSAGE.rstrip(".")}
TITLES = {
    "rejected": "Rows that were rejected",
    "duplicate": "Rows that repeat somebody",
    "noted": "Rows with a remark",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsPage(WebPage):
    """Rows in the file's order. Their cells hold whole numbers and addresses: not for everybody."""

    template: ClassVar[str] = "contacts/rows.html"

    batch: Import
    rows: Sequence[ReportedRow]
    wanted: RowFilter
    shows_cells: bool
    cursor: str
    next_cursor: str | None

    @classmethod
    def of(cls, batch: Import, wanted: RowFilter, cursor: str, *, with_cells: bool) -> "RowsPage":
        """The page behind this cursor."""
        page = reported_rows(batch.id, wanted, number_after(cursor, MOST_ROWS) if cursor else 0)
        return cls(
            batch=batch, rows=page.items, wanted=wanted, shows_cells=with_cells, cursor=cursor, next_cursor=page.next
        )

    @property
    def title(self) -> str:
        """What these rows have in common."""
        code = self.wanted.code
        if code:
            return MESSAGES[code].title if code in MESSAGES else OWN.get(code, code)
        return TITLES.get(self.wanted.outcome, "Rows to look at")

    @property
    def query(self) -> dict[str, Any]:
        """The filter as it stands in an address."""
        return {"outcome": self.wanted.outcome or None, "code": self.wanted.code or None}

    @property
    def next_url(self) -> str | None:
        """Those behind them."""
        return self._url(self.next_cursor) if self.next_cursor else None

    @property
    def first_url(self) -> str | None:
        """The first, from a later page."""
        return self._url(None) if self.cursor else None

    def _url(self, cursor: str | None) -> str:
        return url_for("contacts.import_rows", import_id=self.batch.id, cursor=cursor, **self.query)


def row_json(row: ReportedRow, *, with_cells: bool) -> dict[str, Any]:
    """A row for programs."""
    names = ("line", "outcome", "column", "code", "message", "suggestion")
    told = {"row": row.number} | {name: getattr(row, name) for name in names}
    return told | {"cells": list(row.cells) if with_cells else None}
