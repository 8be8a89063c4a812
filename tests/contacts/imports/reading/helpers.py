"""Short ways from a file to what the reading made of it."""

from pathlib import Path

from adsapp.contacts.imports.reading.files import Row, inspect, prepare, read_rows
from adsapp.contacts.imports.reading.lines import Position
from adsapp.contacts.imports.reading.mapping import Mapping, propose
from adsapp.contacts.imports.reading.rows import ContactRow, Defaults, Rejected, RowJudge


def read_contacts(path: Path, country: str | None = "US") -> tuple[Mapping, list[ContactRow], list[Rejected]]:
    """The proposed mapping of a file, and all its rows judged under it."""
    found = inspect(path)
    prepare(path, found)
    mapping = propose(found.header, found.sample)
    assert mapping.validate() == ()
    judge = RowJudge(mapping, Defaults(country=country))
    judged = [judge(row) for row in read_rows(path, found)]
    good = [row for row in judged if isinstance(row, ContactRow)]
    return mapping, good, [row for row in judged if isinstance(row, Rejected)]


def one_row(header: list[str], cells: list[str], country: str | None = "US") -> ContactRow | Rejected:
    """One made-up row under the mapping proposed for its header."""
    row = Row(1, 2, cells, Position(0, 1, 3))
    return RowJudge(propose(header, []), Defaults(country=country))(row)


def kept(header: list[str], cells: list[str], country: str | None = "US") -> ContactRow:
    judged = one_row(header, cells, country)
    assert isinstance(judged, ContactRow)
    return judged
