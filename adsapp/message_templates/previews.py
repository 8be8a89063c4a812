"""A message as a phone shows it: what the bubble of `templates/macros/phone.html` needs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from adsapp.message_templates.components import Button, Piece, TemplateView
from adsapp.message_templates.rendering import Part, Rendered

MEDIA: Final[dict[str, str]] = {"IMAGE": "Picture", "VIDEO": "Video", "DOCUMENT": "Document", "LOCATION": "Map"}
BUTTON_ICONS: Final[dict[str, str]] = {
    "URL": "external-link",
    "PHONE_NUMBER": "phone",
    "QUICK_REPLY": "arrow-back-up",
    "COPY_CODE": "copy",
    "OTP": "copy",
}


@dataclass(frozen=True, slots=True)
class Bubble:
    """`header` and `body` in stretches of (text, is it a variable); `media` is a word for what is shown above them;
    `buttons` have the keys text and icon."""

    body: list[Part]
    header: list[Part]
    footer: str
    media: str | None
    buttons: list[dict[str, str | None]]


def of_template(view: TemplateView) -> Bubble:
    """The template with the examples it was approved with in the places of its variables."""
    examples = {variable.key: variable.example for variable in view.variables if variable.example}
    header = _filled(view.header.pieces, examples) if view.header else []
    return _bubble(view, header, _filled(view.body, examples))


def of_person(rendered: Rendered) -> Bubble:
    """The message as one person gets it; a variable without a value stays its placeholder."""
    return _bubble(rendered.view, rendered.header_parts, rendered.parts)


def of_values(view: TemplateView, values: Mapping[str, str]) -> Bubble:
    """The message with values rendered earlier, as the ledger keeps them."""
    header = _filled(view.header.pieces, values) if view.header else []
    return _bubble(view, header, _filled(view.body, values))


def of_text(text: str) -> Bubble:
    """A plain text message."""
    return Bubble([(text, False)], [], "", None, [])


def _bubble(view: TemplateView, header: list[Part], body: list[Part]) -> Bubble:
    media = MEDIA.get(view.header.format) if view.header else None
    return Bubble(body, header, view.footer, media, [_button(button) for button in view.buttons])


def _button(button: Button) -> dict[str, str | None]:
    return {"text": button.text or button.type.replace("_", " ").capitalize(), "icon": BUTTON_ICONS.get(button.type)}


def _filled(pieces: Iterable[Piece], values: Mapping[str, str]) -> list[Part]:
    return [(piece.text, False) if piece.key is None else (values.get(piece.key, piece.text), True) for piece in pieces]
