"""A question before a step that costs something: one object for every feature, in a dialog or on a page of its own.

`confirm/_dialog.html` draws it over the page it belongs to; `confirm/page.html` for whoever comes without scripts, or
after a form that came back with an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar

from flask import render_template

from adsapp.core.clock import utcnow
from adsapp.core.inputs import digits, in_utc
from adsapp.core.web.htmx import wants_fragment
from adsapp.core.web.pages import WebPage

Crumb = tuple[str, str | None]  # text, address


@dataclass(frozen=True, slots=True)
class Choice:
    """A button that says yes; `value` goes out as `decision` if there are several."""

    text: str
    kind: str = "primary"
    icon: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph: kind plain, muted, small or strong; a link if it has an address."""

    text: str
    kind: str = "plain"
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """What is asked besides yes or no: kind text, select (options: value, text) or choice (value, title, text)."""

    label: str
    name: str
    kind: str = "text"
    value: Any = ""
    options: Sequence[tuple[Any, ...]] = ()
    help: str | None = None
    error: str | None = None
    id: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)  # attributes: required, maxlength, placeholder


@dataclass(frozen=True, slots=True)
class Shown:
    """What a question showed, as its form sends it back: how many are meant, and when they were counted.

    What was confirmed is what is done: whoever does it leaves alone what came or changed after `at`, and asks again if
    the count no longer holds. `people` is how many would get a message, "" if nobody would.
    """

    count: str
    at: datetime | None = None  # None if only the count matters
    people: str = ""

    @classmethod
    def now(cls, count: object, people: int | None = None) -> Shown:
        """As it is at this moment."""
        return cls(str(count), utcnow(), "" if people is None else str(people))

    @classmethod
    def read(cls, form: Mapping[str, str]) -> Shown:
        """As a form sent it; all is empty if it did not come from the question."""
        return cls(form.get("confirmed", ""), _moment(form), form.get("confirmed_people", ""))

    @property
    def number(self) -> int | None:
        """The count, if it was an exact one."""
        return digits(self.count)

    @property
    def fields(self) -> Sequence[tuple[str, str]]:
        """What the form sends along."""
        at = self.at.isoformat() if self.at else ""
        named = (("confirmed", self.count), ("confirmed_at", at), ("confirmed_people", self.people))
        return tuple((name, value) for name, value in named if value)


def _moment(form: Mapping[str, str]) -> datetime | None:
    at = in_utc(form.get("confirmed_at", ""))
    return min(at, utcnow()) if at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation(WebPage):
    """What will happen and to how many (`lines`), what is asked about it (`fields`), and the answers (`choices`).

    `back` is the page where one stays if it is not done, and `leave` the answer that says so. `body` is a template
    of the feature for what is more than a line; it reads `confirmation.about`. `sent_along` goes out unseen, and so
    does `shown`: how many are meant, as counted when it was asked.
    """

    template: ClassVar[str] = "confirm/page.html"

    name: str  # of the dialog: what opens it carries data-dialog="NAME"
    title: str
    action: str
    back: str
    choices: Sequence[Choice]
    leave: str = "Not now"
    lines: Sequence[Line] = ()
    body: str = ""
    about: Any = None
    fields: Sequence[Field] = ()
    sent_along: Sequence[tuple[str, Any]] = ()
    crumbs: Sequence[Crumb] = ()
    window: str = ""  # the window's title, if it is not that of the question
    why_not: str = ""  # why there is nothing to confirm; then nothing is asked
    shown: Shown | None = None
    changed: str = ""  # it was confirmed, but what was shown is no longer so: in a sentence

    @property
    def hidden(self) -> Sequence[tuple[str, Any]]:
        """The form's fields that nobody sees."""
        return (*self.sent_along, *(self.shown.fields if self.shown else ()))

    def asked_again(self, changed: str) -> Confirmation:
        """The same question, as what it is about has changed since it was asked."""
        return replace(self, changed=changed)


def ask(confirmation: Confirmation) -> str:
    """The question: its dialog for a page that opens it over itself, else as a page."""
    if wants_fragment():
        return render_template("confirm/_dialog.html", confirmation=confirmation)
    return render_template(confirmation.template, page=confirmation)


def it_was(before: object, now: object, what: str) -> str:
    """That a count changed while somebody looked."""
    return f"It was {before} {what} when you looked; now it is {now}. Look once more, then confirm."


def lines_of(first: str, *others: str) -> tuple[Line, ...]:
    """What happens in plain type, and what does not in muted."""
    return (Line(first), *(Line(text, "muted") for text in others))


def reason_field(seen_by: str, id: str | None = None) -> Field:
    """Why it is done; `seen_by` says who reads it."""
    return Field("Why (if you like)", "reason", help=seen_by, id=id, more={"maxlength": 200})
