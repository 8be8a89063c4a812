"""Workbooks through the pages and the API, from upload to contacts."""

import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.contacts.imports import chunk, uploads
from adsapp.contacts.imports import run as importing
from adsapp.contacts.models import Contact, Import, ImportRow, ImportStatus
from adsapp.core import db
from adsapp.jobs.engine.worker import WorkerProcess
from tests.cast import Cast
from tests.contacts.conftest import counts
from tests.contacts.imports.workbooks import ole, sheet, xlsx, zipped
from tests.contacts.test_pages import alice, send, text, upload  # noqa: F401  # fixtures

Look = Callable[[uuid.UUID], Import]
People = Callable[[], dict[str, Contact]]
URL = "/api/jobs/import-contacts"
STAFF = [
    ("Staff of March",),
    (),
    ("Mobile", "Who"),
    (2025550181, "Jo\nTest"),
    (),
    ("nobody", "Kim"),
    (2025550183, "Lee"),
]


@pytest.fixture
def two_sheets(tmp_path: Path) -> bytes:
    """Customers, staff below a title, and a sheet that is hidden."""
    sheets = {"Customers": sheet([("phone",), ("+12025550101",)]), "Staff": sheet(STAFF), "Old": sheet([("phone",)])}
    return xlsx(tmp_path / "made", sheets, hidden=["Old"]).read_bytes()


def files() -> list[Path]:
    return [path for path in uploads.uploads_directory().rglob("*") if path.is_file()]


def test_a_workbook_of_two_sheets_becomes_contacts_on_the_pages(
    app: Flask,
    cast: Cast,
    alice: FlaskClient,  # noqa: F811
    worker: WorkerProcess,
    ended: Look,
    people: People,
    two_sheets: bytes,
) -> None:
    page = upload(alice, two_sheets, "people.csv")
    columns = alice.get(page.location)
    seen = text(columns)
    assert "Format Excel workbook" in seen
    assert "Sheet Customers, one of 3" in seen
    assert "Old (hidden)" in seen

    chosen = {"sheet": "Staff", "column-0": "phone", "default_country": "US", "tags": "March"}
    follows = text(send(alice, f"{page.location}/preview", **chosen))
    assert "Sheet Staff, one of 3 Header row 3" in follows
    assert (
        "Row 3 was taken for the names of the columns; what stands above it (“Staff of March”) is left out" in follows
    )
    assert "2025550181 +12025550181" in follows
    wrong = text(send(alice, f"{page.location}/preview", sheet="Old"))
    assert "Sheet: The file has a header but no rows" in wrong or "a header but no rows" in wrong
    assert "Sheet Staff, one of 3" in text(alice.get(page.location)), "what cannot be read changes nothing"

    started = send(alice, f"{page.location}/start", **{"column-0": "phone", "column-1": "name"}, default_country="US")
    assert started.status_code == 303
    batch = ended(uuid.UUID(page.location.rpartition("/")[2]))
    assert counts(batch) == {"created": 2, "rejected": 1}
    assert people()["+12025550181"].name == "Jo Test"
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert db.session.scalars(select(ImportRow.row_no)).all() == [6], "the row that Excel shows"
        assert files() == []
    assert "Sheet Staff, one of 3" in text(alice.get(page.location))


def test_without_javascript_another_way_of_reading_is_shown_before_anything_is_imported(
    alice: FlaskClient,  # noqa: F811
    look: Look,
    two_sheets: bytes,
) -> None:
    page = upload(alice, two_sheets)
    shown = send(alice, f"{page.location}/start", sheet="Staff", **{"column-0": "phone"})
    assert shown.status_code == 422
    assert "Sheet Staff, one of 3" in text(shown)
    assert look(uuid.UUID(page.location.rpartition("/")[2])).status is ImportStatus.MAPPING


@pytest.mark.parametrize(
    "fields, found",
    [
        ({"encoding": "cp1250"}, "Encoding cp1250"),
        ({"delimiter": "comma"}, "Delimiter comma"),
        ({"quote": "none"}, "“"),
        ({"header_row": "2"}, "Header row 2"),
        ({"header_row": "900"}, "There is no row 900"),
        ({"header_row": "x"}, "valid integer"),
        ({"encoding": "utf-8"}, "broken"),
    ],
)
def test_encoding_delimiter_quote_and_header_row_of_a_text_can_be_changed(
    alice: FlaskClient,  # noqa: F811
    fields: dict[str, str],
    found: str,
) -> None:
    page = upload(alice, 'phone;"name"\nPhone;Town\n+12025550181;Łódź\n'.encode("cp1250"))
    before = text(alice.get(page.location))
    assert found not in before.partition("How the file is read")[0]
    shown = text(send(alice, f"{page.location}/preview", **fields))
    assert found in shown
    if fields == {"quote": "none"}:
        assert '"name"' in shown
    again = text(alice.get(page.location))
    assert (again == before) == ("There is" in found or found in ("broken", "valid integer"))


def _asked(client: FlaskClient, headers: dict[str, str], content: bytes, **options: Any) -> Any:
    data = {"file": (io.BytesIO(content), "people.xlsx"), "options": json.dumps(options)}
    return client.post(URL, headers=headers, data=data)


@pytest.mark.parametrize("chosen", ["Staff", 2])
def test_the_api_takes_a_sheet_and_says_which_there_are(
    client: FlaskClient, cast: Cast, worker: WorkerProcess, ended: Look, two_sheets: bytes, tmp_path: Path, chosen: Any
) -> None:
    packed = zipped(tmp_path / "zip", {"staff.xlsx": two_sheets}).read_bytes()
    answer = _asked(client, cast.headers("alice"), packed, sheet=chosen, default_country="US")
    assert answer.status_code == 202
    assert answer.json["import"]["file"] == {
        "kind": "xlsx",
        "encoding": None,
        "delimiter": None,
        "quote": None,
        "sheet": "Staff",
        "sheets": [
            {"name": "Customers", "hidden": False},
            {"name": "Staff", "hidden": False},
            {"name": "Old", "hidden": True},
        ],
        "header_row": 3,
        "columns": ["Mobile", "Who"],
        "notes": [
            "Row 3 was taken for the names of the columns; what stands above it (“Staff of March”) is left out. "
            "If that is wrong, choose another header row."
        ],
    }
    assert counts(ended(uuid.UUID(answer.json["import"]["id"]))) == {"created": 2, "rejected": 1}


def test_the_api_reads_a_text_as_it_is_told(client: FlaskClient, cast: Cast) -> None:
    content = "Customers\nphone|'a|b'\n+12025550181|x\n".encode("utf-16")
    options = {"delimiter": "|", "quote": "'", "header_row": 2, "encoding": "utf-16-le"}
    answer = _asked(client, cast.headers("alice"), content, **options)
    assert answer.status_code == 202
    assert answer.json["import"]["file"]["columns"] == ["phone", "a|b"]
    wrong = _asked(client, cast.headers("alice"), content, delimiter="x", sheet=True, header_row=0)
    assert {each["field"] for each in wrong.json["errors"]} == {"delimiter", "sheet", "header_row"}


HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a password": (lambda path: ole(path, {"EncryptedPackage": b""}), "protected with a password"),
    "no such sheet": (lambda path: xlsx(path, {"A": sheet([("phone",)])}), "no sheet 'Staff'"),
    "several files": (lambda path: zipped(path, {"a.csv": "x", "b.csv": "y"}), "holds 2 files: a.csv, b.csv"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_workbook_that_cannot_be_read_keeps_nothing(
    app: Flask, client: FlaskClient, cast: Cast, tmp_path: Path, name: str
) -> None:
    make, message = HOSTILE[name]
    answer = _asked(client, cast.headers("alice"), make(tmp_path / "made").read_bytes(), sheet="Staff")
    assert answer.status_code == 422
    assert message in answer.json["errors"][0]["message"]
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert files() == []


class Broken(RuntimeError):
    """A worker that dies."""


def test_an_interrupted_import_of_a_workbook_goes_on_even_if_its_rows_are_lost(
    app: Flask,
    start: Callable[..., uuid.UUID],
    worker: WorkerProcess,
    ended: Look,
    people: People,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"import_chunk_rows": 10, "lease_seconds": 15.0})
    stored, seen = chunk.store_chunk, []

    def breaks(plan: Any, judged: Any) -> Any:
        tally = stored(plan, judged)
        seen.append(judged[0].number)
        if len(seen) == 2:
            for path in files():
                if path.name.endswith(".csv"):
                    path.unlink()
            raise Broken
        return tally

    monkeypatch.setattr(importing, "store_chunk", breaks)
    people_of = [("phone", "name"), *((f"+1202555{n:04d}", f"P\n{n}") for n in range(25))]
    batch = ended(start(xlsx(tmp_path / "made", {"People": sheet(people_of)}).read_bytes()))
    assert batch.standing is ImportStatus.COMPLETED
    assert seen == [1, 11, 11, 21]
    assert counts(batch) == {"created": 25}
    assert len(people()) == 25


@pytest.mark.parametrize("kind", ["text", "workbook"])
def test_a_file_deleted_between_upload_and_run_is_said(
    start: Callable[..., uuid.UUID], app: Flask, cast: Cast, ended: Look, tmp_path: Path, kind: str, request: Any
) -> None:
    content = xlsx(tmp_path / "made", {"A": sheet([("phone",), ("+12025550181",)])}).read_bytes()
    import_id = start(b"phone\n+12025550181\n" if kind == "text" else content)
    with db.organization_context(app, cast.bakery_id):
        for path in files():
            path.unlink()
    request.getfixturevalue("worker")
    batch = ended(import_id)
    assert batch.standing is ImportStatus.FAILED
    assert "The uploaded file is not there any more: upload it again." in (batch.reason or "")
