"""Every row that somebody should look at is listed with its place, and comes as a file to mend and import again."""

import csv
import io
import re
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.contacts.imports import chunk
from adsapp.contacts.imports.reading.files import inspect
from adsapp.contacts.imports.reading.report import REPORT_COLUMNS
from adsapp.contacts.models import Import
from adsapp.core.xlsx import MIMETYPE
from tests.cast import Cast, csrf_token
from tests.contacts.conftest import counts

pytestmark = pytest.mark.usefixtures("worker")
# A cell with a line break and a blank line: rows and lines differ. National numbers: the country is assumed.
FILE = (
    "name;phone;email\n"
    '"Ann\nLee";+12025550101;\n'
    "\n"
    "Bo;(202) 555-0102;nonsense\n"
    "Cy;bad;c@example.com\n"
    "Again;+12025550101;\n"
    "Di;202-555-0103;\n"
)


def test_rows_are_listed_by_outcome_and_by_code_with_row_and_line(
    client: FlaskClient, cast: Cast, start: Callable[..., uuid.UUID], ended: Callable[[uuid.UUID], Import]
) -> None:
    batch = ended(start(FILE))
    assert counts(batch) == {"created": 3, "duplicate": 1, "rejected": 1}

    def listed(query: str, who: str = "alice") -> list[tuple[int, int, str]]:
        answer = client.get(f"/api/imports/{batch.id}/rows?{query}", headers=cast.headers(who)).get_json()
        assert all((row["cells"] is None) == (who == "vera") for row in answer["rows"])
        return [(row["row"], row["line"], row["code"]) for row in answer["rows"]]

    bo, cy, again, di = (3, 5, "email_left_out"), (4, 6, "text_instead"), (5, 7, "repeated"), (6, 8, "country")
    assert listed("") == [bo, cy, again, di]
    assert listed("", "vera") == [bo, cy, again, di]
    assert listed("outcome=rejected") == [cy]
    assert listed("outcome=duplicate") == [again]
    assert listed("code=country") == [bo, di]  # as many as are counted, although one has another remark before it
    assert batch.noted_by_code == {"email_left_out": 1, "country": 2}
    page = client.get(f"/api/imports/{batch.id}/rows?limit=3", headers=cast.headers("alice")).get_json()
    assert listed(f"cursor={page['next']}") == [di]


def test_the_rows_come_as_a_file_like_the_upload(
    client: FlaskClient, cast: Cast, start: Callable[..., uuid.UUID], ended: Callable[[uuid.UUID], Import]
) -> None:
    batch = ended(start(FILE))
    browser = cast.sign_in(client, "alice")
    page = browser.get(f"/imports/{batch.id}").text
    for query in ("outcome=rejected&amp;code=text_instead", "code=country", "outcome=duplicate"):
        assert f"/imports/{batch.id}/rows?{query}" in page
    shown = browser.get(f"/imports/{batch.id}/rows?outcome=duplicate").text
    assert "Again · +12025550101" in shown
    text = browser.get(f"/imports/{batch.id}/rows.csv").text.removeprefix("\ufeff")
    header, *rows = csv.reader(io.StringIO(text), delimiter=";")
    assert header[5:] == ["name", "phone", "email"]
    assert [(row[0], row[1], row[5]) for row in rows] == [
        ("3", "5", "Bo"),
        ("4", "6", "Cy"),
        ("5", "7", "Again"),
        ("6", "8", "Di"),
    ]
    assert counts(ended(start(text.replace("bad", "+12025550109")))) == {"created": 1, "updated": 1, "unchanged": 2}


@pytest.mark.parametrize("file, taken", [("rejected.xlsx", ["Cy"]), ("rows.xlsx?outcome=duplicate", ["Again"])])
def test_the_rows_come_as_a_workbook_of_texts_that_imports_again(
    client: FlaskClient,
    cast: Cast,
    start: Callable[..., uuid.UUID],
    ended: Callable[[uuid.UUID], Import],
    tmp_path: Path,
    file: str,
    taken: list[str],
) -> None:
    batch = ended(start(FILE.replace("Cy", "=1+1")))
    browser = cast.sign_in(client, "alice")
    answer = browser.get(f"/imports/{batch.id}/{file}")
    assert answer.mimetype == MIMETYPE
    assert re.search(r"people-(rejected|duplicate)\.xlsx", answer.headers["Content-Disposition"])
    (tmp_path / "report").write_bytes(answer.data)
    found = inspect(tmp_path / "report")
    assert found.header == (*REPORT_COLUMNS, "name", "phone", "email")
    assert [cells[5] for cells in found.sample] == [name.replace("Cy", "=1+1") for name in taken]
    again = ended(start(_mended(answer.data)))
    assert counts(again) == ({"created": 1} if file.startswith("rejected") else {"updated": 1})


def _mended(book: bytes) -> bytes:
    """The workbook with another number in place of the one that is none."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            after.writestr(name, before.read(name).replace(b">bad<", b">+12025550109<"))
    return out.getvalue()


def test_of_what_every_row_may_have_the_first_are_listed(
    app: Flask,
    client: FlaskClient,
    cast: Cast,
    start: Callable[..., uuid.UUID],
    ended: Callable[[uuid.UUID], Import],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"import_chunk_rows": 2})
    monkeypatch.setattr(chunk, "MOST_LISTED", 3)
    many = "phone\n" + "".join(f"20255501{n:02d}\n" for n in range(7))
    for policy, code in (("update", "country"), ("skip", "known")):
        batch = ended(start(many, on_duplicate=policy))
        rows = client.get(f"/api/imports/{batch.id}/rows?code={code}", headers=cast.headers("alice")).get_json()["rows"]
        assert [row["row"] for row in rows] == [2, 3, 4]
        assert batch.noted_by_code == {"country": 7}


def test_the_same_file_again_is_noticed_before_it_runs(
    client: FlaskClient, cast: Cast, start: Callable[..., uuid.UUID], ended: Callable[[uuid.UUID], Import]
) -> None:
    first = ended(start(FILE))
    browser = cast.sign_in(client, "alice")
    sent = {"csrf_token": csrf_token(browser), "file": (io.BytesIO(FILE.encode()), "copy.csv")}
    here = browser.post("/imports", data=sent).location
    page = browser.get(here).text
    assert "This very file was imported before" in page
    assert f'href="/imports/{first.id}"' in page
    told = client.get(f"/api{here}", headers=cast.headers("alice")).get_json()
    assert told["same_file"] == str(first.id)
