"""The alerts of Harbour Bakery, a Slack and a receiver of webhooks."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from adsapp.config import Settings
from adsapp.sandbox import SandboxConfig
from adsapp.sandbox.running import running_sandbox
from tests.alerts.scene import Alerts
from tests.alerts.stand_ins import HOST, StandIn
from tests.campaigns.conftest import rehearsal  # noqa: F401  # a fixture
from tests.cast import Cast
from tests.jobs.conftest import worker  # noqa: F401  # a fixture
from tests.sandbox.resend.support import KEY, SENDER, team
from tests.sandbox.resend.support import Resend as Client

Inbox = Callable[[], list[str]]  # the subjects of the mails that came


@pytest.fixture
def alerts(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Alerts:
    """Addresses on this machine are allowed."""
    settings: Settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"outgoing_allowed_hosts": (HOST,)}))
    return Alerts(app, cast)


@pytest.fixture(scope="session")
def mail_sandbox() -> Iterator[Client]:
    """One stand-in for Resend."""
    with running_sandbox(SandboxConfig(teams=(team(),))) as running:
        yield Client(running.url)


@pytest.fixture
def inbox(alerts: Alerts, mail_sandbox: Client, monkeypatch: pytest.MonkeyPatch) -> Inbox:
    """Mail to our own users leaves over the sandbox."""
    ways = {"resend_api_base_url": f"{mail_sandbox.url}/resend", "notifications_resend_key": KEY}
    settings: Settings = alerts.app.config["SETTINGS"]
    changed = settings.model_copy(update={**ways, "notifications_from": SENDER})
    monkeypatch.setitem(alerts.app.config, "SETTINGS", changed)
    before = len(mail_sandbox.mails())
    return lambda: [str(mail["subject"]) for mail in mail_sandbox.mails()[before:]]


@pytest.fixture
def slack() -> Iterator[StandIn]:
    """Slack."""
    stand_in = StandIn().start()
    yield stand_in
    stand_in.end()


@pytest.fixture
def receiver() -> Iterator[StandIn]:
    """Who takes webhooks."""
    stand_in = StandIn().start()
    yield stand_in
    stand_in.end()
