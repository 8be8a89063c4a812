"""What the preview shows is what is sent, and an empty value is never sent."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.integrations.whatsapp.messages import template_message
from adsapp.message_templates.components import view
from adsapp.message_templates.placeholders import as_text, parse_sources
from adsapp.message_templates.rendering import Rendered, Renderer, render
from tests.paths import CASES

GREETING = view([{"type": "BODY", "text": "Hello {{1}}, your note: {{2}}\n- bye."}])
SOURCES = parse_sources(GREETING, {"1": {"field": "name"}, "2": {"field": "attribute:note"}})


def greet(**person: Any) -> Rendered:
    return render(GREETING, SOURCES, person)


def people() -> dict[str, dict[str, Any]]:
    with (CASES / "T01-whitespace-in-parameter" / "contacts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["name"]: {"name": row["name"], "attributes": {"note": row["note"]}} for row in rows}


def test_the_case_of_odd_white_space_renders_as_it_is_sent() -> None:
    ana = people()["Ana Test"]
    stored = json.dumps(ana)
    rendered = greet(**ana)
    assert rendered.values == {"body.1": "Ana Test", "body.2": "Line one Line two Tab five spaces"}
    assert json.dumps(ana) == stored
    body = template_message(to="+12025550100", name="note", language="en", values=rendered.values)
    assert body["template"]["components"][0]["parameters"][1]["text"] == rendered.values["body.2"]


def test_line_breaks_of_the_template_itself_are_kept() -> None:
    assert greet(**people()["Ben Test"]).text.endswith("\n- bye.")


def test_a_value_of_white_space_is_missing_and_shows_its_placeholder() -> None:
    rendered = greet(**people()["Cy Test"])
    assert rendered.missing == ("body.2",)
    assert rendered.values == {"body.1": "Cy Test"}
    assert rendered.parts == [
        ("Hello ", False),
        ("Cy Test", True),
        (", your note: ", False),
        ("{{2}}", True),
        ("\n- bye.", False),
    ]


def test_a_fallback_stands_in_for_an_empty_field() -> None:
    sources = parse_sources(GREETING, {"1": {"field": "first_name", "fallback": "there"}, "2": {"value": "May"}})
    renderer = Renderer(GREETING, sources)
    for empty in ({}, {"first_name": None}, {"first_name": " "}, {"first_name": "\u200b"}):
        assert renderer.render(empty).text.startswith("Hello there, your note: May")
    assert renderer.render({"first_name": "Ana"}).values["body.1"] == "Ana"


def test_a_full_name_is_put_together_where_it_is_not_kept_as_one() -> None:
    assert greet(first_name="Ana", last_name="Test").values["body.1"] == "Ana Test"
    assert greet(first_name="Ana", last_name=None).values["body.1"] == "Ana"
    assert greet(name="Dr. Test", first_name="Ana").values["body.1"] == "Dr. Test"


@pytest.mark.parametrize(
    "value, text", [(5.0, "5"), (5.5, "5.5"), (7, "7"), (True, "yes"), (False, "no"), (None, ""), ("a\nb", "a b")]
)
def test_stored_values_read_as_people_write_them(value: object, text: str) -> None:
    assert as_text(value) == text


def test_attributes_that_are_missing_altogether_are_empty() -> None:
    assert greet(name="Ana").missing == ("body.2",)
    assert greet(name="Ana", attributes=None).missing == ("body.2",)


def test_header_and_link_are_part_of_the_preview() -> None:
    rich = view(
        [
            {"type": "HEADER", "format": "TEXT", "text": "For {{1}}"},
            {"type": "BODY", "text": "Hello."},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "No"},
                    {"type": "URL", "text": "Go", "url": "https://shop.example/o/{{1}}"},
                ],
            },
        ]
    )
    sources = parse_sources(rich, {"header.1": {"value": "Ana"}, "button.1.1": {"field": "attribute:order"}})
    rendered = render(rich, sources, {"attributes": {"order": "a b"}})
    assert rendered.header_parts == [("For ", False), ("Ana", True)]
    assert rendered.button_url(1) == "https://shop.example/o/a%20b"
    assert rendered.button_url(0) == ""
    assert greet(name="Ana").header_parts == []


@given(st.dictionaries(st.sampled_from(["name", "first_name", "last_name"]), st.text()), st.text())
def test_a_variable_is_either_sendable_or_missing(person: dict[str, str], note: str) -> None:
    rendered = greet(**person, attributes={"note": note})
    assert set(rendered.values) | set(rendered.missing) == {"body.1", "body.2"}
    assert not set(rendered.values) & set(rendered.missing)
    template_message(to="+12025550100", name="note", language="en", values=rendered.values)
