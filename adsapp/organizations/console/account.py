"""Everybody's own account: their name, their password, and where they are signed in."""

import math
from datetime import timedelta

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.errors import Forbidden, Invalid
from adsapp.core.web.pages import render
from adsapp.core.web.templating import format_duration
from adsapp.organizations import passwords, service, throttling
from adsapp.organizations.access import allow, current_actor, signed_in
from adsapp.organizations.console.forms import Typed
from adsapp.organizations.console.pages import AccountPage
from adsapp.organizations.known_browsers import KnownBrowser
from adsapp.organizations.policy import Permission
from adsapp.organizations.sessions import SignedIn

views = Blueprint("account", __name__)


@views.get("/account")
@allow(Permission.SEE)
def show() -> ResponseReturnValue:
    """Your account."""
    return render(AccountPage.of(_me(), current_actor()))


@views.post("/account/name")
@allow(Permission.SEE)
def rename() -> ResponseReturnValue:
    """Take another name."""
    me, actor, form = _me(), current_actor(), Typed.of(request.form, "name")
    try:
        service.rename(me.user.id, form.values["name"], actor.by())
    except Invalid as problem:
        db.session.rollback()
        return render(AccountPage.of(me, actor, name=form.refused(problem, "name"))), problem.status
    db.session.commit()
    flash("Your name is saved", "good")
    return _back()


@views.post("/account/password")
@allow(Permission.SEE)
def change_password() -> ResponseReturnValue:
    """Take another password, for whoever knows the present one. It is tried as seldom as at the sign-in."""
    me = _me()
    place = KnownBrowser.of_request().place_of(me.user.email)
    wait = throttling.count_try(place)
    db.session.commit()
    if wait > timedelta(0):
        seconds = math.ceil(wait.total_seconds())
        said = f"Too many tries. Wait {format_duration(seconds)}, then try again"
        return _refused("present", said), 429, {"Retry-After": str(seconds)}
    if not passwords.is_right(me.user.password_hash, request.form.get("present", "")):
        return _refused("present", "This is not your present password"), Invalid.status
    throttling.forget_try(place)
    db.session.commit()
    return _changed(me)


def _changed(me: SignedIn) -> ResponseReturnValue:
    wanted = request.form.get("password", "")
    if request.form.get("again", "") != wanted:
        return _refused("again", "This is not the same as above"), Invalid.status
    try:
        ended = service.change_own_password(me, wanted, current_actor().by())
    except Invalid as problem:
        db.session.rollback()
        return _refused("password", f"It {problem.detail}"), problem.status
    db.session.commit()
    elsewhere = ", and you are signed out everywhere else" if ended else ""
    flash(f"Your password is changed{elsewhere}", "good")
    return _back()


@views.post("/account/sessions/end")
@allow(Permission.SEE)
def end_other_sessions() -> ResponseReturnValue:
    """Sign out everywhere else."""
    service.end_other_sessions(_me(), current_actor().by())
    db.session.commit()
    flash("You are signed out everywhere else", "good")
    return _back()


def _refused(field: str, said: str) -> str:
    return render(AccountPage.of(_me(), current_actor(), password=Typed(errors={field: said})))


def _me() -> SignedIn:
    found = signed_in()
    if found is None:
        raise Forbidden("A token has no account. Sign in as a person to see yours.")
    return found


def _back() -> ResponseReturnValue:
    return redirect(url_for("account.show"), 303)
