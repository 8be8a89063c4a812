"""Templates at the sandbox: made, judged, edited, paused, deleted, and told of by webhooks, as the provider does."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.message_templates.studio.draft import ButtonDraft, TemplateDraft, names_in
from adsapp.message_templates.studio.rules import judge
from adsapp.sandbox.whatsapp import review
from adsapp.sandbox.whatsapp.errors import ApiError
from tests.paths import CASES

from .conftest import StartSandbox
from .support import WABA, Answer, Client, Receiver, account, template_message, text_parameters

DAY = 86_400
BODY = {
    "type": "BODY",
    "text": "Hello {{1}}, order {{2}} is ready.",
    "example": {"body_text": [["Ana", "12"]]},
}
READY: dict[str, Any] = {"name": "order_ready", "language": "en", "category": "UTILITY", "components": [BODY]}
CASE = json.loads((CASES / "T05-template-save-rules" / "bodies.json").read_text())


def make(client: Client, **changes: Any) -> Answer:
    return client.call("POST", f"/v25.0/{WABA}/message_templates", {**READY, **changes})


def with_text(text: str) -> dict[str, Any]:
    names = list(dict.fromkeys(names_in(text)))
    example = {"example": {"body_text": [["Ana"] * len(names)]}} if names else {}
    return {"components": [{"type": "BODY", "text": text, **example}]}


def status(client: Client, name: str = "order_ready") -> str:
    listed = client.get(f"/v25.0/{WABA}/message_templates?name={name}").json["data"]
    return str(listed[0]["status"]) if listed else ""


def told(receiver: Receiver, field: str) -> list[dict[str, Any]]:
    return [change["value"] for change in receiver.changes() if change["field"] == field]


def wait_for_word(receiver: Receiver, word: str, times: int = 1) -> None:
    receiver.wait_until(lambda: str(told(receiver, "message_template_status_update")).count(word) >= times)


def test_a_template_is_pending_then_approved_and_can_be_sent(sandbox: Client, receiver: Receiver) -> None:
    answer = make(sandbox)
    assert answer.status == 200, answer.text
    assert answer.json["status"] == "PENDING"
    body = template_message("order_ready", "en", [{"type": "body", "parameters": text_parameters("Ana", "12")}])
    assert sandbox.send(body).code == 132001
    receiver.wait_until(lambda: bool(told(receiver, "message_template_status_update")))
    (value,) = told(receiver, "message_template_status_update")
    assert value == {
        "message_template_id": int(answer.json["id"]),
        "message_template_name": "order_ready",
        "message_template_language": "en",
        "event": "APPROVED",
        "reason": "NONE",
    }
    assert status(sandbox) == "APPROVED"
    assert sandbox.send(body).status == 200


@pytest.mark.parametrize(
    "text, reason",
    [
        ("Hello {{1}}, tell us your password now.", "SCAM"),
        ("Pay today {{1}}, this is your last warning sir.", "ABUSIVE_CONTENT"),
        ("You won the lottery {{1}}, congratulations to you.", "TAG_CONTENT_MISMATCH"),
    ],
)
def test_what_reviewers_object_to_is_rejected_with_a_reason(
    sandbox: Client, receiver: Receiver, text: str, reason: str
) -> None:
    make(sandbox, **with_text(text))
    receiver.wait_until(lambda: bool(told(receiver, "message_template_status_update")))
    (value,) = told(receiver, "message_template_status_update")
    assert (value["event"], value["reason"]) == ("REJECTED", reason)
    assert status(sandbox) == "REJECTED"


def test_an_offer_that_was_called_utility_is_marketing(sandbox: Client, receiver: Receiver) -> None:
    make(sandbox, **with_text("Hello {{1}}, a free coffee waits for you."))
    receiver.wait_until(lambda: bool(told(receiver, "message_template_status_update")))
    (value,) = told(receiver, "template_category_update")
    assert (value["previous_category"], value["new_category"]) == ("UTILITY", "MARKETING")
    assert status(sandbox) == "APPROVED"


@pytest.mark.parametrize("case", CASE, ids=[each["verdict"] for each in CASE])
def test_the_case_of_bodies_is_answered_as_the_provider_does(quiet: Client, case: dict[str, str]) -> None:
    answer = make(quiet, **with_text(case["body"]))
    assert (answer.status == 200) == case["verdict"].startswith("accept"), answer.text
    if answer.status != 200:
        assert answer.code == 100
        assert answer.json["error"]["error_subcode"] in (2388040, 2388072, 2388299)


def test_a_name_is_taken_in_a_language_and_free_in_another(quiet: Client) -> None:
    assert make(quiet).status == 200
    assert make(quiet).json["error"]["error_subcode"] == 2388024
    assert make(quiet, language="de").status == 200


def test_a_deleted_name_is_reserved_for_thirty_days(quiet: Client) -> None:
    make(quiet)
    make(quiet, language="de")
    german = next(
        each["id"]
        for each in quiet.get(f"/v25.0/{WABA}/message_templates?name=order_ready").json["data"]
        if each["language"] == "de"
    )
    path = f"/v25.0/{WABA}/message_templates?name=order_ready"
    assert quiet.call("DELETE", f"{path}&hsm_id={german}").json == {"success": True}
    assert status(quiet)
    assert quiet.call("DELETE", path).status == 200
    assert not status(quiet)
    assert quiet.call("DELETE", path).code == 100
    assert make(quiet).json["error"]["error_subcode"] == 2388023
    quiet.control("clock", {"advance_seconds": 30 * DAY + 1})
    assert make(quiet).status == 200


def test_an_approved_template_is_edited_once_a_day_and_ten_times_a_month(quiet: Client) -> None:
    template_id = make(quiet).json["id"]
    quiet.control("templates", {"name": "order_ready", "language": "en", "verdict": "approve"})

    def edit(text: str, **more: Any) -> Answer:
        answer = quiet.call("POST", f"/v25.0/{template_id}", {**with_text(text), **more})
        quiet.control("templates", {"name": "order_ready", "language": "en", "verdict": "approve"})
        return answer

    assert edit("Hello {{1}}, your order is ready.").json == {"success": True}
    assert edit("Hi {{1}}, your order is ready.").json["error"]["error_subcode"] == 2388039
    assert edit("Hi {{1}}, your order is ready.", category="MARKETING").json["error"]["error_subcode"] == 2388039
    for day in range(9):
        quiet.control("clock", {"advance_seconds": DAY + 1})
        assert edit(f"Hi {{{{1}}}}, your order {day} is ready.").status == 200
    quiet.control("clock", {"advance_seconds": DAY + 1})
    assert "10 times" in edit("Hey {{1}}, your order is ready.").text


def test_a_template_under_review_is_not_edited_and_a_wrong_edit_changes_nothing(quiet: Client) -> None:
    quiet.control("templates", {"hold_reviews": True})
    template_id = make(quiet).json["id"]
    edited = quiet.call("POST", f"/v25.0/{template_id}", with_text("Hello {{1}}, your order is ready."))
    assert edited.json["error"]["error_subcode"] == 2388039
    quiet.control("templates", {"name": "order_ready", "language": "en", "verdict": "reject", "reason": "SCAM"})
    assert quiet.call("POST", f"/v25.0/{template_id}", with_text("{{1}} first")).code == 100
    assert status(quiet) == "REJECTED"
    assert quiet.call("POST", f"/v25.0/{template_id}", with_text("Hello {{1}}, it is ready.")).status == 200
    assert status(quiet) == "PENDING"
    assert quiet.call("POST", "/v25.0/99999", with_text("Hello")).status == 400


def test_red_quality_pauses_for_three_hours_then_six_then_for_good(sandbox: Client, receiver: Receiver) -> None:
    rated = {"name": "welcome", "language": "en_US", "quality": "RED"}
    for times, (hours, title) in enumerate(((3, "FIRST_PAUSE"), (6, "SECOND_PAUSE")), 1):
        sandbox.control("templates", rated)
        assert status(sandbox, "welcome") == "PAUSED"
        wait_for_word(receiver, title)
        sandbox.control("clock", {"advance_seconds": hours * 3600 + 1})
        wait_for_word(receiver, "REINSTATED", times)
        assert status(sandbox, "welcome") == "APPROVED"
    sandbox.control("templates", rated)
    assert status(sandbox, "welcome") == "DISABLED"
    wait_for_word(receiver, "DISABLED")
    assert told(receiver, "message_template_quality_update")[0]["new_quality_score"] == "RED"


def test_more_than_a_hundred_an_hour_are_refused(quiet: Client) -> None:
    for number in range(100):
        assert make(quiet, name=f"order_{number}").status == 200
    assert make(quiet, name="one_more").code == 80008
    quiet.control("clock", {"advance_seconds": 3601})
    assert make(quiet, name="one_more").status == 200


def test_a_reset_brings_back_what_was_there_at_the_start(quiet: Client) -> None:
    make(quiet)
    quiet.control("reset", {})
    assert not status(quiet)
    assert status(quiet, "welcome") == "APPROVED"


def test_another_account_does_not_see_it(start_sandbox: StartSandbox) -> None:
    client = start_sandbox({"token": "a-token"})
    assert client.call("POST", f"/v25.0/{WABA}/message_templates", READY, token="other").status == 401
    assert client.call("POST", "/v25.0/77/message_templates", READY).json["error"]["error_subcode"] == 33
    assert account().waba_id == WABA


# --- the sandbox agrees with the rules of the studio ------------------------------------------------------------------

TEXTS = st.lists(
    st.sampled_from(
        ["Hello", "{{1}}", "{{2}}", "{{3}}", "{{0}}", "{{name}}", "{{}}", "{{1}", "your order", ".", "x" * 600]
    ),
    min_size=1,
    max_size=8,
).map(" ".join)
BUTTONS = st.lists(
    st.one_of(
        st.builds(ButtonDraft, st.just("QUICK_REPLY"), st.sampled_from(["Yes", "No", "x" * 26])),
        st.builds(
            ButtonDraft,
            st.just("URL"),
            st.sampled_from(["Look", "See"]),
            st.sampled_from(["https://shop.example/{{1}}", "https://shop.example/a", "https://shop.example/{{1}}/b"]),
        ),
    ),
    max_size=4,
    unique_by=lambda button: button.text,
)


@given(TEXTS, BUTTONS, st.sampled_from(["", "Hi {{1}}", "y" * 61]))
def test_what_the_studio_lets_through_the_provider_takes(text: str, buttons: list[ButtonDraft], header: str) -> None:
    draft = TemplateDraft("order_ready", "en", "UTILITY", text, "TEXT" if header else "", header, "", tuple(buttons))
    draft = replace(draft, examples=dict.fromkeys(draft.variables, "Ana"))
    entry = {"name": "a", "language": "en", "category": "UTILITY", "components": draft.components}
    entry["parameter_format"] = draft.parameter_format
    faults = judge(draft)
    if not faults:
        review.check(entry)
    else:
        with pytest.raises(ApiError):
            review.check(entry)
