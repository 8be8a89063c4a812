"""The Cloud API as a `Channel`: what campaigns and templates reach it by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

import aiohttp

from adsapp.core import context, db
from adsapp.core.crypto import UnreadableSecret
from adsapp.integrations.base import Answer, Message, ProviderTemplate, Send, TemplateText, TextMessage
from adsapp.integrations.events import Delivery
from adsapp.integrations.http import open_session
from adsapp.integrations.media import FileToSend
from adsapp.integrations.models import Account
from adsapp.integrations.queries import provider_of
from adsapp.integrations.whatsapp import connection, webhooks
from adsapp.integrations.whatsapp.client import CloudApi
from adsapp.integrations.whatsapp.messages import template_message, text_message
from adsapp.integrations.whatsapp.service import api_address
from adsapp.integrations.whatsapp.templates import read_template

SEND_TIMEOUT_SECONDS: Final = 20.0
UPLOAD_TIMEOUT_SECONDS: Final = 300.0  # 100 MB over a slow line
T = TypeVar("T")


@dataclass(frozen=True)
class WhatsAppChannel:
    """A business phone number. Secrets are opened when needed: a token that cannot be read stops no webhook."""

    key: str
    rate: float
    phone_number_id: str
    waba_id: str
    address: str
    api_version: str
    called: str
    _token: db.SecretText = field(repr=False)
    _app_secret: db.SecretText = field(repr=False)
    _verify_token: db.SecretText = field(repr=False)

    @classmethod
    def of(cls, account: Account) -> WhatsAppChannel:
        """The channel of an account, copied: the account may be gone when it is used."""
        return cls(
            key=f"whatsapp:{account.phone_number_id}",
            rate=account.messages_per_second,
            phone_number_id=account.phone_number_id,
            waba_id=account.waba_id,
            address=api_address(account),
            api_version=context.settings().whatsapp_api_version,
            called=provider_of(account),
            _token=account.token,
            _app_secret=account.app_secret,
            _verify_token=account.verify_token,
        )

    def prepare(self, message: Message) -> Mapping[str, Any]:
        if isinstance(message, TextMessage):
            return text_message(to=message.to, body=message.text, callback_data=message.reference)
        return template_message(
            to=message.to,
            name=message.name,
            language=message.language,
            values=message.values,
            named=message.named,
            callback_data=message.reference,
            file_name=message.file_name,
        )

    def connect(self, http: aiohttp.ClientSession) -> Send:
        return self._api(http).send

    def fetch_templates(self) -> Sequence[ProviderTemplate]:
        entries = asyncio.run(self._read_templates())
        return [template for template in map(read_template, entries) if template is not None]

    def create_template(self, text: TemplateText) -> ProviderTemplate:
        entry = {**_entry(text), "name": text.name, "language": text.language}
        answer = asyncio.run(self._ask(lambda api: api.create_template(entry)))
        return ProviderTemplate(
            text.name,
            text.language,
            str(answer.get("status") or "PENDING").upper(),
            provider_id=str(answer.get("id") or ""),
            category=str(answer.get("category") or text.category),
            parameter_format=text.parameter_format,
            components=text.components,
        )

    def edit_template(self, provider_id: str, text: TemplateText) -> None:
        asyncio.run(self._ask(lambda api: api.edit_template(provider_id, _entry(text))))

    def delete_template(self, name: str, provider_id: str) -> None:
        asyncio.run(self._ask(lambda api: api.delete_template(name, provider_id)))

    def upload_media(self, file: FileToSend) -> str:
        return asyncio.run(self._ask(lambda api: api.upload_media(file), UPLOAD_TIMEOUT_SECONDS))

    def upload_sample(self, file: FileToSend) -> str:
        return asyncio.run(self._ask(lambda api: api.upload_sample(file), UPLOAD_TIMEOUT_SECONDS))

    async def _ask(self, what: Callable[[CloudApi], Awaitable[T]], seconds: float = SEND_TIMEOUT_SECONDS) -> T:
        async with open_session(max_in_flight=1) as http:
            return await what(self._api(http, seconds))

    async def _read_templates(self) -> list[dict[str, Any]]:
        async with open_session(max_in_flight=2) as http:
            return await self._api(http).templates()

    def check(self) -> Answer:
        try:
            token = self._token.open()
        except UnreadableSecret:
            why = "The stored access token cannot be read with this installation's ENCRYPTION_KEYS."
            return Answer(reason=f"{why} Save a new access token.")
        return connection.ask(self.address, self.phone_number_id, self.waba_id, token, self.called)

    def handshake(self, query: Mapping[str, str]) -> str | None:
        return webhooks.challenge(query, self._verify_token.open())

    def is_genuine(self, raw: bytes, header: Callable[[str], str | None]) -> bool:
        return webhooks.signature_is_valid(raw, header(webhooks.SIGNATURE_HEADER), self._app_secret.open())

    def parse(self, raw: bytes, received_at: datetime) -> Delivery:
        return webhooks.parse(raw, received_at)

    def _api(self, http: aiohttp.ClientSession, seconds: float = SEND_TIMEOUT_SECONDS) -> CloudApi:
        return CloudApi(
            http,
            base_url=self.address,
            api_version=self.api_version,
            phone_number_id=self.phone_number_id,
            waba_id=self.waba_id,
            token=self._token.open(),
            timeout=seconds,
        )


def _entry(text: TemplateText) -> dict[str, Any]:
    return {"category": text.category, "parameter_format": text.parameter_format, "components": text.components}
