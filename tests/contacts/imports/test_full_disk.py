"""A disk that is full, in the middle of an upload and of an import: a sentence, nothing half done, and it goes on."""

import io
import uuid
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.contacts.imports import chunk, queries, uploads
from adsapp.contacts.imports import run as importing
from adsapp.contacts.imports import service as imports
from adsapp.contacts.imports.sheets import workbook
from adsapp.contacts.models import Contact, Import
from adsapp.core import db, xlsx
from adsapp.core.ids import new_id
from adsapp.core.space import OF_A_JOB
from tests.cast import Cast, csrf_token
from tests.contacts.conftest import counts
from tests.waiting import wait_for

NO_ROOM = Path("/dev/full")  # takes nothing, as a disk that is full
HEADER, ROWS = ("phone", "name"), [(f"+1202555{n:04d}", f"P{n}") for n in range(25)]
TEXT = "\n".join(map(",".join, [HEADER, *ROWS])).encode()
BOOK = b"".join(xlsx.workbook(HEADER, ROWS, "People"))
Start = Callable[..., uuid.UUID]
Look = Callable[[uuid.UUID], Import]


@pytest.fixture
def no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made of a workbook is written under a name that is known beforehand."""
    monkeypatch.setattr(workbook, "secrets", SimpleNamespace(token_hex=lambda _: "part"))


def block(app: Flask, cast: Cast, name: str) -> None:
    """There is no room for the upload of this name."""
    with db.organization_context(app, cast.bakery_id):
        uploads.own_directory().mkdir(parents=True, exist_ok=True)
        (uploads.own_directory() / name).symlink_to(NO_ROOM)


def left(app: Flask, cast: Cast) -> list[Path]:
    """The files there are."""
    with db.organization_context(app, cast.bakery_id):
        return list(uploads.own_directory().iterdir())


@pytest.mark.usefixtures("no_part")
@pytest.mark.parametrize("content, ending", [(TEXT, ""), (BOOK, ""), (BOOK, ".look.csv.part")])
@pytest.mark.parametrize("way", ["page", "program"])
def test_an_upload_for_which_there_is_no_room_says_so_and_keeps_nothing(
    app: Flask,
    cast: Cast,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes,
    ending: str,
    way: str,
) -> None:
    upload_id = new_id()
    monkeypatch.setattr(imports, "new_id", lambda: upload_id)
    block(app, cast, f"{upload_id}{ending}")
    sent: dict[str, Any] = {"file": (io.BytesIO(content), "people.csv")}
    if way == "page":
        alice = cast.sign_in(client, "alice")
        answer = alice.post("/imports", data={"csrf_token": csrf_token(alice), **sent})
    else:
        answer = client.post("/api/jobs/import-contacts", data=sent, headers=cast.headers("alice"))
        assert answer.get_json()["code"] == "disk_full"
    assert answer.status_code == 507
    assert "The disk of the server is full" in answer.text
    assert left(app, cast) == []
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert queries.list_imports().items == []


@pytest.fixture
def unhurried(app: Flask) -> None:
    """Chunks of ten rows, so that there is a middle; another attempt waits until somebody has looked."""
    changed = {"import_chunk_rows": 10, "lease_seconds": 15.0, "retry_seconds": 600.0}
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update=changed)


@pytest.fixture
def waits(look: Look, client: FlaskClient, cast: Cast) -> Callable[[uuid.UUID], Import]:
    """The import as it waits for another attempt, which begins once this was looked at."""

    def call(import_id: uuid.UUID) -> Import:
        wait_for(lambda: look(import_id).reason is not None, what="an attempt ends")
        page = cast.sign_in(client, "alice").get(f"/imports/{import_id}").text
        assert "The last attempt did not get to the end" in page
        assert OF_A_JOB in page
        batch = look(import_id)
        client.post(f"/api/jobs/{batch.job_id}/runs", headers=cast.headers("alice"))
        return batch

    return call


def _use_it_up() -> None:
    """What the database says if it cannot grow: SQLite is not let, PostgreSQL says what it would say."""
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("do $$ begin raise 'could not extend file' using errcode = 'disk_full'; end $$")
    before = connection.exec_driver_sql("pragma max_page_count").scalar_one()
    connection.exec_driver_sql("pragma max_page_count = 1")  # that is: no more than there are
    try:
        connection.exec_driver_sql("create table no_room as select zeroblob(100000000)")
    finally:
        connection.exec_driver_sql(f"pragma max_page_count = {before}")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The first row of each chunk that was written; for the second chunk there is no room in the first attempt."""
    stored, seen = chunk.store_chunk, list[int]()

    def fills(plan: Any, judged: Any, *more: Any) -> Any:
        seen.append(judged[0].number)
        tally = stored(plan, judged, *more)
        if 1 < len(seen) <= 1 + importing.WRITE_TRIES:
            _use_it_up()
        return tally

    monkeypatch.setattr(importing, "store_chunk", fills)
    return seen


@pytest.mark.usefixtures("unhurried", "worker")
def test_a_database_without_room_in_mid_import_waits_and_goes_on(
    start: Start, waits: Look, ended: Look, people: Callable[[], dict[str, Contact]], written: list[int]
) -> None:
    batch = waits(start(TEXT))
    assert batch.rows_read == 10
    batch = ended(batch.id)
    assert len(people()) == 25
    assert written == [1, *[11] * (importing.WRITE_TRIES + 1), 21]
    assert counts(batch) == {"created": 25}


@pytest.mark.usefixtures("unhurried", "no_part", "worker")
def test_a_workbook_whose_rows_find_no_room_waits_and_is_read_again(
    app: Flask, cast: Cast, start: Start, waits: Look, ended: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = new_id()
    monkeypatch.setattr(imports, "new_id", lambda: upload_id)
    block(app, cast, f"{upload_id}.rows.csv.part")
    assert waits(start(BOOK)).rows_read == 0
    assert counts(ended(upload_id)) == {"created": 25}
    assert left(app, cast) == []
