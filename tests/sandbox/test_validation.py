"""Each refusal comes with the provider's code, and in the provider's order."""

from typing import Any

import pytest

from adsapp.sandbox.whatsapp.errors import ApiError
from adsapp.sandbox.whatsapp.templates import Catalog, Template, shipped_templates
from adsapp.sandbox.whatsapp.validation import Request, check, recipient_of

from .support import ANA, template_message, text_message, text_parameters, welcome

PICTURE = Template(
    {
        "id": "9",
        "name": "picture",
        "language": "en",
        "status": "APPROVED",
        "category": "MARKETING",
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "Look at this."},
            {"type": "BUTTONS", "buttons": [{"type": "COPY_CODE", "text": "Copy"}]},
        ],
    }
)
DISABLED = Template({**PICTURE.raw, "name": "gone", "status": "DISABLED"})
LONG = Template({**PICTURE.raw, "name": "long", "components": [{"type": "BODY", "text": "Dear {{1}}, hello."}]})
CATALOG = Catalog((*shipped_templates(), PICTURE, DISABLED, LONG))
BOOK = {"type": "button", "sub_type": "url", "index": "1", "parameters": text_parameters("harbour")}
CODE = {
    "type": "button",
    "sub_type": "copy_code",
    "index": 0,
    "parameters": [{"type": "coupon_code", "coupon_code": "SPRING"}],
}


def verdict(message: Any) -> Request:
    typed, digits = recipient_of(message, sender="15550783881")
    return check(message, typed, digits, CATALOG)


def refusal(message: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        verdict(message)
    return caught.value


def body(*values: str) -> dict[str, Any]:
    return {"type": "body", "parameters": text_parameters(*values)}


def spring(*components: dict[str, Any]) -> dict[str, Any]:
    return template_message("spring_opening", "en", list(components))


def order(*pairs: tuple[str, str]) -> dict[str, Any]:
    parameters = [{"type": "text", "parameter_name": name, "text": text} for name, text in pairs]
    return template_message("order_update", "en_US", [{"type": "body", "parameters": parameters}])


def picture(*components: dict[str, Any]) -> dict[str, Any]:
    return template_message("picture", "en", list(components))


def image(**content: str) -> dict[str, Any]:
    return {"type": "header", "parameters": [{"type": "image", "image": content}]}


GOOD = [
    welcome(),
    welcome("+1 (202) 555-0101"),
    welcome(biz_opaque_callback_data="x" * 512),
    template_message("hello_world", "en_US", []),
    spring(body("Ana", "Saturday"), BOOK),
    spring({"type": "BODY", "parameters": text_parameters("Ana", "Saturday")}, BOOK),
    order(("order_id", "HB-1"), ("first_name", "Ana")),
    picture(image(id="1"), CODE),
    text_message(),
    {"messaging_product": "whatsapp", "to": ANA, "text": {"body": "no type means text"}},
    {"messaging_product": "whatsapp", "to": ANA, "type": "image", "image": {"id": "1"}},
]


@pytest.mark.parametrize("message", GOOD)
def test_a_good_message_passes(message: Any) -> None:
    assert verdict(message).digits == "12025550101"


BAD = {
    "no object": ([], 100),
    "another product": ({**welcome(), "messaging_product": "sms"}, 100),
    "no recipient": ({**welcome(), "to": ""}, 131008),
    "recipient is no user id": ({"messaging_product": "whatsapp", "recipient": "abc"}, 131062),
    "recipient is no number": (welcome("Ana"), 131009),
    "recipient too short": (welcome("+1234"), 131009),
    "recipient is the sender": (welcome("+15550783881"), 131021),
    "unknown type": ({**welcome(), "type": "carrier_pigeon"}, 131051),
    "callback data too long": (welcome(biz_opaque_callback_data="x" * 513), 100),
    "callback data no text": (welcome(biz_opaque_callback_data=1), 100),
    "no text": (text_message(text=" "), 131008),
    "text no object": ({**text_message(), "text": "Hello"}, 131008),
    "no content": ({**text_message(), "type": "image"}, 131008),
    "text too long": (text_message(text="x" * 4097), 100),
    "no template": ({**welcome(), "template": None}, 131008),
    "no language": ({**welcome(), "template": {"name": "welcome"}}, 131008),
    "unknown template": (template_message("nothing", "en_US", []), 132001),
    "not in this language": (template_message("welcome", "es", []), 132001),
    "paused": (template_message("weekend_offer", "en_US", [body("Ana")]), 132015),
    "disabled": (template_message("gone", "en", []), 132016),
    "rejected": (template_message("prize_draw", "en_US", [body("Ana")]), 132001),
    "too few": (template_message("welcome", "en_US", []), 132000),
    "too many": (template_message("welcome", "en_US", [body("a", "b")]), 132000),
    "header without variables": (spring({**body("Ana"), "type": "header"}, body("a", "b"), BOOK), 132000),
    "button value missing": (spring(body("a", "b")), 132000),
    "components no list": ({**welcome(), "template": {**welcome()["template"], "components": {"a": 1}}}, 132012),
    "component no object": (template_message("welcome", "en_US", ["body"]), 132012),  # type: ignore[list-item]
    "unknown component": (template_message("welcome", "en_US", [{"type": "footer"}]), 132012),
    "parameters no list": (template_message("welcome", "en_US", [{"type": "body", "parameters": "Ana"}]), 132012),
    "component twice": (template_message("welcome", "en_US", [body("a"), body("b")]), 132012),
    "parameter no text": (
        template_message("welcome", "en_US", [{"type": "body", "parameters": [{"type": "currency"}]}]),
        132012,
    ),
    "no parameter name": (order(("", "Ana"), ("order_id", "1")), 100),
    "unknown parameter name": (order(("firstname", "Ana"), ("order_id", "1")), 132012),
    "parameter name twice": (order(("order_id", "1"), ("order_id", "2")), 132012),
    "no such button": (spring(body("a", "b"), BOOK, {**BOOK, "index": "7"}), 132012),
    "another kind of button": (spring(body("a", "b"), {**BOOK, "sub_type": "quick_reply"}), 132012),
    "header of another kind": (picture({"type": "header", "parameters": text_parameters("a")}, CODE), 132012),
    "image from nowhere": (picture(image(caption="a"), CODE), 131008),
    "code too long": (
        picture(image(id="1"), {**CODE, "parameters": [{"type": "coupon_code", "coupon_code": "x" * 16}]}),
        132012,
    ),
    "empty value": (welcome(name=" "), 131008),
    "new line": (welcome(name="Ana\nMaria"), 132018),
    "tab": (welcome(name="Ana\tMaria"), 132018),
    "five spaces": (welcome(name="Ana     Maria"), 132018),
    "filled text too long": (spring(body("a" * 1000, "b" * 100), BOOK), 132005),
    "button value not encoded": (spring(body("a", "b"), {**BOOK, "parameters": text_parameters("a b")}), 131009),
    "button value not ascii": (spring(body("a", "b"), {**BOOK, "parameters": text_parameters("café")}), 131009),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_message_is_refused_with_the_providers_code(name: str) -> None:
    message, code = BAD[name]
    assert refusal(message).code == code


def test_four_spaces_in_a_row_are_allowed() -> None:
    verdict(welcome(name="Ana    Maria"))


def test_a_body_alone_may_be_longer_than_one_with_other_components() -> None:
    verdict(template_message("long", "en", [body("a" * 2000)]))
    assert refusal(template_message("long", "en", [body("a" * 32_768)])).code == 132005


def test_the_count_is_checked_before_the_text() -> None:
    assert refusal(template_message("welcome", "en_US", [body("a\nb", "c")])).code == 132000


def test_a_wrong_count_is_told_as_the_provider_tells_it() -> None:
    error = refusal(template_message("welcome", "en_US", [body("a", "b", "c")]))
    assert error.message == "(#132000) Number of parameters does not match the expected number of params"
    assert error.details == ("body: number of localizable_params (3) does not match the expected number of params (1)")


def test_a_number_without_plus_gets_the_senders_country() -> None:
    assert recipient_of(welcome("2025550101"), "15550783881", "1") == ("2025550101", "12025550101")
    assert recipient_of(welcome("442079460000"), "15550783881", "") == ("442079460000", "442079460000")
