"""`adsapp email-account …`: connect, check, list and remove e-mail accounts."""

import json
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from adsapp.config import Settings
from adsapp.core import db
from adsapp.integrations import email_queries as queries
from tests.cast import Cast
from tests.cli.conftest import Command, Done
from tests.installation import Installation
from tests.integrations.resend.provider import DOMAIN, KEY, SECRET, UNVERIFIED, at, running_resend

Run = Callable[..., Done]
WHOSE = ("--organization", "harbour-bakery")
CONNECT = ("email-account", "connect", *WHOSE, "--sender-address", f"hello@{DOMAIN}")


@pytest.fixture
def run(settings: Settings, cast: Cast, command: Command) -> Iterator[Run]:
    """Run `adsapp …` over the test's database, with the sandbox in place of Resend and no terminal."""
    with running_resend() as url:
        told = Installation(at(settings, url)).environment
        yield lambda *arguments, **env: command({**told, **env}, arguments)


def test_an_account_is_connected_checked_listed_and_removed(run: Run, app: Flask, cast: Cast) -> None:
    made = run(*CONNECT, "--sender-name", "Bakery", "--json", RESEND_API_KEY=KEY)
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert facts["webhook"].endswith(f"/webhooks/resend/{facts['id']}")
    assert [(each["what"], each["is_good"]) for each in facts["findings"]] == [
        ("key", True),
        ("domain", True),
        ("webhook", False),
    ]
    saved = run("email-account", "webhook", *WHOSE, RESEND_WEBHOOK_SECRET=SECRET)
    assert saved.stdout == "The signing secret of “E-mail” is saved.\n"
    assert run("email-account", "check", *WHOSE).stdout.startswith("E-mail: can send\n  ok  Resend accepts the key.")
    assert run("email-account", "list", *WHOSE).stdout == f"E-mail  hello@{DOMAIN}  10/s  active\n"
    assert not [secret for secret in (KEY, SECRET) if secret in made.stdout + made.stderr + saved.stdout]
    with db.organization_context(app, cast.bakery_id):
        account = queries.get_default_email_account()
        assert account.webhook_secret is not None
        assert (account.api_key.open(), account.webhook_secret.open()) == (KEY, SECRET)
    assert "there are E-mail" in run("email-account", "remove", *WHOSE, "--name", "News").stderr
    assert run("email-account", "remove", *WHOSE, "--name", "E-mail").stdout == "“E-mail” is removed.\n"
    listed = run("email-account", "list", *WHOSE)
    assert (listed.returncode, "adsapp email-account connect" in listed.stderr) == (1, True)


def test_a_key_that_resend_refuses_connects_nothing(run: Run) -> None:
    refused = run(*CONNECT, RESEND_API_KEY="re_wrong")
    assert (refused.returncode, "re_wrong" in refused.stderr) == (1, False)
    assert refused.stderr.startswith("adsapp: nothing was saved. The API key is no longer valid")
    assert run("email-account", "list", *WHOSE).returncode == 1


def test_a_domain_that_is_not_verified_connects_and_says_what_is_missing(run: Run) -> None:
    connect = ("email-account", "connect", *WHOSE, "--sender-address", f"hello@{UNVERIFIED}")
    assert f"MISSING  The domain {UNVERIFIED} is not verified yet" in run(*connect, RESEND_API_KEY=KEY).stdout
    assert run("email-account", "check", *WHOSE).returncode == 1
    assert "refused: The domain unverified.example is not verified" in run("email-account", "list", *WHOSE).stdout
