"""CSV for spreadsheets: they recognise UTF-8 and run no cell as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

MARK = "\ufeff"  # before the first line: Excel reads UTF-8 only with it
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_PHONE = re.compile(r"\+\d+")


def harmless(text: str) -> str:
    """The cell, escaped if a spreadsheet would run it as a formula, except phone numbers: they are imported again."""
    if _FORMULA.match(text) and not _PHONE.fullmatch(text):
        return "'" + text
    return text


def lines(records: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(records)
    return out.getvalue()
