"""Pages: sign in, sign out, choose another organization."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import own_path
from adsapp.core.web.security import csrf, limiter
from adsapp.organizations import service
from adsapp.organizations.access import allow, current_actor, public
from adsapp.organizations.policy import Permission

views = Blueprint("sign_in", __name__)


def _limit() -> str:
    limit: str = current_app.config["SETTINGS"].sign_in_limit
    return limit


def _email_typed() -> str:
    return "email:" + request.form.get("email", "").strip().lower()


@views.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return redirect(_safe(request.args.get("next", "")))
    return render_template(
        "organizations/sign_in.html",
        email="",
        error=None,
        next=request.args.get("next", ""),
        has_ended=bool(request.args.get("ended")),
    )


@views.post("/sign-in")
@limiter.limit(_limit)
@limiter.limit(_limit, key_func=_email_typed)
@public
def check_sign_in() -> ResponseReturnValue:
    """Check the password; the response does not reveal whether the address is known."""
    csrf.protect()
    email = request.form.get("email", "")
    user = service.authenticate(email, request.form.get("password", ""))
    if user is None:
        error = "That e-mail and password do not belong together. Check both and try again."
        form = render_template(
            "organizations/sign_in.html", email=email, error=error, next=request.form.get("next", "")
        )
        return form, 422
    session.clear()  # nothing of an earlier visitor's session may pass to the person who signed in
    login_user(user)
    return redirect(_safe(request.form.get("next", "")), 303)


@views.post("/sign-out")
@allow(Permission.SEE)
def sign_out() -> ResponseReturnValue:
    logout_user()
    session.clear()
    return redirect(url_for("sign_in.sign_in"), 303)


@views.post("/organizations/current")
@allow(Permission.SEE)
def switch_organization() -> ResponseReturnValue:
    """Switch to another of the user's organizations."""
    user = current_actor().user
    wanted = parse_id(request.form.get("organization_id", ""))
    if user is None or wanted is None:
        raise NotFound("There is no such organization among yours")
    chosen = service.choose_organization(user, wanted)
    name = chosen.organization.name
    db.session.commit()
    session["organization_id"] = str(wanted)
    flash(f"You are now in {name}")
    return redirect(url_for("dashboard.home"), 303)


def _safe(target: str) -> str:
    """The path to go to, if it is one of ours; otherwise the home page. Prevents redirects to other sites."""
    return own_path(target) or url_for("dashboard.home")
