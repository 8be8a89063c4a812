"""Who may do what: the only place that knows roles. Pages, fragments, API and commands all check it."""

from enum import StrEnum

from adsapp.core.errors import Forbidden
from adsapp.core.masks import Mask
from adsapp.organizations.models import Role


class Permission(StrEnum):
    """What a route or a service requires."""

    SEE = "see jobs, campaigns and contacts"
    SEE_NUMBERS = "see whole phone numbers"
    SEND = "send messages and control jobs"
    MANAGE = "manage templates, imports and queues"
    ADMINISTER = "manage members, tokens and accounts"


ROLES: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset(Permission),
    Role.AGENT: frozenset({Permission.SEE, Permission.SEE_NUMBERS, Permission.SEND}),
    Role.VIEWER: frozenset({Permission.SEE}),
}


def allows(role: Role, permission: Permission) -> bool:
    return permission in ROLES[role]


def mask_of(role: Role) -> Mask:
    """What of people's data somebody of this role is shown."""
    return Mask(whole=allows(role, Permission.SEE_NUMBERS))


def reaches(role: Role, other: Role) -> bool:
    """Whether somebody of this role may give, change or take away the other: nobody one above their own."""
    ranks = list(Role)  # from most to least
    return ranks.index(role) <= ranks.index(other)


def demand_reach(role: Role, *others: Role) -> None:
    """Raise Forbidden if one of the others is above the role."""
    above = next((each for each in others if not reaches(role, each)), None)
    if above is not None:
        raise Forbidden(
            f"As {role.value} you cannot give the role {above.value}, nor change who has it. Ask an {above.value} of "
            "the organization."
        )


def demand(role: Role, permission: Permission, to: str = "") -> None:
    """Raise Forbidden if the role lacks the permission; `to` is what was asked for, "export contacts"."""
    if not allows(role, permission):
        what = f"{to}." if to else f"do this; it needs the right to {permission.value}."
        raise Forbidden(f"As {role.value} you cannot {what} Ask an owner or admin of the organization.")
