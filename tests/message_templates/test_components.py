"""A template is taken apart into what people see and what they must fill in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.message_templates.components import NAMED, POSITIONAL, Button, Piece, TemplateView, Variable, view

RICH: list[dict[str, Any]] = [
    {"type": "HEADER", "format": "TEXT", "text": "News for {{1}}", "example": {"header_text": ["Ana"]}},
    {
        "type": "BODY",
        "text": "Code {{2}} for {{1}} today.",
        "example": {"body_text": [["Ana Test", "AB12"]]},
    },
    {"type": "FOOTER", "text": "Reply STOP to opt out"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "QUICK_REPLY", "text": "Stop promotions"},
            {
                "type": "URL",
                "text": "Track order",
                "url": "https://shop.example/o/{{1}}",
                "example": ["https://shop.example/o/12"],
            },
            {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+12025550199"},
            {"type": "COPY_CODE", "text": "Copy code", "example": "MAY25"},
        ],
    },
]


def body(text: str, **more: object) -> TemplateView:
    return view([{"type": "BODY", "text": text, **more}])


def test_variables_come_in_sending_order_with_labels_and_examples() -> None:
    assert view(RICH, "POSITIONAL").variables == (
        Variable("header.1", "Header variable 1", "Ana"),
        Variable("body.1", "Variable 1", "Ana Test"),
        Variable("body.2", "Variable 2", "AB12"),
        Variable("button.1.1", "“Track order” button: end of its link", "12"),
        Variable("button.3.CODE", "“Copy code” button: code to copy", "MAY25"),
    )


def test_text_keeps_its_order_and_its_line_breaks() -> None:
    found = body("Code {{2}}\nfor {{ 1 }}.")
    assert found.body == (
        Piece("Code "),
        Piece("{{2}}", "body.2"),
        Piece("\nfor "),
        Piece("{{ 1 }}", "body.1"),
        Piece("."),
    )
    assert found.body_text == "Code {{2}}\nfor {{ 1 }}."


def test_buttons_keep_their_place() -> None:
    buttons = view(RICH).buttons
    assert [button.index for button in buttons] == [0, 1, 2, 3]
    assert buttons[2] == Button(2, "PHONE_NUMBER", "Call", (), "+12025550199")
    odd = view(
        [{"type": "BUTTONS", "buttons": ["odd", {"type": "URL", "text": "Go", "url": "https://a.example/{{1}}"}]}]
    )
    assert [variable.key for variable in odd.variables] == ["button.1.1"]


def test_named_variables_have_labels_for_people() -> None:
    params = [{"param_name": "first_name", "example": "Ana"}]
    found = body("Hi {{first_name}}, {{first_name}}!", example={"body_text_named_params": params})
    assert found.variables == (Variable("body.first_name", "First name", "Ana"),)
    assert found.parameter_format == NAMED
    assert found.is_named


def test_the_format_is_the_providers_where_it_is_given() -> None:
    assert view(RICH, "named").parameter_format == NAMED
    assert view(RICH).parameter_format == POSITIONAL
    assert body("Hello.").parameter_format == POSITIONAL


def test_a_picture_header_is_a_variable_of_its_own() -> None:
    found = view([{"type": "header", "format": "image", "example": {"header_handle": ["https://a.example/x"]}}])
    assert found.variables == (Variable("header.IMAGE", "Header picture"),)
    assert found.parameter_format == POSITIONAL


def test_ten_variables_stand_in_number_order() -> None:
    text = " ".join(f"{{{{{number}}}}}" for number in range(11, 0, -1))
    assert [variable.name for variable in body(text).variables] == [str(number) for number in range(1, 12)]


def test_what_we_cannot_send_yet_is_said_in_words() -> None:
    found = view(
        [
            {"type": "HEADER", "format": "LOCATION"},
            {"type": "CAROUSEL"},
            {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Start"}]},
        ]
    )
    assert found.unsupported == ("a location header", "a carousel", "a flow button")
    assert view(RICH).unsupported == ()


@pytest.mark.parametrize(
    "odd", [None, "x", 5, {}, [None], [{}], [{"type": "BODY"}], [{"type": "BUTTONS", "buttons": 5}]]
)
def test_odd_components_are_left_out(odd: object) -> None:
    assert view(odd).variables == ()


json_values = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.just("{{1}} and {{name}}"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "format", "example", "buttons", "url", "body_text", "body_text_named_params"]
            ),
            inner | st.sampled_from(["HEADER", "BODY", "BUTTONS", "URL", "COPY_CODE", "OTP"]),
        )
    ),
    max_leaves=20,
)


@given(json_values)
def test_no_components_however_odd_break_the_view(components: object) -> None:
    keys = [variable.key for variable in view(components).variables]
    assert len(keys) == len(set(keys))
