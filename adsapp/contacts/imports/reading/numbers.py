"""Reads the phone number of a row, of which the country or the calling code may stand in columns of their own."""

from functools import lru_cache
from typing import NamedTuple

from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.values.countries import calling_code, country_code, main_country
from adsapp.contacts.values.phones import Phone, Rejection, normalise_phone, reject
from adsapp.contacts.values.text import plain


class Place(NamedTuple):
    """Where a row says its number is from: a country, a calling code, and the cell that could not be read."""

    country: str | None = None
    code: int | None = None
    not_read: str = ""
    column: int | None = None  # of `not_read`


_NOWHERE = Place()
MAX_KNOWN = 100  # characters of a cell that is remembered


class Found(NamedTuple):
    """A number, or why there is none; the country the row names; and a remark with its column, if there is one."""

    phone: Phone | Rejection
    country: str | None = None
    remark: tuple[str, int] | None = None


class NumberReader:
    """Reads the numbers of one import. Columns are looked up once."""

    def __init__(self, mapping: Mapping, phone: int, default: str | None) -> None:
        self._phone, self._default = phone, default
        self._country, self._code = mapping.index_of("country"), mapping.index_of("calling_code")
        self._names_places = self._country is not None or self._code is not None

    def __call__(self, cells: list[str]) -> Found:
        """The number. A row that says where it is from never gets the default country: it would be a stranger's."""
        place = self._place(cells) if self._names_places else _NOWHERE
        if place is _NOWHERE:
            return Found(normalise_phone(cells[self._phone], self._default))
        region = main_country(place.code) if place.code else place.country
        phone = normalise_phone(cells[self._phone], None, region)
        if isinstance(phone, Rejection):
            unknown = phone.code == "no_country" and place.not_read
            return Found(reject("unknown_country", place.not_read) if unknown else phone, place.country)
        if place.code and not self._fits(phone, place.code, cells[self._phone]):
            return Found(reject("other_calling_code", f"+{place.code}"), place.country)
        return Found(phone, place.country, self._remark(place))

    def _place(self, cells: list[str]) -> Place:
        country = self._read(cells, self._country)
        code = self._read(cells, self._code)
        if code is _NOWHERE or country is _NOWHERE:
            return country if code is _NOWHERE else code
        not_read = country if country.not_read else code
        return Place(country.country or code.country, code.code or country.code, not_read.not_read, not_read.column)

    def _read(self, cells: list[str], column: int | None) -> Place:
        cell = cells[column] if column is not None else ""
        if not cell or column is None:
            return _NOWHERE
        # A list names few places, each in thousands of rows. What is long is none, and would only fill the memory.
        return _known(cell, column) if len(cell) <= MAX_KNOWN else _named(cell, column)

    def _fits(self, phone: Phone, code: int, cell: str) -> bool:
        """True if the number has the row's calling code, or one of its own that was written out."""
        return phone.e164.startswith(f"+{code}") or "+" in plain(cell) or phone.assumed == "00 prefix"

    def _remark(self, place: Place) -> tuple[str, int] | None:
        if place.column is None:
            return None
        return ("country_left_out" if place.column == self._country else "calling_code_left_out", place.column)


def _named(cell: str, column: int) -> Place:
    """What one cell names: a calling code, a country, or something unknown."""
    if not cell.strip():
        return _NOWHERE
    code = calling_code(cell)
    country = None if code else country_code(cell)
    return Place(country, code) if code or country else Place(not_read=cell, column=column)


_known = lru_cache(maxsize=4096)(_named)
