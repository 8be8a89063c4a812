"""E-mails over real HTTP to the sandbox: each error in its class, and under force nobody gets two and nobody none."""

import asyncio
from collections.abc import Iterator

import pytest
from flask import Flask

from adsapp.core import db
from adsapp.integrations.base import EmailMessage, Outcome, Refused
from adsapp.integrations.email_channels import email_channel_of
from adsapp.integrations.email_queries import get_email_account
from adsapp.integrations.http import open_session
from tests.cast import Cast
from tests.emails.on_the_air import DOMAIN, LiveMail, mail_on_the_air
from tests.emails.storm import Storm
from tests.installation import Installation
from tests.integrations.resend.test_client import B3
from tests.live import running_sandbox


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One sandbox for all tests here, and a team in it for each."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "config.json") as url:
        yield url


@pytest.fixture
def mail(app: Flask, cast: Cast, sandbox_url: str) -> Iterator[LiveMail]:
    with mail_on_the_air(app, cast.bakery_id, sandbox_url) as live:
        yield live


@pytest.fixture
def processes(mail: LiveMail) -> Iterator[Installation]:
    installation = Installation(mail.app.config["SETTINGS"])
    yield installation
    installation.stop()


def test_each_error_of_the_provider_arrives_in_its_class(mail: LiveMail) -> None:
    """The provider's whole table, asked for at the sandbox and read by the client."""
    mail.ask("settings", {"team": mail.team, "requests_per_second": 1_000})
    with mail.organization(), db.reading():
        channel = email_channel_of(get_email_account(mail.account_id))
    message = EmailMessage("ana@example.com", f"hello@{DOMAIN}", "Hello", "", "Hello", "1")

    async def ask_for_each() -> list[Outcome]:
        async with open_session() as http:
            send, outcomes = channel.connect(http), []
            for place, (status, name, _) in enumerate(B3):
                await asyncio.to_thread(mail.fault, name=name, http=status, times=1)
                outcomes.append(await send(channel.prepare([message], f"key-{place}")))
            return outcomes

    with mail.organization():
        outcomes = asyncio.run(ask_for_each())
    found = [(one.error.code, one.error.action) for one in outcomes if isinstance(one, Refused)]
    assert [action for _, action in found] == [action for _, _, action in B3]
    assert mail.ledger() == []


@pytest.mark.parametrize(("shape", "seed"), [("embedded", 1), ("distributed", 2)], indirect=["shape"])
def test_whatever_is_killed_each_person_gets_one(mail: LiveMail, processes: Installation, seed: int) -> None:
    """The long one: `./run bench email-chaos`."""
    storm = Storm(mail, processes, seed)
    storm.judge(storm.blow(blows=6))
