"""A question before a step that costs something: one object for every feature, in a dialog or on a page of its own.

`confirm/_dialog.html` draws it over the page it belongs to; `confirm/page.html` for whoever comes without scripts, or
after a form that came back with an error.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation(WebPage):
    """What will happen and to how many (`lines`), what is asked about it (`fields`), and the answers (`choices`).

    `back` is the page where one stays if it is not done, and `leave` the answer that says so. `body` is a template
    of the feature for what is more than a line; it reads `confirmation.about`. `sent_along` goes out unseen.
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


def lines_of(first: str, *others: str) -> tuple[Line, ...]:
    """What happens in plain type, and what does not in muted."""
    return (Line(first), *(Line(text, "muted") for text in others))


def reason_field(seen_by: str, id: str | None = None) -> Field:
    """Why it is done; `seen_by` says who reads it."""
    return Field("Why (if you like)", "reason", help=seen_by, id=id, more={"maxlength": 200})
