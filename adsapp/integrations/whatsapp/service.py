"""WhatsApp accounts: who may send, with which token, how fast."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from adsapp.core import context, db
from adsapp.core.errors import Conflict, FieldError, Invalid
from adsapp.integrations.models import Account, AccountStatus
from adsapp.integrations.service import accept
from adsapp.organizations.auditing import By

SECRETS = ("token", "app_secret", "verify_token")
_ID = (r"[A-Za-z0-9_-]{1,40}", "should be the id as Meta shows it: digits, without spaces")
_SECRET = (r"[!-~]{1,2048}", "should be letters, digits and signs without spaces, as Meta shows it")
# What a value has to look like, and what to say if it does not. The messages never repeat a value: some are secret.
RULES = {
    "phone_number_id": _ID,
    "waba_id": _ID,
    **dict.fromkeys(SECRETS, _SECRET),
    "name": (r"[^\x00-\x1f\x7f]{1,200}", "should be one line of at most 200 characters"),
    "display_phone_number": (r"[^\x00-\x1f\x7f]{0,30}", "should be a phone number of at most 30 characters"),
}


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
    waba_id: str | None = None
    token: str | None = None
    app_secret: str | None = None
    verify_token: str | None = None
    messages_per_second: float | None = None

    def __repr__(self) -> str:
        return f"AccountChanges(name={self.name!r}, messages_per_second={self.messages_per_second!r})"


def create_account(data: AccountIn, by: By) -> Account:
    """Connect a number; its secrets are sealed. Raises Invalid with the field, Conflict for a number already there."""
    check_new(data)
    known = select(Account).where(Account.phone_number_id == data.phone_number_id.strip())
    if db.session.scalars(known).first() is not None:
        raise Conflict(f"The number {data.phone_number_id} is connected already; change it under Settings → WhatsApp")
    account = Account(
        organization_id=db.require_organization_id(),
        name=data.name.strip(),
        phone_number_id=data.phone_number_id.strip(),
        waba_id=data.waba_id.strip(),
        display_phone_number=data.display_phone_number.strip(),
        token=db.SecretText.of(data.token.strip()),
        app_secret=db.SecretText.of(data.app_secret.strip()),
        verify_token=db.SecretText.of(data.verify_token.strip()),
        messages_per_second=data.messages_per_second or context.settings().default_messages_per_second,
        status=AccountStatus.ACTIVE,
        sandbox_url=context.settings().sandbox_url or None,
    )
    db.session.add(account)
    db.session.flush()
    by.audit("connect WhatsApp number", f"account:{account.id}", title=account.name, number=account.phone_number_id)
    return account


def update_account(account: Account, changes: AccountChanges, by: By) -> Account:
    """Change an account. A new token lets a refused account send again."""
    check_changes(changes)
    if changes.messages_per_second is not None:
        account.messages_per_second = changes.messages_per_second
    for name in ("name", "waba_id"):
        plain: str | None = getattr(changes, name)
        if plain is not None:
            setattr(account, name, plain.strip())
    for name in SECRETS:
        secret: str | None = getattr(changes, name)
        if secret is not None:
            setattr(account, name, db.SecretText.of(secret.strip()))
    if changes.token is not None:
        accept(account)
    db.session.flush()
    changed = sorted(name for name, value in vars(changes).items() if value is not None)
    by.audit("change WhatsApp number", f"account:{account.id}", title=account.name, fields=changed)
    return account


def api_address(account: Account | None) -> str:
    """The address of a number's API; None for a new number.

    A number connected to the sandbox stays with it, also under a worker that was started without the demo: what
    people wrote to try things out must never reach anybody.
    """
    settings = context.settings()
    own = account.sandbox_url if account is not None else None
    return settings.sandbox_url or own or settings.whatsapp_api_base_url


def check_new(data: AccountIn) -> None:
    """Raise Invalid with every field that is wrong."""
    _raise_all(_mistakes({name: getattr(data, name) for name in (*RULES, "messages_per_second")}))


def check_changes(changes: AccountChanges) -> None:
    """Raise Invalid with every field that is wrong; what stays as it is is not looked at."""
    _raise_all(_mistakes({name: value for name, value in vars(changes).items() if value is not None}))


def _mistakes(values: Mapping[str, Any]) -> Iterator[FieldError]:
    for name, value in values.items():
        if name == "messages_per_second":
            if value is not None and not 0.01 <= value <= 10_000:
                yield FieldError(name, f"should be 0.01 to 10,000 messages a second, not {value:g}")
        elif not value.strip() and name != "display_phone_number":
            yield FieldError(name, "should not be empty")
        elif not re.fullmatch(RULES[name][0], value.strip()):
            yield FieldError(name, RULES[name][1])


def _raise_all(mistakes: Iterator[FieldError]) -> None:
    found = list(mistakes)
    if found:
        raise Invalid("; ".join(f"{each.field}: {each.message}" for each in found), fields=found)
