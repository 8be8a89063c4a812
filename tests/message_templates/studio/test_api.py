"""Programs submit templates; each fault is a field of the answer (case T05), in both shapes."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from adsapp.core import db
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.studio.draft import names_in
from tests.live import Live
from tests.paths import CASES

CASE = json.loads((CASES / "T05-template-save-rules" / "bodies.json").read_text())
READY: dict[str, Any] = {"name": "order_ready", "language": "en", "category": "utility"}


def submit(live: Live, client: FlaskClient, who: str = "adam", **body: Any) -> tuple[int, Any]:
    examples = {f"body.{name}": "Ana" for name in names_in(body.get("body", "")) if name}
    answer = client.post("/api/templates", json={**READY, "examples": examples, **body}, headers=live.cast.headers(who))
    return answer.status_code, answer.get_json()


def test_the_case_of_bodies_is_answered_at_the_field(live: Live, client: FlaskClient) -> None:
    for number, case in enumerate(CASE):
        status, answer = submit(live, client, name=f"case_{number}", body=case["body"])
        if case["verdict"].startswith("accept"):
            assert (status, answer["template"]["status"]) == (202, "PENDING"), answer
        else:
            assert status == 422
            assert "body" in [error["field"] for error in answer["errors"]]


def test_a_name_is_taken_in_its_language_and_a_template_is_deleted(live: Live, client: FlaskClient) -> None:
    made = submit(live, client, body="We are open again.")[1]["template"]
    status, answer = submit(live, client, body="We are open again.")
    assert (status, answer["errors"][0]["field"]) == (422, "name")
    assert submit(live, client, body="We are open again.", language="de")[0] == 202
    path = f"/api/templates/{made['id']}"
    assert client.delete(path, headers=live.cast.headers("bob")).status_code == 403
    assert client.delete(path, headers=live.cast.headers("adam")).status_code == 204
    assert client.delete(path, headers=live.cast.headers("adam")).status_code == 404


def test_a_template_is_shown_changed_and_copied_and_nobodys_change_is_lost(live: Live, client: FlaskClient) -> None:
    adam = live.cast.headers("adam")
    buttons = [{"type": "quick_reply", "text": "Yes"}]
    made = submit(live, client, body="Hello {{1}}, welcome back.", footer="Bye", buttons=buttons)[1]["template"]
    path = f"/api/templates/{made['id']}"
    assert client.patch(path, json={"footer": "Soon"}, headers=adam).status_code == 409, "it is in review"
    with live.organization():
        db.session.execute(update(MessageTemplate).values(status="REJECTED"))
        db.session.commit()
    live.sandbox.call(
        "templates",
        {"phone_number_id": live.phone_number_id, "name": "order_ready", "language": "en", "verdict": "reject"},
    )
    shown = client.get(path, headers=adam).get_json()["template"]
    assert (shown["body"], shown["footer"], shown["examples"]) == (
        "Hello {{1}}, welcome back.",
        "Bye",
        {"body.1": "Ana"},
    )
    assert shown["buttons"] == [{"type": "QUICK_REPLY", "text": "Yes", "value": ""}]
    seen = {"seen": shown["seen"]}
    assert (
        client.patch(path, json={"body": "{{1}} first"} | seen, headers=adam).get_json()["errors"][0]["field"] == "body"
    )
    changed = client.patch(path, json={"footer": "See you", "buttons": []} | seen, headers=adam)
    assert (changed.status_code, changed.get_json()["template"]["status"]) == (202, "PENDING")
    with live.organization():
        db.session.execute(update(MessageTemplate).values(status="REJECTED"))
        db.session.commit()
    late = client.patch(path, json={"footer": "Too late"} | seen, headers=adam)
    assert (late.status_code, late.get_json()["code"]) == (409, "changed_meanwhile")
    now = client.get(path, headers=adam).get_json()["template"]
    assert (now["footer"], now["buttons"]) == ("See you", [])

    taken = client.post(f"{path}/copies", json={}, headers=adam)
    assert taken.get_json()["errors"][0]["field"] == "name"
    copied = client.post(
        f"{path}/copies", json={"language": "de", "body": "Hallo {{1}}, schön dich zu sehen."}, headers=adam
    )
    assert copied.status_code == 202, copied.text
    own = client.get(f"/api/templates/{copied.get_json()['template']['id']}", headers=adam).get_json()["template"]
    assert (own["language"], own["footer"], own["body"][:5]) == ("de", "See you", "Hallo")
    assert client.post(f"{path}/copies", json={"name": "x"}, headers=live.cast.headers("bob")).status_code == 403


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"buttons": [{"type": "quick_reply", "text": f"No {n}"} for n in range(21)]}, "buttons"),
        ({"header": "News 🎉"}, "header"),
        ({"category": "authentication"}, "category"),
        ({"language": "xx"}, "language"),
        ({"examples": {}, "body": "Hello {{1}}, good day."}, "examples.body.1"),
    ],
)
def test_bad_input_is_answered_at_its_place(
    live: Live, client: FlaskClient, changes: dict[str, Any], field: str
) -> None:
    status, answer = submit(live, client, **{"body": "We are open again.", **changes})
    assert status == 422
    assert field in [error["field"] for error in answer["errors"]]
