"""Asks the Cloud API whether it accepts a number with a token. Asking waits: never inside a transaction."""

import asyncio
from typing import Any, Final

from adsapp.core import context
from adsapp.integrations.base import Answer
from adsapp.integrations.errors import Action, ProviderError, SendError
from adsapp.integrations.http import open_session
from adsapp.integrations.whatsapp.client import CloudApi

TIMEOUT_SECONDS: Final = 10.0
MOST_SAID: Final = 300  # characters of a provider's text

# The provider's words, and ours (Cloud API reference, phone number: throughput, quality_rating).
THROUGHPUT: Final = {"STANDARD": "standard, up to 80 messages a second", "HIGH": "high, up to 1,000 messages a second"}
QUALITY: Final = {"GREEN": "high", "YELLOW": "medium", "RED": "low", "UNKNOWN": "not rated yet"}


def ask(address: str, phone_number_id: str, waba_id: str, token: str, provider: str = "WhatsApp") -> Answer:
    """Ask the provider at this address for the number with this token; waits up to 10 s. The values were checked."""
    version = context.settings().whatsapp_api_version

    async def read() -> dict[str, Any]:
        async with open_session(max_in_flight=1) as session:
            api = CloudApi(
                session,
                base_url=address,
                api_version=version,
                phone_number_id=phone_number_id,
                waba_id=waba_id,
                token=token,
                timeout=TIMEOUT_SECONDS,
            )
            return await api.phone_number()

    try:
        return _good(asyncio.run(read()))
    except ProviderError as error:
        return _bad(error.error, provider)


def _good(number: dict[str, Any]) -> Answer:
    throughput = number.get("throughput")
    level = str(throughput.get("level") or "") if isinstance(throughput, dict) else ""
    quality = str(number.get("quality_rating") or "")
    return Answer(
        display_phone_number=str(number.get("display_phone_number") or ""),
        verified_name=str(number.get("verified_name") or ""),
        throughput=THROUGHPUT.get(level, level.replace("_", " ").lower()),
        quality=QUALITY.get(quality, quality.lower()),
    )


def _bad(error: SendError, provider: str) -> Answer:
    said = error.message[:MOST_SAID]
    if error.action is Action.ACCOUNT:
        return Answer(reason=error.told, said=said, refuses=True)
    if error.code is None:
        return Answer(reason=f"{provider} could not be reached ({said}). Check the network and try again.")
    what_to_do = "Compare the phone number id and the business account id with those at Meta."
    if error.action.sends_again:
        what_to_do = "Try again in a minute."
    return Answer(reason=f"{error.title} (code {error.code}). {what_to_do}", said=said)
