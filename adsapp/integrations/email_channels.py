"""The providers of e-mail there are, one line each, and the channel of an account."""

from collections.abc import Callable
from dataclasses import dataclass

from adsapp.integrations import call_spans, http
from adsapp.integrations.base import EmailChannel
from adsapp.integrations.errors import Meaning
from adsapp.integrations.models import EmailAccount
from adsapp.integrations.resend.channel import ResendChannel
from adsapp.integrations.resend.codes import meaning_of as resend_meaning

http.watch(call_spans.watchers)


@dataclass(frozen=True)
class EmailProvider:
    """What a provider's folder gives: a channel for each of its accounts, and the meaning of its codes (None for a
    code that is not one of its own)."""

    channel_of: Callable[[EmailAccount], EmailChannel]
    meaning_of: Callable[[str], Meaning | None]


EMAIL_PROVIDERS = {"resend": EmailProvider(ResendChannel.of, resend_meaning)}


def email_channel_of(account: EmailAccount) -> EmailChannel:
    """The account's way to its provider."""
    return EMAIL_PROVIDERS[account.provider].channel_of(account)


def email_meaning_of(code: str) -> Meaning | None:
    """What a provider's code in the ledger means; None for a code that is no provider's."""
    meanings = (provider.meaning_of(code) for provider in EMAIL_PROVIDERS.values())
    return next((meaning for meaning in meanings if meaning is not None), None)
