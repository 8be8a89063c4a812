"""A typed view of a template's `components` JSON, as the provider returns it. Pure.

A variable's key says where it is: `body.1`, `body.first_name`, `header.1`, `header.IMAGE`, `button.0.1`
(the first button), `button.0.CODE`. Channels read these keys when they build a
message. Source: the provider's template reference, 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

POSITIONAL: Final = "POSITIONAL"
NAMED: Final = "NAMED"
MEDIA_FORMATS: Final = ("IMAGE", "VIDEO", "DOCUMENT")

_PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}", re.ASCII)


def is_media(key: str) -> bool:
    """True for a variable that is a picture, a video or a document."""
    return key.startswith("header.") and key.removeprefix("header.") in MEDIA_FORMATS


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: as written, or the place of a variable (`key`), whose `text` is then the
    placeholder."""

    text: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Variable:
    """`label` is for people ("First name", "Header picture"); `example` is what the provider approved it
    with, or ""."""

    key: str
    label: str
    example: str = ""

    @property
    def name(self) -> str:
        """The last part of the key: "1", "first_name", "IMAGE"."""
        return self.key.rpartition(".")[2]

    @property
    def called(self) -> str:
        """What pages and messages call it: as it is written in the message's text, {{1}}, else its label."""
        return f"{{{{{self.name}}}}}" if self.key.startswith("body.") else self.label


@dataclass(frozen=True, slots=True)
class Header:
    """`format` is TEXT, IMAGE, VIDEO, DOCUMENT, or another word the provider uses; `pieces` are empty unless
    it is TEXT."""

    format: str
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Button:
    """`index` is its place among the template's buttons; `url` pieces only if `type` is URL."""

    index: int
    type: str
    text: str
    url: tuple[Piece, ...] = ()
    phone_number: str = ""


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A template taken apart. `unsupported` says in plain words what of it cannot be sent by us yet."""

    header: Header | None
    body: tuple[Piece, ...]
    footer: str
    buttons: tuple[Button, ...]
    variables: tuple[Variable, ...]
    parameter_format: str
    unsupported: tuple[str, ...] = ()

    @property
    def is_named(self) -> bool:
        return self.parameter_format == NAMED

    @property
    def body_text(self) -> str:
        return "".join(piece.text for piece in self.body)

    @property
    def wording(self) -> tuple[object, ...]:
        """What people read of it: the same for as long as nobody has changed its text. Examples do not count, nor the
        words of a button that the provider writes itself."""
        header = (self.header.format, _text(self.header.pieces)) if self.header else None
        buttons = (
            (each.type, each.text if each.type != "COPY_CODE" else "", _text(each.url), each.phone_number)
            for each in self.buttons
        )
        return (header, self.body_text, self.footer, *buttons)


def _text(pieces: Iterable[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


def view(components: object, parameter_format: str | None = None) -> TemplateView:
    """Take a template's components apart; odd or unknown parts are left out, never an error.

    `parameter_format` is the provider's (any case); if it is missing, a name among the placeholders means
    NAMED.
    """
    known = _by_type(components)
    header = _header(known.get("HEADER"))
    body = _pieces(str(known.get("BODY", {}).get("text") or ""), "body")
    buttons = _buttons(known.get("BUTTONS"))
    variables = (
        *_header_variables(header, known.get("HEADER", {})),
        *_text_variables(body, "body", known.get("BODY", {})),
        *_button_variables(buttons, known.get("BUTTONS", {})),
    )
    named = (parameter_format or "").upper() or _guess(variables)
    footer = str(known.get("FOOTER", {}).get("text") or "")
    return TemplateView(header, body, footer, buttons, variables, named, _unsupported(known, header, buttons))


def _by_type(components: object) -> dict[str, Mapping[str, Any]]:
    if not isinstance(components, Sequence) or isinstance(components, str):
        return {}
    return {str(entry.get("type", "")).upper(): entry for entry in components if isinstance(entry, Mapping)}


def _guess(variables: Iterable[Variable]) -> str:
    texts = (variable.name for variable in variables if variable.key.startswith(("body.", "header.")))
    return NAMED if any(not name.isdigit() and name not in MEDIA_FORMATS for name in texts) else POSITIONAL


def _pieces(text: str, part: str) -> tuple[Piece, ...]:
    found: list[Piece] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        found.append(Piece(text[end : match.start()]))
        found.append(Piece(match.group(), f"{part}.{match.group(1)}"))
        end = match.end()
    found.append(Piece(text[end:]))
    return tuple(piece for piece in found if piece.text)


def _keys(pieces: Iterable[Piece]) -> list[str]:
    """Each key once: numbers in their order, names in the order they occur."""
    keys = list(dict.fromkeys(piece.key for piece in pieces if piece.key))
    return sorted(keys, key=_number)


def _number(key: str) -> int:
    name = key.rpartition(".")[2]
    return int(name) if name.isdecimal() else 0


def _header(component: Mapping[str, Any] | None) -> Header | None:
    if component is None:
        return None
    kind = str(component.get("format") or "TEXT").upper()
    return Header(kind, _pieces(str(component.get("text") or ""), "header") if kind == "TEXT" else ())


def _header_variables(header: Header | None, component: Mapping[str, Any]) -> Iterable[Variable]:
    if header is None:
        return ()
    if header.format in MEDIA_FORMATS:
        words = {"IMAGE": "Header picture", "VIDEO": "Header video", "DOCUMENT": "Header document"}
        # The provider's example handle is an address that soon expires: of no use as an example.
        return (Variable(f"header.{header.format}", words[header.format]),)
    return _text_variables(header.pieces, "header", component)


def _text_variables(pieces: Iterable[Piece], part: str, component: Mapping[str, Any]) -> tuple[Variable, ...]:
    examples = _examples(component.get("example"), part)
    return tuple(Variable(key, _label(key), examples.get(key, "")) for key in _keys(pieces))


def _label(key: str) -> str:
    part, _, name = key.partition(".")
    if name.isdigit():
        return f"Variable {name}" if part == "body" else f"Header variable {name}"
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:] if part == "body" else f"Header: {words}"


def _examples(example: object, part: str) -> dict[str, str]:
    """`body_text: [["Ana", "12"]]`, `header_text: ["Ana"]`, or `…_named_params: [{"param_name",
    "example"}]`."""
    if not isinstance(example, Mapping):
        return {}
    named = example.get(f"{part}_text_named_params")
    if isinstance(named, list):
        pairs = [entry for entry in named if isinstance(entry, Mapping)]
        return {f"{part}.{entry.get('param_name')}": str(entry.get("example") or "") for entry in pairs}
    values = example.get(f"{part}_text")
    if isinstance(values, list) and values and isinstance(values[0], list):
        values = values[0]
    if not isinstance(values, list):
        return {}
    return {f"{part}.{number}": str(value) for number, value in enumerate(values, 1)}


def _button_list(component: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    entries = (component or {}).get("buttons")
    if not isinstance(entries, list):
        return []
    return [
        entry if isinstance(entry, Mapping) else {} for entry in entries
    ]  # an odd one keeps its place: index matters


def _buttons(component: Mapping[str, Any] | None) -> tuple[Button, ...]:
    return tuple(_button(index, entry) for index, entry in enumerate(_button_list(component)))


def _button(index: int, entry: Mapping[str, Any]) -> Button:
    kind = str(entry.get("type") or "").upper()
    url = _pieces(str(entry.get("url") or ""), f"button.{index}") if kind == "URL" else ()
    return Button(index, kind, str(entry.get("text") or ""), url, str(entry.get("phone_number") or ""))


def _button_variables(buttons: Iterable[Button], component: Mapping[str, Any]) -> Iterable[Variable]:
    entries = _button_list(component)
    for button in buttons:
        example = _button_example(entries[button.index].get("example"))
        label = f"“{button.text}” button"
        for key in _keys(button.url):
            yield Variable(key, f"{label}: end of its link", _suffix(example, button.url))
        if button.type == "COPY_CODE":
            yield Variable(f"button.{button.index}.CODE", f"{label}: code to copy", example)
        if button.type == "OTP":
            yield Variable(f"button.{button.index}.1", f"{label}: one-time code")


def _button_example(example: object) -> str:
    """A text or a list of one; for a URL the whole address."""
    first = example[0] if isinstance(example, list) and example else example
    return first if isinstance(first, str) else ""


def _suffix(example: str, url: tuple[Piece, ...]) -> str:
    fixed = url[0].text if url[0].key is None else ""
    return example.removeprefix(fixed)


def _unsupported(
    known: Mapping[str, Mapping[str, Any]], header: Header | None, buttons: Iterable[Button]
) -> tuple[str, ...]:
    problems = []
    if header is not None and header.format not in ("TEXT", *MEDIA_FORMATS):
        problems.append(f"a {header.format.lower()} header")
    if "CAROUSEL" in known:
        problems.append("a carousel")
    if "LIMITED_TIME_OFFER" in known:
        problems.append("a limited-time offer")
    problems += [f"a {button.type.lower()} button" for button in buttons if button.type in ("FLOW", "CATALOG", "MPM")]
    return tuple(problems)
