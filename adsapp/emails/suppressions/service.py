"""Addresses are suppressed and released here. The first reason stays; what Resend must hear of has no `told_at`."""

import uuid
from collections.abc import Sequence

from adsapp.contacts.values.emails import normalise_email
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_new
from adsapp.core.errors import Invalid
from adsapp.emails.models import Suppression, SuppressionReason
from adsapp.emails.suppressions.queries import suppressed
from adsapp.organizations.auditing import By


def suppress(
    address: str, reason: SuppressionReason, detail: str = "", *, by: By, email_id: uuid.UUID | None = None
) -> bool:
    """Let an address get no more e-mail; False if it gets none already. Raises Invalid for what is no address."""
    return suppress_many([address], reason, detail, by=by, email_id=email_id) == 1


def suppress_many(
    addresses: Sequence[str],
    reason: SuppressionReason,
    detail: str = "",
    *,
    by: By,
    email_id: uuid.UUID | None = None,
) -> int:
    """The same for many; how many of them are new."""
    wanted = dict(_key_and_address(address) for address in addresses)
    known = suppressed(wanted)
    rows = [
        {
            "organization_id": db.require_organization_id(),
            "address": address,
            "address_key": key,
            "reason": reason,
            "detail": detail,
            "email_id": email_id,
            "created_by": by.name,
            "created_at": utcnow(),
        }
        for key, address in wanted.items()
        if key not in known
    ]
    if rows:
        insert_new(Suppression, rows)
        by.audit("suppress addresses", "suppression:", title="addresses", count=len(rows), why=reason.value)
    return len(rows)


def release(suppression: Suppression, *, by: By) -> None:
    """Let its address get e-mail again."""
    by.audit("release address", f"suppression:{suppression.id}", title="an address", why=suppression.reason.value)
    db.session.delete(suppression)
    db.session.flush()


def _key_and_address(typed: str) -> tuple[str, str]:
    address = normalise_email(typed)
    if address is None:
        raise Invalid.field("address", f"“{typed[:80]}” is no e-mail address")
    return address.email, address.typed
