"""A whole installation in real processes, with an organization, a number at the sandbox, and a token."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from adsapp import create_app, jobs
from adsapp.config import Settings
from adsapp.core import db
from adsapp.demo import seed, stage
from adsapp.demo.http import Api
from adsapp.integrations.resend.service import webhook_url
from tests.cast import Cast, make_cast
from tests.installation import NUMBER, Installation, with_ports


@dataclass
class Journey:
    """What a journey walks through."""

    app: Flask
    cast: Cast
    installation: Installation
    account_id: uuid.UUID

    @property
    def api(self) -> Api:
        """The API as Alice's program."""
        return Api(self.installation.settings.base_url, self.cast.tokens["alice"])

    @property
    def webhook_url(self) -> str:
        """Where the sandbox reports."""
        return f"{self.installation.settings.base_url}/webhooks/whatsapp/{self.account_id}"

    def connect_mail(self) -> str:
        """Connect the sandbox's team that sends e-mail; where it reports."""
        team = stage.known_team(self.installation.settings.home)
        with db.organization_context(self.app, self.cast.bakery_id):
            address = webhook_url(seed.connect_team(team))
            db.session.commit()
        return address


@pytest.fixture
def journey(settings: Settings) -> Iterator[Journey]:
    """An installation whose processes the test starts, kills and starts again."""
    installation = Installation(with_ports(settings))
    app = create_app(installation.settings)
    cast = make_cast(app)
    with db.organization_context(app, cast.bakery_id):
        account_id = seed.connect_sandbox(NUMBER).id
        jobs.enqueue("sync-templates", {"account_id": str(account_id)})
        db.session.commit()
    yield Journey(app, cast, installation, account_id)
    installation.stop()
    with app.app_context():
        db.session.remove()
        db.db.engine.dispose()
