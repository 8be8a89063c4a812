"""Asks the provider whether it accepts an account, and keeps what it said. Asking waits: never inside a transaction."""

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any, Final

from adsapp.core import context, db
from adsapp.core.crypto import UnreadableSecret
from adsapp.integrations import queries, service
from adsapp.integrations.base import Action, ProviderError, SendError
from adsapp.integrations.models import AccountStatus, WhatsAppAccount
from adsapp.integrations.whatsapp.client import CloudApi, open_session

TIMEOUT_SECONDS: Final = 10.0
MOST_SAID: Final = 300  # characters of a provider's text

# The provider's words, and ours (Cloud API reference, phone number: throughput, quality_rating).
THROUGHPUT: Final = {"STANDARD": "standard, up to 80 messages a second", "HIGH": "high, up to 1,000 messages a second"}
QUALITY: Final = {"GREEN": "high", "YELLOW": "medium", "RED": "low", "UNKNOWN": "not rated yet"}


@dataclass(frozen=True)
class Answer:
    """What the provider said of a number, or why it said nothing: `reason`, in sentences, with what to do.

    `refuses`: it said no for good, so a message would fail as well. `said` is the provider's own text.
    """

    display_phone_number: str = ""
    verified_name: str = ""
    throughput: str = ""
    quality: str = ""
    reason: str = ""
    said: str = ""
    refuses: bool = False

    @property
    def is_good(self) -> bool:
        """True where the provider answered."""
        return not self.reason

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What it said of the number, for people."""
        return [
            ("Display number", self.display_phone_number),
            ("Verified name", self.verified_name),
            ("Throughput", self.throughput),
            ("Quality", self.quality),
        ]

    @property
    def sentence(self) -> str:
        """The whole answer in one line."""
        if self.is_good:
            return ", ".join(f"{name.lower()}: {value or 'not given'}" for name, value in self.facts)
        said = f" WhatsApp says: {self.said.rstrip('. ')}." if self.said else ""
        return self.reason + said


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


def check(account_id: uuid.UUID) -> Answer:
    """Ask with the stored token and keep the answer in the account: good lets it send again, a refusal stops it.

    Ends the running transaction before it waits; the caller commits what it kept. Raises NotFound.
    """
    account = queries.get_account(account_id)
    db.session.expunge(account)
    db.session.rollback()  # nothing is held while the provider is asked
    answer = _ask_stored(account)
    now = queries.get_account(account_id)
    if now.token == account.token:  # else somebody has saved another token meanwhile: the answer is not about that
        _keep(now, answer)
    return answer


def check_refused(account_id: uuid.UUID) -> bool:
    """As `check`, for an account that is refused; True where it was asked, so that the caller commits."""
    if queries.get_account(account_id).status is not AccountStatus.REFUSED:
        return False
    check(account_id)
    return True


def _ask_stored(account: WhatsAppAccount) -> Answer:
    try:
        token = account.token.open()
    except UnreadableSecret:
        why = "The stored access token cannot be read with this installation's ENCRYPTION_KEYS."
        return Answer(reason=f"{why} Save a new access token.")
    provider = queries.provider_of(account)
    return ask(service.api_address(account), account.phone_number_id, account.waba_id, token, provider)


def _keep(account: WhatsAppAccount, answer: Answer) -> None:
    if answer.is_good:
        service.accept(account)
        account.display_phone_number = account.display_phone_number or answer.display_phone_number[:30]
    elif answer.refuses:
        service.refuse(account, answer.reason)
    db.session.flush()


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
