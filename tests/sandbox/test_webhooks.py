"""Webhooks reach a real receiver: signed, batched, in order, and again until they are heard."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from adsapp.sandbox.whatsapp.delivery import Switches
from adsapp.sandbox.whatsapp.ids import reads_messages
from tests.waiting import wait_for

from .conftest import StartSandbox
from .support import ANA, NUMBER, SECRET, WABA, Client, Receiver, account, template_message, text_parameters, welcome

READER = next(f"+1202555{n:04d}" for n in range(60, 99) if reads_messages(f"1202555{n:04d}"))


def send(sandbox: Client, to: str = READER, **more: Any) -> str:
    return str(sandbox.send(welcome(to, **more)).json["messages"][0]["id"])


def settle(sandbox: Client) -> None:
    wait_for(lambda: sandbox.stats()["webhooks"]["pending"] == 0, 20)


def test_a_message_is_sent_then_delivered_then_read(sandbox: Client, receiver: Receiver) -> None:
    wamid = send(sandbox)
    receiver.wait_until(lambda: receiver.statuses(wamid) == ["sent", "delivered", "read"])
    assert receiver.badly_signed == 0
    settle(sandbox)
    assert sandbox.stats()["webhooks"]["sent"] == 3
    assert sandbox.ledger()[0]["status"] == "read"


def test_a_status_has_the_providers_shape(sandbox: Client, receiver: Receiver) -> None:
    wamid = send(sandbox, biz_opaque_callback_data="Zoë")
    receiver.wait_until(lambda: bool(receiver.posts))
    raw = receiver.posts[0]
    assert raw.isascii()
    assert rb"Zo\u00eb" in raw
    (entry,) = json.loads(raw)["entry"]
    (change,) = entry["changes"]
    assert entry["id"] == WABA
    assert change["field"] == "messages"
    assert change["value"]["metadata"] == {"display_phone_number": "15550783881", "phone_number_id": NUMBER}
    status = change["value"]["statuses"][0]
    assert re.fullmatch(r"\d{10}", status.pop("timestamp"))
    assert status == {
        "id": wamid,
        "status": "sent",
        "recipient_id": READER[1:],
        "biz_opaque_callback_data": "Zoë",
        "pricing": {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"},
    }


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("0026", [("failed", 131026)]),
        ("0049", [("failed", 131049)]),
        ("0050", [("failed", 131050)]),
        ("9002", [("failed", 132015)]),
        ("9004", [("sent", 0), ("read", 0)]),
        ("9005", [("sent", 0), ("failed", 131000), ("delivered", 0)]),
    ],
)
def test_odd_recipients_get_odd_statuses(
    sandbox: Client, receiver: Receiver, ending: str, expected: list[tuple[str, int]]
) -> None:
    send(sandbox, f"+1202555{ending}")
    receiver.wait_until(lambda: len(receiver.items("statuses")) >= len(expected))
    got = [(item["status"], item.get("errors", [{"code": 0}])[0]["code"]) for item in receiver.items("statuses")]
    assert got == expected


def test_a_late_failure_injected_comes_as_a_status(sandbox: Client, receiver: Receiver) -> None:
    sandbox.control("faults", {"code": 131026, "times": 1})
    wamid = send(sandbox)
    receiver.wait_until(lambda: receiver.statuses(wamid) == ["failed"])
    error = receiver.items("statuses")[0]["errors"][0]
    assert error["title"] == error["message"] == "Message undeliverable"


def test_a_recipient_who_replies_stop_does(sandbox: Client, receiver: Receiver) -> None:
    send(sandbox, "+12025559006")
    receiver.wait_until(lambda: bool(receiver.items("messages")))
    message = receiver.items("messages")[0]
    assert (message["from"], message["type"], message["text"]) == ("12025559006", "text", {"body": "STOP"})


def test_a_recipient_who_taps_answers_our_message(sandbox: Client, receiver: Receiver) -> None:
    components = [
        {"type": "body", "parameters": text_parameters("Ana", "Saturday")},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": text_parameters("harbour")},
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "0",
            "parameters": [{"type": "payload", "payload": "HOURS"}],
        },
    ]
    message = template_message("spring_opening", "en", components, "+12025559007")
    wamid = sandbox.send(message).json["messages"][0]["id"]
    receiver.wait_until(lambda: bool(receiver.items("messages")))
    tap = receiver.items("messages")[0]
    assert tap["button"] == {"payload": "HOURS", "text": "Opening hours"}
    assert tap["context"] == {"from": "15550783881", "id": wamid}


@pytest.mark.parametrize(
    ("name", "language", "tapped"), [("hello_world", "en_US", "OK"), ("loyalty_points", "es", "No más mensajes")]
)
def test_a_tap_without_a_payload_carries_the_buttons_words(
    sandbox: Client, receiver: Receiver, name: str, language: str, tapped: str
) -> None:
    values = {"header": ["Ana"], "body": ["120", "30"]} if name == "loyalty_points" else {}
    components = [{"type": kind, "parameters": text_parameters(*texts)} for kind, texts in values.items()]
    sandbox.send(template_message(name, language, components, "+12025559007"))
    receiver.wait_until(lambda: bool(receiver.items("messages")))
    assert receiver.items("messages")[0]["button"] == {"payload": tapped, "text": tapped}


def test_a_webhook_is_given_up_only_after_many_tries(
    start_sandbox: StartSandbox, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adsapp.sandbox.whatsapp.delivery.MOST_TRIES", 3)
    sandbox = start_sandbox({"webhook_url": receiver.url})
    receiver.answers = [500] * 3
    send(sandbox)
    settle(sandbox)
    told = sandbox.stats()["webhooks"]
    assert told["given_up"] >= 1
    assert told["sent"] + told["given_up"] == 3
    assert told["failed"] == 3


def advertise(sandbox: Client, to: str) -> str:
    """Send a marketing template; the message's id."""
    button = {"type": "button", "sub_type": "url", "index": "1", "parameters": text_parameters("ana")}
    components = [{"type": "body", "parameters": text_parameters("Ana", "Saturday")}, button]
    return str(sandbox.send(template_message("spring_opening", "en", components, to)).json["messages"][0]["id"])


@pytest.mark.parametrize("person, code", [("+12025550107", 131049), ("+442079460107", None), ("+14165550107", None)])
def test_people_in_the_united_states_get_no_marketing(
    start_sandbox: StartSandbox, receiver: Receiver, person: str, code: int | None
) -> None:
    """Canada shares +1 with them."""
    sandbox = start_sandbox({"webhook_url": receiver.url}, us_marketing=False)
    wamid = advertise(sandbox, person)
    receiver.wait_until(lambda: bool({"failed", "delivered"} & set(receiver.statuses(wamid))))
    found = [error["code"] for each in receiver.items("statuses") for error in each.get("errors", ())]
    assert found == ([code] if code else [])


def test_who_stops_marketing_gets_none_any_more(sandbox: Client, receiver: Receiver) -> None:
    person = "+12025559008"
    advertise(sandbox, person)
    receiver.wait_until(lambda: bool(receiver.items("user_preferences")))
    preference = receiver.items("user_preferences")[0]
    assert (preference["wa_id"], preference["value"]) == (person[1:], "stop")
    assert isinstance(preference["timestamp"], int)
    wamid = advertise(sandbox, person)
    receiver.wait_until(lambda: receiver.statuses(wamid) == ["failed"])
    assert receiver.items("statuses")[-1]["errors"][0]["code"] == 131050
    sandbox.control("inbound", {"from": person, "preference": "resume"})
    wamid = advertise(sandbox, person)
    receiver.wait_until(lambda: "delivered" in receiver.statuses(wamid))


def test_what_a_customer_writes_arrives_with_its_context(sandbox: Client, receiver: Receiver) -> None:
    answer = sandbox.control("inbound", {"from": ANA, "text": "Da, thanks", "context": "wamid.x"})
    assert answer.status == 202
    receiver.wait_until(lambda: bool(receiver.items("messages")))
    value = json.loads(receiver.posts[0])["entry"][0]["changes"][0]["value"]
    assert value["contacts"] == [{"profile": {"name": "Customer 0101"}, "wa_id": "12025550101"}]
    assert value["messages"][0]["text"] == {"body": "Da, thanks"}
    assert value["messages"][0]["context"]["id"] == "wamid.x"
    assert value["messages"][0]["id"] == answer.json["webhook"]["id"]


def test_statuses_are_batched(start_sandbox: StartSandbox, receiver: Receiver) -> None:
    sandbox = start_sandbox({"webhook_url": receiver.url, "throughput": 1000}, magic=False)
    sandbox.control("webhooks", {"hold": True})
    for number in range(120):
        send(sandbox, f"+12025{number:06d}")
    assert receiver.posts == []
    assert sandbox.stats()["webhooks"]["pending"] >= 240
    sandbox.control("clock", {"advance_seconds": 10})
    sandbox.control("webhooks", {"hold": False})
    settle(sandbox)
    sizes = [len(json.loads(raw)["entry"][0]["changes"][0]["value"]["statuses"]) for raw in receiver.posts]
    assert max(sizes) == 100
    assert sum(sizes) == sandbox.stats()["webhooks"]["sent"]


def test_a_webhook_that_is_not_heard_comes_again_in_order(sandbox: Client, receiver: Receiver) -> None:
    receiver.answers = [500, 404, 302]
    wamid = send(sandbox)
    receiver.wait_until(lambda: len(receiver.statuses(wamid)) == 3)
    assert receiver.statuses(wamid) == ["sent", "delivered", "read"]
    settle(sandbox)
    told = sandbox.stats()["webhooks"]
    assert (told["sent"], told["failed"], told["given_up"]) == (3, 3, 0)


def test_nobody_listening_loses_nothing(start_sandbox: StartSandbox, receiver: Receiver) -> None:
    sandbox = start_sandbox({"webhook_url": "http://127.0.0.1:1/hook"})
    wamid = send(sandbox)
    wait_for(lambda: sandbox.stats()["webhooks"]["failed"] > 0)
    row = {"phone_number_id": NUMBER, "waba_id": WABA, "token": "a-token", "app_secret": SECRET}
    sandbox.control("accounts", {**row, "webhook_url": receiver.url})
    receiver.wait_until(lambda: receiver.statuses(wamid) == ["sent", "delivered", "read"])


def test_a_dead_webhook_of_one_number_holds_up_no_other(start_sandbox: StartSandbox, receiver: Receiver) -> None:
    dead = account("http://127.0.0.1:1/hook", phone_number_id="2", waba_id="22", token="other")
    sandbox = start_sandbox(accounts=(dead, account(receiver.url)))
    for number in range(60):
        sandbox.send(welcome(f"+1202500{number:04d}"), number="2", token="other")
    wamid = send(sandbox)
    receiver.wait_until(lambda: len(receiver.statuses(wamid)) == 3)


def test_duplicates_come_when_asked_for(sandbox: Client, receiver: Receiver) -> None:
    sandbox.control("webhooks", {"duplicate_every": 1})
    send(sandbox)
    receiver.wait_until(lambda: len(receiver.items("statuses")) == 6)
    seen = Counter(json.dumps(item, sort_keys=True) for item in receiver.items("statuses"))
    assert set(seen.values()) == {2}


def test_shuffled_statuses_all_come_in_a_wrong_order(sandbox: Client, receiver: Receiver) -> None:
    sandbox.control("webhooks", {"shuffle": True})
    wamid = send(sandbox)
    receiver.wait_until(lambda: len(receiver.statuses(wamid)) == 3)
    assert receiver.statuses(wamid) != ["sent", "delivered", "read"]
    assert sorted(receiver.statuses(wamid)) == ["delivered", "read", "sent"]


def test_a_status_can_come_before_our_own_answer(sandbox: Client, receiver: Receiver) -> None:
    sandbox.control("webhooks", {"status_before_response": True})
    wamid = send(sandbox)
    assert receiver.statuses(wamid)[:1] == ["sent"]
    receiver.wait_until(lambda: receiver.statuses(wamid) == ["sent", "delivered", "read"])


def test_a_status_before_our_answer_that_fails_is_told_again(sandbox: Client, receiver: Receiver) -> None:
    sandbox.control("webhooks", {"status_before_response": True})
    receiver.answers = [500]
    wamid = send(sandbox)
    receiver.wait_until(lambda: len(receiver.statuses(wamid)) == 3)
    assert receiver.statuses(wamid) == ["sent", "delivered", "read"]


def test_delivered_can_be_left_out(sandbox: Client, receiver: Receiver) -> None:
    sandbox.control("webhooks", {"skip_delivered": True})
    wamid = send(sandbox)
    settle(sandbox)
    assert receiver.statuses(wamid) == ["sent", "read"]


def test_without_a_webhook_statuses_still_happen(quiet: Client) -> None:
    send(quiet)
    wait_for(lambda: quiet.ledger()[0]["status"] == "read")
    assert quiet.stats()["webhooks"]["posts"] == 0


@pytest.mark.parametrize(
    "change", [{"holt": True}, {"hold": 1}, {"duplicate_every": -1}, {"duplicate_every": True}, []]
)
def test_a_switch_that_does_not_exist_changes_nothing(change: object) -> None:
    switches = Switches()
    with pytest.raises(ValueError, match=r"expected|unknown"):
        switches.change(change)
    assert switches == Switches()
