"""What the first rows of a file would become, for the page that maps its columns. Nothing is written."""

from collections import Counter
from dataclasses import dataclass

from adsapp.contacts.imports.form import ImportForm
from adsapp.contacts.imports.reading.delimiters import DELIMITER_NAMES
from adsapp.contacts.imports.reading.files import Inspection, Position, Row
from adsapp.contacts.imports.reading.mapping import ATTRIBUTE
from adsapp.contacts.imports.reading.rows import MESSAGES, ContactRow, Defaults, Rejected, RowJudge
from adsapp.contacts.imports.service import proposed
from adsapp.contacts.models import Import
from adsapp.contacts.values import consent
from adsapp.contacts.values.attributes import TARGETS, attribute_key
from adsapp.contacts.values.countries import calling_code, countries
from adsapp.contacts.values.text import plain

ENCODING_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp1252": "Windows-1252"}
ASSUMED = {
    "country": "country assumed",
    "lost plus": "read with a +",
    "00 prefix": "00 read as +",
    "old form": "form in use today",
}
Judged = ContactRow | Rejected
Options = list[tuple[str, str]]


@dataclass(frozen=True)
class Column:
    """One column: what it becomes, and its first cell as written and as stored."""

    index: int
    name: str
    target: str
    choices: list[tuple[str, Options]]
    written: str
    stored: str
    assumed: str = ""
    wrong: bool = False
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


def preview(batch: Import, form: ImportForm) -> Preview:
    """What would become of the sample with the columns as chosen, right or wrong."""
    inspection = Inspection.from_json(batch.inspection)
    judged = _judge(inspection, form)
    rejected = Counter(row.code for row in judged if isinstance(row, Rejected))
    return Preview(
        _columns(batch, inspection, form, judged[0] if judged else None),
        bool(judged),
        len(inspection.sample),
        sum(isinstance(row, ContactRow) for row in judged),
        [(*MESSAGES[code], count) for code, count in rejected.most_common()],
    )


def _judge(inspection: Inspection, form: ImportForm) -> list[Judged]:
    if form.mapping.validate():
        return []
    judge = RowJudge(form.mapping, Defaults(form.country))
    nowhere = Position(0, 0, 0)
    return [judge(Row(number, 0, list(cells), nowhere)) for number, cells in enumerate(inspection.sample, 1)]


def _columns(batch: Import, inspection: Inspection, form: ImportForm, first: Judged | None) -> list[Column]:
    likely = proposed(batch)
    row = inspection.sample[0]
    columns = []
    for index, name in enumerate(inspection.header):
        target, written = form.targets[index] or "", row[index] if index < len(row) else ""
        proposal = likely.targets[index] or ""
        own = next((each for each in (target, proposal) if each.startswith(ATTRIBUTE)), ATTRIBUTE + attribute_key(name))
        stored, assumed, wrong = _stored(target, written, first)
        columns.append(
            Column(
                index,
                name or f"(column {index + 1}, no name)",
                target,
                _choices(own),
                written,
                stored,
                assumed,
                wrong,
                "" if target else likely.left_out.get(index, "left out"),
            )
        )
    return columns


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


def encoding_name(batch: Import) -> str:
    """The file's encoding as people know it."""
    name = str(batch.inspection["encoding"])
    guess = ", a guess" if batch.inspection["encoding_note"] else ""
    return ENCODING_NAMES.get(name, name) + guess


def delimiter_name(batch: Import) -> str:
    """What separates the cells, in a word."""
    return DELIMITER_NAMES[batch.inspection["delimiter"]]
