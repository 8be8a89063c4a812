"""What an answer means beyond its own people: for the e-mail, for its account, for all that goes out by it.

A key that is withdrawn and a quota that is used up concern every e-mail of the account, so all that go out are paused
in one transaction, and each says why. What a quota stopped goes on by itself when it renews.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.emails import ledger
from adsapp.emails.events import record
from adsapp.emails.models import Email
from adsapp.integrations import email_queries as accounts
from adsapp.integrations import service as integrations
from adsapp.integrations.errors import SendError
from adsapp.integrations.models import EmailAccount
from adsapp.outbound.statuses import OutboundStatus

FAILURE_LIMIT: Final = 10  # so many of the same kind, with none that went well between them, pause the e-mail
SLOW_AT_LEAST: Final = 1.0
GOING_OUT: Final = tuple(status for status in OutboundStatus if status.goes_out)


@dataclass
class Consequences:
    """What some answers together ask for."""

    pause: str = ""
    refuse: str = ""
    quota_until: datetime | None = None
    quota_reason: str = ""
    slow_seconds: float = 0.0
    unreachable: str = ""
    is_reached: bool = False  # the provider answers again

    def quota(self, error: SendError, at: datetime) -> None:
        """The quota is used up, and renews after the error's wait."""
        self.quota_until = at + timedelta(seconds=error.retry_after or 0.0)
        self.quota_reason = f"{error.title}: it renews {until(self.quota_until)}, and the e-mail goes on by itself then"

    def failed(self, error: SendError, in_a_row: Callable[[], int]) -> None:
        """Somebody was refused for good; several alike are no accident."""
        if in_a_row() >= FAILURE_LIMIT:
            self.pause = f"{FAILURE_LIMIT} e-mails in a row failed alike: {error.told}"

    @property
    def stops(self) -> bool:
        """True if the e-mail does not go on for now."""
        return bool(self.pause or self.refuse or self.quota_until)


def until(moment: datetime) -> str:
    """ "on 30 Nov 2026 at 00:01 UTC"."""
    return f"on {moment.astimezone(UTC):%-d %b %Y at %H:%M} UTC"


def act(email: Email, found: Consequences) -> None:
    """What concerns this e-mail, and how its account gets on; in the caller's transaction, the e-mail is locked."""
    if found.is_reached or found.unreachable:
        _reach(email, accounts.get_email_account(email.account_id), found)
    pause_automatically(email, found.pause)


def _reach(email: Email, account: EmailAccount, found: Consequences) -> None:
    who = accounts.email_provider_of(account)
    if found.is_reached:
        integrations.reached(account)
        record(email, f"{who} answers again")
    if found.unreachable and integrations.unreachable(account, found.unreachable):
        record(email, f"{who} cannot be reached; it is tried again by itself")


def act_on_account(account_id: uuid.UUID, found: Consequences) -> None:
    """What concerns all e-mails of the account. Commits: a transaction of its own, for it locks them all in order."""
    if not (found.refuse or found.quota_until):
        return
    running = select(Email.id).where(Email.account_id == account_id, Email.status.in_(GOING_OUT))
    emails = ledger.lock(db.session.scalars(running)).values()
    account = accounts.get_email_account(account_id)
    if found.refuse:
        integrations.refuse(account, found.refuse)
    if found.quota_until:
        account.quota_until, account.quota_reason = found.quota_until, found.quota_reason
    for email in emails:
        hold_back(email, account)
    db.session.commit()


def hold_back(email: Email, account: EmailAccount) -> None:
    """Pause a locked e-mail if its account cannot send now."""
    if account.status.value == "refused":
        pause_automatically(email, account.status_reason or "Resend refuses this account")
    elif account.quota_until is not None and account.quota_until > utcnow():
        pause_automatically(email, account.quota_reason or "The quota is used up", account.quota_until)


def pause_automatically(email: Email, reason: str, until: datetime | None = None) -> None:
    """Pause a running e-mail for a reason of its own, or until a time; no effect without one, or if it does not run."""
    if not reason or not email.status.goes_out:
        return
    email.status, email.status_reason, email.paused_until = OutboundStatus.PAUSED, reason, until
    record(email, f"Paused by itself: {reason}")


def go_on_by_itself(email: Email, account: EmailAccount) -> None:
    """End a pause whose time is over, if nothing else holds the account up; the e-mail is locked."""
    if email.status is not OutboundStatus.PAUSED or email.paused_until is None or email.paused_until > utcnow():
        return
    email.status = OutboundStatus.SENDING if email.frozen_at else OutboundStatus.PREPARING
    email.status_reason = email.paused_until = None
    if account.quota_until is not None and account.quota_until <= utcnow():
        account.quota_until = account.quota_reason = None
    record(email, "Goes on by itself: the quota has renewed")
