"""The audit: who did what to what."""

from adsapp.core import db
from adsapp.organizations.models import AuditEvent

MANY_JOBS = "jobs"  # the subject when several ticked jobs were changed; `details["jobs"]` has their ids


def audit(actor: str, action: str, subject: str, *, title: str = "", reason: str = "", **details: object) -> None:
    """Note who did what to what: `subject` is its kind and id ("campaign:<id>"), `title` what it is called now."""
    db.session.add(
        AuditEvent(
            organization_id=db.require_organization_id(),
            actor=actor[:200],
            action=action,
            kind="job" if subject == MANY_JOBS else subject.partition(":")[0],
            subject=subject,
            title=title[:200],
            reason=reason,
            details=details,
        )
    )
