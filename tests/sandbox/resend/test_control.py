"""The control API for e-mail does what it says, and says what is wrong."""

from typing import Any

import pytest

from .conftest import StartResend
from .support import DOMAIN, KEY, SECRET, Resend, mail, refusal


def test_a_team_can_be_added_while_it_runs_and_shows_no_secret(start_resend: StartResend) -> None:
    resend = start_resend(teams=())
    assert refusal(resend.send_mail()) == (403, "invalid_api_key")
    made = resend.control("emails/teams", {"key": KEY, "domains": {DOMAIN: "verified"}})
    assert (made.status, made.json["requests_per_second"]) == (201, 2)
    assert resend.send_mail().status == 200
    shown = resend.get("/_sandbox/emails/teams")
    assert KEY not in shown.text
    assert shown.json["teams"][0]["domains"] == {DOMAIN: "verified"}


def test_the_ledger_and_the_figures_can_be_emptied(resend: Resend) -> None:
    resend.send_mail(Idempotency_Key="a")
    resend.send_mail(key=None)
    stats = resend.mail_stats()
    assert (stats["teams"]["team"]["accepted"], stats["refused_strangers"]) == (1, {"missing_api_key": 1})
    assert resend.call("DELETE", "/_sandbox/emails/ledger").json == {"emails": []}
    assert resend.mail_stats()["teams"]["team"]["accepted"] == 0
    resend.send_mail(Idempotency_Key="a")
    assert resend.mails() == []  # its answer is kept for 24 hours all the same


def test_the_ledger_can_be_read_by_team_and_faults_removed_one_by_one(resend: Resend) -> None:
    resend.send_mail()
    assert resend.get("/_sandbox/emails/ledger?team=other").json == {"emails": []}
    rule = resend.fault(name="not_found", match={"to": "Ben <BEN@example.com>"}).json
    assert rule["match"] == {"to": "ben@example.com", "team": "", "on": "send"}
    assert resend.call("DELETE", "/_sandbox/emails/faults?id=9").status == 404
    assert resend.call("DELETE", f"/_sandbox/emails/faults?id={rule['id']}").json == {"faults": []}
    resend.fault(name="not_found")
    assert resend.call("DELETE", "/_sandbox/emails/faults").json == {"faults": []}


def test_switches_and_magic_are_shown(resend: Resend) -> None:
    assert resend.control("emails/webhooks", {"hold": True}).json["hold"] is True
    assert resend.get("/_sandbox/emails/webhooks").json["webhooks"]["pending"] == 0
    assert "bounced" in resend.get("/_sandbox/emails/magic").json["beginnings"]


def test_without_magic_only_the_documented_addresses_are_odd(start_resend: StartResend) -> None:
    resend = start_resend(magic=False)
    assert resend.send_mail(mail("refused@example.com")).status == 200
    assert refusal(start_resend().send_mail(mail("refused@example.com"))) == (422, "invalid_parameter")


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("teams", {}, 422, "key is missing"),
        ("teams", {"key": "a", "webhook_url": "http://x", "webhook_secret": "whsec_%"}, 422, "webhook_secret"),
        ("teams", {"key": "a", "webhook_url": "http://x"}, 422, "webhook_secret"),
        ("teams", {"key": "a", "domains": {"x.example": "good"}}, 422, "x.example"),
        ("settings", {"requests_per_second": 0}, 422, "requests_per_second"),
        ("settings", {"daily_quota": -1}, 422, "daily_quota"),
        ("settings", {"tracking": 1}, 422, "tracking"),
        ("settings", {"team": "other"}, 404, "no such team"),
        ("domains", {"name": "x.example", "status": "good"}, 422, "not a domain"),
        ("webhooks", {"holt": True}, 422, "unknown switch"),
        ("readers", {"id": "1", "do": "open"}, 404, "no such e-mail"),
        ("nothing", {}, 404, "Not Found"),
    ],
)
def test_what_cannot_be_used_is_named(resend: Resend, path: str, body: Any, status: int, words: str) -> None:
    answer = resend.control(f"emails/{path}", body)
    assert (answer.status, words in answer.json["problem"]) == (status, True)


def test_the_webhook_of_a_team_can_be_set_while_it_runs(resend: Resend) -> None:
    assert SECRET not in resend.set_up(webhook_url="http://127.0.0.1:1/hook").text
    assert [row["endpoint"] for row in resend.api("GET", "/webhooks").json["data"]] == ["http://127.0.0.1:1/hook"]
    resend.set_up(webhook_url="")
    assert resend.api("GET", "/webhooks").json["data"] == []
