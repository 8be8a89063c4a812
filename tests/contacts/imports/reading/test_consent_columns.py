"""Columns that say who must not be written to: they are known in many languages, and none is overlooked in silence."""

import pytest

from adsapp.contacts.imports.reading.mapping import Mapping, propose
from adsapp.contacts.imports.reading.overlooked import overlooked
from tests.contacts.imports.reading.helpers import kept

ANA = "+12025550100"


@pytest.mark.parametrize(
    "name",
    [
        *["opted_out", "Opted out at", "Unsubscribed", "Is unsubscribed", "Do not contact", "Don't contact", "DNC"],
        *["Baja", "No contactar", "Descadastrado", "Não contatar", "Abgemeldet", "Widerspruch", "Nicht kontaktieren"],
        *["Désabonné", "Ne pas contacter", "Disiscritto", "Non contattare", "Uitgeschreven", "Niet benaderen"],
        *["Jangan hubungi", "संपर्क न करें", "لا تتصل", "Aramayın", "Отписан", "Не беспокоить", "Wypisany", "退订"],
    ],
)
def test_a_column_of_opt_outs_is_known(name: str) -> None:
    assert propose(["phone", name], []).targets[1] == "opted_out"
    assert kept(["phone", name], [ANA, "1"]).opt_in is False
    assert kept(["phone", name], [ANA, "0"]).opt_in is None
    assert kept(["phone", name], [ANA, ""]).opt_in is None


@pytest.mark.parametrize(
    "name",
    [
        *["Consent", "WhatsApp opt-in", "Marketing consent status", "Subscribed", "Can contact", "Consentimiento"],
        *["Consentimento", "Einwilligung", "Consentement", "Consenso", "Toestemming", "Persetujuan", "सहमति", "موافقة"],
        *["Onay", "Согласие", "Zgoda", "同意"],
    ],
)
def test_a_column_of_consent_is_known(name: str) -> None:
    assert propose(["phone", name], []).targets[1] == "opt_in"
    assert kept(["phone", name], [ANA, "yes"]).opt_in is True
    assert kept(["phone", name], [ANA, "withdrawn"]).opt_in is False


@pytest.mark.parametrize(
    "name, cells, target",
    [
        ("status", ["unsubscribed", "active", "unreachable"], "opt_in"),
        ("Estado", ["", "subscribed"], "opt_in"),
        ("Mailing", ["subscribed", "unsubscribed"], "opt_in"),
        ("status", ["paid", "shipped"], "attribute:status"),
        ("status", ["active", "inactive"], "attribute:status"),
        ("Estado", ["pagado", "cancelado"], "attribute:estado"),
        ("State", ["CA", "NY"], "attribute:state"),
        ("note", ["asked us to STOP", "subscribed"], "attribute:note"),
    ],
)
def test_the_cells_decide_about_a_status(name: str, cells: list[str], target: str) -> None:
    assert propose(["phone", name], [[ANA, cell] for cell in cells]).targets[1] == target


def test_of_several_columns_about_consent_every_no_counts() -> None:
    header = ["phone", "Consent", "Unsubscribed", "Do not contact"]
    assert propose(header, []).targets == ("phone", "opt_in", "opted_out", "opted_out")
    assert propose(header, []).validate() == ()
    for cells in (["no", "no", ""], ["yes", "yes", ""], ["yes", "no", "1"], ["", "", "perhaps"]):
        assert kept(header, [ANA, *cells]).opt_in is False, cells
    assert kept(header, [ANA, "yes", "no", "0"]).opt_in is True


@pytest.mark.parametrize("name, code", [("Consent", "opt_in_unclear"), ("Opted out", "opted_out_unclear")])
def test_an_unknown_word_is_a_no_with_a_note(name: str, code: str) -> None:
    row = kept(["phone", name], [ANA, "perhaps"])
    assert (row.opt_in, [(note.code, note.column, note.value) for note in row.notes]) == (
        False,
        [(code, name, "perhaps")],
    )


@pytest.mark.parametrize(
    "name, cell",
    [
        ("Unsubscribed", "yes"),
        ("Consent", "perhaps"),
        ("Accepts email marketing", "no"),
        ("GDPR flag", "no"),
        ("Newsletter", "unsubscribed"),
        ("status", "inactive"),
        ("remark", "Do not contact"),
    ],
)
def test_a_column_that_looks_like_consent_and_is_not_used_is_said(name: str, cell: str) -> None:
    for target in (None, "attribute:x"):
        (found,) = overlooked(Mapping(("phone", name), ("phone", target)), [[ANA, cell]])
        assert (found.index, found.column, found.code) == (1, name, "consent_unused")
        assert f"“{name}”" in found.message


def test_what_is_used_or_is_about_something_else_is_not_said() -> None:
    header = ("phone", "Consent", "Marketing source", "city", "status")
    mapping = propose(header, [[ANA, "yes", "Fair", "Riga", "paid"]])
    assert overlooked(mapping, [[ANA, "yes", "Fair", "Riga", "paid"]]) == ()


def test_a_refusal_in_a_column_that_is_not_used_is_noted_with_its_row() -> None:
    row = kept(["phone", "status"], [ANA, "unsubscribed"])
    assert (row.opt_in, row.notes[0].code, row.notes[0].column) == (None, "refusal_unused", "status")
    assert kept(["phone", "status"], [ANA, "paid"]).notes == ()
