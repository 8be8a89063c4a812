"""The part of the columns page that says how the file is read; "" is what was found by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from adsapp.contacts.imports.reading.delimiters import DELIMITER_NAMES
from adsapp.contacts.imports.reading.encoding import OTHER_ENCODINGS
from adsapp.contacts.imports.reading.files import Inspection, Reading
from adsapp.contacts.imports.schemas import QUOTES_BY_NAME, ReadingOptions
from adsapp.core.web.parsing import parse

Choices = Sequence[tuple[str, str]]
ENCODING_NAMES = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16 (big end first)",
    "cp1252": "Windows-1252",
}
QUOTE_NAMES = {"double": "double quotes", "single": "single quotes", "none": "none"}


@dataclass(frozen=True)
class ReadingForm:
    """What is chosen, as it is sent."""

    encoding: str = ""
    delimiter: str = ""
    quote: str = ""
    sheet: str = ""
    header_row: str = ""

    @classmethod
    def of(cls, inspection: Inspection) -> "ReadingForm":
        """As the file is read now."""
        values = {
            "encoding": inspection.encoding,
            "delimiter": DELIMITER_NAMES[inspection.delimiter],
            "quote": next(name for name, sign in QUOTES_BY_NAME.items() if sign == inspection.quote),
            "header_row": str(inspection.header_line),
        }
        chosen = {name: value for name, value in values.items() if name in inspection.chosen}
        return cls(sheet="" if inspection.sheet is None else inspection.sheets[inspection.sheet], **chosen)

    def typed(self, sent: Mapping[str, str]) -> "ReadingForm":
        """As it was sent; what was not sent stays. Another sheet has its header in another row."""
        typed = replace(self, **{name: sent[name].strip() for name in asdict(self) if name in sent})
        moved = typed.sheet != self.sheet and typed.header_row == self.header_row
        return replace(typed, header_row="") if moved else typed

    @property
    def reading(self) -> Reading:
        """How the file is to be read; raises Invalid with the field that is wrong."""
        return parse(ReadingOptions, {name: value for name, value in asdict(self).items() if value}).reading


def encodings(inspection: Inspection) -> Choices:
    """Encodings to choose from, first the one that was found."""
    return _choices("encoding", inspection, ENCODING_NAMES.get(inspection.encoding, inspection.encoding)) + [
        (name, ENCODING_NAMES.get(name, name)) for name in OTHER_ENCODINGS
    ]


def delimiters(inspection: Inspection) -> Choices:
    """Delimiters to choose from."""
    return _choices("delimiter", inspection, DELIMITER_NAMES[inspection.delimiter]) + [
        (name, name) for name in DELIMITER_NAMES.values()
    ]


def quotes(inspection: Inspection) -> Choices:
    """What may stand around cells."""
    return _choices("quote", inspection, QUOTE_NAMES["double"]) + list(QUOTE_NAMES.items())


def sheets(inspection: Inspection) -> Choices:
    """The sheets of the workbook; those that are hidden say so."""
    return [
        (name, f"{name} (hidden)" if index in inspection.hidden else name)
        for index, name in enumerate(inspection.sheets)
    ]


def _choices(name: str, inspection: Inspection, found: str) -> list[tuple[str, str]]:
    return [("", "as found" if name in inspection.chosen else f"as found: {found}")]
