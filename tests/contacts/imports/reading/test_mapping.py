"""Columns find their fields, whatever the language; two for one field never lose a value in silence."""

import pytest

from adsapp.contacts.imports.reading.mapping import InvalidMapping, Mapping, propose
from adsapp.contacts.imports.reading.overlooked import SECOND, overlooked
from adsapp.contacts.imports.reading.report import REPORT_COLUMNS
from adsapp.contacts.imports.reading.rows import Rejected
from tests.contacts.imports.reading.helpers import kept, one_row, read_contacts
from tests.paths import CASES


@pytest.mark.parametrize("name", ["same_header_twice.csv", "two_synonyms.csv"])
def test_of_two_columns_for_one_field_the_first_counts_and_the_other_is_named(name: str) -> None:
    mapping, good, bad = read_contacts(CASES / "I10-two-columns-one-field" / name)
    assert [(row.name, row.phone) for row in good] == [("Fay Test", "+12025550167"), ("Gil Test", "+12025550168")]
    assert bad == []
    (said,) = [each for each in overlooked(mapping, []) if each.code == SECOND]
    assert (said.index, "counts in rows where" in said.message) == (2, True)


def test_of_columns_for_one_field_the_first_that_is_filled_counts_and_what_else_is_there_is_kept() -> None:
    header = ["Mobile", "Work phone", "Phone", "Tags", "Group", "Name", "Full name"]
    cells = ["", "202-555-0182", "+12025550183", "vip", "spring", " ", "Ann Lee"]
    row = kept(header, cells)
    assert (row.phone, row.name, row.tags) == ("+12025550182", "Ann Lee", ("vip", "spring"))
    assert row.attributes == {"phone_2": "+12025550183"}
    first = kept(header, ["+12025550181", *cells[1:]])
    assert (first.phone, first.attributes["work_phone"]) == ("+12025550181", "202-555-0182")
    wrong = one_row(header, ["", "12", "", "", "", "", ""])
    assert isinstance(wrong, Rejected)
    assert (wrong.column, wrong.value) == ("Work phone", "12")


def test_an_extension_is_kept_beside_its_number() -> None:
    row = kept(["phone", "City"], ["+1 202 555 0132 x45", "Oslo"])
    assert (row.phone, row.attributes) == ("+12025550132", {"phone_extension": "45", "city": "Oslo"})


@pytest.mark.parametrize(
    "header",
    [
        ["Phone Number", "First Name", "LAST_NAME", "E-Mail Address", "Country"],
        ["Teléfono", "Nombre de pila", "Apellidos", "Correo electrónico", "País"],
        ["Celular", "Primeiro nome", "Sobrenome", "Endereço de e-mail", "País"],
        ["Handynummer", "Vorname", "Nachname", "E-Mail-Adresse", "Land"],
        ["Numéro de téléphone", "Prénom", "Nom de famille", "Adresse e-mail", "Pays"],
        ["Cellulare", "Nome di battesimo", "Cognome", "Posta elettronica", "Paese"],
        ["Mobiel nummer", "Voornaam", "Achternaam", "E-mailadres", "Land"],
        ["No. HP", "Nama depan", "Nama belakang", "Alamat email", "Negara"],
        ["Mobile No.", "Pehla Naam", "Upnaam", "ईमेल", "Desh"],
        ["رقم الجوال", "الاسم الأول", "اسم العائلة", "البريد الإلكتروني", "البلد"],
    ],
)
def test_header_names_are_known_in_many_languages(header: list[str]) -> None:
    assert propose(header, []).targets == ("phone", "first_name", "last_name", "email", "country")


def test_what_is_no_field_becomes_an_attribute_with_a_plain_key() -> None:
    header = ["phone", "Shop", "Größe (cm)", "shop", "متجر", "", "Title!", "Name", "1st visit", "Opt_in "]
    targets = propose(header, []).targets
    assert targets[1:7] == (
        "attribute:shop",
        "attribute:grosse_cm",
        "attribute:shop_2",
        "attribute:متجر",
        None,
        "attribute:title",
    )
    assert targets[7:] == ("name", "attribute:field_1st_visit", "opt_in")


def test_an_attribute_is_never_called_like_a_field() -> None:
    assert propose(["phone", "Tags!", "first-name?", "E mail?"], []).validate() == ()
    assert Mapping(("p", "c"), ("phone", "attribute:email")).validate()[0].place == "column 2 (c)"


def test_a_phone_column_without_a_name_we_know_is_found_by_its_cells() -> None:
    sample = [["Ana", "'+1 202 555 0100", "2024-01-05"], ["Ben", "(202) 555-0101", "2024-02-06"], ["Cy", "", ""]]
    assert propose(["who", "reach", "since"], sample).targets[1] == "phone"


def test_two_columns_of_phones_are_left_to_the_person() -> None:
    mapping = propose(["one", "two"], [["+12025550100", "+12025550101"]])
    assert "phone" not in mapping.targets
    (problem,) = mapping.validate()
    assert "one, two" in problem.message


def test_a_missing_phone_column_names_the_columns_seen() -> None:
    (problem,) = propose(["shop", ""], [["a", "b"]]).validate()
    assert "Columns seen: shop, (column 2, no name)." in problem.message


@pytest.mark.parametrize("target", ["fax", "attribute:", "attribute:Big Shop", "attribute:9x", "attribute:" + "a" * 41])
def test_a_target_that_does_not_exist_is_named_with_its_column(target: str) -> None:
    (problem,) = Mapping(("p", "c"), ("phone", target)).validate()
    assert problem.place == "column 2 (c)"


def test_a_mapping_survives_json() -> None:
    mapping = propose(["phone", "", "Shop", "Mobile"], [])
    assert mapping.to_json() == {"0": "phone", "2": "attribute:shop", "3": "phone"}
    assert Mapping.from_json(mapping.to_json(), mapping.header).targets == mapping.targets


def test_people_may_name_columns_by_their_header_or_index() -> None:
    header = ("Móvil", "2", "Name", "name")
    given = {"movil": "phone", "2": "attribute:two", "3": "name", "Name": None}
    mapping = Mapping.from_json(given, header)
    assert mapping.targets == ("phone", "attribute:two", None, "name")


def test_a_column_that_is_not_there_or_is_there_twice_is_named() -> None:
    with pytest.raises(InvalidMapping) as refused:
        Mapping.from_json({"fone": "phone", "NAME": "name", "9": "email"}, ("phone", "Name", "name"))
    assert [problem.place for problem in refused.value.problems] == ["column 'fone'", "column 'NAME'", "column '9'"]
    assert "2 columns" in str(refused.value)


def test_columns_of_our_own_report_are_left_out() -> None:
    assert propose([*REPORT_COLUMNS, "phone"], []).targets == (None, None, None, None, "phone")
