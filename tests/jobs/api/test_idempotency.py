"""The header Idempotency-Key: what is asked for twice is done once, and another request under the key is refused."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from adsapp.contacts.models import Import
from adsapp.core import db
from adsapp.jobs import Job
from tests.cast import Cast

Send = Callable[..., Any]
LIST = {"contacts": [{"phone": "+15550100001", "first_name": "Ada"}]}


@pytest.fixture
def send(app: Flask, cast: Cast) -> Send:
    """Ask for an import under a key: a list as JSON, or the content of a file."""

    def call(key: str, listed: object = None, file: bytes | None = None, who: str = "adam", **form: str) -> Any:
        headers = cast.headers(who) | {"Idempotency-Key": key}
        path = "/api/jobs/import-contacts"
        if file is None:
            return app.test_client().post(path, json=listed or LIST, headers=headers)
        return app.test_client().post(path, data={"file": (io.BytesIO(file), "march.csv"), **form}, headers=headers)

    return call


def imports(app: Flask, cast: Cast) -> int:
    with db.organization_context(app, cast.bakery_id), db.reading():
        return len(db.session.scalars(select(Import)).all())


def test_the_same_list_under_the_same_key_is_imported_once(app: Flask, cast: Cast, send: Send) -> None:
    first, second = send("k-1"), send("k-1")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json == second.json
    assert first.headers["Location"] == second.headers["Location"]
    assert imports(app, cast) == 1
    assert send("k-2").json["code"] == "import_running"  # another request for the same, and the first still runs


def test_the_same_file_under_the_same_key_is_imported_once(app: Flask, cast: Cast, send: Send) -> None:
    file = b"phone,name\n+15550100001,Ada\n"
    first = send("k-1", file=file, options='{"on_duplicate": "skip"}')
    assert first.status_code == 202, first.text
    assert send("k-1", file=file, options='{"on_duplicate": "skip"}').json == first.json
    assert imports(app, cast) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"file": b"phone,name\n+15550100001,Eve\n"},
        {"file": b"phone,name\n+15550100001,Ada\n", "options": '{"tags": ["spring"]}'},
        {"file": b"phone,name\n+15550100001,Ada\n", "mapping": '{"name": null}'},
        {},
    ],
)
def test_another_request_under_the_key_is_refused(app: Flask, cast: Cast, send: Send, other: dict[str, Any]) -> None:
    first = send("k-1", file=b"phone,name\n+15550100001,Ada\n")
    answer = send("k-1", **other)
    assert (answer.status_code, answer.json["code"]) == (409, "idempotency_key_reused")
    assert answer.mimetype == "application/problem+json"
    assert first.json["job"]["id"] in answer.json["detail"]
    assert imports(app, cast) == 1


@pytest.mark.parametrize("key", ["", " ", "two words", "k" * 201, "ключ".encode().decode("latin-1")])
def test_a_key_is_visible_ascii(send: Send, key: str) -> None:
    answer = send(key)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == ["Idempotency-Key"]


def test_a_key_is_the_organizations_own(send: Send) -> None:
    ours, theirs = send("k-1"), send("k-1", who="charlie")
    assert theirs.status_code == 202
    assert ours.json["job"]["id"] != theirs.json["job"]["id"]


def test_requests_at_the_same_moment_make_one_job(app: Flask, cast: Cast, send: Send) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: send("k-1"), range(4)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json["job"]["id"] for answer in answers}) == 1
    assert imports(app, cast) == 1
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert len(db.session.scalars(select(Job).where(Job.processor == "import-contacts")).all()) == 1
