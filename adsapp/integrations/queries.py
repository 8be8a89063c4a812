"""Reads of accounts."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import select

from adsapp.core import context, db
from adsapp.core.db import engine_transaction, reading
from adsapp.core.errors import Conflict, NotFound
from adsapp.integrations.models import Account, AccountStatus

WHERE = "Settings → WhatsApp"
TRIED_LATELY: Final = timedelta(minutes=10)


def list_accounts() -> list[Account]:
    """All accounts of the organization, oldest first."""
    return list(db.session.scalars(select(Account).order_by(Account.id)))


def get_account(account_id: uuid.UUID) -> Account:
    """The account; raises NotFound."""
    account = db.session.scalars(select(Account).where(Account.id == account_id)).first()
    if account is None:
        raise NotFound("There is no such WhatsApp account")
    return account


def find_default_account() -> Account | None:
    """The account that sends: the oldest, or None if there is none yet."""
    return db.session.scalars(select(Account).order_by(Account.id).limit(1)).first()


def sends(account: Account) -> bool:
    """True for the account that campaigns are sent by: only a message to its number opens the 24-hour window."""
    sender = find_default_account()
    return sender is not None and sender.id == account.id


def get_default_account() -> Account:
    """The account that sends; raises Conflict that says what to do first."""
    account = find_default_account()
    if account is None:
        raise Conflict(
            f"No WhatsApp account is connected yet: an owner or admin connects one under {WHERE}", code="no_account"
        )
    return account


def refuse_refused(account: Account) -> None:
    """Raise Conflict if the provider lets the account send no more; it says why and where to put it right."""
    if account.status is AccountStatus.REFUSED:
        raise Conflict(f"WhatsApp refuses this account: {why_refused(account.status_reason)}", code="account_refused")


def why_refused(status_reason: str | None) -> str:
    """The reason in whole sentences, and where to put it right."""
    reason = (status_reason or "WhatsApp gave no reason").rstrip(". ") + "."
    return reason if WHERE in reason else f"{reason} Then check the connection under {WHERE}."


class Reach(Protocol):
    """What an account, or a row of its columns, says of its provider."""

    @property
    def unreachable_since(self) -> datetime | None: ...
    @property
    def unreachable_at(self) -> datetime | None: ...
    @property
    def unreachable_reason(self) -> str | None: ...
    @property
    def sandbox_url(self) -> str | None: ...


@dataclass(frozen=True)
class Unreachable:
    """A number whose provider does not answer: what to say, what to do, and since when."""

    title: str
    text: str
    since: datetime


def provider_of(account: Reach) -> str:
    """Whom its messages go to, as the beginning of a sentence."""
    return "The sandbox" if account.sandbox_url else "WhatsApp"


def why_unreachable(account: Reach, now: datetime) -> Unreachable | None:
    """None for a number whose provider answers, and for one that nobody tried to use for a while."""
    since, at = account.unreachable_since, account.unreachable_at
    if since is None or at is None or now - at > TRIED_LATELY:
        return None
    title, advice = f"{provider_of(account)} cannot be reached", "Check the network of the machine the workers run on."
    if account.sandbox_url:
        advice = f"It runs with the demo; start that: {context.settings().command} demo."
    reason = (account.unreachable_reason or "no answer").rstrip(".")
    return Unreachable(title, f"{advice} It is tried again by itself, and nothing is lost. ({reason})", since)


def organization_of(account_id: uuid.UUID) -> uuid.UUID | None:
    """Whose account it is, looked up across organizations: for the door that webhooks come in by."""
    with reading(), engine_transaction() as connection:
        return connection.execute(select(Account.organization_id).where(Account.id == account_id)).scalar_one_or_none()
