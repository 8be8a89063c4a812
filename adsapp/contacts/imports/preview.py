"""What the first rows of a file would become, for the page that maps its columns. Nothing is written."""

from collections import Counter
from dataclasses import dataclass

from adsapp.contacts.imports.form import ImportForm
from adsapp.contacts.imports.reading.delimiters import DELIMITER_NAMES
from adsapp.contacts.imports.reading.files import Inspection, Position, Row
from adsapp.contacts.imports.reading.mapping import ATTRIBUTE
from adsapp.contacts.imports.reading.overlooked import second_columns
from adsapp.contacts.imports.reading.rows import MESSAGES, ContactRow, Defaults, Rejected, RowJudge
from adsapp.contacts.imports.reading_form import ENCODING_NAMES
from adsapp.contacts.imports.sample_rows import ASSUMED, Judged, SampleRow, sample_rows
from adsapp.contacts.imports.service import proposed
from adsapp.contacts.imports.sheets.kinds import Kind
from adsapp.contacts.models import Import
from adsapp.contacts.values import consent
from adsapp.contacts.values.attributes import TARGETS, attribute_key
from adsapp.contacts.values.countries import calling_code, countries
from adsapp.contacts.values.text import plain

KIND_NAMES = {Kind.XLSX: "Excel workbook", Kind.XLS: "Excel 97 workbook", Kind.ODS: "OpenDocument spreadsheet"}
EXAMPLES = 3
FEW = 0.1  # of the rows: if more are refused, the default country may be another one
Options = list[tuple[str, str]]


@dataclass(frozen=True)
class Example:
    """One cell as written and as stored; the word for what was assumed, and whether `stored` is an error instead."""

    written: str
    stored: str = ""
    assumed: str = ""
    wrong: bool = False

    @property
    def is_odd(self) -> bool:
        """True if a person should look at it."""
        return self.wrong or bool(self.assumed)


@dataclass(frozen=True)
class Column:
    """One column: what it becomes, and some of its cells that differ."""

    index: int
    name: str
    target: str
    choices: list[tuple[str, Options]]
    examples: list[Example]
    note: str = ""

    @property
    def key(self) -> str | None:
        """The name of the attribute it becomes, to be changed at will; None if it becomes something else."""
        return self.target.removeprefix(ATTRIBUTE) if self.target.startswith(ATTRIBUTE) else None


@dataclass(frozen=True)
class Preview:
    """The whole page's worth: the columns, and how the sample fares."""

    columns: list[Column]
    can_judge: bool  # False while the columns are chosen wrongly
    sampled: int
    taken: int
    reasons: list[tuple[str, str, int]]  # title, advice, rows
    rows: list[SampleRow]
    better_country: str = ""  # with which as default more of the sample could be stored, in a sentence

    @property
    def odd_rows(self) -> list[SampleRow]:
        """Those with more to look at than that the default country was assumed."""
        return [row for row in self.rows if row.kind != "good"]

    @property
    def other_rows(self) -> list[SampleRow]:
        """The rest of them."""
        return [row for row in self.rows if row.kind == "good"]


def preview(batch: Import, form: ImportForm) -> Preview:
    """What would become of the sample with the columns as chosen, right or wrong."""
    inspection = Inspection.from_json(batch.inspection)
    judged = _judge(inspection, form)
    rejected = Counter(row.code for row in judged if isinstance(row, Rejected))
    return Preview(
        _columns(batch, inspection, form, judged),
        bool(judged),
        len(inspection.sample),
        _taken(judged),
        [(*MESSAGES[code], count) for code, count in rejected.most_common()],
        sample_rows(inspection, form.mapping, judged),
        _better_country(inspection, form, judged),
    )


def _taken(judged: list[Judged]) -> int:
    return sum(isinstance(row, ContactRow) for row in judged)


def _better_country(inspection: Inspection, form: ImportForm, judged: list[Judged]) -> str:
    """A default country that fits the file better than the chosen one, if too many rows are refused with that."""
    best, taken = form.proposal.best.country, _taken(judged)
    if taken >= len(judged) * (1 - FEW) or best in ("", form.default_country):
        return ""
    fitting = _taken(_judge(inspection, form, best))
    chosen = countries().get(form.default_country, "no default country")
    if fitting <= taken:
        return ""
    return (
        f"With {chosen} {len(judged) - taken:,} of the first {len(judged):,} rows are refused. "
        f"{fitting - taken:,} of them look like numbers of {countries()[best]}: choose it as default country."
    )


def _judge(inspection: Inspection, form: ImportForm, country: str | None = None) -> list[Judged]:
    if form.mapping.validate():
        return []
    judge = RowJudge(form.mapping, Defaults(country or form.country))
    nowhere = Position(0, 0, 0)
    return [judge(Row(number, 0, list(cells), nowhere)) for number, cells in enumerate(inspection.sample, 1)]


def _columns(batch: Import, inspection: Inspection, form: ImportForm, judged: list[Judged]) -> list[Column]:
    likely, seconds = proposed(batch), second_columns(form.mapping)
    columns = []
    for index, name in enumerate(inspection.header):
        target = form.targets[index] or ""
        proposal = likely.targets[index] or ""
        own = next((each for each in (target, proposal) if each.startswith(ATTRIBUTE)), ATTRIBUTE + attribute_key(name))
        columns.append(
            Column(
                index,
                name or f"(column {index + 1}, no name)",
                target,
                _choices(own),
                _examples(inspection, index, target, judged),
                seconds.get(index, "") if target else "left out",
            )
        )
    return columns


def _examples(inspection: Inspection, index: int, target: str, judged: list[Judged]) -> list[Example]:
    """The first cell, and others that differ: those that are odd before the rest."""
    found: dict[str, Example] = {}
    for place, row in enumerate(inspection.sample):
        written = row[index] if index < len(row) else ""
        if written not in found:
            found[written] = Example(written, *_stored(target, written, judged[place] if judged else None))
    first, *others = found.values() or [Example("")]
    return [first, *sorted(others, key=lambda each: not each.is_odd)][:EXAMPLES]


def _choices(own: str) -> list[tuple[str, Options]]:
    key = own.removeprefix(ATTRIBUTE)
    return [
        ("Field of the contact", list(TARGETS.items())),
        ("Something of your own", [(own, f"Attribute: {key}" if key else "Attribute, to be named")]),
        ("Else", [("", "Leave out")]),
    ]


def _stored(target: str, written: str, first: Judged | None) -> tuple[str, str, bool]:
    """The cell as stored, the word for what was assumed, and whether it is an error instead."""
    if not target or first is None:
        return "", "", False
    if isinstance(first, Rejected):
        return (first.message, "", True) if target == "phone" else (written, "", False)
    if target == "phone":
        return first.phone, ASSUMED.get(first.assumed or "", ""), False
    if target in _READ:
        return _READ[target](written), "", False
    return _field(target, first), "", False


def _consent(cell: str) -> str:
    return {True: "yes", False: "no: opts out", None: ""}[consent.consent(cell).agrees]


def _opt_out(cell: str) -> str:
    return "yes: opts out" if consent.opt_out(cell).agrees is False else "no" if plain(cell) else ""


def _calling_code(cell: str) -> str:
    code = calling_code(cell)
    return f"+{code}, before the number" if code else ""


_READ = {"opt_in": _consent, "opted_out": _opt_out, "calling_code": _calling_code}


def _field(target: str, row: ContactRow) -> str:
    if target.startswith(ATTRIBUTE):
        return row.attributes.get(target.removeprefix(ATTRIBUTE), "")
    if target == "tags":
        return ", ".join(row.tags)
    if target == "country":
        return countries().get(row.country, row.country)
    return str(getattr(row, target))


def read_as(batch: Import) -> list[tuple[str, str]]:
    """What was found in the file, in words: of a text how it is written, of a workbook which sheet is read."""
    inspection = Inspection.from_json(batch.inspection)
    if inspection.sheet is not None:
        count = len(inspection.sheets)
        of = f", one of {count}" if count > 1 else ""
        found = [("Format", KIND_NAMES[inspection.kind]), ("Sheet", inspection.sheets[inspection.sheet] + of)]
    else:
        guess = ", a guess" if inspection.encoding_note else ""
        found = [
            ("Encoding", ENCODING_NAMES.get(inspection.encoding, inspection.encoding) + guess),
            ("Delimiter", DELIMITER_NAMES[inspection.delimiter]),
        ]
    return found + ([("Header row", f"{inspection.header_line:,}")] if inspection.header_line > 1 else [])
