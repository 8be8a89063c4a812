"""Who makes a request: a person's session or a program's token, in one organization. Guards every route.

Each view declares what it needs with `@allow(Permission.…)` or `@public`; one `before_request` enforces it. A view that
declares nothing is refused, and a test finds such views.
"""

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, current_user

from adsapp.core import context, db
from adsapp.core.errors import Unauthenticated
from adsapp.core.inputs import own_path
from adsapp.core.masks import Mask
from adsapp.core.web.security import client_address, csrf
from adsapp.organizations import policy, queries, sessions
from adsapp.organizations.auditing import By, set_address
from adsapp.organizations.models import Organization, Role, User
from adsapp.organizations.policy import Permission
from adsapp.organizations.sessions import SignedIn

View = TypeVar("View", bound=Callable[..., Any])

READING = ("GET", "HEAD", "OPTIONS")

login_manager = LoginManager()
_AFTER_HOST = re.compile(r"https?://[^/]*|#.*")


@dataclass(frozen=True)
class Actor:
    """Who acts in this request or command, and in which organization."""

    name: str
    role: Role
    organization: Organization
    user: User | None = None
    organizations: Sequence[Organization] = ()  # all those of the user, by name

    def may(self, permission: Permission) -> bool:
        return policy.allows(self.role, permission)

    def by(self, reason: str = "") -> By:
        """This actor, for a service to write down who did it and why."""
        return By(self.name, role=self.role, user_id=self.user_id).because(reason)

    @property
    def user_id(self) -> uuid.UUID | None:
        """The person, who may be told something later; None for a program."""
        return self.user.id if self.user else None

    @property
    def sees_numbers(self) -> bool:
        """False if this person sees numbers and e-mail addresses masked only, and cannot search for them."""
        return self.may(Permission.SEE_NUMBERS)

    @cached_property  # every text of a page asks for it
    def mask(self) -> Mask:
        """What of people's data this person sees."""
        return Mask(self.sees_numbers)


def allow(permission: Permission, to: str = "") -> Callable[[View], View]:
    """Mark a view as open to those with the permission. A refusal says what was asked for, `to`: "export contacts"."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]
        view.asked = to  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Mark a view as open to everybody; it does its own checks."""
    view.permission = None  # type: ignore[attr-defined]
    return view


def init_access(app: Flask) -> None:
    """Attach sign-in and the guard."""
    login_manager.init_app(app)
    app.before_request(guard)
    app.teardown_request(lambda _error: set_address(""))
    app.context_processor(lambda: {"actor": g.get("actor"), "Permission": Permission})


def current_actor() -> Actor:
    """Who makes the request; raises Unauthenticated if nobody is signed in."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise Unauthenticated("Sign in, or send a token: Authorization: Bearer TOKEN")
    return actor


def guard() -> ResponseReturnValue | None:
    """Before each request, and before its body: find out who makes it, bind the organization, check the permission."""
    set_address(client_address())
    db.set_reading(request.method in READING)
    request.args  # noqa: B018  # what cannot be read is refused here, for everybody alike
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or request.endpoint == "static":
        return None
    if not hasattr(view, "permission"):
        raise RuntimeError(f"the view {request.endpoint} does not say who may use it")
    permission: Permission | None = getattr(view, "permission", None)
    by_token = _bearer_token()
    if permission is None:
        g.actor = _actor_of_session()
        return None
    g.actor = _actor_of_token(by_token) if by_token else _actor_of_session()
    if g.actor is None:
        return _ask_to_sign_in()
    policy.demand(g.actor.role, permission, getattr(view, "asked", ""))
    return None


def check_form_token() -> None:
    """Refuse what another site makes a browser of ours send. It may read the body, so its size is checked before."""
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "permission", None) is None or _bearer_token():
        return
    if request.method not in READING:
        csrf.protect()


def _bearer_token() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _actor_of_token(token: str) -> Actor:
    found = queries.find_token(token)
    if found is None:
        make = f"{context.settings().command} token create"
        raise Unauthenticated(
            f"This token is not known, or it has expired; make one under Settings → API tokens, or with: {make}"
        )
    known, organization = found
    db.bind_organization(organization.id)
    sessions.note_used(known)
    g.token_id = known.id
    return Actor(name=f"token {known.name}", role=known.role, organization=organization)


def signed_in() -> SignedIn | None:
    """Who makes the request by a session of theirs; None for nobody, or a program."""
    return current_user._get_current_object() if current_user.is_authenticated else None


def _actor_of_session() -> Actor | None:
    found = signed_in()
    if found is None:
        return None
    user, memberships = found.user, found.memberships
    membership = queries.choose(memberships, user, _chosen_organization()) or memberships[0]
    organization, role = membership.organization, membership.role
    organizations = [each.organization for each in memberships]
    db.session.expunge_all()  # detached, what was loaded before the organization was known stays usable
    db.bind_organization(organization.id)
    if not _is_poll():
        sessions.note_seen(found)
    return Actor(user.name, role, organization, user, organizations)


def _is_poll() -> bool:
    # A page that is left open asks for news for ever; that does not mean that somebody is there.
    return request.method == "GET" and bool(request.headers.get("HX-Request"))


def _chosen_organization() -> uuid.UUID | None:
    chosen = session.get("organization_id")
    return uuid.UUID(chosen) if chosen else None


def _ask_to_sign_in() -> ResponseReturnValue:
    if request.path.startswith("/api/"):
        raise Unauthenticated("Sign in, or send a token: Authorization: Bearer TOKEN")
    if request.headers.get("HX-Request"):
        return _send_to_sign_in()
    return redirect(url_for("sign_in.sign_in", next=request.full_path.rstrip("?")))


def _send_to_sign_in() -> ResponseReturnValue:
    """For a part of a page that asks for itself: the browser leaves the page for the sign-in, which says why and comes
    back to where it was."""
    here = own_path(_AFTER_HOST.sub("", request.headers.get("HX-Current-URL", "")))
    sign_in = url_for("sign_in.sign_in", next=here or None, ended=1)
    return "You are signed out. Sign in again.", Unauthenticated.status, {"HX-Redirect": sign_in}


@login_manager.user_loader  # type: ignore[untyped-decorator]  # flask-login publishes no types
def _load_session(token: str) -> SignedIn | None:
    # A user who belongs to no organization any more is asked to sign in, perhaps as somebody else.
    return sessions.find_session(token)
