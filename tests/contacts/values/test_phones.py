"""One cell, one number, or a reason; never the number of a stranger."""

import re

import phonenumbers
import pytest

from adsapp.contacts.values.countries import country_code
from adsapp.contacts.values.phones import Phone, Rejection, normalise_phone, person_key, reject
from adsapp.contacts.values.reasons import MESSAGES
from tests.contacts.imports.reading.helpers import read_contacts
from tests.paths import CASES


def test_cells_that_are_not_one_phone_are_told_apart() -> None:
    _, good, bad = read_contacts(CASES / "I04-cells-that-are-not-one-phone" / "phone_cells.csv")
    assert [(row.number, row.phone) for row in good] == [
        (4, "+12025550132"),
        (11, "+12025550134"),
        (12, "+12025550135"),
    ]
    assert good[0].extension == "45"
    assert good[0].notes[0].code == "extension_kept"
    assert [(row.number, row.code) for row in bad] == [
        (1, "scientific_notation"),
        (2, "two_numbers"),
        (3, "two_numbers"),
        (5, "letters"),
        (6, "letters"),
        (7, "too_short"),
        (8, "too_long"),
        (9, "no_area_code"),
        (10, "says_none"),
    ]
    assert [row.value for row in bad if row.number == 5] == ["+1 202 555 O133"]
    assert {row.column for row in bad} == {"phone"}


def test_characters_nobody_sees_do_not_make_another_number() -> None:
    _, good, bad = read_contacts(CASES / "I06-invisible-characters-in-phone" / "invisible.csv")
    assert [row.phone for row in good[:12]] == [f"+120255501{i}" for i in range(40, 52)]
    assert good[12].phone == good[0].phone
    assert bad == []
    assert all(row.phone.isascii() and len(row.phone) == 12 for row in good)


@pytest.mark.parametrize(
    "cell, default, e164, assumed",
    [
        ("+12025550100", None, "+12025550100", None),
        ("2025550100", "US", "+12025550100", "country"),
        ("2025550100.0", "US", "+12025550100", "country"),
        ("12025550100,00", "GB", "+12025550100", "lost plus"),
        ("12025550100", "GB", "+12025550100", "lost plus"),
        ("12025550100", None, "+12025550100", "lost plus"),
        ("0012025550100", "GB", "+12025550100", "00 prefix"),
        ("00 1 202 555 0100", None, "+12025550100", "00 prefix"),
        ("030/12345678", "DE", "+493012345678", "country"),
        ("+44 (0)20 7946 0958", None, "+442079460958", None),
        ("+39 06 1234 5678", None, "+390612345678", None),
        ("tel:+1-202-555-0100;ext=45", None, "+12025550100", None),
        ('="+12025550100"', None, "+12025550100", None),
        ("’+12025550100", None, "+12025550100", None),
        ("+ 1 202 555 0100", None, "+12025550100", None),
        ("२०२५५५०१००", "US", "+12025550100", "country"),
        ("491755678902", "DE", "+491755678902", "lost plus"),
        ("49 175 5678902", "DE", "+491755678902", "lost plus"),
        ("4917612345678", "DE", "+4917612345678", "lost plus"),
        ("1755678902", "DE", "+491755678902", "country"),
        ("62812345678", "ID", "+62812345678", "lost plus"),
        ("9198765432", "IN", "+919198765432", "country"),
        ("3912345678", "IT", "+393912345678", "country"),
        ("5532123456", "BR", "+555532123456", "country"),
        ("30123456789", "DE", "+4930123456789", "country"),
        ("4930901820", "DE", "+4930901820", "country"),
        ("84951234567", "RU", "+74951234567", "country"),
        ("8 495 123 45 67", "RU", "+74951234567", "country"),
        ("4532251234", "BR", "+554532251234", "country"),
        ("4522345678", "IN", "+914522345678", "country"),
        ("4522141234", "TR", "+904522141234", "country"),
        ("79181234567", "CN", "+8679181234567", "country"),
        ("+52 1 55 1234 5678", None, "+525512345678", "old form"),
        ("+55 11 8765-4321", None, "+5511987654321", "old form"),
    ],
)
def test_a_number_is_understood_and_what_was_assumed_is_told(
    cell: str, default: str | None, e164: str, assumed: str | None
) -> None:
    phone = normalise_phone(cell, default)
    assert isinstance(phone, Phone)
    assert (phone.e164, phone.assumed) == (e164, assumed)


@pytest.mark.parametrize(
    "cell, default, code",
    [
        ("", "US", "no_phone"),
        ("-", "US", "no_phone"),
        ("#N/A", "US", "says_none"),
        ("keine", "US", "says_none"),
        ("Pas de numéro", "FR", "says_none"),
        ("нет", "US", "says_none"),
        ("call me", "US", "text_instead"),
        ("2025550100", None, "no_country"),
        ("+999123456789", None, "bad_country_code"),
        ("+447700900123", None, "not_in_use"),
        ("+12", None, "too_short"),
        ("+1" + "2" * 30, None, "too_long"),
        ("2025550100 2025550101", "US", "too_long"),
        ("+12025550100 +12025550101", "US", "two_numbers"),
        ("202-555-0100 or 202-555-0101", "US", "two_numbers"),
        ("2025550100 ::: 2025550101", "US", "two_numbers"),
        ("2025550100;31", "US", "two_numbers"),
        ("2025550100*1", "US", "odd_characters"),
        ("13812345678", "CN", None),
        ("12025550100", "CN", "not_in_use"),
        ("001", None, "too_short"),
        ("491511234567", "DE", "two_readings"),
        ("4921123456", "DE", "two_readings"),
        ("43664123456", "DE", "two_readings"),
        ("33612345678", "DE", "two_readings"),
    ],
)
def test_what_is_no_number_has_a_code_of_its_own(cell: str, default: str | None, code: str | None) -> None:
    result = normalise_phone(cell, default)
    assert (result.code if isinstance(result, Rejection) else None) == code


def test_a_row_that_names_its_country_leaves_no_doubt_about_others() -> None:
    assert normalise_phone("6421123456", "DE") == reject("two_readings", "+6421123456 or +496421123456")
    assert normalise_phone("6421123456", "US", "DE") == Phone("+496421123456", "DE")
    assert normalise_phone("491755678902", "US", "DE") == Phone("+491755678902", "DE", "", "lost plus")


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_digits_after_their_own_calling_code_are_never_another_persons(region: str) -> None:
    """A spreadsheet dropped the plus, and the list is of that country."""
    mobile = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    e164 = phonenumbers.format_number(mobile, phonenumbers.PhoneNumberFormat.E164) if mobile else "+12025550100"
    read = normalise_phone(e164[1:], region)
    assert isinstance(read, Rejection) or read.e164 == e164


def test_a_number_of_no_country_names_none() -> None:
    """What libphonenumber calls the region of +800 has three letters, and no country is called so."""
    assert normalise_phone("+80012345678", "US") == Phone("+80012345678", "")


def test_the_country_of_the_row_goes_before_the_default() -> None:
    phone = normalise_phone("020 7946 0958", "US", "GB")
    assert isinstance(phone, Phone)
    assert (phone.e164, phone.region, phone.assumed) == ("+442079460958", "GB", None)


def test_a_national_number_with_a_slip_never_becomes_one_abroad() -> None:
    """6581234567 would be valid in Singapore with a plus, but is as long as an American number."""
    assert isinstance(normalise_phone("6581234567", "US"), Rejection)


@pytest.mark.parametrize(
    "one, other",
    [
        ("+5511987654321", "+551187654321"),
        ("+525512345678", "+5215512345678"),
        ("+541123456789", "+5491123456789"),
    ],
)
def test_two_forms_of_one_number_are_one_person(one: str, other: str) -> None:
    assert person_key(one) == person_key(other)


@pytest.mark.parametrize("number", ["+12025550100", "+551133334444", "+5511987654321", "+525512345678", "+5491"])
def test_other_numbers_are_their_own_key(number: str) -> None:
    assert person_key(number) == number


@pytest.mark.parametrize(
    "cell, code",
    [
        ("de", "DE"), ("DEU", "DE"), ("Germany", "DE"), ("Alemania", "DE"), ("+49", "DE"), ("U.S.A.", "US"),
        ("Côte d’Ivoire", "CI"), ("السعودية", "SA"), ("भारत", "IN"), ("", None), ("Atlantis", None), ("+883", None),
    ],
)  # fmt: skip
def test_countries_are_known_by_code_and_by_name(cell: str, code: str | None) -> None:
    assert country_code(cell) == code


def test_every_reason_says_what_is_wrong_and_what_to_do() -> None:
    assert all(reason.title and not reason.title.endswith(".") and reason.advice for reason in MESSAGES.values())
    assert len({reason.title for reason in MESSAGES.values()}) == len(MESSAGES)


def test_the_pattern_cache_is_large_enough_for_all_countries() -> None:
    """A private name of the standard library: should it go, numbers of many countries get 7 times slower."""
    assert getattr(re, "_MAXCACHE", 0) >= 20_000
