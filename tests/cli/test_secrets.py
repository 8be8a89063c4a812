"""`adsapp secrets …`: a fresh key, and everything brought under it; no secret is printed but the key asked for."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask

from adsapp import WITH_TABLES, jobs
from adsapp.config import ROOT, Settings
from adsapp.core import db
from adsapp.core.crypto import Vault
from adsapp.integrations import queries
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.organizations.auditing import NOBODY
from tests.cast import Cast
from tests.cli.conftest import Command, Done
from tests.installation import Installation

Run = Callable[..., Done]
SECRETS = ("the-token", "the-app-secret", "the-verify-token", "succeeds")


@pytest.fixture
def run(settings: Settings, command: Command) -> Run:
    """Run `adsapp …` over the test's database."""
    told = Installation(settings).environment

    def call(*arguments: str, **env: str) -> Done:
        return command({**told, **env}, arguments)

    return call


@pytest.fixture
def number(app: Flask, cast: Cast) -> uuid.UUID:
    """A WhatsApp number and a job, under the key that the installation began with."""
    with db.organization_context(app, cast.bakery_id):
        made = create_account(AccountIn("1065", "1022", *SECRETS[:3]), by=NOBODY)
        jobs.enqueue("demo", {"mood": "succeeds"})
        number_id = made.id
        db.session.commit()
    return number_id


@pytest.fixture
def keys(settings: Settings, run: Run, number: uuid.UUID) -> dict[str, str]:
    """A new key before the first one, as a person adds it; the environment that goes with it."""
    if not settings.distributed:
        kept = run("secrets", "new-key", "--keep")
        assert kept.returncode == 0, kept.stderr
        assert "A new key stands first in" in kept.stdout
        assert "Restart web and workers" in kept.stdout
        return {}
    key = run("secrets", "new-key").stdout.strip()
    return {"ENCRYPTION_KEYS": ",".join((key, *settings.encryption_keys))}


def _in_use(settings: Settings, keys: dict[str, str]) -> list[str]:
    if keys:
        return keys["ENCRYPTION_KEYS"].split(",")
    kept: list[str] = json.loads((settings.home / "secrets.json").read_text())["encryption_keys"]
    return kept


def test_everything_comes_under_the_new_key_and_the_old_one_may_go(
    run: Run, app: Flask, cast: Cast, settings: Settings, keys: dict[str, str]
) -> None:
    done = run("secrets", "rotate", **keys)
    assert done.returncode == 0, done.stderr
    assert "jobs: 1 values, 1 rewritten, 0 under the first key already, 0 unreadable\n" in done.stdout
    assert "whatsapp_accounts: 3 values, 3 rewritten, 0 under the first key already, 0 unreadable\n" in done.stdout
    where = "ENCRYPTION_KEYS" if keys else "encryption_keys in "
    assert f"The old keys may be removed from {where}" in done.stdout
    new, old = _in_use(settings, keys)
    with db.organization_context(app, cast.bakery_id):
        assert Vault((new,)).open_text(queries.get_default_account().token.sealed) == "the-token"
    assert not [secret for secret in (*SECRETS, new, old) if secret in done.stdout + done.stderr]


def test_a_second_run_does_nothing(run: Run, keys: dict[str, str]) -> None:
    run("secrets", "rotate", **keys)
    again = run("secrets", "rotate", "--json", **keys)
    assert again.returncode == 0
    assert json.loads(again.stdout) == {
        "dry_run": False,
        "clean": True,
        "tables": {
            "alert_channels": _figures(),
            "email_accounts": _figures(),
            "job_schedules": _figures(),
            "jobs": _figures(values=1, current=1),
            "whatsapp_accounts": _figures(values=3, current=3),
        },
        "unreadable": [],
    }


def test_a_dry_run_counts_and_changes_nothing(run: Run, keys: dict[str, str]) -> None:
    for _ in range(2):
        counted = run("secrets", "rotate", "--dry-run", **keys)
        assert counted.returncode == 0
        assert "whatsapp_accounts: 3 values, 3 to rewrite, 0 under the first key already" in counted.stdout
        assert counted.stdout.endswith("Nothing was changed.\n")
    facts = json.loads(run("secrets", "rotate", "--dry-run", "--json", **keys).stdout)
    assert facts["clean"] is False
    assert facts["tables"]["jobs"] == _figures(values=1, under_old_keys=1)


def _figures(**figures: Any) -> dict[str, int]:
    names = ("values", "current", "under_old_keys", "rewritten", "changing", "unreadable")
    return dict.fromkeys(names, 0) | figures


def test_a_lost_key_is_named_by_what_it_sealed_with_the_way_out(run: Run, number: uuid.UUID) -> None:
    lost = {"ENCRYPTION_KEYS": Fernet.generate_key().decode(), "SECRET_KEY": "tests only"}
    done = run("secrets", "rotate", **lost)
    assert done.returncode == 1
    assert "adsapp: values that no key opens: 4; they were left as they are:" in done.stderr
    assert f"whatsapp_accounts.token {number}\n" in done.stderr
    assert "Add the key they were written with at the end of ENCRYPTION_KEYS and run this again." in done.stderr
    assert "may be removed" not in done.stdout
    named = json.loads(run("secrets", "rotate", "--json", **lost).stdout)["unreadable"]
    assert {"table": "whatsapp_accounts", "column": "app_secret", "id": str(number)} in named
    assert len(named) == 4


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_new_key_is_printed_alone_and_how_to_use_it_beside_it(run: Run) -> None:
    made = run("secrets", "new-key")
    Fernet(made.stdout.strip())
    assert "ENCRYPTION_KEYS=<this key>,<the keys of now>" in made.stderr
    assert "run `adsapp secrets rotate`" in made.stderr
    assert made.stdout.strip() not in made.stderr
    assert run("secrets", "new-key").stdout != made.stdout
    Fernet(json.loads(run("secrets", "new-key", "--json").stdout)["key"])


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_keeping_a_key_prints_where_and_not_what(run: Run, settings: Settings) -> None:
    first = settings.secrets.encryption_keys
    kept = run("secrets", "new-key", "--keep", "--json")
    assert json.loads(kept.stdout) == {"file": str(settings.home / "secrets.json"), "keys": 2}
    new, *others = _in_use(settings, {})
    assert tuple(others) == first
    assert new not in kept.stdout + kept.stderr


def test_no_key_is_kept_beside_those_of_the_environment(run: Run, settings: Settings) -> None:
    refused = run("secrets", "new-key", "--keep", ENCRYPTION_KEYS=Fernet.generate_key().decode())
    assert refused.returncode == 2
    assert "the keys are those of ENCRYPTION_KEYS" in refused.stderr
    assert refused.stdout == ""


def test_every_table_with_a_secret_is_looked_at_by_a_process_that_has_loaded_nothing_else(settings: Settings) -> None:
    """In the process of the tests all tables are known anyway."""
    ended = Installation(settings).command("secrets", "rotate", "--dry-run", "--json")
    assert ended.returncode == 0, ended.stderr
    assert set(json.loads(ended.stdout)["tables"]) == {
        "alert_channels",
        "email_accounts",
        "job_schedules",
        "jobs",
        "whatsapp_accounts",
    }


def test_every_feature_with_tables_is_known() -> None:
    assert set(WITH_TABLES) == {path.parent.name for path in (ROOT / "adsapp").glob("*/models.py")}
