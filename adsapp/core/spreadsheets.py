"""Lines of CSV that a spreadsheet opens as they are meant: UTF-8 is recognised, and no cell is run as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

MARK = "\ufeff"  # before the first line: Excel reads UTF-8 only with it
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_PHONE = re.compile(r"\+\d+")


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs as a formula. A phone of + and digits stays, so that it can be imported again."""
    if _FORMULA.match(text) and not _PHONE.fullmatch(text):
        return "'" + text
    return text


def lines(records: Iterable[Sequence[str]]) -> str:
    """The records as lines of CSV."""
    out = io.StringIO()
    csv.writer(out).writerows(records)
    return out.getvalue()
