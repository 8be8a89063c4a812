"""Who may do what: the one place that knows roles. Checked for pages, fragments, API and commands alike."""

from enum import StrEnum

from adsapp.core.errors import Forbidden
from adsapp.organizations.models import Role


class Permission(StrEnum):
    """What a route or a service asks for."""

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
    """True where the role has the permission."""
    return permission in ROLES[role]


def demand(role: Role, permission: Permission, to: str = "") -> None:
    """Raise Forbidden where the role lacks the permission: what was asked for (`to`: "export contacts"), who to ask."""
    if not allows(role, permission):
        what = f"{to}." if to else f"do this; it needs the right to {permission.value}."
        raise Forbidden(f"As {role.value} you cannot {what} Ask an owner or admin of the organization.")
