"""The audit: who did what to what."""

from adsapp.core import db
from adsapp.organizations.models import AuditEvent


def audit(actor: str, action: str, subject: str, **details: object) -> None:
    """Note who did what to what."""
    db.session.add(
        AuditEvent(
            organization_id=db.require_organization_id(),
            actor=actor,
            action=action,
            subject=subject,
            details=details,
        )
    )
