"""An error is judged by its code, and a code we do not know does no harm."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.integrations.errors import Action, SendError
from adsapp.integrations.whatsapp.codes import MEANINGS
from adsapp.integrations.whatsapp.errors import classify, retry_after

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NEWLINE = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"


def envelope(code: object, message: str = "mock", details: str = "", **more: object) -> dict[str, Any]:
    data = {"messaging_product": "whatsapp", "details": details}
    return {"error": {"message": message, "type": "OAuthException", "code": code, "error_data": data, **more}}


@pytest.mark.parametrize(
    "code, action",
    [
        (130429, Action.SLOW_NUMBER),
        (131056, Action.RETRY_RECIPIENT),
        (131026, Action.RECIPIENT),
        (131047, Action.RECIPIENT),
        (132000, Action.CAMPAIGN),
        (131000, Action.RETRY),
        (190, Action.ACCOUNT),
        (131049, Action.WAIT_24H),
        ("131050", Action.OPT_OUT),
        (132015, Action.CAMPAIGN),
        (131031, Action.ACCOUNT),
        (217, Action.ACCOUNT),
    ],
)
@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
def test_the_code_decides_and_the_http_status_does_not(code: int, action: Action, status: int) -> None:
    assert classify(envelope(code), http_status=status).action is action


def test_every_code_has_a_title_and_advice_in_plain_words() -> None:
    for code, meaning in MEANINGS.items():
        assert meaning.title, code
        assert meaning.advice.endswith("."), code
        assert str(code) not in meaning.title + meaning.advice


def test_an_unknown_code_is_neither_repeated_nor_stops_the_others() -> None:
    error = classify(envelope(999_999, "Something new"), http_status=500)
    assert (error.code, error.message, error.action) == ("999999", "Something new", Action.RECIPIENT)


def test_an_unknown_code_that_the_provider_calls_passing_is_tried_again() -> None:
    assert classify(envelope(999_999, is_transient=True)).action is Action.RETRY


@pytest.mark.parametrize("code", [100, 132000, 132018])
def test_the_line_break_rule_concerns_one_recipient_under_whatever_code_it_comes(code: int) -> None:
    assert classify(envelope(code, details=NEWLINE)).action is Action.RECIPIENT


@pytest.mark.parametrize(
    "details, action",
    [
        ("Recipient phone number is not valid", Action.RECIPIENT),
        ("The parameter to is required.", Action.RECIPIENT),
        ("recipient_type is not one of individual, group", Action.CAMPAIGN),
        ("Unexpected key on param template", Action.CAMPAIGN),
    ],
)
def test_a_bad_parameter_stops_the_campaign_unless_it_is_the_recipient(details: str, action: Action) -> None:
    assert classify(envelope(131009, details=details)).action is action


def test_an_unknown_phone_number_id_pauses_the_account() -> None:
    assert classify(envelope(100, error_subcode=33)).action is Action.ACCOUNT


def test_the_details_stand_behind_the_message_once() -> None:
    assert classify(envelope(131000, "Failed", "because")).message == "Failed: because"
    assert classify(envelope(131000, "Failed because", "because")).message == "Failed because"


def test_an_error_of_a_webhook_is_read_like_an_answer() -> None:
    entry = {"code": 131050, "title": "User stopped marketing", "error_data": {"details": "opted out"}}
    error = classify(entry)
    assert (error.code, error.action) == ("131050", Action.OPT_OUT)
    assert error.message == "User stopped marketing: opted out"


def test_without_any_code_the_http_status_is_all_there_is() -> None:
    assert classify(None, http_status=401).action is Action.ACCOUNT
    assert classify({}, http_status=429).action is Action.SLOW_NUMBER
    assert classify("<html>", http_status=418).action is Action.RECIPIENT


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert retry_after({"Retry-After": "5"}, NOW) == 5.0
    later = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
    assert retry_after({"retry-after": later}, NOW) == 90.0
    assert retry_after({"Retry-After": "Wed, 25 Nov 2020 12:00:00 GMT"}, NOW) == 0.0


@pytest.mark.parametrize("value", ["", "soon", "-5", "1e9", "inf", "nan", "5 apples", "٥"])
def test_a_retry_after_that_makes_no_sense_is_as_if_absent(value: str) -> None:
    assert retry_after({"Retry-After": value}, NOW) is None


def test_no_provider_makes_us_wait_longer_than_a_day() -> None:
    assert retry_after({"Retry-After": "999999999"}, NOW) == 86_400.0


def test_a_date_without_a_zone_is_utc_and_codes_may_come_as_text() -> None:
    assert retry_after({"Retry-After": "Wed, 25 Nov 2026 12:01:00 -0000"}, NOW) == 60.0
    assert classify({"error": {"code": "190"}}).code == "190"
    assert classify({"error": {"code": True}}).code is None


def test_only_errors_that_pass_by_themselves_send_again() -> None:
    assert classify(envelope(131000)).action.sends_again
    assert not classify(envelope(131049)).action.sends_again


def test_the_usage_header_gives_minutes() -> None:
    usage = '{"1": [{"estimated_time_to_regain_access": 2}, {"estimated_time_to_regain_access": 0}]}'
    assert retry_after({"X-Business-Use-Case-Usage": usage}, NOW) == 120.0
    assert retry_after({"X-Business-Use-Case-Usage": "[1]"}, NOW) is None
    assert retry_after({"X-Business-Use-Case-Usage": "{"}, NOW) is None


def test_the_header_outranks_the_usual_wait() -> None:
    assert classify(envelope(130429), headers={"Retry-After": "5"}).retry_after == 5.0
    assert classify(envelope(131056)).retry_after == 6
    assert classify(envelope(131000)).retry_after is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "code", "message", "error_data", "details", "error_subcode"]), inner
        )
    ),
    max_leaves=8,
)


@given(json_values, st.dictionaries(st.sampled_from(["Retry-After", "X-Business-Use-Case-Usage"]), st.text()))
def test_no_answer_however_odd_breaks_the_reader(answer: object, headers: dict[str, str]) -> None:
    assert isinstance(classify(answer, http_status=400, headers=headers), SendError)
