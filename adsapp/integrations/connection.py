"""Asks an account's provider whether it accepts it, and keeps the answer. Asking waits: never in a transaction."""

import uuid

from adsapp.core import db
from adsapp.integrations import queries, service
from adsapp.integrations.base import Answer
from adsapp.integrations.channels import channel_of
from adsapp.integrations.models import Account, AccountStatus
from adsapp.organizations.auditing import NOBODY, By


def check(account_id: uuid.UUID, by: By) -> Answer:
    """Ask with what is stored and keep the answer in the account: good lets it send again, a refusal stops it.

    Ends the running transaction before it waits; the caller commits what it kept. Raises NotFound.
    """
    account = queries.get_account(account_id)
    asked_with, channel = account.token, channel_of(account)
    db.session.rollback()  # nothing is held while the provider is asked
    answer = channel.check()
    account = queries.get_account(account_id)
    if account.token == asked_with:  # else somebody has saved another token meanwhile: the answer is not about that
        _keep(account, answer)
    result = "accepted" if answer.is_good else answer.reason
    by.audit("check WhatsApp number", f"account:{account.id}", title=account.name, result=result)
    return answer


def check_refused(account_id: uuid.UUID) -> bool:
    """Check an account that is refused; True if it was asked, so that the caller commits."""
    if queries.get_account(account_id).status is not AccountStatus.REFUSED:
        return False
    check(account_id, by=NOBODY)
    return True


def _keep(account: Account, answer: Answer) -> None:
    if answer.is_good:
        service.accept(account)
        account.display_phone_number = account.display_phone_number or answer.display_phone_number[:30]
    elif answer.refuses:
        service.refuse(account, answer.reason)
    db.session.flush()
