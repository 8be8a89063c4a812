"""A calling code in a column of its own is a part of the number; who names a country never gets another one."""

import pytest

from adsapp.contacts.imports.reading.mapping import Mapping, propose
from adsapp.contacts.imports.reading.overlooked import overlooked
from adsapp.contacts.imports.reading.rows import Rejected
from adsapp.contacts.values.countries import calling_code, country_code
from tests.contacts.imports.reading.helpers import kept, one_row

# Of Ann in case N03: with the default country it would be a valid number in Maine.
NATIONAL, HERS = "2079460303", "+442079460303"
NAMES = [
    *["Country code", "Calling code", "Dial code", "Dialling code", "Phone prefix", "Phone country code", "ISD code"],
    *["Prefijo internacional", "Código telefónico del país", "DDI", "Ländervorwahl", "Indicatif pays"],
    *["Prefisso internazionale", "Landnummer", "Kode negara", "Ülke kodu", "Код страны", "Numer kierunkowy kraju"],
    *["مفتاح الدولة", "देश कोड", "国家代码"],
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("code", ["+44", "44", "0044", "(+44)", "44.0", "'+44", "GB +44", "GB"])
def test_code_and_number_are_one(name: str, code: str) -> None:
    row = kept(["name", name, "phone"], ["Ann", code, NATIONAL])
    assert (row.phone, row.country, row.assumed) == (HERS, "GB", None)


@pytest.mark.parametrize(
    "code, number, phone, country",
    [
        ("+44", "020 7946 0303", HERS, "GB"),
        ("44", "442079460303", HERS, "GB"),
        ("44", "+442079460303", HERS, "GB"),
        ("44", "00442079460303", HERS, "GB"),
        ("61", "491570158", "+61491570158", "AU"),
        ("1", "2025550145", "+12025550145", "US"),
        ("1", "(416) 555-0145", "+14165550145", "CA"),
        ("0039", "02 1234 5678", "+390212345678", "IT"),
        ("+7", "9161234567", "+79161234567", "RU"),
        ("+44", "+12025550145", "+12025550145", "US"),  # its own code is written out
        ("", "2025550145", "+12025550145", "US"),  # nothing is named, so the default country counts
    ],
)
def test_a_number_keeps_its_own_shape_beside_a_code(code: str, number: str, phone: str, country: str) -> None:
    row = kept(["Dial code", "phone"], [code, number])
    assert (row.phone, row.country) == (phone, country)


@pytest.mark.parametrize(
    "header, cells",
    [
        (["Dial code", "phone"], ["+999", NATIONAL]),
        (["Dial code", "phone"], ["?", NATIONAL]),
        (["Dial code", "phone"], ["London", NATIONAL]),
        (["country", "phone"], ["Atlantis", NATIONAL]),
        (["country", "phone"], ["840", NATIONAL]),
        (["country", "Dial code", "phone"], ["Atlantis", "", NATIONAL]),
        (["country", "Dial code", "phone"], ["", "+999", NATIONAL]),
        (["Dial code", "phone"], ["+44", "12025550145"]),  # another country's, by its first digit
        (["Dial code", "phone"], ["+61", NATIONAL]),
    ],
)
def test_a_row_that_names_its_country_never_gets_the_default_one(header: list[str], cells: list[str]) -> None:
    assert isinstance(one_row(header, cells), Rejected)


def test_country_and_code_together_serve_the_number() -> None:
    header = ["Country", "Dial code", "phone"]
    row = kept(header, ["Germany", "+44", NATIONAL])
    assert (row.phone, row.country) == (HERS, "DE")
    assert kept(header, ["United Kingdom", "", NATIONAL]).phone == HERS
    row = kept(header, ["Atlantis", "+44", NATIONAL])
    assert (row.phone, row.country, row.notes[0].code) == (HERS, "GB", "country_left_out")
    row = kept(header, ["UK", "+999", NATIONAL])
    assert (row.phone, row.notes[0].code, row.notes[0].column) == (HERS, "calling_code_left_out", "Dial code")


@pytest.mark.parametrize(
    "header, cells, target",
    [
        (["Country", "Country code"], ["UK", "44"], ("country", "calling_code")),
        (["Country", "Intl"], ["UK", "+44"], ("country", "calling_code")),
        (["Prefix", "Name"], ["0044", "Ann"], ("calling_code", "name")),
        (["Prefix", "Name"], ["Mrs", "Ann"], ("attribute:prefix", "name")),
        (["Qty", "Name"], ["44", "Ann"], ("attribute:qty", "name")),
    ],
)
def test_the_cells_decide_about_a_name_of_two_meanings(
    header: list[str], cells: list[str], target: tuple[str, str]
) -> None:
    assert propose([*header, "phone"], [[*cells, NATIONAL]]).targets[:2] == target


def test_a_calling_code_that_is_not_used_is_said() -> None:
    mapping = Mapping(("Dial code", "phone"), (None, "phone"))
    (found,) = overlooked(mapping, [["+44", NATIONAL]])
    assert (found.column, found.code) == ("Dial code", "calling_code_unused")


@pytest.mark.parametrize("cell, code", [("+44", 44), ("44", 44), ("0044", 44), ("+44 (UK)", 44), ("1.0", 1)])
def test_a_calling_code_is_read(cell: str, code: int) -> None:
    assert calling_code(cell) == code
    assert country_code(cell) in ("GB", "US")


@pytest.mark.parametrize("cell", ["", "GB", "840", "12 34", "+44 20", "a1b", "US/CA +1", "4.5", "-", "0"])
def test_what_is_no_calling_code_is_not_guessed(cell: str) -> None:
    assert calling_code(cell) is None
