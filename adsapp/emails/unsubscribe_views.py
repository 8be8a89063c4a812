"""Where the link in an e-mail leads: a page that asks once, and the click of a mail program (RFC 8058). Nobody has to
sign in."""

from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.web.pages import WebPage, render
from adsapp.emails.unsubscribe import Reader, open_link, unsubscribe
from adsapp.organizations.access import public

views = Blueprint("unsubscribe", __name__)


@dataclass(frozen=True, slots=True)
class UnsubscribePage(WebPage):
    """The question, or that it is done."""

    template: ClassVar[str] = "email/unsubscribe.html"

    reader: Reader
    is_done: bool


@views.get("/unsubscribe/<token>")
@public
def ask(token: str) -> ResponseReturnValue:
    """Ask once: programs that look at links must not unsubscribe anybody."""
    reader = open_link(token)
    return render(UnsubscribePage(reader, reader.is_out))


@views.post("/unsubscribe/<token>")
@public
def leave(token: str) -> ResponseReturnValue:
    """Send nothing more, however often it is said."""
    reader = open_link(token)
    unsubscribe(reader)
    db.session.commit()
    return render(UnsubscribePage(reader, is_done=True))
