"""Each rule of an e-mail is held, and its violation has the status and name of the provider."""

from typing import Any

import pytest

from adsapp.sandbox.resend import validation
from adsapp.sandbox.resend.errors import ApiError

from .support import ANA, SENDER, mail

NOW = 1_800_000_000.0
MANY = [f"person{n}@example.com" for n in range(51)]
PICTURE = {"filename": "menu.pdf", "content": "JVBERi0xLjQ="}


def refused(body: object, **more: Any) -> tuple[int, str, str]:
    with pytest.raises(ApiError) as caught:
        validation.check(body, NOW, **more)
    return caught.value.http, caught.value.name, caught.value.message


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"from": None}, "missing_required_field", "`from`"),
        ({"to": []}, "missing_required_field", "`to`"),
        ({"subject": None}, "missing_required_field", "`subject`"),
        ({"html": None, "text": None}, "missing_required_field", "`html` or `text`"),
        ({"from": "Harbour Bakery"}, "invalid_from_address", "`from`"),
        ({"from": "hello@harbour"}, "invalid_from_address", "`from`"),
        ({"from": "A <a@b.example> <c@d.example>"}, "invalid_from_address", "`from`"),
        ({"from": f"A\r\nBcc: x@y.example <{ANA}>"}, "invalid_from_address", "`from`"),
        ({"from": ["hello@harbour.example"]}, "invalid_from_address", "`from`"),
        ({"to": "ana"}, "validation_error", "`to`"),
        ({"to": {"email": ANA}}, "validation_error", "`to`"),
        ({"to": "zoë@example.com"}, "validation_error", "non-ASCII"),
        ({"to": MANY}, "validation_error", "50"),
        ({"cc": ["not an address"]}, "validation_error", "`cc`"),
        ({"bcc": 5}, "validation_error", "`bcc`"),
        ({"reply_to": "a@b@c.example"}, "validation_error", "`reply_to`"),
        ({"subject": "Hello\r\nBcc: x@y.example"}, "validation_error", "line breaks"),
        ({"subject": 5}, "validation_error", "`subject`"),
        ({"html": 5}, "validation_error", "`html`"),
        ({"template": {"id": "1"}}, "validation_error", "excludes"),
        ({"template": {"id": "1"}, "html": None, "text": None}, "not_found", "Template"),
        ({"headers": ["a"]}, "validation_error", "`headers`"),
        ({"headers": {"X-A": "1\nX-B: 2"}}, "validation_error", "line breaks"),
        ({"headers": {"X A": "1"}}, "validation_error", "header name"),
        ({"tags": {"a": "b"}}, "validation_error", "`tags`"),
        ({"tags": [{"name": "a b", "value": "c"}]}, "validation_error", "tag name"),
        ({"tags": [{"name": "a", "value": "ü"}]}, "validation_error", "tag value"),
        ({"tags": [{"name": "a", "value": "b" * 257}]}, "validation_error", "256"),
        ({"attachments": "x"}, "invalid_attachment", "`attachments`"),
        ({"attachments": [{"filename": "a"}]}, "invalid_attachment", "`content` or `path`"),
        ({"attachments": [{"filename": "a", "content": "%"}]}, "invalid_attachment", "Base64"),
        ({"scheduled_at": "soon"}, "validation_error", "ISO 8601"),
        ({"scheduled_at": "2020-01-01T00:00:00Z"}, "validation_error", "future"),
        ({"scheduled_at": 5}, "validation_error", "ISO 8601"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], name: str, words: str) -> None:
    http, found, message = refused(mail(**changes))
    assert (http, found) == (404 if name == "not_found" else 422, name)
    assert words in message


def test_attachments_are_counted_together_as_they_are_sent() -> None:
    half = {"filename": "a", "content": "A" * (validation.LARGEST_EMAIL // 2)}
    assert validation.check(mail(attachments=[half, half]), NOW).attachments == (("a", 15 << 20), ("a", 15 << 20))
    assert refused(mail(attachments=[half, half, PICTURE]))[:2] == (422, "invalid_attachment")


@pytest.mark.parametrize("changes", [{"attachments": [PICTURE]}, {"scheduled_at": "2027-01-15T08:00:00Z"}])
def test_what_a_batch_may_not_have(changes: dict[str, Any]) -> None:
    validation.check(mail(**changes), NOW)
    assert refused(mail(**changes), in_batch=True)[:2] == (422, "validation_error")
    assert refused("mail", in_batch=True)[:2] == (422, "validation_error")


def test_a_whole_e_mail_is_understood() -> None:
    request = validation.check(
        mail(
            ["Ana <ana@example.com>", "ben@example.com"],
            cc="cy@example.com",
            bcc=["di@example.com"],
            reply_to=f"Desk <{ANA}>",
            headers={"List-Unsubscribe": "<https://x.example/u>"},
            tags=[{"name": "campaign", "value": "spring_1"}],
            attachments=[PICTURE, {"path": "https://x.example/a.pdf"}],
            scheduled_at="2027-01-15T09:00:00+01:00",
        ),
        NOW,
    )
    assert request.recipients == ["ana@example.com", "ben@example.com", "cy@example.com", "di@example.com"]
    assert (request.sender, request.from_address) == (SENDER, "hello@harbour-bakery.example")
    assert request.tags == {"campaign": "spring_1"}
    assert request.attachments == (("menu.pdf", 9), ("https://x.example/a.pdf", 0))
    assert request.scheduled_at == NOW
