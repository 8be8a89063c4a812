"""Checks whether the parameters of a template message fit its template. Pure.

Count first (132000), then kind and name (132012), then the rules for the text itself (131008, 132018, 132005).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from adsapp.sandbox.whatsapp.errors import ApiError
from adsapp.sandbox.whatsapp.templates import VARIABLE, Template, variables_in

_BAD_TEXT = re.compile(r"[\n\r\t]| {5,}")
_BAD_TEXT_MESSAGE = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
# What a URL may hold; a space, `:`, `|` and everything outside ASCII must come percent-encoded.
_URL_SUFFIX = re.compile(r"[A-Za-z0-9\-._~/?#\[\]@!$&'()*+,;=%]*")
_LONGEST_CODE = 15
_LONGEST_HEADER = 60
_LONGEST_URL = 2_000

Parameters = Sequence[Any]


def check_components(template: Template, components: object) -> None:
    """Raises ApiError for the first component that does not fit."""
    if not isinstance(components, list):
        raise ApiError(132012, "template.components must be a list")
    given: dict[str, Parameters] = {}
    for index, component in enumerate(components):
        place, parameters = _component(component, index)
        if place in given:
            raise ApiError(132012, f"{place}: given twice")
        given[place] = parameters
    _check_header(template, given.pop("header", ()))
    _check_body(template, given.pop("body", ()))
    _check_buttons(template, given, components)


def _component(component: object, index: int) -> tuple[str, Parameters]:
    if not isinstance(component, Mapping):
        raise ApiError(132012, f"template.components[{index}] must be an object")
    kind = str(component.get("type", "")).lower()
    if kind not in ("header", "body", "button"):
        raise ApiError(132012, f"template.components[{index}].type: {kind!r} is not header, body or button")
    parameters = component.get("parameters", [])
    if not isinstance(parameters, list) or not all(isinstance(item, Mapping) for item in parameters):
        raise ApiError(132012, f"{kind}: parameters must be a list of objects")
    return (f"button.{component.get('index')}" if kind == "button" else kind), parameters


def _check_header(template: Template, parameters: Parameters) -> None:
    if template.header_format in ("", "text"):
        values = _check_texts("header", template.header_variables, parameters, template.is_named)
        _check_length("header", template.parts.get("header", {}), values, _LONGEST_HEADER)
        return
    _check_count("header", 1, parameters)
    expected = template.header_format
    content = parameters[0].get(expected)
    if parameters[0].get("type") != expected or not isinstance(content, Mapping) or not content:
        raise ApiError(132012, f"header: Format mismatch, expected {expected.upper()}")
    if expected != "location" and not (content.get("id") or content.get("link")):
        raise ApiError(131008, f"header: {expected} needs an id or a link")


def _check_body(template: Template, parameters: Parameters) -> None:
    values = _check_texts("body", template.body_variables, parameters, template.is_named)
    _check_length("body", template.parts["body"], values, template.longest_body)


def _check_length(place: str, part: Mapping[str, Any], values: Mapping[str, str], longest: int) -> None:
    if not values:
        return
    text = VARIABLE.sub(lambda found: values[found.group(1)], part["text"])
    if len(text) > longest:
        raise ApiError(132005, f"{place}: {len(text)} characters when filled, at most {longest}")


def _check_texts(place: str, variables: tuple[str, ...], parameters: Parameters, named: bool) -> dict[str, str]:
    _check_count(place, len(variables), parameters)
    values: dict[str, str] = {}
    for position, parameter in enumerate(parameters):
        name = _name(place, parameter, variables) if named else variables[position]
        if name in values:
            raise ApiError(132012, f"{place}: parameter {name} is given twice")
        if parameter.get("type") != "text":
            raise ApiError(132012, f"{place}: parameter {name} must be of the type text")
        values[name] = _checked_text(place, name, parameter.get("text"))
    return values


def _check_count(place: str, expected: int, parameters: Parameters) -> None:
    if len(parameters) != expected:
        raise ApiError(
            132000,
            f"{place}: number of localizable_params ({len(parameters)}) does not match "
            f"the expected number of params ({expected})",
        )


def _name(place: str, parameter: Mapping[str, Any], variables: tuple[str, ...]) -> str:
    name = parameter.get("parameter_name")
    if not name:
        raise ApiError(100, f"{place}: parameter_name is required by a template with named parameters")
    if name not in variables:
        raise ApiError(132012, f"{place}: the template has no parameter {name!r}")
    return str(name)


def _checked_text(place: str, name: str, text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ApiError(131008, f"{place}: parameter {name} has no text")
    if _BAD_TEXT.search(text):
        raise ApiError(132018, f"{place}: parameter {name}: {_BAD_TEXT_MESSAGE}")
    return text


def _check_buttons(template: Template, given: Mapping[str, Parameters], components: list[Any]) -> None:
    kinds = {f"button.{item.get('index')}": item.get("sub_type") for item in components}
    known = {f"button.{index}" for index in range(len(template.buttons))}
    for place in given:
        if place not in known:
            raise ApiError(132012, f"{place}: the template has no such button")
    for index, button in enumerate(template.buttons):
        place = f"button.{index}"
        if place in given and str(kinds[place]).lower() != button["type"].lower():
            raise ApiError(132012, f"{place}: sub_type must be {button['type'].lower()}")
        _check_button(place, button, given.get(place, ()))


def _check_button(place: str, button: Mapping[str, Any], parameters: Parameters) -> None:
    if button["type"] == "URL":
        values = _check_texts(place, variables_in(button["url"]), parameters, named=False)
        for value in values.values():
            if len(VARIABLE.sub("", button["url"])) + len(value) > _LONGEST_URL:
                raise ApiError(132005, f"{place}: at most {_LONGEST_URL} characters when filled")
            if not _URL_SUFFIX.fullmatch(value):
                raise ApiError(131009, f"{place}: the value must be percent-encoded")
    if button["type"] == "COPY_CODE":
        _check_count(place, 1, parameters)
        code = parameters[0].get("coupon_code")
        if not isinstance(code, str) or not 1 <= len(code) <= _LONGEST_CODE:
            raise ApiError(132012, f"{place}: coupon_code must have 1 to {_LONGEST_CODE} characters")
