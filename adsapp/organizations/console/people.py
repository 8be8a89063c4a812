"""Settings → People: who belongs to the organization, and what each may do."""

from dataclasses import replace
from typing import Final

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.ids import parse_id
from adsapp.core.web.confirmation import Confirmation, ask
from adsapp.core.web.pages import render
from adsapp.organizations import queries, service
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.console import dialogs, pages
from adsapp.organizations.console.forms import Typed
from adsapp.organizations.console.roles import WORDS, parse_role
from adsapp.organizations.models import Membership, Role
from adsapp.organizations.policy import Permission, allows

views = Blueprint("people", __name__)

ASKED: Final = "manage people"
HAND_ON: Final = "Hand it on in person or by a way that you trust."
CHANGE_IT: Final = "They sign in with their e-mail and this password, and take one of their own under Your account."


@views.get("/settings/people")
@allow(Permission.ADMINISTER, to=ASKED)
def list_people() -> ResponseReturnValue:
    """The members."""
    return render(pages.PeoplePage.of(current_actor()))


@views.get("/settings/people/new")
@allow(Permission.ADMINISTER, to=ASKED)
def new_person() -> ResponseReturnValue:
    """The form to add somebody."""
    return render(pages.PersonPage.of(current_actor(), Typed({"role": Role.AGENT.value})))


@views.post("/settings/people")
@allow(Permission.ADMINISTER, to=ASKED)
def add_person() -> ResponseReturnValue:
    """Add somebody, and show the password that they begin with; who is known has one."""
    actor, form = current_actor(), Typed.of(request.form, "email", "name", "role")
    typed = form.values
    try:
        member, password = service.let_in(typed["email"], typed["name"], parse_role(typed["role"]), actor.by())
    except (Conflict, Invalid) as problem:
        db.session.rollback()
        return render(pages.PersonPage.of(actor, form.refused(problem, "email"))), problem.status
    db.session.commit()
    if password:
        return render(_handed_on(member, password, f"{member.user.name} is added")), 201
    flash(f"{member.user.name} is added. They are known here already and keep their password", "good")
    return _back()


@views.get("/settings/people/<member_id>/role")
@allow(Permission.ADMINISTER, to=ASKED)
def ask_for_role(member_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(dialogs.role(_member(member_id), current_actor()))


@views.post("/settings/people/<member_id>/role")
@allow(Permission.ADMINISTER, to=ASKED)
def set_role(member_id: str) -> ResponseReturnValue:
    """Change what a member may do."""
    actor, member = current_actor(), _member(member_id)
    try:
        service.set_role(member, parse_role(request.form.get("role", "")), actor.by())
    except Conflict as problem:
        return _refused(dialogs.role(_again(member_id), actor), problem)
    db.session.commit()
    flash(f"{member.user.name} is {WORDS[member.role][0].lower()} now", "good")
    is_shut_out = member.user_id == actor.user_id and not allows(member.role, Permission.ADMINISTER)
    return redirect(url_for("dashboard.home"), 303) if is_shut_out else _back()


@views.get("/settings/people/<member_id>/removal")
@allow(Permission.ADMINISTER, to=ASKED)
def ask_to_remove(member_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(dialogs.removal(_member(member_id), current_actor()))


@views.post("/settings/people/<member_id>/removal")
@allow(Permission.ADMINISTER, to=ASKED)
def remove(member_id: str) -> ResponseReturnValue:
    """Take a member out. Who removes themselves comes to the sign-in."""
    actor, member = current_actor(), _member(member_id)
    name = member.user.name
    try:
        service.remove_member(member, actor.by())
    except Conflict as problem:
        return _refused(dialogs.removal(_again(member_id), actor), problem)
    db.session.commit()
    flash(f"{name} is removed", "good")
    return _back()


@views.get("/settings/people/<member_id>/password")
@allow(Permission.ADMINISTER, to=ASKED)
def ask_to_renew_password(member_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(dialogs.password(_member(member_id)))


@views.post("/settings/people/<member_id>/password")
@allow(Permission.ADMINISTER, to=ASKED)
def renew_password(member_id: str) -> ResponseReturnValue:
    """Make a member another password and show it once."""
    member = _member(member_id)
    try:
        password = service.renew_password(member, current_actor().by())
    except Conflict as problem:
        return _refused(dialogs.password(_again(member_id)), problem)
    db.session.commit()
    return render(_handed_on(member, password, f"{member.user.name} has a new password")), 201


def _handed_on(member: Membership, password: str, title: str) -> pages.SecretPage:
    return pages.SecretPage(
        title=title,
        what="password to begin with",
        secret=password,
        texts=(HAND_ON, CHANGE_IT),
        tab="People",
        back=url_for("people.list_people"),
        facts=(("E-mail", member.user.email), ("Role", WORDS[member.role][0])),
    )


def _refused(question: Confirmation, problem: Conflict) -> ResponseReturnValue:
    """Why it cannot be done, where it was asked."""
    return render(replace(question, why_not=problem.detail)), problem.status


def _again(member_id: str) -> Membership:
    db.session.rollback()
    return _member(member_id)


def _member(member_id: str) -> Membership:
    return queries.own_member(parse_id(member_id))


def _back() -> ResponseReturnValue:
    return redirect(url_for("people.list_people"), 303)
