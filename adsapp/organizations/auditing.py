"""Who acts, and the audit: who did what to what.

Services take a `By` and write the audit with it, so that no page, endpoint or command can forget to.
"""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass, replace

from adsapp.core import db
from adsapp.organizations import policy
from adsapp.organizations.models import AuditEvent, Role
from adsapp.organizations.policy import Permission

MANY_JOBS = "jobs"  # the subject when several ticked jobs were changed; `details["jobs"]` has their ids
NAME_LENGTH = 200
_address: ContextVar[str] = ContextVar("address", default="")


def set_address(address: str) -> None:
    """For a whole request: where it comes from. Whoever acts in it acts from there, by whichever service."""
    _address.set(address)


@dataclass(frozen=True)
class By:
    """Who acts, and why. A person or a program has a name; what ADSapp does by itself has none and leaves no line.

    `operation_id` is the operation that does it to many jobs, `among` how many things were ticked together. `role` is
    what a person or a token may do; None is who may do everything: the command line, and ADSapp itself.
    """

    name: str = ""
    reason: str = ""
    operation_id: uuid.UUID | None = None
    among: int = 1
    role: Role | None = None
    user_id: uuid.UUID | None = None

    def because(self, reason: str) -> "By":
        """The same actor, with a reason."""
        return replace(self, reason=reason.strip())

    def may(self, permission: Permission) -> bool:
        return self.role is None or policy.allows(self.role, permission)

    def demand(self, permission: Permission, to: str) -> None:
        """Raise Forbidden without the permission; `to` is what was asked for."""
        if self.role is not None:
            policy.demand(self.role, permission, to)

    def demand_reach(self, *roles: Role) -> None:
        """Raise Forbidden if one of the roles is above this actor's own."""
        if self.role is not None:
            policy.demand_reach(self.role, *roles)

    def audit(self, action: str, subject: str, *, title: str = "", **details: object) -> None:
        """Add a line to the audit: `subject` is a kind and an id ("campaign:<id>"), `title` what it is called now."""
        if self.name:
            db.session.add(self._line(db.require_organization_id(), action, subject, title, details))

    def note(
        self, action: str, subject: str, *, title: str = "", organization_id: uuid.UUID | None = None, **details: object
    ) -> None:
        """The same in a transaction of its own, for requests that only read; in another organization if one is named.

        Raises OperationalError if it cannot be written: what must leave a line is then not done.
        """
        owner = organization_id or db.require_organization_id()
        with db.brief_session(owner) as own:
            own.add(self._line(owner, action, subject, title, details))

    def _line(
        self, organization_id: uuid.UUID, action: str, subject: str, title: str, details: dict[str, object]
    ) -> AuditEvent:
        return AuditEvent(
            organization_id=organization_id,
            actor=self.name[:NAME_LENGTH],
            action=action,
            kind="job" if subject == MANY_JOBS else subject.partition(":")[0],
            subject=subject,
            title=title[:NAME_LENGTH],
            reason=self.reason,
            details=details,
            address=_address.get(),
        )


NOBODY = By()
