"""How values are written, in which locale; and what cannot be read is no value."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from adsapp.message_templates import formatters
from adsapp.message_templates.components import view
from adsapp.message_templates.formatters import KINDS, FormatError
from adsapp.message_templates.languages import NAMES
from adsapp.message_templates.placeholders import InvalidSources, parse_sources, to_json, why_empty
from adsapp.message_templates.rendering import render
from adsapp.message_templates.typed import FORMATS, HowTyped

DATE = {"name": "date", "locale": "pt_BR"}
EUROS = {"name": "currency", "locale": "de", "currency": "EUR"}
BODY = view([{"type": "BODY", "text": "Due {{1}}, bye."}])


@pytest.mark.parametrize(
    "how, typed, written",
    [
        ("title", "MARIA DEL MAR O'NEIL-SMITH", "Maria Del Mar O'Neil-Smith"),
        ("title", "Ronald McDonald", "Ronald McDonald"),
        ("title", "it's", "It's"),
        ("title", "éric", "Éric"),
        ("first_word", "María José Pérez", "María"),
        ("first_word", "Pérez, María", "Pérez"),
        ("upper", "straße", "STRASSE"),
        (["first_word", "title"], "ANA MARIA", "Ana"),
        (DATE, "2026-12-01", "1 de dezembro de 2026"),
        (DATE, "2026-12-01T08:30:00Z", "1 de dezembro de 2026"),
        (DATE, "1.12.2026", "1 de dezembro de 2026"),
        (DATE, "2026-02-30", ""),
        (DATE, "1/12/2026", ""),
        (DATE, "soon", ""),
        (DATE | {"order": "dmy"}, "1/12/2026", "1 de dezembro de 2026"),
        (DATE | {"order": "mdy"}, "12/1/2026", "1 de dezembro de 2026"),
        (DATE | {"style": "short"}, "2026-12-01", "01/12/2026"),
        ({"name": "date", "locale": "ja", "style": "full"}, "2026-12-01", "2026年12月1日火曜日"),
        ({"name": "number", "locale": "de"}, "1234567.5", "1.234.567,5"),
        ({"name": "number", "locale": "hi"}, "12345678", "1,23,45,678"),
        ({"name": "number", "locale": "de", "decimals": 2}, "7", "7,00"),
        ({"name": "number", "locale": "de", "decimals": 0}, "7.6", "8"),
        ({"name": "number", "locale": "en"}, "1.234,50", "1,234.5"),
        ({"name": "number", "locale": "en"}, "1,234,567", "1,234,567"),
        ({"name": "number", "locale": "en"}, "12,5", "12.5"),
        ({"name": "number", "locale": "en"}, "1 234.5", "1,234.5"),
        ({"name": "number", "locale": "en"}, "1,234", ""),  # a thousand, or a little more than one?
        ({"name": "number", "locale": "en"}, "1e5", ""),
        ({"name": "number", "locale": "en"}, "10000000000000000000000000", ""),
        ({"name": "number", "locale": "en"}, "٣", ""),
        (EUROS, "1234.5", "1.234,50\u00a0€"),
        (EUROS | {"locale": "pt-BR"}, "1234.5", "€\u00a01.234,50"),
        (EUROS | {"currency": "JPY", "locale": "ja"}, "1234.5", "￥1,234"),
        (EUROS, "free", ""),
        ("title", "", ""),
    ],
)
def test_a_value_is_written_as_its_formatters_say(how: object, typed: str, written: str) -> None:
    assert formatters.parse(how).write(typed) == written


@pytest.mark.parametrize(
    "how, message",
    [
        ("titel", "there is no formatter 'titel'; did you mean 'title'?"),
        (5, "there is no formatter None; there are title, first_word, upper, date, number, currency, link"),
        ("date", "the formatter date needs a locale, such as pt_BR"),
        ({"name": "date", "locale": "xx_YY"}, "there is no locale 'xx_YY'; an example is pt_BR"),
        ({"name": "date", "locale": 5}, "there is no locale 5; an example is pt_BR"),
        (DATE | {"style": "tall"}, "a date has no style 'tall'; there are short, medium, long, full"),
        (DATE | {"order": "ydm"}, "a date has no order 'ydm'; there are ymd, dmy, mdy"),
        (DATE | {"styl": "long"}, "the formatter date has no option 'styl'; did you mean 'style'?"),
        ({"name": "upper", "locale": "de"}, "the formatter upper has no option 'locale'; it has none"),
        ({"name": "currency", "locale": "de"}, "the formatter currency needs a currency, such as EUR"),
        (EUROS | {"currency": "EURO"}, "there is no currency 'EURO'; an example is EUR"),
        (
            {"name": "number", "locale": "de", "decimals": True},
            "decimals should be a number from 0 to 6, or -1 for as many as there are",
        ),
        (["title"] * 4, "has 4 formatters; 3 are allowed"),
    ],
)
def test_a_formatter_that_does_not_fit_is_named_with_what_would(how: object, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        formatters.parse(how)
    assert str(caught.value) == message
    with pytest.raises(InvalidSources) as invalid:
        parse_sources(BODY, {"1": {"field": "name", "format": how}})
    assert [(error.variable, error.message) for error in invalid.value.errors] == [("body.1", message)]


def test_each_formatter_has_a_name_and_a_description() -> None:
    for name, kind in KINDS.items():
        assert kind.name == name
        assert kind.description


@given(st.text(max_size=200))
def test_no_text_breaks_a_formatter_or_outgrows_what_it_promises(text: str) -> None:
    for how in ("title", "first_word", "upper", DATE, EUROS, {"name": "number", "locale": "ar"}, ["upper", "title"]):
        written = formatters.parse(how)
        assert len(written.write(text)) <= written.longest(len(text))


@settings(max_examples=10)
@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, max_value=10**15), st.dates())
def test_dates_and_amounts_never_outgrow_what_is_promised_in_any_language(number: object, day: object) -> None:
    for code in filter(formatters.is_locale, NAMES):
        for how in (
            {"name": "date", "locale": code, "style": "full"},
            {"name": "currency", "locale": code, "currency": "XCD"},
        ):
            written = formatters.parse(how)
            assert len(written.write(str(day))) <= written.longest(10)
            assert len(written.write(str(number))) <= written.longest(20)


def test_what_cannot_be_read_is_as_if_it_were_empty() -> None:
    sources = parse_sources(BODY, {"1": {"field": "attribute:due", "format": DATE}})
    rendered = render(BODY, sources, {"attributes": {"due": "soon"}})
    assert rendered.missing == ("body.1",)
    assert why_empty(sources["body.1"], {"attributes": {"due": "soon"}}) == "“soon” is no date"
    assert why_empty(sources["body.1"], {}) == "is empty"
    fallen_back = parse_sources(BODY, {"1": {"field": "attribute:due", "format": DATE, "fallback": "em breve"}})
    assert render(BODY, fallen_back, {"attributes": {"due": "soon"}}).text == "Due em breve, bye."


def test_a_default_stands_in_if_its_condition_holds_and_the_first_of_them_wins() -> None:
    raw = {
        "field": "first_name",
        "fallback": "friend",
        "defaults": [
            {"field": "attribute:plan", "is": "gold", "value": "gold member"},
            {"field": "country", "is": "DE", "value": "Kundin"},
        ],
    }
    sources = parse_sources(BODY, {"1": raw})
    assert to_json(sources) == {"body.1": raw}
    assert parse_sources(BODY, to_json(sources)) == sources
    for person, text in (
        ({"first_name": "Ana", "country": "DE"}, "Ana"),
        ({"country": "DE"}, "Kundin"),
        ({"country": "DE", "attributes": {"plan": "gold"}}, "gold member"),
        ({"country": "FR"}, "friend"),
    ):
        assert sources["body.1"].value(person) == text


@pytest.mark.parametrize(
    "defaults, message",
    [
        ("DE", "defaults should be a list of 10 at most"),
        ([{"field": "country", "is": "DE"}], 'a default must be {"field": "…", "is": "…", "value": "…"}'),
        (
            [{"field": "contry", "is": "DE", "value": "x"}],
            "the condition of a default: there is no field 'contry'; did you mean 'country'?",
        ),
        ([{"field": "country", "is": "DE", "value": " "}], "a default has no text to stand in"),
    ],
)
def test_a_default_that_does_not_fit_is_named(defaults: object, message: str) -> None:
    with pytest.raises(InvalidSources) as caught:
        parse_sources(BODY, {"1": {"field": "name", "defaults": defaults}})
    assert [error.message for error in caught.value.errors] == [message]


def test_a_text_for_everyone_takes_no_format() -> None:
    with pytest.raises(InvalidSources, match="a value needs no format"):
        parse_sources(BODY, {"1": {"value": "May", "format": "upper"}})


# --- the form ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", FORMATS)
def test_what_the_form_offers_is_kept_as_json_and_comes_back_as_chosen(chosen: str) -> None:
    needs_locale = isinstance(FORMATS[chosen][1], dict)
    more = {"locale": "de"} if needs_locale else {}
    more |= {"currency": "EUR"} if chosen == "currency" else {}
    more |= {"order": "dmy"} if chosen.startswith("date") else {}
    typed = HowTyped(chosen, **more)
    entry = typed.as_json
    assert formatters.parse(entry["format"])
    assert HowTyped.stored(entry) == typed
    stored = formatters.to_json(formatters.parse(entry["format"]))
    assert HowTyped.stored({"format": stored}) == typed
    fields = MultiDict(list(typed.pairs("body.1")))
    assert HowTyped.read(fields, "body.1") == typed


def test_what_only_a_program_can_make_is_carried_through_the_form() -> None:
    entry = {
        "format": [{"name": "number", "locale": "de", "decimals": 4}, "upper"],
        "defaults": [
            {"field": "country", "is": "DE", "value": "Kunde"},
            {"field": "country", "is": "FR", "value": "client"},
        ],
    }
    typed = HowTyped.stored(entry)
    assert (typed.if_field, typed.if_is, typed.if_value) == ("country", "DE", "Kunde")
    assert typed.as_json == entry
    assert ("as a number (de), in capitals") in dict(typed.formats)[json.dumps(entry["format"])]


def test_a_form_with_nonsense_says_so_beside_its_variable() -> None:
    typed = HowTyped(format="{no json", defaults="nonsense")
    assert "there is no formatter" in typed.in_words
    with pytest.raises(InvalidSources):
        parse_sources(BODY, {"1": {"field": "name", **typed.as_json}})
