"""Roles as people read them."""

from collections.abc import Mapping
from typing import Final

from adsapp.core.errors import Invalid
from adsapp.organizations.models import Role
from adsapp.organizations.policy import reaches

WORDS: Final[Mapping[Role, tuple[str, str]]] = {
    Role.OWNER: ("Owner", "May do everything, and alone makes, changes and removes owners."),
    Role.ADMIN: ("Admin", "Manages people, tokens, accounts, imports, templates and queues."),
    Role.AGENT: ("Agent", "Sends messages and steers their jobs."),
    Role.VIEWER: ("Viewer", "Looks at everything, with numbers and e-mail addresses masked."),
}


def choices(up_to: Role) -> list[tuple[str, str, str]]:
    """Those that somebody of this role may give, as `choice_field` takes them."""
    return [(role.value, *words) for role, words in WORDS.items() if reaches(up_to, role)]


def parse_role(text: str) -> Role:
    """The role that was chosen. Raises Invalid."""
    if text not in list(Role):
        raise Invalid.field("role", "Choose a role")
    return Role(text)
