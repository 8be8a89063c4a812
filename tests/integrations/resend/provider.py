"""A sandbox in this process that stands in for Resend: one team, its key, a verified domain and one that is not."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from adsapp.config import Settings
from adsapp.sandbox.config import SandboxConfig, TeamConfig
from adsapp.sandbox.running import running_sandbox

KEY, SENDING_KEY, SECRET = "re_the_first_key", "re_may_only_send", "whsec_YSBzZWNyZXQgb2YgMjQgYnl0ZXMu"
DOMAIN, UNVERIFIED = "bakery.example", "unverified.example"
TEAM = TeamConfig(
    KEY, sending_key=SENDING_KEY, domains={DOMAIN: "verified", UNVERIFIED: "pending"}, requests_per_second=1000
)


@contextmanager
def running_resend(webhook_url: str = "") -> Iterator[str]:
    """Its address."""
    team = replace(TEAM, webhook_url=webhook_url, webhook_secret=SECRET if webhook_url else "")
    with running_sandbox(SandboxConfig(teams=(team,))) as running:
        yield running.url


def at(settings: Settings, url: str) -> Settings:
    """The settings with this in place of Resend."""
    return settings.model_copy(update={"resend_api_base_url": f"{url}/resend"})
