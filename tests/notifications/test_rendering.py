"""Every kind of letter has a subject, a text and an HTML part that say all of it, whatever is put into it."""

import dataclasses
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from adsapp.config import RESOURCES
from adsapp.jobs.redaction import redact
from adsapp.notifications.letters import KINDS, Letter, letter_from
from adsapp.notifications.rendering import LONGEST_SUBJECT, Mail, render

from .letters import LETTERS

SETTINGS = "https://console.example/settings/notifications"
HOSTILE = 'Bread"><script>alert(1)</script>{{ 7 * 7 }}\r\nBcc: eve@example.com\x00\u0085end'
EACH = pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.kind)


class Reader(HTMLParser):
    """Tags, links and words of an HTML part."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attributes if name in ("href", "src")]
        assert not [name for name, _ in attributes if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words += data


def rendered(letter: Letter, name: str = "Alice") -> Mail:
    return render(letter, name=name, settings_url=SETTINGS)


def words_of(letter: Letter) -> list[str]:
    """Everything it says, as it is written."""
    flat: list[Any] = []
    for value in dataclasses.asdict(letter).values():
        flat += [word for line in value for word in line] if isinstance(value, tuple) else [value]
    return [f"{value:,}" if isinstance(value, int) else value for value in flat if value != ""]


def hostile(letter: Letter) -> Letter:
    """The same kind, with text that wants to be more than text in every place but the link."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(letter):
        if field.type in ("str", str) and field.name not in ("url", "secret_url"):
            changes[field.name] = HOSTILE
        if field.name == "lines":
            changes[field.name] = ((HOSTILE, HOSTILE),)
    return dataclasses.replace(letter, **changes)


@EACH
def test_a_letter_says_all_it_has_in_text_and_in_html(letter: Letter) -> None:
    mail = rendered(letter)
    html = Reader(mail.html)
    shown = html.words + " ".join(html.links)
    failed = bool(getattr(letter, "failure", ""))
    for words in ["Hello Alice,", *words_of(letter)]:
        assert words in shown
        assert words in mail.text or (failed and words == "0")  # how many were rejected until it failed
    assert mail.subject
    assert "  " not in mail.subject
    chosen = letter.kind not in ("invitation", "password_reset")
    assert (SETTINGS in mail.text, SETTINGS in html.links) == (chosen, chosen)
    assert not re.search(r"\n{4,}|[{}]|None", mail.text)


@EACH
def test_hostile_values_stay_text(letter: Letter) -> None:
    mail = rendered(hostile(letter), name=HOSTILE)
    html = Reader(mail.html)
    assert not html.tags & {"script", "img", "iframe", "form", "style"}
    assert set(html.links) <= {SETTINGS, letter.link}
    assert mail.subject.isprintable()
    assert len(mail.subject) <= LONGEST_SUBJECT
    assert "49" not in mail.subject + mail.text + html.words
    assert "\x00" not in mail.text


def test_a_letter_comes_back_as_it_was_kept() -> None:
    assert [letter_from(letter.kind, letter.as_json()) for letter in LETTERS] == list(LETTERS)
    assert {letter.kind for letter in LETTERS} == set(KINDS)


@EACH
def test_no_page_shows_a_link_that_lets_somebody_in(letter: Letter) -> None:
    shown = str(redact(letter.as_json(), whole=True))
    assert (letter.link in shown) is (letter.kind not in ("invitation", "password_reset"))


def test_each_kind_has_its_three_templates_and_no_other_folder_is_there() -> None:
    root = RESOURCES / "templates" / "notifications"
    found = {folder.name: {path.name for path in folder.iterdir()} for folder in root.iterdir() if folder.is_dir()}
    parts = {"subject.txt.jinja", "body.txt.jinja", "body.html.jinja"}
    assert found == dict.fromkeys(KINDS, parts)


def test_nobody_without_a_name_is_greeted_by_none() -> None:
    assert rendered(LETTERS[0], name="").text.startswith("Hello,")
