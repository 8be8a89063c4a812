"""What is refused leaves a line for whoever runs the installation, and no line holds what people entered."""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from adsapp.core import db
from adsapp.core.logs import PROCESSORS, LogFormat, bind, processors, telling_of, unbind
from adsapp.core.web import problems, request_lines
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import Job
from adsapp.organizations import sign_in
from adsapp.organizations.auditing import NOBODY
from adsapp.organizations.models import User
from tests.cast import Cast

SECRET = "s3cret-of-somebody"


class Operator:
    """Reads the lines that are logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, event: str, **fields: object) -> None:
        """As structlog's logger does."""
        self.lines.append(line("warning", {"event": event, **fields}))


def line(level: str, event: Any) -> str:
    """What is printed of it."""
    for processor in PROCESSORS:
        event = processor(None, level, event)
    return str(event)


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> Operator:
    reader = Operator()
    for module in (problems, sign_in):
        monkeypatch.setattr(module, "log", reader)
    return reader


def refused_token(client: FlaskClient, _cast: Cast) -> None:
    assert client.get("/api/jobs", headers={"Authorization": f"Bearer {SECRET}"}).status_code == 401


def refused_role(client: FlaskClient, cast: Cast) -> None:
    assert client.get("/activity", headers=cast.headers("vera")).status_code == 403


def wrong_password(client: FlaskClient, cast: Cast) -> None:
    assert cast.attempt(client, "alice", SECRET).status_code == 422


def too_many(client: FlaskClient, cast: Cast) -> None:
    assert [cast.attempt(client, "alice", SECRET).status_code for _ in range(6)][-1] == 429


def form_from_elsewhere(client: FlaskClient, _cast: Cast) -> None:
    assert client.post("/sign-in", data={"password": SECRET}).status_code == 400


def forged_webhook(client: FlaskClient, cast: Cast) -> None:
    account = AccountIn("106540352242922", "2", "token", "secret", "verify")
    with db.organization_context(client.application, cast.bakery_id):
        address = f"/webhooks/whatsapp/{create_account(account, by=NOBODY).id}"
        db.session.commit()
    assert client.post(address, data=SECRET, headers={"X-Hub-Signature-256": "sha256=00"}).status_code == 401


REFUSALS: dict[Callable[[FlaskClient, Cast], None], str] = {
    refused_token: r"refused .*status=401 reason=Unauthenticated method=GET path=/api/jobs address=127\.0\.0\.1",
    refused_role: r"refused .*status=403 reason=Forbidden method=GET path=/activity .*role=viewer",
    wrong_password: r"sign_in_failed .*address=127\.0\.0\.1",
    too_many: r"sign_in_throttled .*address=127\.0\.0\.1 seconds=",
    forged_webhook: r"refused .*status=401 .*method=POST path=/webhooks/whatsapp/.* address=127\.0\.0\.1",
    form_from_elsewhere: r"refused .*reason=form_from_elsewhere method=POST path=/sign-in",
}


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
@pytest.mark.parametrize("refuse", REFUSALS, ids=lambda refuse: refuse.__name__)
def test_a_refusal_leaves_a_line_without_what_was_sent(
    client: FlaskClient, cast: Cast, operator: Operator, refuse: Callable[[FlaskClient, Cast], None]
) -> None:
    refuse(client, cast)
    assert re.search(REFUSALS[refuse], operator.lines[-1]), operator.lines
    for private in (SECRET, "alice@example.com", "Vera"):
        assert private not in "".join(operator.lines)


def test_an_error_of_the_database_tells_of_no_row(app: Flask, cast: Cast) -> None:
    twice = {"email": "alice@example.com", "name": SECRET, "password_hash": SECRET}
    with db.organization_context(app, cast.bakery_id):
        with pytest.raises(IntegrityError) as caught:
            db.session.execute(insert(User).values(**twice))
        assert SECRET not in str(caught.value)
    found = line("error", {"event": "unexpected_error", "exc_info": caught.value})
    assert "IntegrityError" in found
    for private in (SECRET, "alice@example.com"):
        assert private not in found


def test_a_line_is_an_object_where_programs_read_it() -> None:
    found: Any = {"event": "request", "route": "/jobs/<job_id>", "status": 200, "note": 'with "quotes" and\nlines'}
    for processor in processors(LogFormat.JSON):
        found = processor(None, "info", found)
    assert "\n" not in found
    read = json.loads(found)
    assert list(read)[:3] == ["timestamp", "level", "event"]
    assert (read["status"], read["note"]) == (200, 'with "quotes" and\nlines')


@pytest.mark.parametrize(
    "text", ["+14155550123", "wrote to 4915112345678 twice", "Ann <ann.lee@mail.example.com>", "to=ann@example.com"]
)
def test_whose_number_or_address_it_is_stands_in_no_line(text: str) -> None:
    found = line("info", {"event": "odd", "note": text})
    assert "[number]" in found or "[address]" in found
    for private in ("4155550123", "15112345678", "ann"):
        assert private not in found


def test_ids_stay_as_they_are() -> None:
    job = "01930000-0000-7000-8000-123456789012"
    assert job in line("info", {"event": "odd", "job_id": job, "note": f"job {job}"})


def test_what_is_bound_stands_in_each_line_until_it_ends() -> None:
    with telling_of(job_id="7", request_id=None):
        bind(organization="o")
        inside = line("info", {"event": "x"})
    unbind("organization")
    assert "job_id=7" in inside
    assert "organization=o" in inside
    assert "request_id" not in inside
    assert "job_id" not in line("info", {"event": "x"})


class Lines:
    """What was told, by level."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Callable[..., None]:
        return lambda event, **fields: self.told.append((level, event, fields))


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_each_request_leaves_a_line_with_route_status_time_and_who_by_their_ids(
    client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = Lines()
    monkeypatch.setattr(request_lines, "log", lines)
    answer = client.get("/api/contacts?query=Ann", headers=cast.headers("alice"))
    client.get("/healthz")
    client.get("/nowhere/+14155550123")
    (level, event, told), (quiet, _, _), (_, _, lost) = lines.told
    assert (level, event, quiet) == ("info", "request", "debug")
    assert (told["method"], told["route"], told["status"]) == ("GET", "/api/contacts", answer.status_code)
    assert told["organization"] == str(cast.bakery_id)
    assert str(uuid.UUID(told["actor"])) == told["actor"]
    assert lost["route"] is None
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])
    assert "Ann" not in repr(lines.told)


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_job_keeps_the_id_of_the_request_that_led_to_it(client: FlaskClient, cast: Cast) -> None:
    body = {"contacts": [{"phone": "+14155550123"}]}
    answer = client.post("/api/jobs/import-contacts", json=body, headers=cast.headers("alice"))
    with db.organization_context(client.application, cast.bakery_id):
        job = db.session.get_one(Job, uuid.UUID(answer.json["job"]["id"]))  # type: ignore[index]
        assert job.request_id == answer.headers["X-Request-ID"]
