"""The country of numbers that do not say theirs: proposed from the file, and asked for if two countries fit."""

import pytest

from adsapp.contacts.imports.reading.home import Proposal, propose_country
from adsapp.contacts.imports.reading.mapping import propose

GERMAN = [f"151{23456780 + each}" for each in range(12)]  # its zeros are lost: numbers of Texas as well
GERMAN_AT_HOME = [f"0151 {23456780 + each}" for each in range(12)]
MEXICAN = [f"55 1234 56{each:02}" for each in range(12)]
BRITISH = [f"07400 1234{each:02}" for each in range(12)]
AMERICAN = [f"(202) 555-01{each:02}" for each in range(12)]
WITH_PLUS = [f"+49151{23456780 + each}" for each in range(12)]


def proposed(header: str, numbers: list[str], own: str = "US", mail: str = "a@example.com") -> Proposal:
    """For a file of names, numbers and e-mail addresses."""
    columns = header.split()
    rows = [["Ann", number, mail] for number in numbers]
    return propose_country(rows, propose(columns, rows), own)


def test_a_list_that_its_own_country_would_misread_is_asked_about() -> None:
    found = proposed("Vorname Handy E-Mail", GERMAN)
    assert (found.best.country, [each.country for each in found.rivals]) == ("DE", ["US"])
    assert found.best.example == ("15123456780", "+4915123456780")
    assert found.rivals[0].example == ("15123456780", "+15123456780")
    assert found.is_open
    assert found.why.endswith("mobile numbers there; the columns have German names.")


@pytest.mark.parametrize(
    "header, numbers, mail, country",
    [
        ("Vorname Handy E-Mail", GERMAN_AT_HOME, "a@example.com", "DE"),
        ("Name Phone Email", GERMAN_AT_HOME, "a@example.de", "DE"),
        ("Name Phone Email", BRITISH, "a@example.co.uk", "GB"),
        ("Name Phone Email", [*GERMAN_AT_HOME[:6], *WITH_PLUS[6:]], "a@example.com", "DE"),
        ("Name Phone Email", AMERICAN, "a@example.com", "US"),
        ("Name Phone Email", AMERICAN, "a@example.ca", "CA"),  # the same numbers in either: nobody is asked
    ],
)
def test_the_country_in_which_they_are_mobile_numbers_is_proposed(
    header: str, numbers: list[str], mail: str, country: str
) -> None:
    found = proposed(header, numbers, mail=mail)
    assert (found.best.country, found.is_open) == (country, False)


def test_two_countries_whose_numbers_look_alike_are_a_question() -> None:
    found = proposed("Nombre Celular Correo", MEXICAN)
    assert {found.best.country, *(each.country for each in found.rivals)} == {"MX", "US"}


@pytest.mark.parametrize("numbers", [WITH_PLUS, ["none", "-"]])
def test_numbers_that_name_their_country_need_none(numbers: list[str]) -> None:
    found = proposed("Vorname Handy E-Mail", numbers)
    assert (found.needed, found.is_open, found.best.country) == (0, False, "US")


def test_numbers_that_fit_nowhere_leave_what_the_organization_has() -> None:
    found = proposed("Name Phone Email", ["12345", "999999"])
    assert (found.best.country, found.needed, found.is_open) == ("US", 2, False)
