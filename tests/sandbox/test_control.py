"""The control API does what it says, and says what is wrong."""

from typing import Any

import pytest

from .conftest import StartSandbox
from .support import ANA, BEN, NUMBER, SECRET, TOKEN, WABA, Client, Receiver, welcome

OTHER = {"phone_number_id": "2", "waba_id": "22", "token": "other", "app_secret": "secret", "throughput": 3}


def test_it_is_healthy(quiet: Client) -> None:
    assert quiet.get("/_sandbox/health", token=None).json == {"ok": True}


def test_a_number_can_be_added_while_it_runs(start_sandbox: StartSandbox) -> None:
    client = start_sandbox(accounts=())
    assert client.send(welcome()).code == 190
    answer = client.control("accounts", {"phone_number_id": NUMBER, "waba_id": WABA, "token": TOKEN})
    assert answer.status == 201
    assert client.send(welcome()).status == 200
    assert [row["phone_number_id"] for row in client.get("/_sandbox/accounts").json["accounts"]] == [NUMBER]


def test_no_secret_is_ever_shown(sandbox: Client) -> None:
    sandbox.control("accounts", OTHER)
    for path in ("/_sandbox/accounts", "/_sandbox/stats", "/_sandbox/ledger", "/", "/figures"):
        text = sandbox.get(path).text
        assert TOKEN not in text
        assert SECRET not in text


def test_replacing_a_number_does_not_lift_its_limit(start_sandbox: StartSandbox) -> None:
    client = start_sandbox(accounts=())
    client.control("accounts", OTHER)
    for person in range(3):
        client.send(welcome(f"+120255501{person:02d}"), number="2", token="other")
    client.control("accounts", OTHER)
    times = [line["accepted_at"] for line in client.ledger()]
    answer = client.send(welcome(BEN), number="2", token="other")
    accepted = [line["accepted_at"] for line in client.ledger()]
    assert answer.code == 130429 or accepted[-1] - times[0] >= 1


def test_the_ledger_can_be_narrowed_and_emptied(quiet: Client) -> None:
    quiet.control("accounts", OTHER)
    quiet.send(welcome())
    quiet.send(welcome(BEN), number="2", token="other")
    assert [line["to"] for line in quiet.ledger()] == [ANA, BEN]
    assert [line["to"] for line in quiet.get("/_sandbox/ledger?phone_number_id=2").json["messages"]] == [BEN]
    stats = quiet.stats()
    assert stats["accepted"] == 2
    assert stats["numbers"]["2"]["accepted"] == 1
    quiet.call("DELETE", "/_sandbox/ledger")
    assert quiet.ledger() == []
    assert quiet.stats()["accepted"] == quiet.stats()["most_in_one_second"] == 0


def test_faults_can_be_listed_and_removed(quiet: Client) -> None:
    first = quiet.control("faults", {"match": {"to": ANA, "phone_number_id": NUMBER}, "code": 131000, "times": 1})
    assert first.status == 201
    quiet.control("faults", {"code": 131016})
    assert quiet.send(welcome()).code == 131000
    faults = quiet.get("/_sandbox/faults").json["faults"]
    assert faults[0]["match"] == {"to": ANA, "phone_number_id": NUMBER}
    assert [(rule["fired"], rule["spent"]) for rule in faults] == [(1, True), (0, False)]
    left = quiet.call("DELETE", f"/_sandbox/faults?id={first.json['id']}").json["faults"]
    assert [rule["code"] for rule in left] == [131016]
    assert quiet.call("DELETE", "/_sandbox/faults?id=77").status == 404
    assert quiet.call("DELETE", "/_sandbox/faults").json == {"faults": []}


def test_the_token_can_be_changed(quiet: Client) -> None:
    assert quiet.control("token", {"phone_number_id": NUMBER, "token": "new"}).status == 200
    assert quiet.send(welcome()).code == 190
    assert quiet.send(welcome(), token="new").status == 200


def test_the_clock_goes_forward_only(quiet: Client) -> None:
    before = quiet.get("/_sandbox/clock").json["now"]
    after = quiet.control("clock", {"advance_seconds": 3600}).json
    assert after["now"] - before >= 3600
    assert after["advanced_seconds"] == 3600
    assert quiet.control("clock", {"advance_seconds": -1}).status == 422


def test_advancing_the_clock_brings_statuses_forward(start_sandbox: StartSandbox, receiver: Receiver) -> None:
    sandbox = start_sandbox({"webhook_url": receiver.url}, fast=False)
    sandbox.send(welcome("+12025559001"))
    sandbox.control("clock", {"advance_seconds": 60})
    receiver.wait_until(lambda: "delivered" in receiver.statuses())


def test_a_reset_forgets_all_but_the_numbers(sandbox: Client, receiver: Receiver) -> None:
    sandbox.control("faults", {"code": 131000, "times": 1})
    sandbox.control("webhooks", {"hold": True})
    assert sandbox.send(welcome()).code == 131000
    first = sandbox.send(welcome()).json["messages"][0]["id"]
    assert sandbox.call("POST", "/_sandbox/reset").json == {"ok": True}
    assert sandbox.ledger() == []
    assert sandbox.get("/_sandbox/faults").json == {"faults": []}
    assert sandbox.stats()["webhooks"]["pending"] == 0
    assert sandbox.get("/_sandbox/webhooks").json["hold"] is False
    second = sandbox.send(welcome()).json["messages"][0]["id"]
    assert second != first
    receiver.wait_until(lambda: "delivered" in receiver.statuses(second))
    assert receiver.statuses(first) == []


@pytest.mark.parametrize(
    ("path", "body", "where", "status"),
    [
        ("accounts", {"phone_number_id": "3"}, "body", 422),
        ("accounts", b"{", "body", 400),
        ("accounts", [], "body", 400),
        ("faults", {"code": "x"}, "code", 422),
        ("inbound", {"from": "Ana", "text": "Hello"}, "from", 422),
        ("inbound", {"from": ANA}, "text", 422),
        ("inbound", {"from": ANA, "button": {}}, "button", 422),
        ("inbound", {"from": ANA, "preference": "maybe"}, "preference", 422),
        ("inbound", {"from": ANA, "text": "a", "phone_number_id": "77"}, "phone_number_id", 404),
        ("throughput", {"per_second": 0}, "per_second", 422),
        ("token", {"token": ""}, "token", 422),
        ("webhooks", {"holt": True}, "body", 422),
        ("clock", {"advance_seconds": "1"}, "advance_seconds", 422),
        ("nothing", {}, "/_sandbox/nothing", 404),
    ],
)
def test_a_request_that_cannot_be_done_names_its_place(
    quiet: Client, path: str, body: Any, where: str, status: int
) -> None:
    answer = quiet.control(path, body)
    assert answer.status == status
    assert answer.json["where"] == where
    assert answer.json["problem"]
    assert answer.json["what_to_do"]


@pytest.mark.parametrize(
    "browser",
    [
        {"Origin": "http://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_use_it_through_a_browser(quiet: Client, browser: dict[str, str]) -> None:
    assert quiet.call("POST", "/_sandbox/reset", headers=browser).status == 403
    assert quiet.call("DELETE", "/_sandbox/ledger", headers=browser).status == 403
    assert quiet.form("/resets", {}, browser).status == 403
    own = {"Origin": quiet.url, "Sec-Fetch-Site": "same-origin"}
    assert quiet.call("POST", "/_sandbox/reset", headers=own).status == 200
