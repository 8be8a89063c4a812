"""Pages: sign in, sign out, choose another organization."""

import math
from datetime import timedelta

from flask import Blueprint, flash, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from adsapp.core import db
from adsapp.core.errors import Conflict, NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import own_path
from adsapp.core.logs import get_logger
from adsapp.core.web.security import client_address, csrf
from adsapp.core.web.templating import format_duration
from adsapp.organizations import service, throttling
from adsapp.organizations.access import allow, current_actor, public, signed_in
from adsapp.organizations.known_browsers import KnownBrowser
from adsapp.organizations.models import User
from adsapp.organizations.policy import Permission
from adsapp.organizations.throttling import Place

views = Blueprint("sign_in", __name__)
log = get_logger()


@views.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(_safe(request.args.get("next", "")))
    return _form(next=request.args.get("next", ""), has_ended=bool(request.args.get("ended")))


@views.post("/sign-in")
@public
def check_sign_in() -> ResponseReturnValue:
    """Check the password; the response does not reveal whether the address is known."""
    csrf.protect()
    db.session.remove()  # who was signed in here until now may belong to another organization
    email, browser = request.form.get("email", ""), KnownBrowser.of_request()
    place = browser.place_of(email)
    wait = throttling.count_try(place)
    db.session.commit()
    if wait > timedelta(0):
        return _told_to_wait(wait)
    user = service.authenticate(email, request.form.get("password", ""))
    if user is None:
        # Without the e-mail: people type their password there.
        log.warning("sign_in_failed", address=client_address(), known_browser=browser.knows(email))
        return _form("That e-mail and password do not belong together. Check both and try again."), 422
    try:
        return _signed_in(user, place, browser)
    except Conflict as problem:
        return _form(problem.detail), 422


def _signed_in(user: User, place: Place, browser: KnownBrowser) -> ResponseReturnValue:
    email = user.email
    began = service.sign_in(user, client_address(), request.user_agent.string, instead_of=signed_in())
    throttling.forget_try(place)
    db.session.commit()
    session.clear()  # nothing of an earlier visitor's session may pass to the person who signed in
    login_user(began)
    response = make_response(redirect(_safe(request.form.get("next", "")), 303))
    browser.remember(email, response)
    return response


def _told_to_wait(wait: timedelta) -> ResponseReturnValue:
    seconds = math.ceil(wait.total_seconds())
    log.warning("sign_in_throttled", address=client_address(), seconds=seconds)
    error = (
        f"Too many tries from here. Wait {format_duration(seconds)}, then try again. If you forgot your password, "
        "an owner or admin of your organization can have a new one set."
    )
    return _form(error), 429, {"Retry-After": str(seconds)}


def _form(error: str | None = None, *, has_ended: bool = False, **values: str) -> str:
    """The form as it was filled in, without the password."""
    values = {"email": request.form.get("email", ""), "next": request.form.get("next", ""), **values}
    return render_template("organizations/sign_in.html", error=error, has_ended=has_ended, **values)


@views.post("/sign-out")
@allow(Permission.SEE)
def sign_out() -> ResponseReturnValue:
    """End the session on the server, too."""
    found = signed_in()
    if found is not None:
        service.sign_out(found, current_actor().by())
        db.session.commit()
    logout_user()
    session.clear()
    return redirect(url_for("sign_in.sign_in"), 303)


@views.post("/organizations/current")
@allow(Permission.SEE)
def switch_organization() -> ResponseReturnValue:
    """Switch to another of the user's organizations."""
    actor = current_actor()
    wanted = parse_id(request.form.get("organization_id", ""))
    if actor.user is None or wanted is None:
        raise NotFound("There is no such organization among yours")
    name = service.choose_organization(actor.user, actor.organizations, wanted).name
    db.session.commit()
    service.note_entry(actor.user, wanted, actor.by())
    session["organization_id"] = str(wanted)
    flash(f"You are now in {name}")
    return redirect(url_for("dashboard.home"), 303)


def _safe(target: str) -> str:
    """The path to go to, if it is one of ours; otherwise the home page. Prevents redirects to other sites."""
    return own_path(target) or url_for("dashboard.home")
