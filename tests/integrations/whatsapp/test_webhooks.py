"""A delivery is believed only with its signature, and one bad entry never loses its neighbours."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.integrations.errors import Action
from adsapp.integrations.events import (
    Delivery,
    InboundEvent,
    PreferenceEvent,
    Pricing,
    Source,
    StatusEvent,
    TemplateStatusEvent,
    UnknownEvent,
)
from adsapp.integrations.whatsapp.webhooks import challenge, parse, signature_is_valid

SECRET = "made-up-app-secret"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
STATUS = {"id": "wamid.A", "status": "sent", "timestamp": "1800000001", "recipient_id": "12025550100"}
TEXT = {"from": "12025550101", "id": "wamid.IN1", "timestamp": "1800000060", "type": "text"}


def delivery(*changes: tuple[str, object]) -> bytes:
    entry = {"id": "200", "changes": [{"field": field, "value": value} for field, value in changes]}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def messages(**value: object) -> Delivery:
    metadata = {"display_phone_number": "12025550199", "phone_number_id": "100"}
    return parse(delivery(("messages", {"metadata": metadata, **value})), NOW)


def inbound(**message: object) -> InboundEvent:
    (event,) = messages(messages=[{**TEXT, **message}]).events
    assert isinstance(event, InboundEvent)
    return event


def sign(raw: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def test_the_signature_is_over_the_very_bytes_received() -> None:
    raw = b'{"text": "\\u00e9"}'
    assert signature_is_valid(raw, sign(raw), SECRET)
    rewritten = json.dumps(json.loads(raw), ensure_ascii=False).encode()
    assert not signature_is_valid(rewritten, sign(raw), SECRET)


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha1=abc", "sha256=é", sign(b"{}", "other"), sign(b"{}")[7:]])
def test_a_missing_or_wrong_signature_is_refused(header: str | None) -> None:
    assert not signature_is_valid(b"{}", header, SECRET)


def test_an_account_without_an_app_secret_believes_nobody() -> None:
    assert not signature_is_valid(b"{}", sign(b"{}", ""), "")


def test_the_handshake_answers_only_the_right_token() -> None:
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "right"}
    assert challenge(query, "right") == "1158201444"
    assert challenge(query, "wrong") is None
    assert challenge({**query, "hub.mode": "other"}, "right") is None
    assert challenge({**query, "hub.verify_token": ""}, "") is None
    assert challenge({}, "right") is None


def test_a_status_carries_its_time_reference_errors_and_price() -> None:
    status = {
        **STATUS,
        "status": "failed",
        "biz_opaque_callback_data": "r:17",
        "errors": [{"code": 131049, "title": "healthy ecosystem"}],
        "pricing": {"billable": False, "pricing_model": "PMP", "type": "regular", "category": "marketing"},
    }
    (event,) = messages(statuses=[status]).statuses
    assert event.timestamp == datetime.fromtimestamp(1800000001, UTC)
    assert (event.provider_id, event.status, event.recipient) == ("wamid.A", "failed", "12025550100")
    assert event.reference == "r:17"
    assert [error.action for error in event.errors] == [Action.WAIT_24H]
    assert event.pricing == Pricing(False, "PMP", "regular", "marketing")
    assert event.source == Source("200", "100")


def test_a_thousand_updates_in_one_delivery_all_come_through() -> None:
    assert len(messages(statuses=[{**STATUS, "id": f"wamid.{n}"} for n in range(1000)]).statuses) == 1000


@pytest.mark.parametrize(
    "odd", [None, 7, "x", [], {}, {"id": "wamid.B"}, {"id": 5.5, "status": "sent"}, {"status": "sent"}]
)
def test_a_bad_entry_never_loses_its_neighbours(odd: object) -> None:
    events = messages(statuses=[STATUS, odd, {**STATUS, "status": "read"}]).events
    first, bad, last = events
    assert isinstance(first, StatusEvent)
    assert isinstance(bad, UnknownEvent)
    assert bad.reason
    assert bad.raw == odd
    assert isinstance(last, StatusEvent)


def test_a_bad_change_or_entry_never_loses_its_neighbours() -> None:
    document = json.loads(delivery(("messages", {"statuses": [STATUS]})))
    document["entry"][0]["changes"].insert(0, "odd")
    document["entry"].insert(0, {"id": "1"})
    events = parse(json.dumps(document).encode(), NOW).events
    assert [type(event) for event in events] == [UnknownEvent, UnknownEvent, StatusEvent]


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[]", b"null", b'{"entry": 5}', b"[" * 100_000])
def test_what_is_no_delivery_is_reported_not_raised(raw: bytes) -> None:
    (event,) = parse(raw).events
    assert isinstance(event, UnknownEvent)


@pytest.mark.parametrize("value", [None, "", "soon", -1, "99999999999999999999", 1e400, {}])
def test_an_unreadable_time_becomes_the_time_of_arrival(value: object) -> None:
    assert inbound(timestamp=value).timestamp == NOW


def test_a_text_message_is_read_with_its_sender_and_what_it_answers() -> None:
    message = {**TEXT, "text": {"body": "  Stop. "}, "context": {"from": "1", "id": "wamid.A"}}
    contacts = [{"profile": {"name": "Zoë"}, "wa_id": "12025550101"}, {"wa_id": "1"}]
    (event,) = messages(messages=[message], contacts=contacts).events
    assert isinstance(event, InboundEvent)
    assert (event.text, event.kind, event.profile_name) == ("  Stop. ", "text", "Zoë")
    assert (event.sender, event.address, event.answers) == ("12025550101", "12025550101", "wamid.A")


def test_a_tapped_button_gives_its_label_and_payload() -> None:
    event = inbound(type="button", button={"payload": "unsub", "text": "Unsubscribe"})
    assert (event.text, event.button_payload, event.answers) == ("Unsubscribe", "unsub", None)
    reply = {"type": "button_reply", "button_reply": {"id": "b1", "title": "Yes"}}
    event = inbound(type="interactive", interactive=reply)
    assert (event.text, event.button_payload) == ("Yes", "b1")


def test_a_picture_gives_its_caption_and_an_unknown_kind_gives_no_text() -> None:
    assert inbound(type="image", image={"caption": "look", "id": "1"}).text == "look"
    assert inbound(type="hologram").text == ""
    assert inbound(type=None).kind == "unknown"


def test_a_person_with_a_user_name_has_no_number() -> None:
    message = {"id": "wamid.IN2", "type": "text", "text": {"body": "Hi"}, "from_user_id": "US.abc"}
    (event,) = messages(messages=[message], contacts=[{"wa_id": "", "user_id": "US.abc"}]).events
    assert isinstance(event, InboundEvent)
    assert (event.address, event.user_id) == ("", "US.abc")


def test_text_that_no_database_would_take_is_mended() -> None:
    assert inbound(text={"body": "a\x00b\ud83d"}).text == "ab?"


def test_whatsapps_own_opt_out_is_read() -> None:
    preference = {"wa_id": "12025550100", "category": "marketing_messages", "value": "stop", "timestamp": 1800000001}
    (event,) = parse(delivery(("user_preferences", {"user_preferences": [preference]})), NOW).events
    moment = datetime.fromtimestamp(1800000001, UTC)
    assert event == PreferenceEvent("12025550100", "stop", moment, Source("200", ""))


def test_a_template_that_is_paused_is_told_with_the_reason() -> None:
    value = {
        "event": "PAUSED",
        "message_template_id": 12345,
        "message_template_name": "spring_opening",
        "message_template_language": "en",
        "reason": "NONE",
        "other_info": {"title": "FIRST_PAUSE"},
    }
    (event,) = parse(delivery(("message_template_status_update", value)), NOW).events
    source = Source("200", "")
    assert event == TemplateStatusEvent("12345", "spring_opening", "en", "PAUSED", "FIRST_PAUSE", source)


def test_errors_of_the_account_and_fields_we_do_not_use_are_kept_as_unknown() -> None:
    (event,) = messages(errors=[{"code": 131031}]).unknown
    assert event.reason.startswith("131031")
    (event,) = parse(delivery(("account_alerts", {"a": 1}))).unknown
    assert (event.field, event.raw) == ("account_alerts", {"a": 1})


odd_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "entry",
                    "changes",
                    "value",
                    "field",
                    "statuses",
                    "messages",
                    "contacts",
                    "id",
                    "status",
                    "type",
                    "text",
                    "body",
                    "context",
                ]
            ),
            inner | st.just("messages"),
        )
    ),
    max_leaves=20,
)


@given(odd_json)
def test_no_document_however_odd_breaks_the_reader(document: Any) -> None:
    assert parse(json.dumps(document).encode(), NOW).events or document.get("entry") is not None


@given(odd_json)
def test_no_value_however_odd_hides_the_next_change(value: Any) -> None:
    events = parse(delivery(("messages", value), ("messages", {"statuses": [STATUS]})), NOW).events
    last = events[-1]
    assert isinstance(last, StatusEvent)
    assert last.provider_id == "wamid.A"
