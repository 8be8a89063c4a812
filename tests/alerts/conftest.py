"""The alerts of Harbour Bakery, a Slack and a receiver of webhooks."""

from collections.abc import Iterator

import pytest
from flask import Flask

from adsapp.config import Settings
from tests.alerts.scene import Alerts
from tests.alerts.stand_ins import HOST, StandIn
from tests.campaigns.conftest import rehearsal  # noqa: F401  # a fixture
from tests.cast import Cast
from tests.jobs.conftest import worker  # noqa: F401  # a fixture


@pytest.fixture
def alerts(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Alerts:
    """Addresses on this machine are allowed."""
    settings: Settings = app.config["SETTINGS"]
    monkeypatch.setitem(app.config, "SETTINGS", settings.model_copy(update={"outgoing_allowed_hosts": (HOST,)}))
    return Alerts(app, cast)


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
