"""CSV for spreadsheets: they recognise UTF-8, run no cell as a formula and leave phone numbers as they are."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

import phonenumbers

MARK = "\ufeff"  # before the first line: Excel reads UTF-8 only with it
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_PHONE = re.compile(r"\+\d[\d ]*")


def harmless(text: str) -> str:
    """The cell, escaped if a spreadsheet would run it as a formula, except phone numbers: they are imported again."""
    if _FORMULA.match(text) and not _PHONE.fullmatch(text):
        return "'" + text
    return text


def readable_phone(number: str) -> str:
    """+4915123006850 as +49 1512 3006850.

    Spreadsheets take digits alone for a number, drop the plus and show 4.9E+12; with spaces it is a text. An
    apostrophe or ="…" before it would be read only by them: programs, our import too, read this as the same number.
    """
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL).replace("-", " ")


def lines(records: Iterable[Sequence[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(records)
    return out.getvalue()
