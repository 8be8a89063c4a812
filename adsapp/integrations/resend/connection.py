"""Asks Resend whether it accepts an account: its key, its sender's domain, its webhook. Never inside a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from adsapp.integrations.base import EmailAnswer, EmailFinding
from adsapp.integrations.errors import Action, ProviderError, SendError
from adsapp.integrations.http import open_session
from adsapp.integrations.resend.client import ResendApi
from adsapp.integrations.resend.codes import WHERE

TIMEOUT_SECONDS: Final = 10.0
MOST_SAID: Final = 300  # characters of a provider's text
MAY_ONLY_SEND: Final = "restricted_api_key"  # how a key that may send and nothing else is answered to a read
TEST_DOMAIN: Final = "resend.dev"

Entries = list[dict[str, Any]]


@dataclass(frozen=True)
class Wanted:
    """What an account needs at the provider, and how that is called in sentences."""

    sender_address: str
    webhook_url: str
    has_secret: bool
    called: str = "Resend"

    @property
    def domain(self) -> str:
        """Where mails come from."""
        return self.sender_address.rpartition("@")[2].lower()


def ask(open_api: Callable[[aiohttp.ClientSession], ResendApi], wanted: Wanted) -> EmailAnswer:
    """Ask; waits up to some 20 s."""

    async def read() -> tuple[Entries, Entries]:
        async with open_session(max_in_flight=1) as session:
            api = open_api(session)
            return await api.entries("domains"), await api.entries("webhooks")

    try:
        domains, webhooks = asyncio.run(read())
    except ProviderError as error:
        return _bad(error.error, wanted)
    return judge(wanted, domains, webhooks)


def judge(wanted: Wanted, domains: Entries, webhooks: Entries) -> EmailAnswer:
    """What is there and what is missing. Pure."""
    key = EmailFinding("key", True, f"{wanted.called} accepts the key.")
    domain = _domain(wanted, domains)
    reason = domain.told if domain.prevents else ""
    return EmailAnswer((key, domain, _webhook(wanted, webhooks)), reason, refuses=domain.prevents)


def _domain(wanted: Wanted, domains: Entries) -> EmailFinding:
    if wanted.domain == TEST_DOMAIN:
        return EmailFinding("domain", True, f"{TEST_DOMAIN} is for trying out: it reaches test addresses only.")
    found = next((each for each in domains if str(each.get("name")).lower() == wanted.domain), None)
    where = "Add it at Resend under Domains, and its DNS records at your provider." if found is None else ""
    if found is None:
        return EmailFinding(
            "domain", False, f"{wanted.called} does not know the domain {wanted.domain}. {where}", prevents=True
        )
    if found.get("status") == "verified":
        return EmailFinding("domain", True, f"The domain {wanted.domain} is verified.")
    status = str(found.get("status") or "unknown").replace("_", " ")
    todo = "See at Resend under Domains which DNS records are missing, then check the connection again."
    return EmailFinding(
        "domain", False, f"The domain {wanted.domain} is not verified yet (status: {status}). {todo}", prevents=True
    )


def _webhook(wanted: Wanted, webhooks: Entries) -> EmailFinding:
    if not any(each.get("endpoint") == wanted.webhook_url for each in webhooks):
        todo = f"Add {wanted.webhook_url} at Resend under Webhooks, with all events, and save its signing secret here."
        return EmailFinding("webhook", False, f"{wanted.called} reports nothing: it has no webhook to us. {todo}")
    if not wanted.has_secret:
        todo = f"Copy it from Resend under Webhooks and save it under {WHERE}: without it no report is believed."
        return EmailFinding("webhook", False, f"The webhook's signing secret is missing. {todo}")
    return EmailFinding("webhook", True, "The webhook is set up.")


def _bad(error: SendError, wanted: Wanted) -> EmailAnswer:
    said = error.message[:MOST_SAID].rstrip(". ")
    if error.code == MAY_ONLY_SEND:
        told = f"The key may send and nothing else, so the domain {wanted.domain} and the webhook cannot be looked at."
        return EmailAnswer((EmailFinding("key", True, told),))
    if error.action is Action.ACCOUNT:
        reason = f"{error.told} {wanted.called} says: {said}."
        return EmailAnswer((EmailFinding("key", False, reason, prevents=True),), reason, refuses=True)
    if error.code is None:
        return EmailAnswer(reason=f"{wanted.called} could not be reached ({said}). Check the network and try again.")
    return EmailAnswer(reason=f"{error.told_at_last} {wanted.called} says: {said}.")
