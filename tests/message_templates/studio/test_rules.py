"""Each rule of the provider: what meets it, what does not, and at which place it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.message_templates.components import view
from adsapp.message_templates.studio.draft import ButtonDraft, TemplateDraft, names_in
from adsapp.message_templates.studio.rules import faults_by_place, judge, name_from
from tests.paths import CASES

GOOD = TemplateDraft(
    name="order_ready",
    language="en",
    category="UTILITY",
    header_format="TEXT",
    header="News for {{1}}",
    body="Hello {{1}}, order {{2}} is ready.",
    footer="Reply STOP to leave",
    buttons=(
        ButtonDraft("QUICK_REPLY", "Thank you"),
        ButtonDraft("URL", "Look", "https://shop.example/orders/{{1}}"),
        ButtonDraft("PHONE_NUMBER", "Call", "+442071234567"),
        ButtonDraft("COPY_CODE", "", "SPRING25"),
    ),
    examples={
        "header.1": "Ana",
        "body.1": "Ana",
        "body.2": "12",
        "button.1.1": "https://shop.example/orders/12",
    },
)
CASE = json.loads((CASES / "T05-template-save-rules" / "bodies.json").read_text())


def codes(draft: TemplateDraft) -> list[tuple[str, str]]:
    return [(fault.place, fault.code) for fault in judge(draft)]


def body(text: str) -> TemplateDraft:
    examples = {f"body.{name}": "Ana" for name in names_in(text) if name}
    return replace(GOOD, body=text, examples={**GOOD.examples, **examples})


@pytest.mark.parametrize("case", CASE, ids=[each["verdict"] for each in CASE])
def test_the_case_of_bodies_is_judged_as_the_provider_does(case: dict[str, str]) -> None:
    draft = body(case["body"])
    verdict, more = case["verdict"][:6], case["verdict"][8:]
    faults = judge(draft)
    if verdict == "accept":
        assert not faults
        if more.endswith(("variable", "variables")):
            assert len([key for key in draft.variables if key.startswith("body.")]) == int(more.split()[0])
        return
    expected = {
        "starts with a variable": "leading_variable",
        "ends with a variable": "trailing_variable",
        "{{2}} is missing": "gap",
        "numbering starts at 1": "zero",
        "numbers and names mixed": "mixed_variables",
        "unbalanced braces": "unbalanced_braces",
        "empty variable": "empty_variable",
        "1,025 characters; the body limit is 1,024)": "too_long",
    }[more]
    assert ("body", expected) in codes(draft)
    assert draft.body == case["body"]
    assert all(fault.message and fault.advice.endswith(".") for fault in faults)


def test_a_template_that_meets_every_rule_has_no_fault_and_comes_back_from_its_components() -> None:
    assert judge(GOOD) == ()
    again = TemplateDraft.of("order_ready", "en", "UTILITY", GOOD.components)
    assert judge(again) == ()
    assert again.components == GOOD.components
    taken = view(GOOD.components, GOOD.parameter_format)
    assert [each.key for each in taken.variables] == ["header.1", "body.1", "body.2", "button.1.1", "button.3.CODE"]
    assert taken.variables[3].example == "12"


def test_named_variables_have_named_examples() -> None:
    named = replace(
        body("Hello {{customer_name}}, your table is ready."), header="", header_format="", buttons=(), footer=""
    )
    assert judge(named) == ()
    assert named.parameter_format == "NAMED"
    example = {"body_text_named_params": [{"param_name": "customer_name", "example": "Ana"}]}
    assert named.components == [{"type": "BODY", "text": named.body, "example": example}]


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "name", "no_name"),
    ({"name": "Order ready!"}, "name", "odd_name"),
    ({"name": "x" * 513}, "name", "too_long"),
    ({"language": ""}, "language", "no_language"),
    ({"language": "xx"}, "language", "no_language"),
    ({"category": ""}, "category", "no_category"),
    ({"category": "AUTHENTICATION"}, "category", "own_text"),
    ({"header_format": "GIF"}, "header_format", "odd_header"),
    ({"header": " "}, "header", "empty"),
    ({"header": "x" * 61}, "header", "too_long"),
    ({"header": "one\ntwo"}, "header", "line_break"),
    ({"header": "News 🎉"}, "header", "emoji"),
    ({"header": "*News*"}, "header", "marks"),
    ({"header": "{{1}} and {{2}}"}, "header", "many_variables"),
    ({"header": "News for {{2}}"}, "header", "gap"),
    ({"body": "  "}, "body", "empty"),
    ({"body": "Hello {{First Name}}, your order is ready."}, "body", "odd_variable"),
    ({"body": "Hi {{1}} {{2}} {{3}} ok"}, "body", "too_many_variables"),
    ({"footer": "x" * 61}, "footer", "too_long"),
    ({"footer": "From {{1}}"}, "footer", "variable"),
    ({"footer": "one\ntwo"}, "footer", "line_break"),
    ({"buttons": tuple(ButtonDraft(text=f"No {n}") for n in range(21))}, "buttons", "too_many"),
    ({"buttons": (ButtonDraft("PHONE_NUMBER", "A", "+442071234567"),) * 2}, "buttons", "too_many_of_a_kind"),
    (
        {"buttons": (ButtonDraft(text="A"), ButtonDraft("URL", "B", "https://x.example"), ButtonDraft(text="C"))},
        "buttons",
        "scattered",
    ),
    ({"buttons": (ButtonDraft(text="Yes"), ButtonDraft(text="yes "))}, "buttons.1.text", "same_label"),
    ({"buttons": (ButtonDraft(text=""),)}, "buttons.0.text", "no_label"),
    ({"buttons": (ButtonDraft(text="x" * 26),)}, "buttons.0.text", "too_long"),
    ({"buttons": (ButtonDraft(text="Hi {{1}}"),)}, "buttons.0.text", "variable"),
    ({"buttons": (ButtonDraft("FLOW", "Go"),)}, "buttons.0.type", "odd_button"),
    ({"buttons": (ButtonDraft("URL", "Go", "shop.example"),)}, "buttons.0.value", "no_url"),
    ({"buttons": (ButtonDraft("URL", "Go", "javascript:alert(1)"),)}, "buttons.0.value", "no_url"),
    ({"buttons": (ButtonDraft("URL", "Go", "https://x.example/" + "y" * 2000),)}, "buttons.0.value", "too_long"),
    (
        {"buttons": (ButtonDraft("URL", "Go", "https://x.example/{{1}}/more"),)},
        "buttons.0.value",
        "odd_url_variable",
    ),
    ({"buttons": (ButtonDraft("URL", "Go", "https://x.example/{{2}}"),)}, "buttons.0.value", "odd_url_variable"),
    ({"buttons": (ButtonDraft("PHONE_NUMBER", "Call", "020 7123"),)}, "buttons.0.value", "no_phone"),
    ({"buttons": (ButtonDraft("COPY_CODE", "", ""),)}, "buttons.0.value", "no_code"),
    ({"buttons": (ButtonDraft("COPY_CODE", "", "x" * 16),)}, "buttons.0.value", "too_long"),
    ({"examples": {}}, "examples.body.1", "no_example"),
    ({"examples": {"body.1": "a\nb"}}, "examples.body.1", "unquiet_example"),
    ({"examples": {"header.1": "🎉"}}, "examples.header.1", "emoji"),
]


@pytest.mark.parametrize("change, place, code", FAULTS, ids=[f"{place}-{code}" for _, place, code in FAULTS])
def test_each_fault_is_told_at_its_place_with_what_to_do(change: dict[str, Any], place: str, code: str) -> None:
    draft = replace(GOOD, **change)
    assert (place, code) in codes(draft)
    fault = next(fault for fault in judge(draft) if (fault.place, fault.code) == (place, code))
    assert fault.message[0].isupper() or fault.message[0] in "“{0123456789"
    assert fault.advice.endswith(".")
    assert faults_by_place(judge(draft))[place].place == place


def test_a_name_that_is_not_allowed_comes_with_one_that_is() -> None:
    assert name_from("Order ready, José!") == "order_ready_jose"
    assert "order_ready." in judge(replace(GOOD, name="Order Ready"))[0].advice


def test_languages_without_blanks_are_not_counted_by_words() -> None:
    assert judge(body("您好{{1}}，订单{{2}}已经准备好。")) == ()


@given(st.builds(TemplateDraft, *[st.text(max_size=80)] * 7))
def test_no_text_breaks_the_judge(draft: TemplateDraft) -> None:
    judge(draft)
    assert isinstance(draft.components, list)
    view(draft.components, draft.parameter_format)
