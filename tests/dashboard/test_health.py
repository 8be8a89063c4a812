"""Alive and ready, for load balancers: ready is whoever can serve, and the answer says what is missing."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp import create_app
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.db import brief, migrations


def test_whoever_answers_is_alive_and_with_its_schema_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"ok": True}
    assert client.get("/readyz").get_json()["ok"] is True


@pytest.mark.parametrize("found, says", [("0001", "has schema 0001"), (None, "has schema none")])
def test_another_schema_is_not_ready_and_says_what_to_run(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, found: str | None, says: str
) -> None:
    monkeypatch.setattr(migrations, "current", lambda _connection: found)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert says in answer.get_json()["detail"]
    assert "run: adsapp db upgrade" in answer.get_json()["detail"]


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_whoever_cannot_write_is_not_ready_yet_alive(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brief, "WAIT_SECONDS", 0.01)
    with app.app_context(), db.db.engine.connect() as frozen, frozen.begin():  # which takes the lock
        answer = client.get("/readyz")
        assert client.get("/healthz").status_code == 200
    assert answer.status_code == 503
    assert "a write does not go through" in answer.get_json()["detail"]
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_without_redis_it_says_what_goes_on_and_what_waits(settings: Settings) -> None:
    client = create_app(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"})).test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "Redis does not answer" in answer.get_json()["detail"]
    assert client.get("/healthz").status_code == 200
