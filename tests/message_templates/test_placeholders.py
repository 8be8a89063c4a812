"""Every variable gets a source, and every mistake is named with its variable."""

from __future__ import annotations

import pytest

from adsapp.message_templates.components import view
from adsapp.message_templates.placeholders import (
    Constant,
    FromAttribute,
    FromField,
    InvalidSources,
    parse_sources,
    to_json,
)

NAMED = view([{"type": "BODY", "text": "Hi {{first_name}}, your shop is {{shop}}."}])
POSITIONAL = view(
    [{"type": "HEADER", "format": "TEXT", "text": "For {{1}}"}, {"type": "BODY", "text": "Hi {{1}}, {{2}}."}]
)
NAME = {"field": "first_name", "fallback": "there"}


def errors(raw: dict[str, object], attributes: list[str] | None = None) -> dict[str, str]:
    with pytest.raises(InvalidSources) as caught:
        parse_sources(NAMED, raw, attributes)
    assert all(error.variable in str(caught.value) for error in caught.value.errors)
    return {error.variable: error.message for error in caught.value.errors}


def test_a_field_an_attribute_and_a_constant_are_sources() -> None:
    raw = {"body.first_name": NAME, "body.shop": {"field": "attribute:shop"}}
    assert parse_sources(NAMED, raw) == {
        "body.first_name": FromField("first_name", "there"),
        "body.shop": FromAttribute("shop"),
    }
    assert parse_sources(NAMED, {**raw, "body.shop": {"value": "North"}})["body.shop"] == Constant("North")


def test_a_short_key_means_the_body() -> None:
    sources = parse_sources(POSITIONAL, {"1": NAME, "{{2}}": {"value": "May"}, "header.1": {"value": "you"}})
    assert list(sources) == ["header.1", "body.1", "body.2"]
    assert sources["body.2"] == Constant("May")


def test_sources_survive_the_round_trip_through_json() -> None:
    sources = parse_sources(NAMED, {"first_name": NAME, "shop": {"field": "attribute:shop"}})
    assert parse_sources(NAMED, to_json(sources)) == sources


def test_a_template_without_variables_needs_nothing() -> None:
    assert parse_sources(view([{"type": "BODY", "text": "Hello."}]), {}) == {}


def test_a_variable_without_a_source_is_named() -> None:
    found = errors({"first_name": NAME})
    assert found == {"body.shop": "no value is given for 'Shop': name a field or a value"}


def test_all_mistakes_are_told_at_once() -> None:
    assert set(errors({"first_name": {}, "shop": 5, "extra": NAME})) == {"body.first_name", "body.shop", "extra"}


def test_an_unknown_variable_says_what_was_meant() -> None:
    assert "did you mean 'body.first_name'?" in errors({"frist_name": NAME})["frist_name"]
    assert "it has body.first_name, body.shop" in errors({"zzz": NAME})["zzz"]


def test_an_unknown_field_says_what_was_meant() -> None:
    assert "did you mean 'first_name'?" in errors({"first_name": {"field": "firstname"}})["body.first_name"]
    assert "there are first_name" in errors({"first_name": {"field": "zzz"}})["body.first_name"]


def test_an_unknown_attribute_is_an_error_only_where_the_attributes_are_known() -> None:
    raw: dict[str, object] = {"first_name": NAME, "shop": {"field": "attribute:shpo"}}
    assert parse_sources(NAMED, raw)["body.shop"] == FromAttribute("shpo")
    assert "did you mean 'shop'?" in errors(raw, ["shop"])["body.shop"]
    assert "there are none yet" in errors(raw, [])["body.shop"]
    bare: dict[str, object] = {"first_name": NAME, "shop": {"field": "shop"}}
    assert "write 'attribute:shop'" in errors(bare, ["shop"])["body.shop"]


@pytest.mark.parametrize(
    "entry, message",
    [
        ("Ana", "must be"),
        ({}, "either a field or a value"),
        ({"field": "phone", "value": "x"}, "either a field or a value"),
        ({"value": "x", "default": "y"}, "'default' is not known"),
        ({"value": 5}, "must be text"),
        ({"value": " \n"}, "the value is empty"),
        ({"value": None}, "the value is empty"),
        ({"value": "x", "fallback": "y"}, "needs no fallback"),
        ({"field": None}, "there is no field ''"),
        ({"field": "attribute: "}, "name the attribute"),
    ],
)
def test_a_source_of_the_wrong_shape_says_what_is_wrong(entry: object, message: str) -> None:
    assert message in errors({"first_name": NAME, "shop": entry})["body.shop"]


def test_a_variable_given_twice_is_an_error() -> None:
    assert errors({"first_name": NAME, "body.first_name": NAME, "shop": NAME}) == {"body.first_name": "is given twice"}
