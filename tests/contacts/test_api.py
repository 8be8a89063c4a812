"""The API of contacts and imports."""

import io
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from adsapp.contacts.imports import uploads
from adsapp.contacts.models import Contact, Import
from adsapp.core import db
from adsapp.jobs import Job
from adsapp.jobs.engine.worker import WorkerProcess
from tests.cast import Cast
from tests.contacts.conftest import counts

URL = "/api/jobs/import-contacts"
FILE = b"Mobile,Who,Town\n+12025550181,Jo Test,Riga\n+12025550182,Kim Test,Oslo\n"


def upload(client: FlaskClient, headers: dict[str, str], content: bytes = FILE, **fields: Any) -> TestResponse:
    """Send a file."""
    data = {name: value if isinstance(value, str) else json.dumps(value) for name, value in fields.items()}
    return client.post(URL, headers=headers, data={"file": (io.BytesIO(content), "people.csv"), **data})


def told(answer: TestResponse) -> Any:
    """The answer's JSON."""
    return answer.json


def leftovers(app: Flask, cast: Cast) -> tuple[int, int, int]:
    """Imports, jobs and files that are there."""
    with db.organization_context(app, cast.bakery_id), db.reading():
        files = [path for path in uploads.uploads_directory().rglob("*") if path.is_file()]
        imports, jobs = (db.session.scalars(select(model)).all() for model in (Import, Job))
        return len(imports), len(jobs), len(files)


def test_a_file_is_imported_and_followed_by_its_job(
    client: FlaskClient, cast: Cast, worker: WorkerProcess, ended: Callable[[uuid.UUID], Import]
) -> None:
    alice = cast.headers("alice")
    answer = upload(client, alice, mapping={"Mobile": "phone", "Who": "name"}, options={"tags": ["March"]})
    assert answer.status_code == 202
    job, begun = told(answer)["job"], told(answer)["import"]
    assert answer.headers["Location"] == f"/api/jobs/{job['id']}"
    assert (job["queue"], job["subject"]) == ("contact-import", f"import:{begun['id']}")
    assert counts(ended(uuid.UUID(begun["id"]))) == {"created": 2}
    shown = told(client.get(f"/api/imports/{begun['id']}", headers=alice))
    assert (shown["status"], shown["created"], shown["rows_read"]) == ("completed", 2, 2)
    assert told(client.get(f"/api/jobs/{job['id']}", headers=alice))["result"]["created"] == 2

    first = told(client.get("/api/contacts?limit=1", headers=alice))
    second = told(client.get(f"/api/contacts?limit=1&cursor={first['next']}", headers=alice))
    found = first["contacts"] + second["contacts"]
    assert [contact["phone"] for contact in found] == ["+12025550182", "+12025550181"]
    assert [contact["tags"] for contact in found] == [["March"], ["March"]]
    assert [contact["attributes"] for contact in found] == [{}, {}]
    assert second["next"] is None


def test_a_list_is_imported_like_a_file(
    client: FlaskClient,
    cast: Cast,
    worker: WorkerProcess,
    ended: Callable[[uuid.UUID], Import],
    people: Callable[[], dict[str, Contact]],
) -> None:
    contacts = [
        {
            "phone": "(202) 555-0181",
            "name": 'Jo "the\nbaker" Test',
            "tags": ["vip", "new"],
            "attributes": {"city": "Riga"},
        },
        {"phone": 12025550182, "first_name": "Kim", "opt_in": False},
        {"phone": "nonsense"},
    ]
    body = {"contacts": contacts, "options": {"default_country": "US"}}
    answer = client.post(URL, headers=cast.headers("adam"), json=body)
    assert answer.status_code == 202
    batch = ended(uuid.UUID(told(answer)["import"]["id"]))
    assert counts(batch) == {"created": 2, "rejected": 1}
    found = people()
    assert found["+12025550181"].name == 'Jo "the baker" Test'
    assert found["+12025550181"].attributes == {"city": "Riga"}
    assert found["+12025550182"].opted_out_at is not None
    items = told(client.get(f"/api/jobs/{batch.job_id}/items?status=failed", headers=cast.headers("adam")))["items"]
    assert [(item["key"], item["status"]) for item in items] == [("row 4", "failed")]


@pytest.mark.parametrize(
    "fields, place",
    [
        ({"mapping": "no json"}, "mapping"),
        ({"mapping": {"Nobody": "phone"}}, "column 'Nobody'"),
        ({"mapping": {"Who": "name"}}, "header"),
        ({"mapping": {"Mobile": "phone", "Who": "shoe size"}}, "column 2 (Who)"),
        ({"options": {"on_duplicate": "explode"}}, "on_duplicate"),
        ({"options": {"default_country": "Atlantis"}}, "default_country"),
        ({"options": {"colour": "red"}}, "colour"),
        ({"options": {"tags": ["x" * 61]}}, "tags"),
    ],
)
def test_wrong_input_names_its_place_and_keeps_nothing(
    app: Flask, client: FlaskClient, cast: Cast, fields: dict[str, Any], place: str
) -> None:
    answer = upload(client, cast.headers("alice"), **fields)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert [error["field"] for error in told(answer)["errors"]] == [place]
    assert leftovers(app, cast) == (0, 0, 0)


def test_a_column_that_looks_like_consent_and_is_not_used_is_in_the_answer(client: FlaskClient, cast: Cast) -> None:
    alice, content = cast.headers("alice"), b"phone,Unsubscribed,Mobile\n+12025550181,yes,+12025550182\n"
    begun = told(upload(client, alice, content, mapping={"phone": "phone", "Unsubscribed": "attribute:left"}))["import"]
    for shown in (begun, told(client.get(f"/api/imports/{begun['id']}", headers=alice))):
        assert [(each["index"], each["column"], each["code"]) for each in shown["warnings"]] == [
            (1, "Unsubscribed", "consent_unused"),
        ]
    used = told(upload(client, alice, content + b"\n", mapping={"phone": "phone", "Unsubscribed": "opted_out"}))[
        "import"
    ]
    assert used["warnings"] == []


def test_of_two_columns_for_one_field_the_answer_says_which_counts(client: FlaskClient, cast: Cast) -> None:
    alice, content = cast.headers("alice"), b"phone,Mobile\n,+12025550182\n"
    begun = told(upload(client, alice, content))["import"]
    (said,) = begun["warnings"]
    assert (said["index"], said["column"], said["code"]) == (1, "Mobile", "second_column")
    assert said["message"] == "“Mobile” counts in rows where “phone” is blank; else it is kept as the attribute mobile."


def test_a_country_that_nobody_chose_and_that_may_be_wrong_is_in_the_answer(client: FlaskClient, cast: Cast) -> None:
    content = "\n".join(["Vorname,Handy", *(f"Jo,1512345678{last}" for last in range(5))]).encode()
    silent = told(upload(client, cast.headers("alice"), content))["import"]["warnings"]
    assert [(each["index"], each["code"]) for each in silent] == [(1, "country_open")]
    assert "5 of the first 5 numbers without a country code would be mobile numbers in Germany" in silent[0]["message"]
    said = upload(client, cast.headers("alice"), content + b"\n", options={"default_country": "DE"})
    assert told(said)["import"]["warnings"] == []


def test_an_extension_is_kept_with_a_contact_that_a_program_adds(client: FlaskClient, cast: Cast) -> None:
    body = {"phone": "+1 202 555 0132 x45", "name": "Harbour Bakery, Ltd", "email": "Jo@Example.com"}
    made = told(client.post("/api/contacts", headers=cast.headers("alice"), json=body))["contact"]
    assert (made["phone"], made["attributes"]) == ("+12025550132", {"phone_extension": "45"})
    assert (made["name"], made["first_name"], made["last_name"]) == ("Harbour Bakery, Ltd", "", "")
    assert (made["email"], made["email_typed"]) == ("jo@example.com", "Jo@Example.com")


def test_a_contact_may_be_opted_out_from_the_start(client: FlaskClient, cast: Cast) -> None:
    body = {"phone": "+12025550181", "opted_out": True, "attributes": {"город": "Рига"}}
    made = told(client.post("/api/contacts", headers=cast.headers("alice"), json=body))["contact"]
    assert (made["opted_out"], made["attributes"]) == (True, {"город": "Рига"})


def test_no_file_no_phone_and_broken_files_are_told(app: Flask, client: FlaskClient, cast: Cast) -> None:
    alice = cast.headers("alice")
    missing = client.post(URL, headers=alice, data={"options": "{}"}, content_type="multipart/form-data")
    assert (missing.status_code, told(missing)["errors"][0]["field"]) == (422, "file")
    assert told(upload(client, alice, b""))["errors"][0]["field"] == "file"
    assert "No column holds the phone number" in told(upload(client, alice, b"who,town\nJo,Riga\n"))["detail"]
    assert told(client.post(URL, headers=alice, json={"contacts": []}))["errors"][0]["field"] == "contacts"
    wrong = client.post(URL, headers=alice, json={"contacts": [{"phone": "1"}, {"tags": 5}]})
    assert told(wrong)["errors"][0]["field"] == "contacts[1].tags"
    assert leftovers(app, cast) == (0, 0, 0)


@pytest.mark.both
def test_the_same_file_twice_is_a_conflict_that_names_the_running_one(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    first = upload(client, cast.headers("alice"))
    second = upload(client, cast.headers("adam"))
    assert second.status_code == 409
    assert told(first)["import"]["id"] in told(second)["detail"]
    assert leftovers(app, cast) == (1, 1, 1)


def test_a_contact_is_made_once(client: FlaskClient, cast: Cast) -> None:
    alice = cast.headers("alice")
    body = {"phone": "202 555 0181", "name": "Jo Test", "tags": ["vip"], "country": "United States"}
    made = client.post("/api/contacts", headers=alice, json=body)
    assert made.status_code == 201
    assert told(made)["contact"]["phone"] == "+12025550181"
    assert told(client.get(made.headers["Location"], headers=alice))["country"] == "US"
    assert client.post("/api/contacts", headers=alice, json=body).status_code == 409
    for wrong, field in (
        ({"phone": "12"}, "phone"),
        ({"phone": "+12025550182", "email": "x"}, "email"),
        ({"phone": "+12025550182", "country": "Atlantis"}, "country"),
        ({"phone": "+12025550182", "attributes": {"Shop Name": "x"}}, "attributes"),
        ({"phone": "+12025550182", "attributes": {"": "x"}}, "attributes"),
        ({"name": "Jo"}, "phone"),
        ({"phone": "+12025550182", "shoe": "42"}, "shoe"),
    ):
        answer = client.post("/api/contacts", headers=alice, json=wrong)
        assert answer.status_code == 422
        assert told(answer)["errors"][0]["field"] == field


def test_roles_and_organizations_are_kept_apart(client: FlaskClient, cast: Cast) -> None:
    begun = told(upload(client, cast.headers("alice")))["import"]
    contact = told(client.post("/api/contacts", headers=cast.headers("alice"), json={"phone": "+12025550181"}))[
        "contact"
    ]
    for name in ("bob", "vera"):
        assert upload(client, cast.headers(name)).status_code == 403
        assert client.post("/api/contacts", headers=cast.headers(name), json={"phone": "x"}).status_code == 403
    assert told(client.get("/api/contacts", headers=cast.headers("vera")))["contacts"][0]["phone"] == "+12 ••• ••• •181"
    assert told(client.get("/api/contacts?search=0181", headers=cast.headers("vera")))["contacts"] == []
    assert (
        told(client.get("/api/contacts?search=0181", headers=cast.headers("bob")))["contacts"][0]["id"] == contact["id"]
    )
    for path in (f"/api/imports/{begun['id']}", f"/api/contacts/{contact['id']}"):
        assert client.get(path, headers=cast.headers("charlie")).status_code == 404
        assert client.get(path, headers=cast.headers("vera")).status_code == 200
    assert told(client.get("/api/contacts", headers=cast.headers("charlie")))["contacts"] == []
    assert client.get("/api/contacts").status_code == 401
