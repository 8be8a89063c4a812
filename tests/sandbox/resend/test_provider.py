"""What a client of Resend's API meets, over HTTP: keys, idempotency, limits, quotas, faults."""

import http.client
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from adsapp.sandbox.resend.errors import NAMES
from tests.waiting import wait_for

from .support import ANA, DOMAIN, KEY, SENDING_KEY, Resend, mail, refusal

DAY = 86400


def test_an_e_mail_is_accepted_and_can_be_looked_at(resend: Resend) -> None:
    tags = [{"name": "campaign", "value": "7"}]
    answer = resend.send_mail(mail(f"Ana <{ANA}>", tags=tags), Idempotency_Key="campaign-7/chunk-1")
    assert answer.status == 200
    email_id = answer.json["id"]
    (line,) = resend.mails()
    assert line["accepted_at"] > 0
    wanted = {
        "to": [f"Ana <{ANA}>"],
        "id": email_id,
        "idempotency_key": "campaign-7/chunk-1",
        "tags": {"campaign": "7"},
    }
    assert wanted.items() <= line.items()
    assert line["subject"] == "We are open"
    wait_for(lambda: resend.last_event(email_id) == "delivered")
    shown = resend.api("GET", f"/emails/{email_id}").json
    assert (shown["object"], shown["html"], shown["to"]) == ("email", "<p>Hello</p>", [f"Ana <{ANA}>"])
    assert resend.get("/_sandbox/ledger").json == {"messages": []}


def test_a_request_without_a_user_agent_stays_outside(resend: Resend) -> None:
    place = urlsplit(resend.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    body = json.dumps(mail())
    connection.request("POST", "/resend/emails", body, {"Authorization": f"Bearer {KEY}"})
    assert connection.getresponse().status == 403
    connection.close()
    assert resend.mails() == []


@pytest.mark.parametrize(
    ("key", "expected"),
    [(None, (401, "missing_api_key")), ("re_other", (403, "invalid_api_key"))],
)
def test_who_has_no_key_is_refused(resend: Resend, key: str | None, expected: tuple[int, str]) -> None:
    assert refusal(resend.send_mail(key=key)) == expected


def test_a_sending_key_may_only_send(resend: Resend) -> None:
    assert resend.send_mail(key=SENDING_KEY).status == 200
    assert refusal(resend.api("GET", "/domains", key=SENDING_KEY)) == (401, "restricted_api_key")


def test_a_key_can_be_withdrawn_in_the_middle(resend: Resend) -> None:
    assert resend.send_mail().status == 200
    assert resend.set_up(key="re_new").status == 200
    assert refusal(resend.send_mail()) == (403, "invalid_api_key")
    assert resend.send_mail(key="re_new").status == 200


def test_only_a_verified_domain_may_send(resend: Resend) -> None:
    strange = mail(**{"from": "a@other.example"})
    assert refusal(resend.send_mail(strange)) == (403, "validation_error")
    resend.control("emails/domains", {"name": DOMAIN, "status": "pending"})
    assert refusal(resend.send_mail()) == (403, "validation_error")
    assert refusal(resend.send_batch([mail()], x_batch_validation="permissive")) == (403, "validation_error")
    onboarding = {"from": "onboarding@resend.dev"}
    assert refusal(resend.send_mail(mail(**onboarding))) == (403, "validation_error")
    assert resend.send_mail(mail("delivered+a@resend.dev", **onboarding)).status == 200


def test_the_same_key_with_the_same_e_mail_sends_nothing_more(resend: Resend) -> None:
    first = resend.send_mail(Idempotency_Key="a")
    assert resend.send_mail(Idempotency_Key="a").json == first.json
    assert len(resend.mails()) == 1
    assert resend.mail_stats()["teams"]["team"]["replayed"] == 1
    assert refusal(resend.send_mail(mail("ben@example.com"), Idempotency_Key="a")) == (
        409,
        "invalid_idempotent_request",
    )
    assert resend.send_mail(Idempotency_Key="b").json != first.json
    resend.control("clock", {"advance_seconds": DAY})
    assert resend.send_mail(Idempotency_Key="a").json != first.json
    assert len(resend.mails()) == 3


def test_a_batch_is_answered_again_with_its_errors(resend: Resend) -> None:
    batch = [mail(), mail(subject=None), mail("ben@example.com")]
    headers = {"Idempotency_Key": "chunk-1", "x_batch_validation": "permissive"}
    first = resend.send_batch(batch, **headers).json
    assert [error["index"] for error in first["errors"]] == [1]
    assert "`subject`" in first["errors"][0]["message"]
    assert [line["id"] for line in resend.mails()] == [item["id"] for item in first["data"]]
    assert resend.send_batch(batch, **headers).json == first
    assert len(resend.mails()) == 2


def test_a_strict_batch_is_accepted_whole_or_not_at_all(resend: Resend) -> None:
    assert refusal(resend.send_batch([mail(), mail("nobody")])) == (422, "validation_error")
    assert resend.mails() == []
    answer = resend.send_batch([mail(f"person{n}@example.com") for n in range(100)])
    assert len(answer.json["data"]) == 100
    assert "errors" not in answer.json
    assert [line["to"] for line in resend.mails()][99] == ["person99@example.com"]


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ([mail()] * 101, {}, (422, "validation_error")),
        ([], {}, (422, "missing_required_field")),
        (mail(), {}, (422, "validation_error")),
        (b"{", {}, (400, "validation_error")),
        ([mail()], {"x_batch_validation": "lax"}, (422, "validation_error")),
        ([mail()], {"Idempotency_Key": "a" * 257}, (400, "invalid_idempotency_key")),
    ],
)
def test_a_batch_that_cannot_be_used_says_why(
    resend: Resend, body: object, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    assert refusal(resend.send_batch(body, **headers)) == expected


def test_a_key_whose_first_request_is_still_on_its_way_has_to_wait(resend: Resend) -> None:
    resend.fault(hang_after_accept=True, times=1)
    place = urlsplit(resend.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    headers = {"Authorization": f"Bearer {KEY}", "User-Agent": "test", "Idempotency-Key": "a"}
    connection.request("POST", "/resend/emails", json.dumps(mail()), headers)
    wait_for(lambda: len(resend.mails()) == 1)
    assert refusal(resend.send_mail(Idempotency_Key="a")) == (409, "concurrent_idempotent_requests")
    connection.close()
    wait_for(lambda: resend.send_mail(Idempotency_Key="a").json.get("id") == resend.mails()[0]["id"])
    assert len(resend.mails()) == 1


def test_requests_a_second_are_limited_for_all_keys_and_endpoints_together(still: Resend) -> None:
    first = still.send_mail()
    assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("2", "1")
    still.api("GET", "/domains")
    refused = still.send_mail(key=SENDING_KEY)
    assert refusal(refused) == (429, "rate_limit_exceeded")
    limits = ("retry-after", "ratelimit-remaining", "ratelimit-reset")
    assert [refused.headers[name] for name in limits] == ["1", "0", "1"]
    still.control("clock", {"advance_seconds": 1})
    assert still.send_mail().status == 200
    figures = still.mail_stats()["teams"]["team"]
    assert (figures["most_admitted_in_one_second"], figures["most_requests_in_one_second"]) == (2, 3)
    assert figures["refused_by_name"] == {"rate_limit_exceeded": 1}


def test_a_daily_quota_renews_with_the_day_a_monthly_one_with_the_month(still: Resend) -> None:
    still.set_up(daily_quota=2, monthly_quota=3, requests_per_second=100)
    assert still.send_mail().headers["x-resend-daily-quota"] == "1"
    assert refusal(still.send_batch([mail(), mail()])) == (429, "daily_quota_exceeded")
    assert still.send_mail().headers["x-resend-monthly-quota"] == "2"
    assert refusal(still.send_mail()) == (429, "daily_quota_exceeded")
    still.control("clock", {"advance_seconds": DAY})
    assert still.send_mail().status == 200
    assert refusal(still.send_mail()) == (429, "monthly_quota_exceeded")
    still.control("clock", {"advance_seconds": 31 * DAY})
    assert still.send_mail().status == 200


def test_each_error_can_be_asked_for(resend: Resend) -> None:
    for name, status in NAMES.items():
        resend.fault(name=name, times=1)
        assert refusal(resend.send_batch([mail()])) == (status, name)
    assert resend.mails() == []
    assert resend.send_batch([mail()]).status == 200


def test_an_error_can_come_after_acceptance(resend: Resend) -> None:
    resend.fault(name="internal_server_error", accept_first=True, times=1)
    assert resend.send_mail(Idempotency_Key="a").status == 500
    (line,) = resend.mails()
    assert resend.send_mail(Idempotency_Key="a").json == {"id": line["id"]}


@pytest.mark.parametrize("rule, accepted", [({"drop_after_accept": True}, 1), ({"drop_before_accept": True}, 0)])
def test_the_connection_can_be_cut(resend: Resend, rule: dict[str, bool], accepted: int) -> None:
    resend.fault(**rule, times=1)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        resend.send_mail(Idempotency_Key="a")
    assert len(resend.mails()) == accepted
    resend.send_mail(Idempotency_Key="a")
    assert len(resend.mails()) == 1


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({"to": "BEN@example.com"}, [False, True, True]),
        ({"on": "batch"}, [False, False, True]),
        ({"on": "single"}, [True, True, False]),
        ({"team": "other"}, [False, False, False]),
    ],
)
def test_a_rule_strikes_whom_it_matches(resend: Resend, match: dict[str, str], struck: list[bool]) -> None:
    resend.fault(match=match, name="application_error")
    assert resend.api("GET", "/emails").status == 200
    ben = mail(["Ben <ben@example.com>", ANA])
    answers = [resend.send_mail(), resend.send_mail(ben), resend.send_batch([mail(), ben])]
    assert [answer.status == 500 for answer in answers] == struck


def test_a_rule_for_all_endpoints_strikes_each_of_them(resend: Resend) -> None:
    resend.fault(match={"on": "all"}, name="suspended_api_key", every=2)
    assert resend.api("GET", "/domains").status == 200
    assert refusal(resend.api("GET", "/domains")) == (403, "suspended_api_key")


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ({}, "name"),
        ({"name": "no_such_error"}, "name"),
        ({"name": "not_found", "times": 0}, "times"),
        ({"delay_ms": -1}, "delay_ms"),
        ({"name": "not_found", "match": {"on": "sunday"}}, "match.on"),
        ({"name": "not_found", "match": {"to": "ana"}}, "match.to"),
        ({"name": "not_found", "match": "ana"}, "match"),
        ({"nam": "not_found"}, "nam"),
    ],
)
def test_a_rule_that_cannot_be_used_says_why(resend: Resend, rule: dict[str, Any], where: str) -> None:
    answer = resend.fault(**rule)
    assert (answer.status, answer.json["where"]) == (422, where)


def test_an_e_mail_can_wait_be_moved_and_be_cancelled(resend: Resend) -> None:
    waits, moves, ends = (resend.send_mail(mail(scheduled_at=_in(resend, 3600))).json["id"] for _ in range(3))
    assert resend.last_event(waits) == "scheduled"
    moved = resend.api("PATCH", f"/emails/{moves}", {"scheduled_at": _in(resend, DAY)})
    assert moved.json == {"object": "email", "id": moves}
    assert resend.api("POST", f"/emails/{ends}/cancel").status == 200
    resend.control("clock", {"advance_seconds": 3700})
    wait_for(lambda: resend.last_event(waits) == "delivered")
    assert [resend.last_event(email_id) for email_id in (moves, ends)] == ["scheduled", "canceled"]
    assert refusal(resend.api("POST", f"/emails/{waits}/cancel")) == (422, "validation_error")
    assert refusal(resend.api("PATCH", f"/emails/{moves}", {})) == (422, "missing_required_field")


def _in(resend: Resend, seconds: float) -> str:
    now = resend.get("/_sandbox/clock").json["now"]
    return datetime.fromtimestamp(now + seconds, UTC).isoformat()


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/emails/01a210a8-716a-702e-9273-2c0d2a147695", (404, "not_found")),
        ("GET", "/emails/1", (422, "invalid_parameter")),
        ("PUT", "/emails", (405, "method_not_allowed")),
        ("GET", "/nothing", (404, "not_found")),
        ("GET", "", (404, "not_found")),
        ("GET", "/emails?limit=0", (422, "validation_error")),
        ("GET", "/emails?after=x", (422, "validation_error")),
        ("GET", "/emails?after=x&before=y", (422, "validation_error")),
    ],
)
def test_what_is_not_there_is_said_as_the_provider_does(
    resend: Resend, method: str, path: str, expected: tuple[int, str]
) -> None:
    assert refusal(resend.api(method, path)) == expected


def test_a_list_is_read_page_by_page_newest_first(resend: Resend) -> None:
    ids = [item["id"] for item in resend.send_batch([mail()] * 5).json["data"]][::-1]
    first = resend.api("GET", "/emails?limit=2").json
    assert ([row["id"] for row in first["data"]], first["has_more"]) == (ids[:2], True)
    rest = resend.api("GET", f"/emails?limit=5&after={ids[1]}").json
    assert ([row["id"] for row in rest["data"]], rest["has_more"]) == (ids[2:], False)
    before = resend.api("GET", f"/emails?limit=2&before={ids[3]}").json
    assert [row["id"] for row in before["data"]] == ids[1:3]
