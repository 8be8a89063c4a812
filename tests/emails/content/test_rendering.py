"""One literal pass, no markup and no header out of a value, and a text that reads as the HTML does."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adsapp.emails.content.placeholders import UNSUBSCRIBE, unsafe_places
from adsapp.emails.content.plain_text import plain_text
from adsapp.emails.content.preview import POLICY, preview_document
from adsapp.emails.content.rendering import EmailContent, Filler, RenderedEmail, parse_variables, render
from adsapp.message_templates.placeholders import InvalidSources, to_json

ODD = st.text() | st.sampled_from(
    ["{{b}}", "\\1 \\g<0>", "<b onclick='x'>&amp;</b>", "a\r\nBcc: eve@example.com", "\x85"]
)
GREETING = EmailContent(
    "For {{ first_name }}",
    '<p title="{{first_name}}">Hello {{first_name}}, {{attribute:city}} has {{offer}}.</p>',
    variables={"offer": {"value": "10 % & more"}, "first_name": {"field": "first_name", "fallback": "you"}},
)


class Tags(HTMLParser):
    """The tags of a markup, and its text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.data = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.data += data


@given(a=ODD, b=ODD)
@example(a="{{b}}", b="{{a}}")
def test_each_value_is_put_in_once_as_it_is_and_is_never_markup_or_a_header(a: str, b: str) -> None:
    content = EmailContent("{{a}}!{{b}}", '<p title="{{ a }}">{{a}}<i>{{b}}</i></p>', "{{a}}|{{ b }}|{{c}}")
    rendered = render(content, {"a": a, "b": b})
    assert rendered.text == f"{a}|{b}|{{{{c}}}}"
    assert rendered.html == f'<p title="{html.escape(a)}">{html.escape(a)}<i>{html.escape(b)}</i></p>'
    assert Tags(rendered.html).tags == ["p", "i"]
    assert len(f"x{rendered.subject}x".splitlines()) == 1
    assert rendered == render(content, {"b": b, "a": a})


@given(st.text())
def test_a_subject_of_whatever_text_stays_one_line(subject: str) -> None:
    assert len(f"x{render(EmailContent(subject), {}).subject}x".splitlines()) == 1


@given(st.text())
@example("<p>{{x}}<script>alert(1)</script><![<a href=''><table><td><ul><li><pre>\n</td>")
def test_of_any_html_a_text_is_made_and_its_placeholders_are_judged(markup: str) -> None:
    assert not plain_text(markup).startswith("\n")
    assert {error.variable for error in unsafe_places(markup)} <= set(EmailContent("", markup).variables_used)


def test_values_come_from_fields_attributes_and_what_was_told() -> None:
    assert GREETING.variables_used == ("first_name", "attribute:city", "offer")
    ana = Filler(GREETING).fill({"first_name": "Ana\n<b>", "attributes": {"city": "Bonn"}})
    assert ana.values == {"first_name": "Ana <b>", "attribute:city": "Bonn", "offer": "10 % & more"}
    assert render(GREETING, ana.values) == RenderedEmail(
        "For Ana <b>",
        '<p title="Ana &lt;b&gt;">Hello Ana &lt;b&gt;, Bonn has 10 % &amp; more.</p>',
        "Hello Ana <b>, Bonn has 10 % & more.",
    )
    assert Filler(GREETING).fill({}).missing == ("attribute:city",)
    assert Filler(EmailContent("{{nobody_knows}}")).fill({}).missing == ("nobody_knows",)


def test_a_known_field_or_attribute_needs_no_source_and_everything_else_does() -> None:
    stored = to_json(parse_variables(EmailContent("{{first_name}} {{city}}"), {}, ["city"]))
    assert stored == {"first_name": {"field": "first_name"}, "city": {"field": "attribute:city"}}
    told = to_json(parse_variables(EmailContent("", "{{gr&ouml;&szlig;e}}"), {"{{ Größe }}": {"value": "M"}}, []))
    assert told == {"größe": {"value": "M"}}


@pytest.mark.parametrize(
    "markup, raw, wrong",
    [
        ("{{offer}}", {}, ("offer", "no value is given")),
        ("{{first name}}", {}, ("first name", "no value is given")),
        ("{{attribute:citty}}", {}, ("attribute:citty", "did you mean 'city'?")),
        ("{{city}}", {"city": {"field": "attribute:town"}}, ("city", "no contact has an attribute 'town'")),
        ("{{city}}", {"offer": {"value": "x"}}, ("offer", "no such variable")),
        ("<a href={{city}}>x</a>", {}, ("city", "outside of quotes")),
        ("<p {{city}}='x'>x</p>", {}, ("city", "outside of quotes")),
        ("<script>var city = '{{city}}'</script>", {}, ("city", "stands in a script")),
    ],
)
def test_what_is_wrong_with_a_placeholder_is_told_by_its_name(
    markup: str, raw: dict[str, object], wrong: tuple[str, str]
) -> None:
    with pytest.raises(InvalidSources) as caught:
        parse_variables(EmailContent("Hello", markup), raw, ["city"])
    assert [(error.variable, wrong[1] in error.message) for error in caught.value.errors] == [(wrong[0], True)]


def test_the_unsubscribe_link_is_each_persons_own_and_needs_no_source() -> None:
    content = EmailContent("Hi", f'<a href="{{{{{UNSUBSCRIBE}}}}}">Unsubscribe</a>')
    assert content.variables_used == ()
    assert content.has_unsubscribe_link
    assert not EmailContent("Hi", content.html, "no link").has_unsubscribe_link
    rendered = render(content, {UNSUBSCRIBE: "not this"}, "https://x.test/u?a=1&b=2")
    assert rendered.html == '<a href="https://x.test/u?a=1&amp;b=2">Unsubscribe</a>'
    assert rendered.text == "Unsubscribe (https://x.test/u?a=1&b=2)"


NEWSLETTER = """<!doctype html><html><head><title>No</title><style>p{color:red}</style></head><body>
<h1>The   <b>summer</b>
sale</h1><p>Dear {{first_name}},<br>look at <a href="https://x.test/a?b=1&amp;c=2">our shop</a>, <a
href="mailto:shop@x.test">shop@x.test</a> or <a href="https://x.test/">x.test</a>.</p>
<ul><li>Hats</li><li>Shoes<ol><li>red<li>blue</ol></li></ul>
<table><tr><th>Size</th><th>Price</th></tr><tr><td>M</td><td>9 &euro;</td></tr></table>
<a href="https://x.test/pic"><img src="https://x.test/p.png" alt="A hat"></a>
<pre>  two
    lines</pre><div>one</div><div>two</div></body></html>"""
AS_TEXT = """The summer sale

Dear {{first_name}},
look at our shop (https://x.test/a?b=1&c=2), shop@x.test (mailto:shop@x.test) or x.test (https://x.test/).

- Hats
- Shoes
  1. red
  2. blue

Size | Price
M    | 9 €

A hat (https://x.test/pic)

  two
    lines

one

two"""


def test_the_text_of_a_newsletter_reads_as_the_newsletter() -> None:
    assert plain_text(NEWSLETTER) == AS_TEXT


def test_the_preview_begins_with_a_policy_that_forbids_scripts_and_remote_pictures() -> None:
    document = preview_document(RenderedEmail("", NEWSLETTER, ""))
    policy, own = document.index("Content-Security-Policy"), document.index("<title>No")
    assert policy < own
    assert "default-src 'none'" in POLICY
    assert "script-src" not in POLICY
    assert "img-src data:;" in POLICY
    assert "&lt;script&gt;" in preview_document(RenderedEmail("", "", "<script>"))


def test_values_are_written_by_the_same_formatters_as_those_of_messages() -> None:
    raw = {
        "first_name": {"field": "first_name", "format": "title", "fallback": "there"},
        "due": {"field": "attribute:due", "format": {"name": "date", "locale": "de"}},
    }
    content = EmailContent("Hello {{first_name}}", text="Due {{due}}")
    stored = EmailContent(content.subject, text=content.text, variables=to_json(parse_variables(content, raw)))
    filler = Filler(stored)
    filled = filler.fill({"first_name": "ANA", "attributes": {"due": "2026-12-01"}})
    assert render(stored, filled.values).subject == "Hello Ana"
    assert render(stored, filled.values).text == "Due 1. Dezember 2026"
    assert filler.fill({"first_name": "", "attributes": {"due": "soon"}}).missing == ("due",)
