"""Resend as an `EmailChannel`: what e-mails reach it by."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from adsapp.core import context, db
from adsapp.core.crypto import UnreadableSecret
from adsapp.integrations.base import EmailAnswer, EmailMessage, Limits, Send
from adsapp.integrations.email_queries import email_provider_of
from adsapp.integrations.models import EmailAccount
from adsapp.integrations.resend import connection
from adsapp.integrations.resend.client import ResendApi
from adsapp.integrations.resend.messages import LARGEST_BATCH, request_of
from adsapp.integrations.resend.service import sandbox_of, webhook_url

SEND_TIMEOUT_SECONDS: Final = 30.0
# Requests a second until an answer has said what the limit is: the lowest that the provider's documents name.
LIMIT_IF_UNKNOWN: Final = 2.0
SLOWEST: Final = 0.01


@dataclass(frozen=True)
class ResendChannel:
    """An account at Resend. The key is opened when it is needed: one that cannot be read stops no webhook."""

    key: str
    batch_size: int
    address: str
    sender_address: str
    webhook_url: str
    has_webhook_secret: bool
    emails_per_second: float
    called: str
    _api_key: db.SecretText = field(repr=False)
    limits: Limits = field(default_factory=Limits, compare=False)

    @classmethod
    def of(cls, account: EmailAccount) -> ResendChannel:
        """The channel of an account, copied: the account may be gone when it is used."""
        return cls(
            key=f"resend:{_name_of(account)}",
            batch_size=min(account.batch_size, LARGEST_BATCH),
            address=api_address(account),
            sender_address=account.sender_address,
            webhook_url=webhook_url(account),
            has_webhook_secret=account.webhook_secret is not None,
            emails_per_second=account.emails_per_second,
            called=email_provider_of(account),
            _api_key=account.api_key,
            limits=Limits(account.limit_requests),
        )

    @property
    def rate(self) -> float:
        allowed = self.limits.requests_per_second or LIMIT_IF_UNKNOWN
        return max(SLOWEST, min(allowed, self.emails_per_second / self.batch_size))

    def prepare(self, messages: Sequence[EmailMessage], key: str) -> Mapping[str, Any]:
        return request_of(messages, key)

    def connect(self, http: aiohttp.ClientSession) -> Send:
        return self.api(http, SEND_TIMEOUT_SECONDS).send

    def check(self) -> EmailAnswer:
        try:
            self._api_key.open()
        except UnreadableSecret:
            why = "The stored API key cannot be read with this installation's ENCRYPTION_KEYS."
            return EmailAnswer(reason=f"{why} Save a new API key.")
        wanted = connection.Wanted(self.sender_address, self.webhook_url, self.has_webhook_secret, self.called)
        return connection.ask(lambda http: self.api(http, connection.TIMEOUT_SECONDS), wanted)

    def api(self, http: aiohttp.ClientSession, timeout: float) -> ResendApi:
        """The API itself, for what is asked of it besides sending."""
        return ResendApi(http, base_url=self.address, key=self._api_key.open(), limits=self.limits, timeout=timeout)


def api_address(account: EmailAccount) -> str:
    """The address of an account's API."""
    sandbox = sandbox_of(account)
    return f"{sandbox.rstrip('/')}/resend" if sandbox else context.settings().resend_api_base_url


def _name_of(account: EmailAccount) -> str:
    """What its limits are kept under: two accounts with one key share them, for the provider counts them together."""
    try:
        return hashlib.blake2b(account.api_key.open().encode(), digest_size=8).hexdigest()
    except UnreadableSecret:
        return str(account.id)
