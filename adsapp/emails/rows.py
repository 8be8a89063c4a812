"""Rows of the ledger as they begin."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_new
from adsapp.emails import reasons
from adsapp.emails.draft.asked import Given
from adsapp.emails.models import Email, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status


@dataclass(frozen=True)
class Addressee:
    """Where somebody's e-mail goes: the address as it is sent to, the one key of its spellings, whose it is."""

    address: str
    key: str
    name: str
    contact_id: uuid.UUID | None = None


def new_row(email_id: uuid.UUID, to: Addressee, values: Mapping[str, str], code: str = "") -> dict[str, Any]:
    """Somebody who is to be sent to, or with a code is left out from the beginning."""
    now = utcnow()
    return {
        "organization_id": db.require_organization_id(),
        "email_id": email_id,
        "contact_id": to.contact_id,
        "address": to.address[:320],
        "address_key": to.key[:320],
        "name": to.name,
        "variables": dict(values),
        "status": Status.SKIPPED if code else Status.PENDING,
        "error_code": code,
        "error_message": reasons.explain(code).title if code else None,
        "attempts": 0,
        "created_at": now,
        "updated_at": now,
    }


def freeze_given(email: Email, given: Sequence[Given]) -> None:
    """Put the addresses that were given into the ledger, in the caller's transaction: they are the whole audience."""
    rows = [new_row(email.id, Addressee(each.address, each.key, each.name), each.values) for each in given]
    insert_new(EmailRecipient, rows)
    email.audience_size, email.frozen_at = len(given), utcnow()
