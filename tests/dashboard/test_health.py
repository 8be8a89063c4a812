"""Alive and ready, for load balancers: ready is whoever can serve, and the answer says what is missing."""

import pytest
from flask.testing import FlaskClient

from adsapp.core.db import migrations


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
