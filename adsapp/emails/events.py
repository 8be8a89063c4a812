"""What happened to an e-mail: a line on its page, and in the audit if a person did it."""

from typing import Any

from adsapp.core import db
from adsapp.core.logs import get_logger
from adsapp.emails.models import Email, EmailEvent
from adsapp.emails.subject import EMAIL
from adsapp.organizations.auditing import NOBODY, By

log = get_logger()


def record(email: Email, text: str, by: By = NOBODY, *, action: str = "", reason: str = "", **details: object) -> None:
    """Add a line to what happened; with `action`, what `by` did goes into the audit too, with `reason`, if that was
    given, and with what of its details is known (not None)."""
    db.session.add(EmailEvent(organization_id=email.organization_id, email_id=email.id, text=text, by=by.name))
    _tell(email, action or text.partition(":")[0])  # behind the colon may stand what a person wrote
    known = {name: value for name, value in details.items() if value is not None}
    if action:
        why = by.because(reason) if reason else by
        why.audit(action, EMAIL.of(email.id), title=email.name, **known)


def note_export(email: Email, by: By, **narrowed_to: Any) -> None:
    """Before the file of its people is made: who took it, and whom it was narrowed to."""
    by.note("export people of e-mail", EMAIL.of(email.id), title=email.name, **narrowed_to)


def _tell(email: Email, what: str) -> None:
    about = {"email_id": str(email.id), "organization": str(email.organization_id)}
    status = email.status.value if email.status else None
    db.after_commit(lambda: log.info("email", what=what, status=status, **about))
