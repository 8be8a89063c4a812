"""WhatsApp accounts: who may send, with which token, how fast."""

from dataclasses import dataclass

import aiohttp
from sqlalchemy import select

from adsapp.core import context, db
from adsapp.core.errors import Conflict, FieldError, Invalid
from adsapp.integrations.models import AccountStatus, WhatsAppAccount
from adsapp.integrations.whatsapp.client import CloudApi

SEND_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class AccountIn:
    """A WhatsApp number as an admin enters it; `messages_per_second` None takes the setting's default."""

    phone_number_id: str
    waba_id: str
    token: str
    app_secret: str
    verify_token: str
    name: str = "WhatsApp"
    display_phone_number: str = ""
    messages_per_second: float | None = None

    def __repr__(self) -> str:
        return f"AccountIn(name={self.name!r}, phone_number_id={self.phone_number_id!r})"


@dataclass(frozen=True)
class AccountChanges:
    """What changes; None leaves a value as it is."""

    name: str | None = None
    token: str | None = None
    app_secret: str | None = None
    verify_token: str | None = None
    messages_per_second: float | None = None

    def __repr__(self) -> str:
        return f"AccountChanges(name={self.name!r}, messages_per_second={self.messages_per_second!r})"


def create_account(data: AccountIn) -> WhatsAppAccount:
    """Connect a number; its secrets are sealed. Raises Invalid with the field, Conflict for a number already there."""
    _check(data)
    known = select(WhatsAppAccount).where(WhatsAppAccount.phone_number_id == data.phone_number_id)
    if db.session.scalars(known).first() is not None:
        raise Conflict(f"The number {data.phone_number_id} is connected already")
    account = WhatsAppAccount(
        organization_id=db.require_organization_id(),
        name=data.name.strip(),
        phone_number_id=data.phone_number_id,
        waba_id=data.waba_id,
        display_phone_number=data.display_phone_number,
        token=db.vault().seal_text(data.token),
        app_secret=db.vault().seal_text(data.app_secret),
        verify_token=db.vault().seal_text(data.verify_token),
        messages_per_second=data.messages_per_second or context.settings().default_messages_per_second,
        status=AccountStatus.ACTIVE,
    )
    db.session.add(account)
    db.session.flush()
    return account


def update_account(account: WhatsAppAccount, changes: AccountChanges) -> WhatsAppAccount:
    """Change an account. A new token lets a refused account send again."""
    if changes.messages_per_second is not None:
        account.messages_per_second = _pace(changes.messages_per_second)
    if changes.name is not None:
        account.name = changes.name.strip()
    for name in ("token", "app_secret", "verify_token"):
        value: str | None = getattr(changes, name)
        if value is not None:
            setattr(account, name, db.vault().seal_text(_present(name, value)))
    if changes.token is not None:
        account.status, account.status_reason = AccountStatus.ACTIVE, None
    db.session.flush()
    return account


def refuse(account: WhatsAppAccount, reason: str) -> None:
    """The provider lets this account send no more; a person must act."""
    account.status, account.status_reason = AccountStatus.REFUSED, reason


def cloud_api(account: WhatsAppAccount, session: aiohttp.ClientSession) -> CloudApi:
    """The provider's API as this account."""
    settings = context.settings()
    return CloudApi(
        session,
        base_url=settings.whatsapp_api_base_url,
        api_version=settings.whatsapp_api_version,
        phone_number_id=account.phone_number_id,
        waba_id=account.waba_id,
        token=db.vault().open_text(account.token),
        timeout=SEND_TIMEOUT_SECONDS,
    )


def _check(data: AccountIn) -> None:
    names = ("phone_number_id", "waba_id", "token", "app_secret", "verify_token", "name")
    empty = [FieldError(name, "should not be empty") for name in names if not getattr(data, name).strip()]
    if empty:
        raise Invalid("; ".join(f"{field.field}: {field.message}" for field in empty), fields=empty)
    if data.messages_per_second is not None:
        _pace(data.messages_per_second)


def _pace(value: float) -> float:
    if not 0.01 <= value <= 10_000:
        raise Invalid.field("messages_per_second", f"should be 0.01 to 10,000 messages a second, not {value:g}")
    return value


def _present(name: str, value: str) -> str:
    if not value.strip():
        raise Invalid.field(name, "should not be empty")
    return value.strip()
