"""A sandbox in this process for tests of accounts: one number, one token; and the application told of it."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from adsapp.config import Settings
from adsapp.sandbox.config import AccountConfig, SandboxConfig
from adsapp.sandbox.running import running_sandbox

NUMBER, WABA, TOKEN = "106540352242922", "102290129340398", "EAAG-the-first-token"


@dataclass(frozen=True)
class Provider:
    """The sandbox's address, and what can be changed at it."""

    url: str

    def expire(self, new_token: str) -> None:
        """From now on only the new token is valid."""
        body = json.dumps({"phone_number_id": NUMBER, "token": new_token}).encode()
        urllib.request.urlopen(f"{self.url}/_sandbox/token", data=body, timeout=20).close()


@contextmanager
def running_provider() -> Iterator[Provider]:
    """The sandbox with its one number."""
    number = AccountConfig(NUMBER, WABA, TOKEN, display_phone_number="+1 555 078 3881", verified_name="Harbour Bakery")
    with running_sandbox(SandboxConfig(accounts=(number,))) as running:
        yield Provider(running.url)


def at(settings: Settings, url: str) -> Settings:
    """The settings with this provider in place of WhatsApp."""
    return settings.model_copy(update={"whatsapp_api_base_url": url})
