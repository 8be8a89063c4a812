"""Reads of e-mail accounts."""

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy import Select, select

from adsapp.core import context, db
from adsapp.core.db import engine_transaction, reading
from adsapp.core.errors import Conflict, NotFound
from adsapp.integrations.models import AccountStatus, EmailAccount
from adsapp.integrations.queries import TRIED_LATELY, Unreachable

WHERE: Final = "Settings → E-mail"


def _connected() -> Select[EmailAccount]:
    return select(EmailAccount).where(EmailAccount.removed_at.is_(None)).order_by(EmailAccount.id)


def list_email_accounts() -> list[EmailAccount]:
    """All accounts of the organization, oldest first, without those that were removed."""
    return list(db.session.scalars(_connected()))


def get_email_account(account_id: uuid.UUID) -> EmailAccount:
    """The account, also one that was removed: an e-mail keeps it; raises NotFound."""
    account = db.session.scalars(select(EmailAccount).where(EmailAccount.id == account_id)).first()
    if account is None:
        raise NotFound("There is no such e-mail account")
    return account


def organization_of(account_id: uuid.UUID) -> uuid.UUID | None:
    """Whose account it is, looked up across organizations: for the door that reports come in by."""
    with reading(), engine_transaction() as connection:
        found = select(EmailAccount.organization_id).where(EmailAccount.id == account_id)
        return connection.execute(found).scalar_one_or_none()


def find_default_email_account() -> EmailAccount | None:
    """The account that sends where none is named: the oldest, or None if there is none yet."""
    return db.session.scalars(_connected().limit(1)).first()


def get_default_email_account() -> EmailAccount:
    """The account that sends where none is named; raises Conflict that says what to do first."""
    account = find_default_email_account()
    if account is None:
        raise Conflict(
            f"No e-mail account is connected yet: an owner or admin connects one under {WHERE}", code="no_email_account"
        )
    return account


def refuse_refused_email_account(account: EmailAccount) -> None:
    """Raise Conflict if the account may send no more; it says why and where to put it right."""
    if account.status is AccountStatus.REFUSED:
        told = f"“{account.name}” cannot send: {why_email_account_refused(account)}"
        raise Conflict(told, code="email_account_refused")


def why_email_account_refused(account: EmailAccount) -> str:
    """The reason in whole sentences, and where to put it right."""
    if account.removed_at is not None:
        return f"It was removed. Choose another account, or connect one under {WHERE}."
    reason = (account.status_reason or "Resend gave no reason").rstrip(". ") + "."
    return reason if WHERE in reason else f"{reason} Then check the connection under {WHERE}."


def email_provider_of(account: EmailAccount) -> str:
    """Whom its e-mails go to, as the beginning of a sentence."""
    return "The sandbox" if account.sandbox_url else "Resend"


def why_email_unreachable(account: EmailAccount, now: datetime) -> Unreachable | None:
    """None for an account whose provider answers, and for one that nobody tried to use for a while."""
    since, at = account.unreachable_since, account.unreachable_at
    if since is None or at is None or now - at > TRIED_LATELY:
        return None
    title, advice = f"{email_provider_of(account)} cannot be reached", "Check the network of the workers' machine."
    if account.sandbox_url:
        advice = f"It runs with the demo; start that: {context.settings().command} demo."
    reason = (account.unreachable_reason or "no answer").rstrip(".")
    return Unreachable(title, f"{advice} It is tried again by itself, and nothing is lost. ({reason})", since)
