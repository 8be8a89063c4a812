"""A template as somebody writes it, and its components in the provider's shape. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adsapp.message_templates.components import MEDIA_FORMATS, NAMED, POSITIONAL, view

CATEGORIES: Final = ("MARKETING", "UTILITY", "AUTHENTICATION")
HEADERS: Final = ("", "TEXT", *MEDIA_FORMATS, "LOCATION")
BUTTONS: Final = ("QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE")
VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")


@dataclass(frozen=True, slots=True)
class ButtonDraft:
    """A button; `value` is its address, its phone number or its code, "" for a quick reply."""

    type: str = "QUICK_REPLY"
    text: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """Everything as typed. `examples` by the variables' keys: body.1, header.1, button.0.1 (its whole address).
    `header_sample`: the kept file that reviewers see above it, as `file:ID`; the provider's handle once it is there.
    """

    name: str = ""
    language: str = ""
    category: str = ""
    body: str = ""
    header_format: str = ""
    header: str = ""
    footer: str = ""
    buttons: tuple[ButtonDraft, ...] = ()
    examples: Mapping[str, str] = field(default_factory=dict)
    header_sample: str = ""

    @classmethod
    def of(cls, name: str, language: str, category: str, components: object) -> TemplateDraft:
        """From what the provider has."""
        entries = components if isinstance(components, Sequence) and not isinstance(components, str) else ()
        known = {str(each.get("type", "")).upper(): each for each in entries if isinstance(each, Mapping)}
        header = known.get("HEADER", {})
        buttons = known.get("BUTTONS", {}).get("buttons") or ()
        return cls(
            name=name,
            language=language,
            category=category.upper(),
            body=str(known.get("BODY", {}).get("text") or ""),
            header_format=str(header.get("format") or "TEXT").upper() if header else "",
            header=str(header.get("text") or ""),
            footer=str(known.get("FOOTER", {}).get("text") or ""),
            buttons=tuple(_button_of(each) for each in buttons if isinstance(each, Mapping)),
            examples=_examples_of(components, buttons),
        )

    @property
    def parameter_format(self) -> str:
        """NAMED if some variable of its text is a name."""
        names = (*names_in(self.body), *names_in(self.header))
        return NAMED if any(not name.isdigit() for name in names) else POSITIONAL

    @property
    def variables(self) -> tuple[str, ...]:
        """The keys of all variables, each once, in the order of the message."""
        keys = [f"header.{name}" for name in names_in(self.header)] if self.header_format == "TEXT" else []
        keys += [f"body.{name}" for name in names_in(self.body)]
        for index, button in enumerate(self.buttons):
            if button.type == "URL":
                keys += [f"button.{index}.{name}" for name in names_in(button.value)]
        return tuple(dict.fromkeys(keys))

    @property
    def components(self) -> list[dict[str, Any]]:
        """As the provider takes them."""
        parts = [self._header(), self._text("BODY", self.body, "body")]
        if self.footer:
            parts.append({"type": "FOOTER", "text": self.footer})
        if self.buttons:
            buttons = [self._button(index, each) for index, each in enumerate(self.buttons)]
            parts.append({"type": "BUTTONS", "buttons": buttons})
        return [part for part in parts if part]

    def _header(self) -> dict[str, Any]:
        if self.header_format == "TEXT":
            return {**self._text("HEADER", self.header, "header"), "format": "TEXT"}
        entry: dict[str, Any] = {"type": "HEADER", "format": self.header_format} if self.header_format else {}
        return {**entry, "example": {"header_handle": [self.header_sample]}} if self.header_sample else entry

    def _text(self, kind: str, text: str, part: str) -> dict[str, Any]:
        names = list(dict.fromkeys(names_in(text)))
        entry: dict[str, Any] = {"type": kind, "text": text}
        if not names:
            return entry
        if self.parameter_format == NAMED:
            pairs = [{"param_name": name, "example": self.examples.get(f"{part}.{name}", "")} for name in names]
            return {**entry, "example": {f"{part}_text_named_params": pairs}}
        values = [self.examples.get(f"{part}.{name}", "") for name in sorted(names, key=_number)]
        return {**entry, "example": {f"{part}_text": [values] if part == "body" else values}}

    def _button(self, index: int, button: ButtonDraft) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": button.type, "text": button.text}
        if button.type == "URL":
            entry["url"] = button.value
            for name in names_in(button.value):
                entry["example"] = [self.examples.get(f"button.{index}.{name}", "")]
        if button.type == "PHONE_NUMBER":
            entry["phone_number"] = button.value
        if button.type == "COPY_CODE":
            return {"type": button.type, "example": button.value}
        return entry


def names_in(text: str) -> list[str]:
    """What stands in double braces, without white space, in the order of the text."""
    return [name.strip() for name in VARIABLE.findall(text)]


def _number(name: str) -> int:
    return int(name) if name.isdecimal() else 0


def _button_of(entry: Mapping[str, Any]) -> ButtonDraft:
    kind = str(entry.get("type") or "").upper()
    example = entry.get("example")
    code = example[0] if isinstance(example, list) and example else example
    value = {"URL": entry.get("url"), "PHONE_NUMBER": entry.get("phone_number"), "COPY_CODE": code}.get(kind)
    return ButtonDraft(kind, str(entry.get("text") or ""), str(value or ""))


def _examples_of(components: object, buttons: Iterable[Any]) -> dict[str, str]:
    found = {each.key: each.example for each in view(components).variables if each.example}
    for index, entry in enumerate(buttons):
        example = entry.get("example") if isinstance(entry, Mapping) else None
        if isinstance(example, list) and example and entry.get("type") == "URL":
            found[f"button.{index}.1"] = str(example[0])
    return found
