"""Asks whether an e-mail account can send, and keeps the answer. Asking waits: never in a transaction."""

import uuid

from adsapp.core import db
from adsapp.integrations import email_queries as queries
from adsapp.integrations.base import EmailAnswer
from adsapp.integrations.email_channels import email_channel_of
from adsapp.integrations.models import AccountStatus, EmailAccount
from adsapp.organizations.auditing import NOBODY, By


def ask(account: EmailAccount) -> EmailAnswer:
    """The provider's answer about an account, kept or not. Ends the running transaction before it waits."""
    channel = email_channel_of(account)
    db.session.rollback()  # nothing is held while the provider is asked
    return channel.check()


def check(account_id: uuid.UUID, by: By) -> EmailAnswer:
    """Ask with what is stored and keep the answer in the account: good lets it send again, a refusal stops it.

    Ends the running transaction before it waits; the caller commits what it kept. Raises NotFound.
    """
    account = queries.get_email_account(account_id)
    asked_with = account.api_key
    answer = ask(account)
    account = queries.get_email_account(account_id)
    if account.api_key == asked_with:  # else somebody has saved another key meanwhile: the answer is not about that
        keep(account, answer)
    result = "accepted" if answer.is_good else answer.reason
    by.audit("check e-mail account", f"email_account:{account.id}", title=account.name, result=result)
    return answer


def check_refused(account_id: uuid.UUID) -> bool:
    """Check an account that is refused; True if it was asked, so that the caller commits."""
    account = queries.get_email_account(account_id)
    if account.status is not AccountStatus.REFUSED or account.removed_at is not None:
        return False
    check(account_id, by=NOBODY)
    return True


def keep(account: EmailAccount, answer: EmailAnswer) -> None:
    """What the answer means for the account."""
    if answer.is_good:
        account.status, account.status_reason = AccountStatus.ACTIVE, None
        account.unreachable_since = account.unreachable_at = account.unreachable_reason = None
    elif answer.refuses:
        account.status, account.status_reason = AccountStatus.REFUSED, answer.reason
    db.session.flush()
