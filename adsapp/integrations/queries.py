"""Reads of WhatsApp accounts."""

import uuid

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.db import engine_transaction
from adsapp.core.errors import Conflict, NotFound
from adsapp.integrations.models import WhatsAppAccount


def list_accounts() -> list[WhatsAppAccount]:
    """All accounts of the organization, oldest first."""
    return list(db.session.scalars(select(WhatsAppAccount).order_by(WhatsAppAccount.id)))


def get_account(account_id: uuid.UUID) -> WhatsAppAccount:
    """The account; raises NotFound."""
    account = db.session.scalars(select(WhatsAppAccount).where(WhatsAppAccount.id == account_id)).first()
    if account is None:
        raise NotFound("There is no such WhatsApp account")
    return account


def find_default_account() -> WhatsAppAccount | None:
    """The account that sends: the oldest, or None where there is none yet."""
    return db.session.scalars(select(WhatsAppAccount).order_by(WhatsAppAccount.id).limit(1)).first()


def get_default_account() -> WhatsAppAccount:
    """As `find_default_account`; raises Conflict that says what to do first."""
    account = find_default_account()
    if account is None:
        raise Conflict("No WhatsApp account is connected yet: an owner or admin adds one first", code="no_account")
    return account


def organization_of(account_id: uuid.UUID) -> uuid.UUID | None:
    """Whose account it is, looked up across organizations: for the door that webhooks come in by."""
    with engine_transaction() as connection:
        return connection.execute(
            select(WhatsAppAccount.organization_id).where(WhatsAppAccount.id == account_id)
        ).scalar_one_or_none()
