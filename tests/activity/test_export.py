"""The activity as a file and for programs."""

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.activity import views
from adsapp.core.clock import utcnow
from tests.activity.conftest import Note
from tests.cast import Cast


def table(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


def test_the_file_holds_all_that_the_filter_lets_through(
    client: FlaskClient, cast: Cast, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "CHUNK", 4)
    now = utcnow()
    for number in range(11):
        note("Alice" if number % 2 else "Bob", reason=f"Reason {number}", title="Bulk", at=now - timedelta(days=number))
    answer = client.get("/activity.csv?q=bob", headers=cast.headers("adam"))
    assert answer.mimetype == "text/csv"
    assert 'filename="activity.csv"' in answer.headers["Content-Disposition"]
    assert [row["reason"] for row in table(answer.text)] == [f"Reason {number}" for number in range(0, 11, 2)]
    (newest,) = table(client.get("/activity.csv?days=1&kind=queue", headers=cast.headers("adam")).text)
    assert newest["at"] == now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    del newest["at"]
    assert newest == {
        "who": "Bob",
        "did": "Paused a queue",
        "kind": "queue",
        "to": "Bulk messages",
        "how_many": "",
        "change": "",
        "until": "",
        "reason": "Reason 0",
        "from": "",
    }


def test_the_file_is_made_as_it_is_read(app: Flask, client: FlaskClient, cast: Cast, note: Note) -> None:
    note()
    answer = client.get("/activity.csv", headers=cast.headers("adam"), buffered=False)
    assert answer.is_streamed
    answer.close()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_no_cell_of_the_file_is_a_formula(client: FlaskClient, cast: Cast, note: Note, start: str) -> None:
    evil = f"{start}cmd|' /c calc'!A0"
    note(evil, "send failed again", "campaign:gone", title=evil, reason=evil, error=evil, changed=evil)
    (row,) = table(client.get("/activity.csv?kind=campaign", headers=cast.headers("adam")).text)
    assert {row[name] for name in ("who", "to", "how_many", "change", "reason")} == {"'" + evil}


def test_programs_read_the_same(client: FlaskClient, cast: Cast, note: Note) -> None:
    moment = utcnow()
    for number in range(3):
        note(title="Bulk messages", reason=f"Reason {number}", at=moment - timedelta(minutes=number))
    first = client.get("/api/activity?limit=2&kind=queue", headers=cast.headers("adam")).json
    assert first is not None
    event = first["activity"][0]
    assert event.pop("at").endswith("Z")
    assert isinstance(event.pop("id"), int)
    assert event == {
        "actor": "Alice",
        "action": "pause queue",
        "words": "Paused a queue",
        "kind": "queue",
        "subject": "queue:bulk-messages",
        "subjects": [{"title": "Bulk messages", "page": "/queues/bulk-messages"}],
        "count": None,
        "change": None,
        "until": None,
        "reason": "Reason 0",
        "address": None,
    }
    second = client.get(f"/api/activity?limit=2&cursor={first['next']}", headers=cast.headers("adam")).json
    assert second is not None
    assert [each["reason"] for each in second["activity"]] == ["Reason 2"]
    assert second["next"] is None
    assert client.get("/api/activity?limit=501", headers=cast.headers("adam")).status_code == 422
