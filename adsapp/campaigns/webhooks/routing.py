"""Whose event is it? What it says it is about decides, never the address it came to.

All numbers of a business account report to one address, and one app may serve many business accounts.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adsapp.integrations import queries as accounts
from adsapp.integrations.events import AccountEvent, Event, UnknownEvent
from adsapp.integrations.models import Account


@dataclass(frozen=True)
class Directory:
    """The organization's accounts, seen from the one whose address was used: `here`."""

    here: Account
    accounts: Sequence[Account]

    @classmethod
    def around(cls, here: Account) -> "Directory":
        """Of the account's organization."""
        return cls(here, accounts.list_accounts())

    def owners(self, event: Event) -> Sequence[Account]:
        """The accounts it is about: one for what concerns a number, all of a business for the rest; none if what it is
        about is not connected here."""
        source = event.source
        if source.sender:
            return [account for account in self.accounts if account.source.sender == source.sender]
        business = [account for account in self.accounts if account.source.business == source.business]
        if isinstance(event, AccountEvent) and event.number:
            return [account for account in business if account.has_number(event.number)]
        return business if source.business else [self.here]

    def owner(self, event: Event) -> Account | None:
        """The one account of an event of one person or message."""
        owners = self.owners(event)
        return self.here if self.here in owners else owners[0] if owners else None


def stranger(event: Event) -> str:
    """Why nothing was done for an event without an owner."""
    if event.source.sender:
        return f"another number: {event.source.sender} is not connected here"
    if isinstance(event, AccountEvent) and event.number:
        return f"another number: {event.number} is not connected here"
    return f"another business account: {event.source.business} is not connected here"


def has_owner(event: Event) -> bool:
    """False for what could not be read: it stays with the delivery."""
    return not isinstance(event, UnknownEvent) or event.error is not None
