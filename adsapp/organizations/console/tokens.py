"""Settings → API tokens: the keys that programs use."""

from typing import Final

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.core.ids import parse_id
from adsapp.core.inputs import whole_number
from adsapp.core.web.confirmation import ask
from adsapp.core.web.pages import render
from adsapp.organizations import queries, service
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.console import dialogs, pages
from adsapp.organizations.console.forms import Typed
from adsapp.organizations.console.roles import WORDS, parse_role
from adsapp.organizations.models import ApiToken, Role
from adsapp.organizations.policy import Permission

views = Blueprint("tokens", __name__)

ASKED: Final = "manage API tokens"
USUAL_DAYS: Final = "90"
SAVE_IT: Final = "Save it where the program finds it. It is a password: whoever has it acts with its role."
SEND_IT: Final = "The program sends it with each request: Authorization: Bearer TOKEN"


@views.get("/settings/tokens")
@allow(Permission.ADMINISTER, to=ASKED)
def list_tokens() -> ResponseReturnValue:
    """The tokens."""
    return render(pages.TokensPage.of(current_actor()))


@views.get("/settings/tokens/new")
@allow(Permission.ADMINISTER, to=ASKED)
def new_token() -> ResponseReturnValue:
    """The form to make one."""
    return render(pages.TokenPage.of(current_actor(), Typed({"role": Role.AGENT.value, "days": USUAL_DAYS})))


@views.post("/settings/tokens")
@allow(Permission.ADMINISTER, to=ASKED)
def add_token() -> ResponseReturnValue:
    """Make a token and show it once."""
    actor, form = current_actor(), Typed.of(request.form, "name", "role", "days")
    typed = form.values
    try:
        days = whole_number("days", typed["days"], 1, service.MOST_DAYS)
        token, text = service.add_token(typed["name"], parse_role(typed["role"]), days, by=actor.by())
    except Invalid as problem:
        db.session.rollback()
        return render(pages.TokenPage.of(actor, form.refused(problem, "name"))), problem.status
    db.session.commit()
    return render(_made(token, text)), 201


@views.get("/settings/tokens/<token_id>/revocation")
@allow(Permission.ADMINISTER, to=ASKED)
def ask_to_revoke(token_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(dialogs.revocation(queries.own_token(parse_id(token_id))))


@views.post("/settings/tokens/<token_id>/revocation")
@allow(Permission.ADMINISTER, to=ASKED)
def revoke(token_id: str) -> ResponseReturnValue:
    """Take a token back."""
    token = queries.own_token(parse_id(token_id))
    name = token.name
    service.revoke_token(token, current_actor().by())
    db.session.commit()
    flash(f"“{name}” is revoked", "good")
    return redirect(url_for("tokens.list_tokens"), 303)


def _made(token: ApiToken, text: str) -> pages.SecretPage:
    return pages.SecretPage(
        title=f"“{token.name}” is made",
        what="token",
        secret=text,
        texts=(SAVE_IT, SEND_IT),
        tab="API tokens",
        back=url_for("tokens.list_tokens"),
        facts=(("Role", WORDS[token.role][0]),),
    )
