"""A message as a phone shows it: what the bubble of `templates/macros/phone.html` needs. Pure."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from adsapp.integrations.values import name_in
from adsapp.message_templates.components import Button, Piece, TemplateView
from adsapp.message_templates.files.values import file_id_of
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
    kind: str = ""  # of what is above it: IMAGE, VIDEO, …
    file_id: uuid.UUID | None = None  # which is kept here
    file_name: str = ""
    is_rtl: bool = False  # written from right to left


def of_template(view: TemplateView, sample: uuid.UUID | None = None) -> Bubble:
    """The template with the examples it was approved with in the places of its variables. `sample`: the kept file that
    it was reviewed with."""
    examples = {variable.key: variable.example for variable in view.variables if variable.example}
    header = _filled(view.header.pieces, examples) if view.header else []
    return replace(_bubble(view, header, _filled(view.body, examples), {}), file_id=sample)


def of_person(rendered: Rendered) -> Bubble:
    """The message as one person gets it; a variable without a value stays its placeholder."""
    return _bubble(rendered.view, rendered.header_parts, rendered.parts, rendered.values)


def of_values(view: TemplateView, values: Mapping[str, str]) -> Bubble:
    """The message with values rendered earlier, as the ledger keeps them."""
    header = _filled(view.header.pieces, values) if view.header else []
    return _bubble(view, header, _filled(view.body, values), values)


def of_text(text: str) -> Bubble:
    """A plain text message."""
    return Bubble([(text, False)], [], "", None, [])


def _bubble(view: TemplateView, header: list[Part], body: list[Part], values: Mapping[str, str]) -> Bubble:
    kind = view.header.format if view.header else ""
    value = values.get(f"header.{kind}", "")
    return Bubble(
        body,
        header,
        view.footer,
        MEDIA.get(kind),
        [_button(button) for button in view.buttons],
        kind=kind,
        file_id=file_id_of(value),
        file_name=name_in(value),
        is_rtl=_is_rtl(body),
    )


def _is_rtl(body: Iterable[Part]) -> bool:
    """The first letter with a direction says the text's, as browsers and phones have it."""
    text = "".join(text for text, _ in body)
    directions = (unicodedata.bidirectional(char) for char in text)
    return next((each in ("R", "AL") for each in directions if each in ("L", "R", "AL")), False)


def _button(button: Button) -> dict[str, str | None]:
    return {"text": button.text or button.type.replace("_", " ").capitalize(), "icon": BUTTON_ICONS.get(button.type)}


def _filled(pieces: Iterable[Piece], values: Mapping[str, str]) -> list[Part]:
    return [(piece.text, False) if piece.key is None else (values.get(piece.key, piece.text), True) for piece in pieces]
