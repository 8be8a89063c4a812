"""What is asked before somebody's rights change or a token ends."""

from typing import Final

from adsapp.core.web.confirmation import Choice, Confirmation, Crumb, Field, lines_of
from adsapp.core.web.urls import url_for
from adsapp.organizations.access import Actor
from adsapp.organizations.console.roles import choices
from adsapp.organizations.models import ApiToken, Membership

LEAVING: Final = "You are signed out everywhere. Only an owner or admin can let you in again."
KEPT: Final = "What was done and started here stays and goes on."
TOKENS: Final = "Tokens belong to the organization and go on working: revoke those that must not, under API tokens."


def role(member: Membership, actor: Actor) -> Confirmation:
    """Which role a member gets."""
    is_me = member.user_id == actor.user_id
    return Confirmation(
        name="ask-role",
        title="Change your own role?" if is_me else f"Change the role of {member.user.name}?",
        lines=lines_of(f"The new role counts from {'your' if is_me else 'their'} next click on."),
        fields=(Field("Role", "role", "choice", member.role.value, choices(actor.role)),),
        action=url_for("people.set_role", member_id=str(member.user_id)),
        choices=(Choice("Change the role"),),
        leave="Leave it",
        back=_people(),
        crumbs=_crumbs("People", _people(), "Role"),
    )


def removal(member: Membership, actor: Actor) -> Confirmation:
    """Whether a member has to go, or goes."""
    user, name = member.user, member.organization.name
    is_me = member.user_id == actor.user_id
    first = f"{user.email} is signed out everywhere, and cannot come into {name} any more."
    return Confirmation(
        name="ask-remove",
        title=f"Leave {name}?" if is_me else f"Remove {user.name}?",
        lines=lines_of(LEAVING if is_me else first, KEPT, TOKENS),
        action=url_for("people.remove", member_id=str(member.user_id)),
        choices=(Choice(f"Leave {name}" if is_me else "Remove the person", "danger", "logout" if is_me else "trash"),),
        leave="Stay here" if is_me else "Keep the person",
        back=_people(),
        crumbs=_crumbs("People", _people(), "Leave" if is_me else "Remove"),
    )


def password(member: Membership) -> Confirmation:
    """Whether a member begins with another password."""
    user = member.user
    return Confirmation(
        name="ask-password",
        title=f"Give {user.name} a new password?",
        lines=lines_of(
            f"For {user.email}, who forgot theirs. It is made for you and shown once, to hand on.",
            "The old one is not taken any more, and they are signed out everywhere.",
        ),
        action=url_for("people.renew_password", member_id=str(member.user_id)),
        choices=(Choice("Make a new password", icon="key"),),
        back=_people(),
        crumbs=_crumbs("People", _people(), "Password"),
    )


def revocation(token: ApiToken) -> Confirmation:
    """Whether a token ends."""
    back = url_for("tokens.list_tokens")
    return Confirmation(
        name="ask-revoke",
        title=f"Revoke “{token.name}”?",
        lines=lines_of(
            f"The token that begins with {token.prefix} is not taken any more, from its next request on.",
            "Whatever uses it stops until it has another one. This cannot be undone.",
        ),
        action=url_for("tokens.revoke", token_id=str(token.id)),
        choices=(Choice("Revoke the token", "danger", "trash"),),
        leave="Keep it",
        back=back,
        crumbs=_crumbs("API tokens", back, "Revoke"),
    )


def _people() -> str:
    return url_for("people.list_people")


def _crumbs(tab: str, back: str, what: str) -> tuple[Crumb, ...]:
    return ("Settings", None), (tab, back), (what, None)
