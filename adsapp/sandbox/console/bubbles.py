"""Recent messages as the customer's phone shows them. Pure: takes what was sent, returns what to draw."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adsapp.sandbox.state import Message, Shown
from adsapp.sandbox.whatsapp.templates import VARIABLE, Template, variables_in
from adsapp.sandbox.whatsapp.validation import Request

_BUBBLES_A_PHONE = 4

# A text split at its filled variables: (text, is it a variable?).
Parts = list[tuple[str, bool]]


@dataclass(frozen=True, slots=True)
class Button:
    kind: str
    text: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Bubble:
    """`status` is empty for what the customer wrote."""

    at: float
    body: Parts
    header: Parts = field(default_factory=list)
    footer: str = ""
    buttons: tuple[Button, ...] = ()
    status: str = ""
    error_code: int = 0
    wamid: str = ""


@dataclass(frozen=True, slots=True)
class Phone:
    """One customer's phone. `earlier`: bubbles that are not drawn."""

    phone_number_id: str
    digits: str
    bubbles: list[Bubble]
    earlier: int

    @property
    def quick_replies(self) -> list[str]:
        """What can be tapped: the quick replies of the newest message drawn."""
        newest = next((item for item in reversed(self.bubbles) if item.status), None)
        return [item.text for item in newest.buttons if item.kind == "quick_reply"] if newest else []


def phones(recent: Iterable[Shown]) -> list[Phone]:
    """The phones in use, the one that heard last first; each has its newest bubbles, oldest first."""
    by_person: dict[tuple[str, str], list[Shown]] = {}
    for shown in recent:
        key = (shown.phone_number_id, shown.digits)
        by_person[key] = [*by_person.pop(key, ()), shown]
    return [_phone(number, digits, items) for (number, digits), items in reversed(by_person.items())]


def _phone(number: str, digits: str, items: list[Shown]) -> Phone:
    drawn = [bubble(item) for item in items[-_BUBBLES_A_PHONE:]]
    return Phone(number, digits, drawn, len(items) - len(drawn))


def bubble(shown: Shown) -> Bubble:
    message, request = shown.message, shown.request
    if message is None or request is None:
        return Bubble(shown.at, [(shown.reply, False)])
    if request.template is None:
        return _drawn(message, Bubble(shown.at, [(_free_form(request), False)]))
    return _drawn(message, _template_bubble(shown.at, request, request.template))


def _drawn(message: Message, drawn: Bubble) -> Bubble:
    return replace(drawn, status=message.status, error_code=message.error_code, wamid=message.wamid)


def _template_bubble(at: float, request: Request, template: Template) -> Bubble:
    given = _parameters(request)
    return Bubble(
        at,
        filled(template.parts["body"]["text"], given.get("body", []), template.is_named),
        header=_header(template, given.get("header", [])),
        footer=template.parts.get("footer", {}).get("text", ""),
        buttons=tuple(_button(item, given.get(f"button.{i}", [])) for i, item in enumerate(template.buttons)),
    )


def filled(text: str, parameters: Sequence[Mapping[str, Any]], named: bool = False) -> Parts:
    """A template's text with its parameters in place."""
    names = variables_in(text)
    values = {
        (item["parameter_name"] if named else names[position]): str(item.get("text", ""))
        for position, item in enumerate(parameters)
        if named or position < len(names)
    }
    parts: Parts = []
    end = 0
    for found in VARIABLE.finditer(text):
        parts += [(text[end : found.start()], False), (values.get(found.group(1), found.group(0)), True)]
        end = found.end()
    return [part for part in (*parts, (text[end:], False)) if part[0]]


def _free_form(request: Request) -> str:
    if request.kind == "text":
        return str(request.body["text"]["body"])
    return f"[{request.kind}]"


def _parameters(request: Request) -> dict[str, list[Mapping[str, Any]]]:
    given: dict[str, list[Mapping[str, Any]]] = {}
    for component in request.body["template"].get("components") or ():
        kind = component["type"].lower()
        place = f"button.{component.get('index')}" if kind == "button" else kind
        given[place] = component.get("parameters", [])
    return given


def _header(template: Template, parameters: list[Mapping[str, Any]]) -> Parts:
    if template.header_format == "text":
        return filled(template.parts["header"]["text"], parameters, template.is_named)
    return [(f"[{template.header_format}]", False)] if template.header_format else []


def _button(button: Mapping[str, Any], parameters: list[Mapping[str, Any]]) -> Button:
    target = "".join(text for text, _ in filled(button.get("url", ""), parameters))
    return Button(button["type"].lower(), button["text"], target)
