"""`adsapp account …`: connect, check and list WhatsApp numbers; secrets come from the environment or a prompt."""

import json
from collections.abc import Callable, Iterator

import click
import pytest
from flask import Flask

from adsapp.cli.accounts import asking
from adsapp.config import Settings
from adsapp.core import db
from adsapp.integrations import queries
from tests.cast import Cast
from tests.cli.conftest import Command, Done
from tests.installation import Installation
from tests.integrations.provider import NUMBER, TOKEN, WABA, Provider, at, running_provider

Run = Callable[..., Done]
SECRETS = {
    "WHATSAPP_TOKEN": TOKEN,
    "WHATSAPP_APP_SECRET": "the-app-secret",
    "WHATSAPP_VERIFY_TOKEN": "the-verify-token",
}
WHOSE = ("--organization", "harbour-bakery")
CONNECT = ("account", "connect", *WHOSE, "--phone-number-id", NUMBER, "--waba-id", WABA)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture
def run(settings: Settings, cast: Cast, provider: Provider, command: Command) -> Run:
    """Run `adsapp …` over the test's database, with the sandbox in place of WhatsApp and no terminal."""
    told = Installation(at(settings, provider.url)).environment

    def call(*arguments: str, **env: str) -> Done:
        return command({**told, **env}, arguments)

    return call


def test_a_number_is_connected_checked_and_listed(run: Run, app: Flask, cast: Cast, provider: Provider) -> None:
    made = run(*CONNECT, "--name", "Bakery", "--messages-per-second", "40", "--json", **SECRETS)
    assert made.returncode == 0, made.stderr
    facts = json.loads(made.stdout)
    assert (facts["display_phone_number"], facts["state"]) == ("+1 555 078 3881", "active")
    assert facts["webhook"].endswith(f"/webhooks/whatsapp/{facts['id']}")
    assert not [secret for secret in SECRETS.values() if secret in made.stdout + made.stderr]
    with db.organization_context(app, cast.bakery_id):
        assert queries.get_default_account().token.open() == TOKEN
    assert "Bakery: accepted: display number: +1 555 078 3881" in run("account", "check", *WHOSE).stdout
    listed = run("account", "list", *WHOSE)
    assert listed.stdout == "Bakery  +1 555 078 3881  40/s  active\n"

    provider.expire("EAAG-another")
    checked = run("account", "check", *WHOSE, "--json")
    assert checked.returncode == 1
    assert json.loads(checked.stdout)["accounts"][0]["accepted"] is False
    assert "refused: The access token is no longer valid (code 190)." in run("account", "list", *WHOSE).stdout


def test_a_token_that_whatsapp_refuses_connects_nothing(run: Run) -> None:
    refused = run(*CONNECT, **{**SECRETS, "WHATSAPP_TOKEN": "EAAG-wrong"})
    assert refused.returncode == 1
    assert refused.stderr.startswith("adsapp: nothing was saved. The access token is no longer valid (code 190).")
    assert "EAAG-wrong" not in refused.stderr
    listed = run("account", "list", *WHOSE)
    assert listed.returncode == 1
    assert "adsapp account connect --organization harbour-bakery" in listed.stderr


def test_a_missing_secret_names_its_variable(run: Run) -> None:
    refused = run(*CONNECT, **{**SECRETS, "WHATSAPP_APP_SECRET": ""})
    assert refused.returncode == 2
    assert "the app secret is missing: set WHATSAPP_APP_SECRET" in refused.stderr


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_secret_is_no_argument(run: Run) -> None:
    refused = run(*CONNECT, "--token", TOKEN, **SECRETS)
    assert refused.returncode == 2
    assert "secrets are no arguments: set WHATSAPP_TOKEN" in refused.stderr
    assert TOKEN not in refused.stderr
    assert "--token" not in run("account", "connect", "--help").stdout


def test_at_a_terminal_a_secret_is_asked_for_without_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, bool]] = []

    def prompt(label: str, hide_input: bool = False) -> str:
        asked.append((label, hide_input))
        return "typed"

    monkeypatch.setattr(click, "prompt", prompt)
    monkeypatch.setattr(asking.sys.stdin, "isatty", lambda: True, raising=False)  # type: ignore[attr-defined]
    assert asking.secret(None, "Access token", "WHATSAPP_TOKEN") == "typed"
    assert asked == [("Access token", True)]
