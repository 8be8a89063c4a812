"""What is refused leaves a line for whoever runs the installation, and no line holds what people entered."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from adsapp.core import db
from adsapp.core.logs import PROCESSORS
from adsapp.core.web import problems
from adsapp.integrations.whatsapp.service import AccountIn, create_account
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
