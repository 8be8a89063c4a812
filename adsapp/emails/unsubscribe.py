"""The link by which a person says no to further e-mails, and what follows when they do.

The link names the organization and the recipient, signed with the installation's key, and says nothing else. It is the
same for the same recipient for ever: the bytes of a request depend on it (docs/adr/0024).
"""

import uuid
from dataclasses import dataclass
from typing import Final

from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy import select, update

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.errors import NotFound
from adsapp.emails.models import Email, EmailRecipient, SuppressionReason
from adsapp.emails.suppressions import queries
from adsapp.emails.suppressions import service as suppressions
from adsapp.emails.suppressions.service import Suppressed
from adsapp.organizations.auditing import By
from adsapp.organizations.models import Organization

PATH: Final = "/unsubscribe/"
DETAIL: Final = "by the link in an e-mail"
THEMSELVES: Final = By("the recipient")


@dataclass(frozen=True)
class Reader:
    """Whose link it is: which organization wrote, to which address, and whether it gets nothing more already."""

    organization_name: str
    recipient_id: int
    email_id: uuid.UUID
    address: str
    is_out: bool


def base_url() -> str:
    """What every link begins with, as it is now."""
    return context.settings().base_url + PATH


def link(base: str, organization_id: uuid.UUID, recipient_id: int) -> str:
    """A recipient's own link; "" if `base` is, for an e-mail without one."""
    return f"{base}{_signer().dumps([organization_id.hex, recipient_id])}" if base else ""


def open_link(token: str) -> Reader:
    """Bind the session to the organization of a link, and find whose it is. Raises NotFound for any other text."""
    try:
        organization, recipient_id = _signer().loads(token)
        organization_id, recipient_id = uuid.UUID(hex=organization), int(recipient_id)
    except (BadData, ValueError, TypeError, AttributeError):
        raise NotFound(
            "This link is not whole. Open it from the e-mail once more, or answer the e-mail instead"
        ) from None
    db.bind_organization(organization_id)
    row = db.session.execute(
        select(EmailRecipient.email_id, EmailRecipient.address, EmailRecipient.address_key).where(
            EmailRecipient.id == recipient_id
        )
    ).first()
    name = db.session.scalar(select(Organization.name).where(Organization.id == organization_id))
    if row is None or name is None:
        raise NotFound("The e-mail that this link came with is no longer kept; answer it to get no more")
    is_out = bool(queries.suppressed([row.address_key]))
    return Reader(name, recipient_id, row.email_id, row.address, is_out)


def unsubscribe(reader: Reader) -> None:
    """Send nothing more to this address. Whoever has said so before has said it again: nothing changes."""
    asked = Suppressed(reader.address, SuppressionReason.UNSUBSCRIBED, DETAIL, reader.email_id)
    if suppressions.suppress_many([asked], THEMSELVES):
        suppressions.enqueue_sync()
    if _note(reader):
        db.session.execute(
            update(Email).where(Email.id == reader.email_id).values(unsubscribed=Email.unsubscribed + 1),
            execution_options={"synchronize_session": False},
        )


def _note(reader: Reader) -> bool:
    """Keep when they said so first; False if they had."""
    first = update(EmailRecipient).where(
        EmailRecipient.id == reader.recipient_id, EmailRecipient.unsubscribed_at.is_(None)
    )
    noted = first.values(unsubscribed_at=utcnow()).returning(EmailRecipient.id)
    return db.session.scalar(noted, execution_options={"synchronize_session": False}) is not None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(context.settings().secrets.secret_key, salt="unsubscribe")
