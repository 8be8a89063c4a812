"""For any template and any contact: what is sent reads exactly as the preview does, and the provider takes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adsapp.integrations.values import clean
from adsapp.integrations.whatsapp.messages import template_message
from adsapp.message_templates.components import view
from adsapp.message_templates.placeholders import parse_sources
from adsapp.message_templates.rendering import Rendered, render
from adsapp.sandbox.whatsapp.errors import ApiError
from adsapp.sandbox.whatsapp.parameters import check_components
from adsapp.sandbox.whatsapp.templates import Template

PIECES = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), min_size=1, max_size=40)
VALUES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["{{1}}", "{{ name }}", "\\1 \\g<0>", "<b>&amp;", "a\nb\tc", "x      y", " ", "\u200b", "%41 ü", "😀"]
    ),
    st.integers(400, 1100).map("ab ".__mul__),
)
FORMATS = st.sampled_from([None, "title", "upper", "first_word", ["first_word", "title"]])
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}", re.ASCII)


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    """A template in the provider's shape: positional or named, with or without a header, a footer and a link."""
    named = draw(st.booleans())
    names = ["customer_name", "shop", "day"] if named else ["1", "2", "3"]
    used = names[: draw(st.integers(0, 3))]
    order = draw(st.permutations([*used, *draw(st.lists(st.sampled_from(used), max_size=2))] if used else []))
    body = draw(PIECES) + "".join(f"{{{{{name}}}}}{draw(PIECES)}" for name in order)
    components: list[dict[str, Any]] = [{"type": "BODY", "text": body}]
    if draw(st.booleans()):
        text = draw(PIECES) + (f"{{{{{names[0]}}}}}" if draw(st.booleans()) else "")
        components.insert(0, {"type": "HEADER", "format": "TEXT", "text": text})
    if draw(st.booleans()):
        components.append({"type": "FOOTER", "text": "Reply STOP to leave"})
    if draw(st.booleans()):
        buttons = [
            {"type": "QUICK_REPLY", "text": "No"},
            {"type": "URL", "text": "Go", "url": "https://shop.example/o/{{1}}"},
            {"type": "COPY_CODE", "text": "Copy", "example": "AB12"},
        ]
        components.append({"type": "BUTTONS", "buttons": buttons[: draw(st.integers(1, 3))]})
    return {
        "id": "1",
        "name": "any",
        "language": "en",
        "status": "APPROVED",
        "category": "MARKETING",
        "parameter_format": "NAMED" if named else "POSITIONAL",
        "components": components,
    }


def filled(text: str, values: Mapping[str, str]) -> str:
    """What the provider does with its parameters: one literal pass."""
    return PLACEHOLDER.sub(lambda found: values[found[1]], text)


def sent_text(raw: Mapping[str, Any], part: str, components: list[dict[str, Any]]) -> str:
    text: str = next(each["text"] for each in raw["components"] if each["type"] == part.upper())
    none: list[dict[str, str]] = []
    given_ones = next((each["parameters"] for each in components if each["type"] == part), none)
    names = sorted(set(PLACEHOLDER.findall(text)))
    if raw["parameter_format"] == "NAMED":
        return filled(text, {each["parameter_name"]: each["text"] for each in given_ones})
    return filled(text, {name: each["text"] for name, each in zip(names, given_ones, strict=True)})


@settings(max_examples=300)
@given(templates(), st.data())
def test_what_is_sent_reads_as_the_preview_and_the_provider_takes_it(raw: dict[str, Any], data: st.DataObject) -> None:
    taken = view(raw["components"], raw["parameter_format"])
    person: dict[str, Any] = {"attributes": {}}
    sources: dict[str, object] = {}
    for number, variable in enumerate(taken.variables):
        person["attributes"][f"a{number}"] = data.draw(VALUES)
        sources[variable.key] = {"field": f"attribute:a{number}", "format": data.draw(FORMATS)}
    rendered = render(taken, parse_sources(taken, sources), person)
    if not rendered.fits:
        _is_refused_for_a_reason(raw, rendered)
        return
    components = _components(raw, rendered)
    assert sent_text(raw, "body", components) == rendered.text
    if taken.header is not None:
        assert sent_text(raw, "header", components) == "".join(text for text, _ in rendered.header_parts)
    for component in components:
        for parameter in component["parameters"]:
            text = parameter.get("text") or parameter.get("coupon_code")
            assert text
            assert not re.search(r"[\n\r\t]| {5,}", text)
    check_components(Template(raw), components)  # raises if the provider would refuse it


def _components(raw: dict[str, Any], rendered: Rendered) -> list[dict[str, Any]]:
    named = raw["parameter_format"] == "NAMED"
    message = template_message(to="+12025550100", name="any", language="en", values=rendered.values, named=named)
    components: list[dict[str, Any]] = message["template"].get("components", [])
    return components


def _is_refused_for_a_reason(raw: dict[str, Any], rendered: Rendered) -> None:
    """What we leave out the provider refuses as well."""
    with pytest.raises(ApiError):
        check_components(Template(raw), _components(raw, rendered))


def test_a_text_of_1024_characters_fits_and_one_of_1025_does_not() -> None:
    raw = {
        "name": "any",
        "language": "en",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "Hello {{1}}, bye."}, {"type": "FOOTER", "text": "STOP"}],
    }
    taken = view(raw["components"])
    sources = parse_sources(taken, {"1": {"field": "name"}})
    room = 1024 - len("Hello , bye.")
    exact = render(taken, sources, {"name": "x" * room})
    assert exact.fits
    assert len(exact.text) == 1024
    check_components(Template(raw), _components(raw, exact))
    long = render(taken, sources, {"name": "x" * (room + 1)})
    assert [each.in_words for each in long.too_long] == ["The text has 1,025 characters, 1,024 are allowed"]
    _is_refused_for_a_reason(raw, long)
    alone = view([{"type": "BODY", "text": "Hello {{1}}, bye."}])
    assert render(alone, parse_sources(alone, {"1": {"field": "name"}}), {"name": "x" * 2_000}).fits


def test_a_value_stays_as_it_is_whatever_it_looks_like() -> None:
    taken = view([{"type": "BODY", "text": "Hello {{1}} and {{2}}, bye."}])
    sources = parse_sources(taken, {"1": {"field": "name"}, "2": {"field": "email"}})
    for odd in ("{{2}}", "{{ 2 }}", r"\1\g<0>\\", "<script>", "%s {0} $1 ${x}", "{", "}}"):
        assert render(taken, sources, {"name": odd, "email": "x"}).text == f"Hello {clean(odd)} and x, bye."
