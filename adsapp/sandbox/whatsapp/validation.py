"""Checks whether the provider would accept a message. Pure: takes a body, a catalog and facts about the account.

The checks come in the provider's order: object -> messaging_product -> to -> type -> template exists and is
approved in that language -> parameters of each component -> text rules. The 24-hour window and the rate limits
are checked after these and depend on time: see `sending.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adsapp.sandbox.whatsapp.errors import ApiError
from adsapp.sandbox.whatsapp.ids import digits_of, owner_of
from adsapp.sandbox.whatsapp.parameters import check_components
from adsapp.sandbox.whatsapp.templates import Catalog, Template

LONGEST_CALLBACK_DATA = 512
LONGEST_TEXT = 4096
_FREE_FORM = frozenset(
    {"text", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive", "reaction"}
)


@dataclass(frozen=True, slots=True)
class Request:
    """A message that passed. `typed` is the recipient as given, `digits` as the provider reads it."""

    typed: str
    digits: str
    kind: str
    template: Template | None
    callback_data: str | None
    body: Mapping[str, Any]

    @property
    def is_free_form(self) -> bool:
        return self.template is None


def recipient_of(body: object, sender: str, country_code: str = "") -> tuple[str, str]:
    """The recipient as typed and its digits. Raises ApiError if the body or the number is wrong."""
    if not isinstance(body, Mapping):
        raise ApiError(100, "The request body must be a JSON object")
    if body.get("messaging_product") != "whatsapp":
        raise ApiError(100, 'messaging_product is required and must be "whatsapp"')
    typed = body.get("to")
    if not typed and body.get("recipient"):
        return _by_user_id(body["recipient"])
    if not typed or not isinstance(typed, str):
        raise ApiError(131008, "The parameter to is required")
    digits = digits_of(typed, country_code)
    if digits is None:
        raise ApiError(131009, "to: not a phone number")
    if digits == sender:
        raise ApiError(131021, "The recipient is the sender")
    return typed, digits


def _by_user_id(recipient: object) -> tuple[str, str]:
    digits = owner_of(recipient) if isinstance(recipient, str) else None
    if digits is None or not isinstance(recipient, str):
        raise ApiError(131062, "recipient: not a user id; send to a phone number with the field to")
    return recipient, digits


def check(body: Mapping[str, Any], typed: str, digits: str, catalog: Catalog) -> Request:
    """Check everything about a message that does not depend on time. Raises ApiError that names what is wrong."""
    callback_data = _callback_data(body)
    kind = body.get("type", "text")
    if kind == "template":
        return Request(typed, digits, kind, _template(body, catalog), callback_data, body)
    if kind not in _FREE_FORM:
        raise ApiError(131051, f"type: {kind!r} is not supported")
    _check_free_form(body, kind)
    return Request(typed, digits, kind, None, callback_data, body)


def _callback_data(body: Mapping[str, Any]) -> str | None:
    data = body.get("biz_opaque_callback_data")
    if data is None:
        return None
    if not isinstance(data, str) or len(data) > LONGEST_CALLBACK_DATA:
        raise ApiError(100, f"biz_opaque_callback_data: text of at most {LONGEST_CALLBACK_DATA} characters")
    return data


def _check_free_form(body: Mapping[str, Any], kind: str) -> None:
    content = body.get(kind)
    if not content:
        raise ApiError(131008, f"The parameter {kind} is required")
    if kind != "text":
        return
    text = content.get("body") if isinstance(content, Mapping) else None
    if not isinstance(text, str) or not text.strip():
        raise ApiError(131008, "The parameter text.body is required")
    if len(text) > LONGEST_TEXT:
        raise ApiError(100, f"text.body: at most {LONGEST_TEXT} characters, not {len(text)}")


def _template(body: Mapping[str, Any], catalog: Catalog) -> Template:
    asked = body.get("template")
    if not isinstance(asked, Mapping) or not isinstance(asked.get("name"), str):
        raise ApiError(131008, "The parameter template.name is required")
    language = asked.get("language")
    code = language.get("code") if isinstance(language, Mapping) else None
    if not isinstance(code, str) or not code:
        raise ApiError(131008, "The parameter template.language.code is required")
    template = _sendable(catalog, asked["name"], code)
    check_components(template, asked.get("components") or [])
    return template


def _sendable(catalog: Catalog, name: str, language: str) -> Template:
    template = catalog.find(name, language)
    if template is None:
        raise ApiError(132001, f"template name ({name}) does not exist in {language}")
    if template.status == "PAUSED":
        raise ApiError(132015, f"template ({name}) is paused because of its quality")
    if template.status == "DISABLED":
        raise ApiError(132016, f"template ({name}) is disabled for good")
    if template.status != "APPROVED":
        raise ApiError(132001, f"template ({name}) is not approved in {language}: {template.status}")
    return template
