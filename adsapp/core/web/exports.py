"""A table to take along: as CSV with the delimiter that was asked for, or as a workbook; and the page to choose on."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from flask import Response

from adsapp.core.errors import Invalid
from adsapp.core.spreadsheets import MARK, harmless, lines, readable_phone
from adsapp.core.web.downloads import download
from adsapp.core.web.pages import WebPage
from adsapp.core.xlsx import MIMETYPE, workbook

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
_NOTES = {
    "comma": "For other programs, and for spreadsheets that write 1.5.",
    "semicolon": "For spreadsheets that write 1,5, as in German, French or Spanish.",
    "tab": "For what is to be pasted.",
}


@dataclass(frozen=True)
class Table:
    """What is taken along. `chunks` are rows that were read together, each while the file is sent; `phone` is the
    column with the numbers: a CSV file has them with spaces, as a spreadsheet would make a sum of digits of them."""

    header: Sequence[str]
    chunks: Iterable[Sequence[Sequence[str]]]
    phone: int

    def for_csv(self, row: Sequence[str]) -> list[str]:
        """The row, safe from being run as formulas."""
        return [readable_phone(cell) if place == self.phone else harmless(cell) for place, cell in enumerate(row)]


def delimiter_of(name: str | None) -> str:
    """The delimiter that was asked for: commas, if none was. Raises Invalid for an unknown one."""
    if name and name not in DELIMITERS:
        raise Invalid.field(
            "delimiter", f"{name[:20]!r} is no delimiter of a CSV file; there are {', '.join(DELIMITERS)}"
        )
    return name or "comma"


def as_csv(table: Table, delimiter: str, name: str) -> Response:
    """`delimiter` is a key of DELIMITERS, `name` that of the file."""

    def pieces() -> Iterator[str]:
        yield MARK + lines([table.header], DELIMITERS[delimiter])
        for chunk in table.chunks:
            yield lines(map(table.for_csv, chunk), DELIMITERS[delimiter])

    return download(pieces(), "text/csv", name)


def as_xlsx(table: Table, sheet: str, name: str) -> Response:
    """The same as a workbook in which every cell is a text."""
    rows = (row for chunk in table.chunks for row in chunk)
    return download(workbook(table.header, rows, sheet), MIMETYPE, name)


@dataclass(frozen=True, slots=True)
class Form:
    """A form in which a table can be taken along."""

    title: str
    note: str
    file: str
    url: str


@dataclass(frozen=True, slots=True)
class ExportPage(WebPage):
    """The choice of a file."""

    template: ClassVar[str] = "export.html"

    title: str
    lead: str
    note: str  # what is in it
    forms: Sequence[Form]
    crumbs: Sequence[tuple[str, str | None]]


def forms_of(csv: str, xlsx: str) -> Sequence[Form]:
    """All of them, by the addresses of the files; that of the CSV takes a `delimiter`."""
    more = "&" if "?" in csv else "?"
    return (
        Form("Spreadsheet", "Every cell is a text: numbers keep their plus and their zeros.", "XLSX", xlsx),
        *(Form(f"CSV with {each}s", note, "CSV", f"{csv}{more}delimiter={each}") for each, note in _NOTES.items()),
    )
