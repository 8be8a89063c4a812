"""The providers there are, one line each, and the channel of an account."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from adsapp.integrations import call_spans, http
from adsapp.integrations.base import Channel
from adsapp.integrations.errors import Meaning
from adsapp.integrations.media import MediaRule
from adsapp.integrations.models import Account
from adsapp.integrations.whatsapp import media
from adsapp.integrations.whatsapp.channel import WhatsAppChannel
from adsapp.integrations.whatsapp.codes import NO_MARKETING_IN
from adsapp.integrations.whatsapp.codes import meaning_of as whatsapp_meaning

http.watch(call_spans.watchers)


@dataclass(frozen=True)
class Provider:
    """What a provider's folder gives: a channel for each of its accounts, and the meaning of its codes (None for a
    code that is not one of its own). `no_marketing_in` are countries whose people it delivers no marketing to; `media`
    says which pictures, videos and documents it takes."""

    channel_of: Callable[[Account], Channel]
    meaning_of: Callable[[str], Meaning | None]
    no_marketing_in: frozenset[str] = frozenset()
    media: Mapping[str, MediaRule] = field(default_factory=dict)  # by the kind of header
    media_lasts: timedelta = timedelta()  # how long an uploaded file can be sent


PROVIDERS = {
    "whatsapp": Provider(WhatsAppChannel.of, whatsapp_meaning, NO_MARKETING_IN, media.RULES, media.LASTS),
}


def channel_of(account: Account) -> Channel:
    """The account's way to its provider."""
    return PROVIDERS[account.provider].channel_of(account)


def no_marketing_in(account: Account) -> frozenset[str]:
    """Countries (ISO codes) whose people the account's provider delivers no marketing to."""
    return PROVIDERS[account.provider].no_marketing_in


def media_rules(account: Account) -> Mapping[str, MediaRule]:
    """Which pictures, videos and documents its provider takes, by the kind of header."""
    return PROVIDERS[account.provider].media


def media_lasts(account: Account) -> timedelta:
    """For how long a file that was uploaded can be sent."""
    return PROVIDERS[account.provider].media_lasts


def meaning_of(code: str) -> Meaning | None:
    """What a provider's code in the ledger means; None for a code that is no provider's."""
    meanings = (provider.meaning_of(code) for provider in PROVIDERS.values())
    return next((meaning for meaning in meanings if meaning is not None), None)
