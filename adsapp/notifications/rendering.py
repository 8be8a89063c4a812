"""A letter as it is sent: subject, text and HTML, each from a template of its kind.

These templates are not those of pages: they stand alone, know nothing of requests, and a missing value is an error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from adsapp.config import RESOURCES
from adsapp.core.words import plural
from adsapp.notifications.letters import Letter

_NOT_PRINTED = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
LONGEST_SUBJECT = 200


@dataclass(frozen=True)
class Mail:
    """What a mail is made of; `subject` is one line."""

    subject: str
    text: str
    html: str


def render(letter: Letter, *, name: str, settings_url: str) -> Mail:
    """The letter for somebody of this name; `settings_url` is where they choose what they get."""
    values = {"letter": letter, "name": one_line(name), "settings_url": settings_url}
    subject = one_line(_filled(letter, "subject.txt", values))[:LONGEST_SUBJECT]
    values["subject"] = subject
    return Mail(subject, _filled(letter, "body.txt", values).strip() + "\n", _filled(letter, "body.html", values))


def _filled(letter: Letter, part: str, values: Mapping[str, object]) -> str:
    text = _environment().get_template(f"notifications/{letter.kind}/{part}.jinja").render(values)
    return _CONTROL.sub("", text)


def one_line(text: str) -> str:
    """No line break or other control character gets into a header."""
    return _NOT_PRINTED.sub(" ", text).strip()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(RESOURCES / "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(plural=plural, count=lambda number: f"{number:,}", one_line=one_line)
    return environment
