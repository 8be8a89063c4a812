"""People whose number is hidden, people who move, and what the provider tells of accounts: as the real one does."""

import json
from typing import Any

import pytest

from adsapp.integrations.events import AccountEvent, InboundEvent, MovedEvent, StatusEvent, TemplateStatusEvent
from adsapp.integrations.whatsapp.webhooks import parse
from adsapp.sandbox.whatsapp.ids import owner_of, user_id_of

from .support import ANA, Client, Receiver, welcome

USER = user_id_of(ANA[1:])


def events(receiver: Receiver, kind: type[Any]) -> list[Any]:
    """What our own reader makes of what came."""
    return [event for raw in receiver.posts for event in parse(raw).events if isinstance(event, kind)]


@pytest.mark.parametrize("user_id", [USER, "GB.13491208655302741918", "US.ENT.11815799212886844830"])
def test_a_message_to_a_user_id_is_taken_and_reported_by_user_id(
    sandbox: Client, receiver: Receiver, user_id: str
) -> None:
    message = {name: value for name, value in welcome().items() if name != "to"} | {"recipient": user_id}
    answer = sandbox.send(message)
    assert answer.json["contacts"] == [{"input": user_id, "user_id": user_id}]
    receiver.wait_until(lambda: bool(events(receiver, StatusEvent)))
    status = events(receiver, StatusEvent)[0]
    assert (status.recipient, status.user_id) == ("", user_id)


def test_an_id_leads_back_to_its_number() -> None:
    assert owner_of(USER) == ANA[1:]
    assert owner_of("ana") is None


def test_a_customer_may_write_without_their_number(sandbox: Client, receiver: Receiver) -> None:
    assert sandbox.control("inbound", {"from": USER, "text": "STOP"}).status == 202
    receiver.wait_until(lambda: bool(events(receiver, InboundEvent)))
    (event,) = events(receiver, InboundEvent)
    assert (event.address, event.sender, event.user_id, event.asks_to_stop) == ("", "", USER, True)
    assert ANA[1:] not in receiver.posts[0].decode()


def test_user_ids_are_told_beside_numbers_when_they_are_switched_on(sandbox: Client, receiver: Receiver) -> None:
    sandbox.control("webhooks", {"user_ids": True})
    sandbox.control("inbound", {"from": ANA, "preference": "stop"})
    receiver.wait_until(lambda: bool(receiver.items("user_preferences")))
    (told,) = receiver.items("user_preferences")
    assert (told["wa_id"], told["user_id"]) == (ANA[1:], USER)


def test_a_customer_may_move(sandbox: Client, receiver: Receiver) -> None:
    sandbox.control("inbound", {"from": ANA, "moves_to": "+12025550199"})
    receiver.wait_until(lambda: bool(events(receiver, MovedEvent)))
    (event,) = events(receiver, MovedEvent)
    assert (event.address, event.new_address, event.user_id) == (ANA[1:], "12025550199", USER)
    assert "contacts" not in json.loads(receiver.posts[0])["entry"][0]["changes"][0]["value"]


def test_every_notice_on_offer_is_one_that_we_read(sandbox: Client, receiver: Receiver) -> None:
    offered = sandbox.get("/_sandbox/events", token=None).json["events"]
    for name in offered:
        assert sandbox.form("/events", {"event": name}).status == 303
    kinds = AccountEvent | TemplateStatusEvent
    receiver.wait_until(lambda: len(events(receiver, kinds)) >= len(offered))  # type: ignore[arg-type]
    assert sandbox.control("events", {"event": "nothing"}).status == 404
    assert sandbox.control("events", {"field": "security", "value": {"a": 1}}).status == 202
