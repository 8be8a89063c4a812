"""What programs do with alerts."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from adsapp.alerts.models import AlertDelivery, AlertIncident
from adsapp.alerts.retention import forget_alerts, forget_told
from adsapp.alerts.rules import RULES
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.models import Account, AccountStatus
from adsapp.jobs import Queue
from tests.alerts.scene import Alerts
from tests.alerts.stand_ins import StandIn, is_signed
from tests.campaigns.scene import set_the_scene
from tests.lone_worker import add_lone_worker

KIND = "token_refused"


@pytest.fixture
def refused(alerts: Alerts) -> Alerts:
    """WhatsApp has refused the number."""
    add_lone_worker(alerts.app, Queue)
    set_the_scene(alerts.app, alerts.cast)
    alerts.only(KIND)
    alerts.change_all(Account, status=AccountStatus.REFUSED, status_reason="The token has expired")
    alerts.look(utcnow())
    return alerts


def ask(
    alerts: Alerts, client: FlaskClient, method: str, path: str, body: Any = None, who: str = "alice"
) -> TestResponse:
    return client.open(f"/api{path}", method=method, json=body, headers=alerts.cast.headers(who))


def test_what_is_open_is_read_taken_on_and_put_off(refused: Alerts, client: FlaskClient) -> None:
    found = ask(refused, client, "GET", "/alerts").get_json()["alerts"]
    assert [(each["rule"], each["severity"]) for each in found] == [(KIND, "critical")]
    here = f"/alerts/{found[0]['id']}"
    assert len(ask(refused, client, "GET", here).get_json()["deliveries"]) == 2
    until = (utcnow() + timedelta(hours=3)).isoformat()
    assert ask(refused, client, "POST", f"{here}/snoozes", {"until": until}).status_code == 200
    assert ask(refused, client, "POST", f"{here}/snoozes", {"until": "tomorrow"}).status_code == 422
    far = (utcnow() + timedelta(days=60)).isoformat()
    assert ask(refused, client, "POST", f"{here}/snoozes", {"until": far}).status_code == 422
    taken = ask(refused, client, "POST", f"{here}/acknowledgements", {"note": "On it"}).get_json()
    assert (taken["acknowledged_by"], taken["note"]) == ("token alice", "On it")
    back = ask(refused, client, "DELETE", f"{here}/acknowledgements").get_json()
    assert (back["acknowledged_at"], back["acknowledged_by"]) == (None, "")
    assert ask(refused, client, "DELETE", f"{here}/snoozes").status_code == 409
    assert ask(refused, client, "POST", f"{here}/acknowledgements", {}, who="bob").status_code == 403
    assert ask(refused, client, "GET", here, who="charlie").status_code == 404


def test_a_rule_is_set_tried_and_set_back(refused: Alerts, client: FlaskClient) -> None:
    rules = ask(refused, client, "GET", "/alert-rules").get_json()["rules"]
    assert {each["rule"] for each in rules} == set(RULES)
    body = {"threshold": 7, "clears_at": 2, "quiet": {"starts": "22:00", "ends": "07:00", "time_zone": "Asia/Kolkata"}}
    changed = ask(refused, client, "PATCH", "/alert-rules/job_failed", body).get_json()
    assert (changed["threshold"], changed["quiet"]["time_zone"], changed["is_changed"]) == (7, "Asia/Kolkata", True)
    assert ask(refused, client, "PATCH", "/alert-rules/job_failed", {"quiet": None}).get_json()["quiet"] is None
    wrong = ask(refused, client, "PATCH", "/alert-rules/job_failed", {"threshold": 1, "clears_at": 2})
    assert [each["field"] for each in wrong.get_json()["errors"]] == ["clears_at"]
    assert ask(refused, client, "PATCH", "/alert-rules/job_failed", {"channels": ["x"]}).status_code == 422
    tried = ask(refused, client, "POST", "/alert-rules/job_failed/trials", {"threshold": 3}).get_json()
    assert tried["would_have_fired"] == 0
    assert ask(refused, client, "DELETE", "/alert-rules/job_failed").status_code == 204
    rules = ask(refused, client, "GET", "/alert-rules").get_json()["rules"]
    assert next(each for each in rules if each["rule"] == "job_failed")["is_changed"] is False
    assert ask(refused, client, "PATCH", "/alert-rules/none", {}).status_code == 404


def test_a_channel_shows_its_secret_once(refused: Alerts, client: FlaskClient, receiver: StandIn) -> None:
    body = {"kind": "webhook", "name": "Pager", "address": receiver.url}
    made = ask(refused, client, "POST", "/alert-channels", body)
    assert made.status_code == 201
    here, secret = f"/alert-channels/{made.get_json()['id']}", made.get_json()["secret"]
    assert ask(refused, client, "POST", f"{here}/tests").get_json() == {
        "taken": True,
        "code": "200",
        "answer": "Answered 200: ok",
    }
    assert is_signed(receiver.asked[0], secret)
    assert "secret" not in ask(refused, client, "GET", "/alert-channels").get_json()["channels"][0]
    receiver.says(500, "oops")
    assert ask(refused, client, "POST", f"{here}/tests").get_json()["taken"] is False
    told = ask(refused, client, "GET", "/alert-deliveries").get_json()["deliveries"]
    assert [each["state"] for each in told[:2]] == ["failed", "delivered"]
    again = ask(refused, client, "POST", f"/alert-deliveries/{told[0]['id']}/replays")
    assert again.status_code == 202
    assert again.get_json()["replay_of"] == told[0]["id"]
    assert ask(refused, client, "POST", "/alert-channels", body).status_code == 409
    assert ask(refused, client, "DELETE", here).status_code == 204
    assert ask(refused, client, "POST", "/alert-channels", body, who="bob").status_code == 403


def test_what_is_over_is_forgotten_in_time(refused: Alerts) -> None:
    later = utcnow() + timedelta(days=100)
    assert refused.within(lambda: forget_alerts(later, 10)) == 0  # it is still open
    refused.change_all(AlertIncident, resolved_at=utcnow())
    assert refused.within(lambda: forget_told(utcnow() - timedelta(days=1), 10)) == 0
    assert refused.within(lambda: forget_told(later, 1)) == 1
    assert refused.within(lambda: forget_alerts(later, 10)) == 1
    assert refused.within(lambda: db.session.scalars(db.db.select(AlertDelivery)).all(), commit=False) == []
