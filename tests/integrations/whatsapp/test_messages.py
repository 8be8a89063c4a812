"""Request bodies are what the provider asks for, and values obey its text rules."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.integrations.values import clean, url_suffix
from adsapp.integrations.whatsapp.messages import MissingValue, template_message, text_message
from tests.paths import CASES

ANA = "+12025550100"


def template(values: dict[str, str], *, named: bool = False, **more: Any) -> dict[str, Any]:
    body = template_message(to=ANA, name="welcome", language="en_US", values=values, named=named, **more)
    inner: dict[str, Any] = body["template"]
    return inner


def notes() -> dict[str, str]:
    with (CASES / "T01-whitespace-in-parameter" / "contacts.csv").open(newline="") as file:
        return {row["name"]: row["note"] for row in csv.DictReader(file)}


def test_line_breaks_tabs_and_runs_of_spaces_become_one_space() -> None:
    assert clean(notes()["Ana Test"]) == "Line one Line two Tab five spaces"


def test_up_to_four_spaces_stay_as_typed() -> None:
    assert clean(notes()["Ben Test"]) == "four    spaces kept or flattened"


def test_a_value_of_white_space_is_missing_and_names_its_variable() -> None:
    with pytest.raises(MissingValue) as caught:
        template({"body.1": "Cy", "body.2": notes()["Cy Test"]})
    assert caught.value.key == "body.2"


@pytest.mark.parametrize("blank", ["", " ", "\u200b\u2060", "\u00a0\n", "\x00\x01", "\ufeff"])
def test_what_cannot_be_seen_counts_as_empty(blank: str) -> None:
    assert clean(blank) == ""


def test_letters_of_all_scripts_and_joined_emoji_stay_whole() -> None:
    for text in ("Zoë Ñandú", "नमस्ते", "مرحبا", "👩‍👩‍👧", "山田"):
        assert clean(text) == text


@given(st.text())
def test_a_cleaned_value_obeys_the_rule_and_cleaning_twice_changes_nothing(value: str) -> None:
    cleaned = clean(value)
    assert not set(cleaned) & set("\n\r\t\v\f\x85\u2028\u2029\x00")
    assert "     " not in cleaned
    assert cleaned == cleaned.strip()
    assert clean(cleaned) == cleaned
    cleaned.encode()


@pytest.mark.parametrize("kind", ["named", "positional"])
def test_named_and_positional_templates_get_their_own_parameters(kind: str) -> None:
    case = json.loads((CASES / "T03-named-and-positional-payload" / "payload_expected.json").read_text())[kind]
    values = {f"body.{name}": value for name, value in reversed(case["values"].items())}
    if kind == "named":
        values = dict(reversed(values.items()))
    assert template(values, named=kind == "named")["components"] == case["components"]


def test_ten_positional_variables_go_out_in_number_order() -> None:
    values = {f"body.{number}": f"v{number}" for number in (10, 9, 2, 1, 3, 4, 5, 6, 7, 8)}
    parameters = template(values)["components"][0]["parameters"]
    assert [entry["text"] for entry in parameters] == [f"v{number}" for number in range(1, 11)]


def test_a_template_without_variables_has_no_components() -> None:
    assert template({}) == {"name": "welcome", "language": {"code": "en_US"}}


def test_header_body_and_buttons_come_in_this_order() -> None:
    values = {
        "button.1.1": "orders/12 3",
        "button.0.PAYLOAD": "yes",
        "button.2.CODE": "MAY25",
        "body.1": "Ana",
        "header.IMAGE": "https://shop.example/a.png",
    }
    assert template(values)["components"] == [
        {
            "type": "header",
            "parameters": [{"type": "image", "image": {"link": "https://shop.example/a.png"}}],
        },
        {"type": "body", "parameters": [{"type": "text", "text": "Ana"}]},
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "0",
            "parameters": [{"type": "payload", "payload": "yes"}],
        },
        {
            "type": "button",
            "sub_type": "url",
            "index": "1",
            "parameters": [{"type": "text", "text": "orders/12%203"}],
        },
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "2",
            "parameters": [{"type": "coupon_code", "coupon_code": "MAY25"}],
        },
    ]


def test_an_uploaded_file_goes_by_its_id() -> None:
    header = template({"header.DOCUMENT": "1234567890"})["components"][0]
    assert header["parameters"] == [{"type": "document", "document": {"id": "1234567890"}}]


def test_the_ends_of_links_are_percent_encoded() -> None:
    assert url_suffix("a b:c|dé") == "a%20b%3Ac%7Cd%C3%A9"
    assert url_suffix("shop/7?ref=wa&x=1") == "shop/7?ref=wa&x=1"
    assert url_suffix("100% sure %20") == "100%25%20sure%20%20"


@given(st.text())
def test_the_end_of_a_link_is_always_plain_ascii_and_stable(value: str) -> None:
    encoded = url_suffix(value)
    assert encoded.isascii()
    assert not set(encoded) & set(' :|#+"<>')
    assert url_suffix(encoded) == encoded


def test_the_recipient_keeps_the_plus_and_our_reference_rides_along() -> None:
    body = template_message(to=ANA, name="welcome", language="en", callback_data="r:17")
    assert {key: body[key] for key in ("messaging_product", "recipient_type", "to", "type")} == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": ANA,
        "type": "template",
    }
    assert body["biz_opaque_callback_data"] == "r:17"


@pytest.mark.parametrize("number", ["12025550100", "+02025550100", "+1 202", "+1", "", "+1202555010099999", "+١٢٠٢٥٥٥"])
def test_a_number_that_is_not_e164_is_never_sent_to(number: str) -> None:
    with pytest.raises(ValueError, match=r"E\.164"):
        text_message(to=number, body="Hello")


def test_callback_data_over_the_limit_and_unknown_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="512"):
        text_message(to=ANA, body="Hello", callback_data="x" * 513)
    with pytest.raises(ValueError, match="names no place"):
        template({"foot.1": "x"})


def test_a_text_keeps_its_lines_and_may_answer_a_message() -> None:
    body = text_message(to=ANA, body="One\nTwo", reply_to="wamid.1", callback_data="r:1")
    assert body["text"] == {"preview_url": False, "body": "One\nTwo"}
    assert body["context"] == {"message_id": "wamid.1"}


def test_an_empty_or_endless_text_is_refused() -> None:
    with pytest.raises(MissingValue):
        text_message(to=ANA, body=" \n")
    with pytest.raises(ValueError, match="4097"):
        text_message(to=ANA, body="x" * 4097)
