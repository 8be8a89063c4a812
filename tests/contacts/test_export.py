"""Contacts go out as a file, whole and harmless, and come in again as they were (case S01)."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.contacts import export, opt_outs, queries, service
from adsapp.contacts.imports.reading.own import EXPORT_COLUMNS
from adsapp.contacts.models import OptSource
from adsapp.contacts.schemas import ContactIn
from adsapp.core import db, xlsx
from adsapp.core.web import exports
from adsapp.organizations.auditing import By
from tests.cast import Cast
from tests.contacts.imports.reading.helpers import read_contacts

BY = By("Alice")
# Whatever a spreadsheet, a guess of columns by their cells or a CSV reader might stumble over.
PEOPLE: list[dict[str, Any]] = [
    {"phone": "+4915112345678", "name": "=2+3", "tags": ["vip", "spring"], "attributes": {"score": "+1", "vip": "no"}},
    {"phone": "+12025550120", "name": "@SUM(A1)", "first_name": "Ann", "email": "Ann@Example.com", "country": "US"},
    {"phone": "+442079460303", "name": 'Li "the" Ng; Ltd, x', "language": "pt_BR", "attributes": {"phone_2": "0171 1"}},
    {"phone": "+12025550121", "name": "-1", "attributes": {"note": "two\nlines", "город": "170"}},
]


@pytest.fixture
def people(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        made = [service.create_contact(ContactIn(**each), by=BY) for each in PEOPLE]
        opt_outs.opt_out(made[1], OptSource.HAND, by=BY)
        db.session.commit()


def _imported(path: Path) -> list[dict[str, Any]]:
    """What an import would make of it."""
    _, rows, rejected = read_contacts(path)
    assert rejected == []
    fields = ("phone", "name", "email", "email_typed", "language", "tags", "attributes", "opt_in")
    return [{name: getattr(row, name) for name in fields} for row in rows]


def _stored() -> list[dict[str, Any]]:
    """The same of the contacts as they are stored."""
    contacts = queries.list_contacts(queries.ContactFilter()).items
    tags = queries.tags_of([each.id for each in contacts])
    fields = ("phone", "name", "email", "email_typed", "language", "attributes")
    return [
        {name: getattr(each, name) for name in fields}
        | {"tags": tuple(tags[each.id]), "opt_in": False if each.opted_out_at else None}
        for each in contacts
    ]


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("delimiter", exports.DELIMITERS)
def test_a_csv_file_is_harmless_and_imports_again_as_it_was(
    app: Flask, client: FlaskClient, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delimiter: str
) -> None:
    monkeypatch.setattr(export, "CHUNK", 2)
    answer = client.get(f"/api/contacts.csv?delimiter={delimiter}", headers=cast.headers("alice"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="contacts.csv"'
    text = answer.text.removeprefix("\ufeff")
    cells = [cell for row in csv.reader(io.StringIO(text), delimiter=exports.DELIMITERS[delimiter]) for cell in row]
    assert [each for each in cells if each[:1] in "=@-\t" and each] == []
    assert {each for each in cells if each[:1] == "+" and not each[1:].replace(" ", "").isdecimal()} == set()
    path = tmp_path / "again.csv"
    path.write_bytes(answer.data)
    with db.organization_context(app, cast.bakery_id):
        assert _imported(path) == _stored()


def _cells(workbook: bytes) -> list[list[str]]:
    """Every cell of the first sheet; it fails for one that is no text."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(io.BytesIO(workbook)) as package:
        assert package.testzip() is None
        sheet = ElementTree.fromstring(package.read("xl/worksheets/sheet1.xml"))  # noqa: S314  # our own
    rows = [list(row) for row in sheet.iter(f"{space}row")]
    assert {cell.get("t", "inlineStr") for row in rows for cell in row} == {"inlineStr"}
    return [["".join(cell.itertext()) for cell in row] for row in rows]


@pytest.mark.usefixtures("people")
def test_a_workbook_holds_nothing_but_texts(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "alice")
    answer = client.get("/contacts.xlsx?tag=vip")
    assert answer.mimetype == xlsx.MIMETYPE
    header, *rows = _cells(answer.data)
    assert header == [*EXPORT_COLUMNS, "score", "vip"]
    assert [row[:2] + row[7:] for row in rows] == [["+4915112345678", "=2+3", "spring, vip", "", "+1", "no"]]
    assert [line for line in client.get("/activity").text.splitlines() if "Exported contacts" in line]


@pytest.mark.usefixtures("people")
def test_the_list_leads_to_a_file_of_whom_it_is_narrowed_to(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "alice")
    assert 'href="/contacts/export?opted_out=1"' in client.get("/contacts?opted_out=1").text
    page = client.get("/contacts/export?opted_out=1").text
    assert "1 of 4 people: who opted out" in page
    assert 'href="/contacts.csv?opted_out=1&amp;delimiter=semicolon"' in page
    assert client.get("/contacts.csv?opted_out=1&delimiter=semicolon").text.count("\r\n") == 2
    assert client.get("/contacts.csv?delimiter=dash").status_code == 422
    cast.sign_in(client, "vera")
    assert {client.get(path).status_code for path in ("/contacts.csv", "/contacts.xlsx", "/contacts/export")} == {403}
    assert 'href="/contacts/export' not in client.get("/contacts").text


def test_a_workbook_of_more_rows_than_a_sheet_holds_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    made = b"".join(xlsx.workbook(["n"], ([str(number)] for number in range(5)), "People & co"))
    with zipfile.ZipFile(io.BytesIO(made)) as package:
        sheets = sorted(name for name in package.namelist() if "sheet" in name)
        assert len(sheets) == 3
        assert b"People &amp; co 3" in package.read("xl/workbook.xml")
    assert _cells(made) == [["n"], ["0"], ["1"]]
    odd = "a\x00b_x0041_<&>\x1b"
    assert _cells(b"".join(xlsx.workbook([odd], [], "x"))) == [["a_x0000_b_x005F_x0041_<&>_x001B_"]]
