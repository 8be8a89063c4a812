"""Where the pages of e-mails are attached, and the tabs that lead from one of them to the others."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, url_for

views = Blueprint("emails", __name__)

_TABS: Final = (
    ("E-mails", "emails.list_emails"),
    ("Templates", "emails.list_templates"),
    ("Suppressions", "emails.list_suppressions"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the lists."""

    label: str
    url: str
    active: bool


def tabs(current: str) -> tuple[Tab, ...]:
    """The lists there are; `current` is the label of the one that is shown."""
    return tuple(Tab(label, url_for(endpoint), label == current) for label, endpoint in _TABS)
