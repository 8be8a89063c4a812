"""E-mail accounts: who mails are from, by which key, how fast."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, FieldError, Invalid
from adsapp.core.ids import new_id
from adsapp.integrations.email_queries import WHERE
from adsapp.integrations.models import AccountStatus, EmailAccount
from adsapp.organizations.auditing import By

LARGEST_BATCH: Final = 100  # e-mails in one request, as the provider takes them
DEFAULT_BATCH: Final = 10
DEFAULT_PACE: Final = 10.0
# What a text has to look like, and what to say if it does not. The messages never repeat a value: some are secret.
RULES: Final[Mapping[str, tuple[str, str]]] = {
    "name": (r"[^\x00-\x1f\x7f]{1,200}", "should be one line of at most 200 characters"),
    "api_key": (r"[!-~]{1,2048}", "should be a key as Resend shows it: re_ and letters, without spaces"),
    "sender_name": (r"[^\x00-\x1f\x7f]{0,200}", "should be one line of at most 200 characters"),
    "webhook_secret": (r"(whsec_[A-Za-z0-9+/=_-]{8,2048})?", "should be as Resend shows it: whsec_ and letters"),
}
ADDRESSES: Final = ("sender_address", "reply_to")
MAY_BE_EMPTY: Final = frozenset({"sender_name", "reply_to", "webhook_secret"})
NUMBERS: Final = {
    "emails_per_second": (0.01, 10_000, "e-mails a second"),
    "batch_size": (1, LARGEST_BATCH, "e-mails in one request"),
}


@dataclass(frozen=True)
class EmailAccountIn:
    """An account as an admin enters it. `webhook_secret` "": its webhook is set up later."""

    api_key: str
    sender_address: str
    name: str = "E-mail"
    sender_name: str = ""
    reply_to: str = ""
    emails_per_second: float = DEFAULT_PACE
    batch_size: int = DEFAULT_BATCH
    tracks_opens: bool = False
    tracks_clicks: bool = False
    webhook_secret: str = ""

    def __repr__(self) -> str:
        return f"EmailAccountIn(name={self.name!r}, sender_address={self.sender_address!r})"


@dataclass(frozen=True)
class EmailAccountChanges:
    """What changes; None leaves a value as it is."""

    name: str | None = None
    api_key: str | None = None
    sender_address: str | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    emails_per_second: float | None = None
    batch_size: int | None = None
    tracks_opens: bool | None = None
    tracks_clicks: bool | None = None
    webhook_secret: str | None = None

    def __repr__(self) -> str:
        return f"EmailAccountChanges(name={self.name!r}, sender_address={self.sender_address!r})"


def connect_account(data: EmailAccountIn, by: By) -> EmailAccount:
    """Connect an account; its secrets are sealed. Raises Invalid with the fields, Conflict for a name there is."""
    return add_account(new_account(data), by)


def new_account(data: EmailAccountIn) -> EmailAccount:
    """The account as it would be kept, to ask the provider about it first. Raises Invalid with the fields."""
    check_new(data)
    account = EmailAccount(
        organization_id=db.require_organization_id(),
        id=new_id(),  # its webhook's address has it
        status=AccountStatus.ACTIVE,
        sandbox_url=context.settings().sandbox_url or None,
        created_at=utcnow(),
    )
    return _written(account, vars(data))


def add_account(account: EmailAccount, by: By) -> EmailAccount:
    """Keep a new account. Raises Conflict for a name there is."""
    _refuse_same_name(account.name)
    db.session.add(account)
    db.session.flush()
    by.audit("connect e-mail account", _subject(account), title=account.name, sender=account.sender_address)
    return account


def as_changed(account: EmailAccount, changes: EmailAccountChanges) -> EmailAccount:
    """The account as it would be with these changes, to ask the provider about it first; it is not kept."""
    check_changes(changes)
    copied = EmailAccount(**{column.name: getattr(account, column.name) for column in EmailAccount.__table__.columns})
    return _written(copied, _given(changes))


def change_account(account: EmailAccount, changes: EmailAccountChanges, by: By) -> EmailAccount:
    """Change an account. A new key lets a refused account send again."""
    check_changes(changes)
    if changes.name is not None and changes.name.strip() != account.name:
        _refuse_same_name(changes.name.strip())
    given = _given(changes)
    _written(account, given)
    if "api_key" in given:
        account.status, account.status_reason = AccountStatus.ACTIVE, None
    db.session.flush()
    by.audit("change e-mail account", _subject(account), title=account.name, fields=sorted(given))
    return account


def remove_account(account: EmailAccount, by: By) -> None:
    """Forget the account's secrets and let it send no more. The row stays: what it sent says that it did.

    What it is still sending stops with the next request, and waits for a person.
    """
    now, title = utcnow(), account.name
    account.removed_at, account.status = now, AccountStatus.REFUSED
    account.status_reason = f"“{title}” was removed under {WHERE}"
    account.name = f"{title[:150]} (removed {now:%Y-%m-%d %H:%M:%S.%f})"  # another may have its name now
    account.api_key, account.webhook_secret = db.SecretText.of("removed"), None
    db.session.flush()
    by.audit("remove e-mail account", _subject(account), title=title)


def sandbox_of(account: EmailAccount) -> str:
    """The address of the sandbox an account lives at, "" for one at Resend.

    What was connected under the demo stays with the sandbox, also under a worker that was started without it.
    """
    return context.settings().sandbox_url or account.sandbox_url or ""


def webhook_url(account: EmailAccount) -> str:
    """The address that is entered at Resend."""
    return f"{context.settings().base_url}/webhooks/resend/{account.id}"


def check_new(data: EmailAccountIn) -> None:
    """Raise Invalid with every field that is wrong."""
    _raise_all(_mistakes(vars(data)))


def check_changes(changes: EmailAccountChanges) -> None:
    """Raise Invalid with every field that is wrong; what stays as it is is not looked at."""
    _raise_all(_mistakes(_given(changes)))


def _subject(account: EmailAccount) -> str:
    return f"email_account:{account.id}"


def _given(changes: EmailAccountChanges) -> dict[str, Any]:
    return {name: value for name, value in vars(changes).items() if value is not None}


def _written(account: EmailAccount, values: Mapping[str, Any]) -> EmailAccount:
    """The account with these values, secrets sealed."""
    for name, value in values.items():
        if name == "api_key":
            account.api_key = db.SecretText.of(value.strip())
        elif name == "webhook_secret":
            account.webhook_secret = _sealed(value)
        else:
            setattr(account, name, value.strip() if isinstance(value, str) else value)
    return account


def _sealed(secret: str) -> db.SecretText | None:
    return db.SecretText.of(secret.strip()) if secret.strip() else None


def _refuse_same_name(name: str) -> None:
    if db.session.scalars(select(EmailAccount.id).where(EmailAccount.name == name)).first() is not None:
        raise Conflict(f"There is an e-mail account “{name}” already; give this one another name")


def _mistakes(values: Mapping[str, Any]) -> Iterator[FieldError]:
    for name, value in values.items():
        why_not = _why_not(name, value)
        if why_not:
            yield FieldError(name, why_not)


def _why_not(name: str, value: Any) -> str:
    if name in NUMBERS:
        least, most, what = NUMBERS[name]
        return "" if least <= value <= most else f"should be {least:g} to {most:,} {what}, not {value:g}"
    if isinstance(value, bool):
        return ""
    text = value.strip()
    if not text:
        return "" if name in MAY_BE_EMPTY else "should not be empty"
    if name in ADDRESSES:
        return _why_no_address(text)
    pattern, told = RULES[name]
    return "" if re.fullmatch(pattern, text) else told


def _why_no_address(text: str) -> str:
    try:
        validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        return "should be one e-mail address such as hello@example.com"
    return ""


def _raise_all(mistakes: Iterator[FieldError]) -> None:
    found = list(mistakes)
    if found:
        raise Invalid("; ".join(f"{each.field}: {each.message}" for each in found), fields=found)
