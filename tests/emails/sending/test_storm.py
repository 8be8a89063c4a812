"""E-mails under force, with real worker processes, real HTTP and the sandbox: nobody gets two, nobody none."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.cast import Cast
from tests.emails.on_the_air import LiveMail, mail_on_the_air
from tests.emails.storm import Storm
from tests.installation import Installation
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


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_killed_each_person_gets_one(mail: LiveMail, processes: Installation, seed: int) -> None:
    """The long one: `./run bench email-chaos`."""
    storm = Storm(mail, processes, seed)
    storm.judge(storm.blow(blows=6))
