"""A member's own page: what they are told by mail, in the organization they are in just now."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import context, db
from adsapp.core.errors import Forbidden
from adsapp.core.web.pages import render
from adsapp.notifications import service
from adsapp.notifications.outgoing import outgoing
from adsapp.notifications.presenter import NotificationsPage
from adsapp.organizations import queries as organizations
from adsapp.organizations.access import allow, current_actor
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
    service.choose(_me(), set(request.form.getlist("told")), current_actor().by())
    db.session.commit()
    flash("Saved what you are told", "good")
    return redirect(url_for("notifications.show"), 303)


def _me() -> Membership:
    user_id = current_actor().user_id
    member = organizations.get_membership(db.require_organization_id(), user_id) if user_id else None
    if member is None:
        raise Forbidden("A token is told nothing by mail. Sign in as a person to choose what you are told.")
    return member
