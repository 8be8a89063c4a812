"""A member's own page: what they are told by mail, in the organization they are in just now."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Forbidden, Invalid
from adsapp.core.inputs import digits
from adsapp.core.web.pages import render
from adsapp.notifications import digest_times, service
from adsapp.notifications.outgoing import outgoing
from adsapp.notifications.presenter import NotificationsPage
from adsapp.organizations import queries as organizations
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.auditing import By
from adsapp.organizations.models import Membership
from adsapp.organizations.policy import Permission

views = Blueprint("notifications", __name__)


@views.get("/settings/notifications")
@allow(Permission.SEE)
def show() -> ResponseReturnValue:
    """What you are told."""
    return render(NotificationsPage.of(_me(), is_sent=outgoing(context.settings()).name != "log"))


@views.post("/settings/notifications")
@allow(Permission.SEE)
def save() -> ResponseReturnValue:
    """Be told of what is ticked, and of nothing else."""
    me, by = _me(), current_actor().by()
    try:
        service.choose(me, set(request.form.getlist("told")), by)
        _set_digest(me, by)
    except Invalid as problem:
        db.session.rollback()
        page = NotificationsPage.of(_me(), is_sent=outgoing(context.settings()).name != "log")
        return render(page.typed(request.form, problem.field_messages)), problem.status
    db.session.commit()
    flash("Saved what you are told", "good")
    return redirect(url_for("notifications.show"), 303)


def _set_digest(me: Membership, by: By) -> None:
    """When the digest comes, if the form asked."""
    hour, zone = digits(request.form.get("hour", ""), 23), request.form.get("zone", "").strip()
    if "hour" not in request.form:
        return
    if hour is None:
        raise Invalid.field("hour", "Choose an hour")
    on_empty_days = bool(request.form.get("on_empty_days", ""))
    digest_times.set_time(me, hour, zone or "UTC", on_empty_days=on_empty_days, now=utcnow(), by=by)


def _me() -> Membership:
    user_id = current_actor().user_id
    member = organizations.get_membership(db.require_organization_id(), user_id) if user_id else None
    if member is None:
        raise Forbidden("A token is told nothing by mail. Sign in as a person to choose what you are told.")
    return member
