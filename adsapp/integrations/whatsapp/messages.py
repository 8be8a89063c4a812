"""Request bodies for `POST /{phone_number_id}/messages`, and the rules a value must meet. Pure.

A template's values come as one flat mapping; a key names the place, capitals are the provider's own words:

    body.1 · body.first_name · header.1       text variables
    header.IMAGE · header.VIDEO · header.DOCUMENT   an uploaded media id, or an https address
    button.0.1                                the variable end of a URL button (button 0), or a one-time code
    button.1.PAYLOAD                          what a quick reply sends back
    button.2.CODE                             the code a copy button copies

Source: the provider's message and template references, 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from adsapp.integrations.values import MAX_TEXT, clean, has_visible, is_link, is_user_id, name_in, url_suffix

MAX_CALLBACK_DATA: Final = 512
MEDIA: Final = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}

_MEDIA_ID = re.compile(r"\d{1,40}", re.ASCII)
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_KEY = re.compile(r"(?:(body|header)\.(\w+)|button\.(\d+)\.(\w+))", re.ASCII)


class MissingValue(ValueError):
    """A variable has no visible text; `key` says which."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key} has no value")
        self.key = key


def template_message(
    *,
    to: str,
    name: str,
    language: str,
    values: Mapping[str, str] | None = None,
    named: bool = False,
    callback_data: str | None = None,
    file_name: str = "",
) -> dict[str, Any]:
    """The body that sends template `name` to `to` (`+` and digits, or the provider's id of a person).

    `named` is the template's parameter format, `file_name` what a document is called on the phone. Raises
    `MissingValue` for a value without visible text and `ValueError` for a recipient that is neither, an unknown key, or
    callback data over 512 characters.
    """
    template: dict[str, Any] = {"name": name, "language": {"code": language}}
    components = _components(values or {}, named, file_name)
    if components:
        template["components"] = components
    return {**_envelope(to, "template", callback_data), "template": template}


def text_message(
    *,
    to: str,
    body: str,
    preview_url: bool = False,
    reply_to: str | None = None,
    callback_data: str | None = None,
) -> dict[str, Any]:
    """A free text, allowed only within 24 hours of the person's last message. Line breaks stay."""
    if not has_visible(body):
        raise MissingValue("text")
    if len(body) > MAX_TEXT:
        raise ValueError(f"the text has {len(body)} characters, {MAX_TEXT} are allowed")
    message = _envelope(to, "text", callback_data)
    if reply_to is not None:
        message["context"] = {"message_id": reply_to}
    return {**message, "text": {"preview_url": preview_url, "body": body}}


def _envelope(to: str, kind: str, callback_data: str | None) -> dict[str, Any]:
    message: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        _addressed(to): to,
        "type": kind,
    }
    if callback_data is None:
        return message
    if len(callback_data) > MAX_CALLBACK_DATA:
        raise ValueError(f"callback data may have {MAX_CALLBACK_DATA} characters")
    message["biz_opaque_callback_data"] = callback_data
    return message


def _addressed(to: str) -> str:
    """The field that names the recipient: one for numbers, one for the provider's ids of people."""
    if is_user_id(to):
        return "recipient"
    # Without the plus the provider puts the business's own country code in front: a message to a stranger.
    if not _E164.fullmatch(to):
        raise ValueError("the recipient must be an E.164 number, a plus and 7 to 15 digits, or a WhatsApp user id")
    return "to"


def _components(values: Mapping[str, str], named: bool, file_name: str) -> list[dict[str, Any]]:
    """Header, body, buttons by index; positional parameters by number, whatever order they came in."""
    texts: dict[str, dict[str, Any]] = {"header": {}, "body": {}}
    buttons: list[tuple[int, dict[str, Any]]] = []
    for key, value in values.items():
        part, name, index, what = _parts(key)
        if part:
            texts[part][name] = _parameter(key, name, value, named, file_name)
        else:
            buttons.append((int(index), _button(key, index, what, value)))
    listed = [
        {"type": part, "parameters": [parameters[name] for name in _in_order(parameters)]}
        for part, parameters in texts.items()
        if parameters
    ]
    return listed + [button for _, button in sorted(buttons, key=lambda pair: pair[0])]


def _parts(key: str) -> tuple[str, str, str, str]:
    match = _KEY.fullmatch(key)
    if match is None:
        raise ValueError(f"{key!r} names no place in a template")
    part, name, index, what = match.groups(default="")
    return part, name, index, what


def _in_order(parameters: Mapping[str, object]) -> list[str]:
    if all(name.isdecimal() for name in parameters):
        return sorted(parameters, key=int)
    return list(parameters)


def _parameter(key: str, name: str, value: str, named: bool, file_name: str) -> dict[str, Any]:
    text = _present(key, value)
    if key.startswith("header.") and name in MEDIA:
        kind = MEDIA[name]
        called = file_name or name_in(text) if name == "DOCUMENT" else ""
        return {"type": kind, kind: _media(key, text) | ({"filename": called} if called else {})}
    if named:
        return {"type": "text", "parameter_name": name, "text": text}
    return {"type": "text", "text": text}


def _media(key: str, value: str) -> dict[str, str]:
    if is_link(value):
        return {"link": value}
    if _MEDIA_ID.fullmatch(value):
        return {"id": value}
    raise ValueError(f"{key}: “{value[:60]}” is neither an address nor the id of an uploaded file")


def _button(key: str, index: str, what: str, value: str) -> dict[str, Any]:
    text = _present(key, value)
    button: dict[str, Any] = {"type": "button", "sub_type": "url", "index": index}
    if what == "PAYLOAD":
        return {**button, "sub_type": "quick_reply", "parameters": [{"type": "payload", "payload": text}]}
    if what == "CODE":
        return {
            **button,
            "sub_type": "copy_code",
            "parameters": [{"type": "coupon_code", "coupon_code": text}],
        }
    return {**button, "parameters": [{"type": "text", "text": url_suffix(text)}]}


def _present(key: str, value: str) -> str:
    text = clean(value)
    if not text:
        raise MissingValue(key)
    return text
