"""Putting addresses on the list of those who get no e-mail, and taking them off it. The first reason stays.

The list is this organization's; what changes here is told to the provider by a job (`sync`), and what the provider
tells is taken in. Services never commit.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from adsapp import jobs
from adsapp.contacts.values.emails import address_key, normalise_email
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_new, update_rows
from adsapp.core.errors import FieldError, Invalid
from adsapp.emails.models import Suppression, SuppressionReason
from adsapp.emails.suppressions.queries import suppressed
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.email_events import SuppressionReport
from adsapp.organizations.auditing import By

MOST_AT_ONCE: Final = 10_000
ORIGINS: Final = {"bounce": SuppressionReason.BOUNCE, "complaint": SuppressionReason.COMPLAINT}


@dataclass(frozen=True)
class Suppressed:
    """An address to suppress, and why. `is_known_there`: the provider has it on its own list."""

    address: str
    reason: SuppressionReason
    detail: str = ""
    email_id: uuid.UUID | None = None
    is_known_there: bool = False


def suppress(
    address: str, reason: SuppressionReason, detail: str = "", *, by: By, email_id: uuid.UUID | None = None
) -> bool:
    """Send nothing more to this address. False if that was so already. Raises Invalid if it is none."""
    return bool(add([address], reason, detail, by=by, email_id=email_id))


def add(
    addresses: Sequence[str],
    reason: SuppressionReason = SuppressionReason.MANUAL,
    detail: str = "",
    *,
    by: By,
    email_id: uuid.UUID | None = None,
) -> int:
    """Send nothing more to these; how many are new. Raises Invalid with each that is no address."""
    if len(addresses) > MOST_AT_ONCE:
        raise Invalid.field("emails", f"{len(addresses):,} addresses are too many; {MOST_AT_ONCE:,} are taken at once")
    wrong = [
        FieldError(f"emails[{place}]", f"“{each[:80]}” is no e-mail address")
        for place, each in enumerate(addresses)
        if normalise_email(each) is None
    ]
    if wrong or not addresses:
        told = "; ".join(each.message for each in wrong[:10]) or "Give one address at least"
        raise Invalid(told, fields=wrong[:100] or [FieldError("emails", told)])
    new = suppress_many([Suppressed(each, reason, detail, email_id) for each in addresses], by)
    if new:
        by.because(detail).audit("suppress addresses", "suppressions", title=_title(addresses, new), addresses=new)
        enqueue_sync()
    return new


def suppress_many(asked: Sequence[Suppressed], by: By | None = None) -> int:
    """The same for addresses that somebody else vouches for, without a line in the audit; how many are new."""
    rows, now = dict[str, dict[str, object]](), utcnow()
    for each in asked:
        key = address_key(each.address)[:320]
        rows.setdefault(
            key,
            {
                "address": each.address[:320],
                "address_key": key,
                "reason": each.reason,
                "detail": each.detail,
                "email_id": each.email_id,
                "created_by": by.name if by else "",
                "created_at": now,
                "told_at": now if each.is_known_there else None,
            },
        )
    known = suppressed(list(rows))
    new = [row for key, row in rows.items() if key not in known]
    insert_new(Suppression, new)
    return len(new)


def release(suppression: Suppression, *, by: By) -> None:
    """Let this address get e-mails again, here and at the provider."""
    by.audit("release address", "suppressions", title=suppression.address, why=suppression.reason.value)
    address = suppression.address
    db.session.delete(suppression)
    db.session.flush()
    if accounts.list_email_accounts():
        jobs.enqueue("sync-suppressions", {"release": [address]}, created_by=by.name)


def heard_from_provider(report: SuppressionReport) -> None:
    """The provider put an address on its list, or took it off. What was put here by a person or an unsubscribe link
    stays, whatever the provider forgets."""
    if report.added:
        reason = ORIGINS.get(report.origin, SuppressionReason.MANUAL)
        suppress_many([Suppressed(report.address, reason, "on the provider's list", is_known_there=True)])
        return
    row = db.session.scalars(select(Suppression).where(Suppression.address_key == address_key(report.address))).first()
    if row is not None and row.reason in ORIGINS.values():
        db.session.delete(row)


def mark_told(ids: Sequence[int]) -> None:
    """The provider knows these from now on."""
    now = utcnow()
    update_rows(Suppression, [{"id": each, "told_at": now} for each in ids])


def enqueue_sync() -> None:
    """Have the provider told, unless that is about to happen."""
    if accounts.list_email_accounts():
        jobs.enqueue("sync-suppressions", {"release": []}, dedupe_key="sync-suppressions")


def _title(addresses: Sequence[str], new: int) -> str:
    return addresses[0][:200] if new == 1 else f"{new:,} addresses"
