"""How an account gets on with its provider: accepted, refused, out of reach."""

from adsapp.core.clock import utcnow
from adsapp.integrations.models import Account, AccountStatus, EmailAccount

AnyAccount = Account | EmailAccount


def accept(account: AnyAccount) -> None:
    """The provider answered this account: it may send (again)."""
    account.status, account.status_reason = AccountStatus.ACTIVE, None
    reached(account)


def refuse(account: AnyAccount, reason: str) -> None:
    """The provider lets this account send no more; a person must act."""
    account.status, account.status_reason = AccountStatus.REFUSED, reason


def reached(account: AnyAccount) -> None:
    """The provider answered, whatever it said."""
    account.unreachable_since = account.unreachable_at = account.unreachable_reason = None


def unreachable(account: AnyAccount, reason: str) -> bool:
    """No request got through to the provider just now; True if that is news."""
    now, is_news = utcnow(), account.unreachable_since is None
    account.unreachable_since = account.unreachable_since or now
    account.unreachable_at, account.unreachable_reason = now, reason
    return is_news
