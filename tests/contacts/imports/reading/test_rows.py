"""Rows are judged by their phone; whatever else is wrong is left out with a note."""

import pytest

from adsapp.contacts.imports.reading.files import Position, Row
from adsapp.contacts.imports.reading.mapping import Mapping, propose
from adsapp.contacts.imports.reading.rows import MESSAGES, ContactRow, Defaults, Rejected, RowJudge, judge
from adsapp.contacts.values.text import MAX_ATTRIBUTE, MAX_NAME, MAX_TAG
from tests.contacts.imports.reading.helpers import kept, one_row, read_contacts
from tests.paths import CASES

ANA = "+12025550100"


def test_emails_are_one_address_whatever_their_case_and_broken_ones_are_never_kept() -> None:
    _, good, bad = read_contacts(CASES / "I08-email-case-space-blank" / "emails.csv")
    assert bad == []
    assert [row.email for row in good] == [
        *["alice@example.com"] * 3,
        *[""] * 4,
        "o'hara+news@example.com",
        "",
        "bob@example.com",
        "zoë@example.com",
        "",
    ]
    noted = {row.number: [note.code for note in row.notes] for row in good if row.notes}
    assert [row.email_typed for row in good if row.email_typed] == ["ALICE@Example.COM"]
    left_out = ["email_left_out"]
    assert noted == {6: left_out, 7: left_out, 9: left_out, 10: ["email_reduced"], 12: left_out}


def test_a_row_with_too_many_cells_is_rejected_with_their_count() -> None:
    rejected = one_row(["phone", "name"], [ANA, "Ana", "x"])
    assert isinstance(rejected, Rejected)
    assert (rejected.code, rejected.cells) == ("too_many_cells", (ANA, "Ana", "x"))
    assert "3 instead of 2" in rejected.message


def test_blank_cells_too_many_or_cells_too_few_do_no_harm() -> None:
    assert kept(["phone", "name"], [ANA, "Ana", "", ""]).name == "Ana"
    assert kept(["phone", "name", "shop"], [ANA]).attributes == {}


@pytest.mark.parametrize(
    "whole, names",
    [
        ("Ana Maria  Silva", ("Ana Maria Silva", "Ana", "Maria Silva")),
        ("Doe, Sam", ("Doe, Sam", "Sam", "Doe")),
        ("Cher", ("Cher", "Cher", "")),
        ("", ("", "", "")),
    ],
)
def test_a_whole_name_is_kept_and_parted(whole: str, names: tuple[str, str, str]) -> None:
    row = kept(["phone", "name"], [ANA, whole])
    assert (row.name, row.first_name, row.last_name) == names


def test_a_name_in_two_columns_is_put_together() -> None:
    row = kept(["phone", "first name", "last name"], [ANA, "Ana", "Silva"])
    assert (row.name, row.first_name, row.last_name) == ("Ana Silva", "Ana", "Silva")


def test_names_given_apart_go_before_the_whole_one() -> None:
    row = kept(["phone", "name", "first name"], [ANA, "Dr Ana Silva", "Ana"])
    assert (row.name, row.first_name, row.last_name) == ("Dr Ana Silva", "Ana", "")


def test_the_country_column_decides_about_a_national_number() -> None:
    row = kept(["phone", "country"], ["020 7946 0958", "Reino Unido"])
    assert (row.phone, row.country, row.assumed) == ("+442079460958", "GB", None)


def test_an_unknown_country_never_lets_the_default_guess() -> None:
    rejected = one_row(["phone", "country"], ["2025550100", "Atlantis"])
    assert isinstance(rejected, Rejected)
    assert rejected.code == "unknown_country"
    assert "Atlantis" in rejected.message
    row = kept(["phone", "country"], [ANA, "Atlantis"])
    assert (row.country, row.notes[0].code, row.notes[0].value) == ("US", "country_left_out", "Atlantis")


@pytest.mark.parametrize(
    "cell, language", [("en", "en"), ("pt-br", "pt_BR"), ("EN_us", "en_US"), ("", ""), ("English please", "")]
)
def test_languages_are_codes(cell: str, language: str) -> None:
    row = kept(["phone", "language"], [ANA, cell])
    assert row.language == language
    assert bool(row.notes) == (cell == "English please")


@pytest.mark.parametrize(
    "cell, answer",
    [("Yes", True), ("Sí", True), ("1", True), ("Não", False), ("FALSE", False), ("", None), ("-", None), ("?", False)],
)
def test_consent_is_yes_no_or_not_said(cell: str, answer: bool | None) -> None:
    assert kept(["phone", "opt in"], [ANA, cell]).opt_in is answer


def test_tags_are_those_of_the_import_and_of_the_row_once_each() -> None:
    mapping = propose(["phone", "tags"], [])
    rows = [Row(1, 2, [ANA, " vip ; New,VIP|"], Position(0, 1, 3)), Row(2, 3, [ANA, ""], Position(0, 2, 4))]
    judged = [judge(row, mapping, Defaults(tags=("June", "new"))) for row in rows]
    assert [row.tags for row in judged if isinstance(row, ContactRow)] == [("June", "new", "vip"), ("June", "new")]


def test_attributes_are_as_written_without_our_guard_against_formulas() -> None:
    row = kept(["phone", "shop", "sum", "note"], [ANA, " Riga\u200b", "'-5", "'tis"])
    assert row.attributes == {"shop": "Riga", "sum": "-5", "note": "'tis"}


def test_texts_too_long_are_cut_with_a_note() -> None:
    row = kept(["phone", "name", "tags", "bio"], [ANA, "n" * 999, "t" * 99, "b" * 9_999])
    assert (len(row.name), len(row.tags[0]), len(row.attributes["bio"])) == (MAX_NAME, MAX_TAG, MAX_ATTRIBUTE)
    assert [(note.code, note.column) for note in row.notes] == [("cut_short", c) for c in ("name", "tags", "bio")]


def test_every_note_and_assumption_has_words() -> None:
    row = kept(["phone", "email", "name"], ["2025550100", "x@", "n" * 999])
    assert {note.code for note in row.notes} <= MESSAGES.keys()
    assert row.assumed in MESSAGES


def test_no_judge_without_a_phone_column() -> None:
    with pytest.raises(ValueError, match="no phone column"):
        RowJudge(Mapping(("a",), ("name",)))
