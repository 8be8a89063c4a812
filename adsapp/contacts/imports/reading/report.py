"""Rows with remarks as a file, CSV or a workbook, that opens in a spreadsheet and can be corrected and uploaded again.

It has the columns of the upload, as CSV its delimiter too. Columns of our own come before the row's cells, which are
exactly as they were; at the end, a row with too many cells would push them out of line. When such a file is imported,
ours are recognised and left out.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

REPORT_COLUMNS = ("ADSapp row", "ADSapp line", "ADSapp column", "ADSapp reason", "ADSapp suggestion")
# Excel needs the mark to read UTF-8; our reader removes it again.
_MARK = "\ufeff"
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_PHONE = re.compile(r"\+[0-9][0-9 ().\-]*")


class ReportedRow(Protocol):
    """What a line of the report needs."""

    @property
    def number(self) -> int: ...
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def suggestion(self) -> str: ...
    @property
    def cells(self) -> Sequence[str]: ...


def report_lines(header: Sequence[str], rows: Iterable[ReportedRow], delimiter: str = ",") -> Iterator[str]:
    """The lines of a CSV file with their line ends, one at a time: the header, then one for each row."""
    yield _MARK
    yield from (_line(record, delimiter) for record in report_records(header, rows))


def report_records(header: Sequence[str], rows: Iterable[ReportedRow]) -> Iterator[list[str]]:
    """The cells of each row of the file, the header first."""
    own = {index for index, name in enumerate(header) if name in REPORT_COLUMNS}
    yield [*REPORT_COLUMNS, *_others(header, own)]
    for row in rows:
        ours = [str(row.number), str(row.line or ""), row.column, row.message, row.suggestion]
        yield [*ours, *_others(row.cells, own)]


def safe_cell(cell: str) -> str:
    """The cell, escaped if a spreadsheet would run it as a formula; phone numbers with + stay as they are."""
    if _FORMULA.match(cell) and not _PHONE.fullmatch(cell):
        return "'" + cell
    return cell


def _others(cells: Sequence[str], own: set[int]) -> list[str]:
    """The cells without our columns of an earlier report."""
    return [cell for index, cell in enumerate(cells) if index not in own]


def _line(cells: list[str], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerow(map(safe_cell, cells))
    return out.getvalue()
