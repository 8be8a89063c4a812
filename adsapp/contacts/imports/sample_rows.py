"""Rows of a file beside what they would become, those first that a person should look at."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adsapp.contacts.imports.reading.files import Inspection
from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.imports.reading.rows import ContactRow, Rejected
from adsapp.contacts.values.countries import countries
from adsapp.contacts.values.reasons import MESSAGES

SHOWN = 20
ASSUMED = {
    "country": "country assumed",
    "lost plus": "read with a +",
    "00 prefix": "00 read as +",
    "old form": "form in use today",
}
Judged = ContactRow | Rejected
Part = tuple[str, str]  # the name of a column or field, and its value


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A row as written and as it would be stored; `kind` is bad, warning or good, `said` what was assumed or is odd.

    That the default country was assumed is nothing odd: it is so for all that are written as at home.
    """

    written: Sequence[Part]
    stored: Sequence[Part]
    kind: str = "good"
    said: str = ""


def sample_rows(inspection: Inspection, mapping: Mapping, judged: Sequence[Judged]) -> list[SampleRow]:
    """Up to SHOWN rows: refused ones first, then those in which something was assumed or changed."""
    rows = [
        _row([*zip(inspection.header, cells, strict=False)], result)
        for cells, result in zip(inspection.sample, judged, strict=False)
    ]
    return sorted(rows, key=lambda row: ("bad", "warning", "good").index(row.kind))[:SHOWN]


def _row(written: Sequence[Part], result: Judged) -> SampleRow:
    cells = [(name, cell) for name, cell in written if cell.strip()]
    if isinstance(result, Rejected):
        return SampleRow(cells, [], "bad", result.message)
    codes = [*([result.assumed] if result.assumed else []), *(note.code for note in result.notes)]
    said = "; ".join(ASSUMED.get(code) or MESSAGES[code].title for code in codes)
    return SampleRow(cells, list(_stored(result)), "good" if set(codes) <= {"country"} else "warning", said)


def _stored(row: ContactRow) -> Iterator[Part]:
    yield "Phone number", row.phone
    named = {
        "Name": row.name,
        "First name": row.first_name,
        "Last name": row.last_name,
        "E-mail": row.email,
        "Language": row.language,
        "Country": countries().get(row.country, row.country),
        "Tags": ", ".join(row.tags),
        "Consent": {True: "agreed", False: "opts out", None: ""}[row.opt_in],
        **row.attributes,
    }
    yield from ((name, value) for name, value in named.items() if value)
