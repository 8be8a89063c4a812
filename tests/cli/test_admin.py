"""Commands end with 0 and a plain line, or with another code and one line that says what to do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from adsapp import create_app
from adsapp.config import Settings
from tests.cli.conftest import Command, Done
from tests.installation import Installation

Run = Callable[..., Done]


@pytest.fixture
def run(settings: Settings, command: Command) -> Run:
    """Run `adsapp …` over the test's database."""
    told = Installation(settings).environment

    def call(*arguments: str, **env: str) -> Done:
        return command({**told, **env}, arguments)

    return call


def test_an_organization_is_set_up_from_the_command_line_and_who_did_it_is_told(run: Run, settings: Settings) -> None:
    assert run("org", "create", "bakery", "--name", "The Bakery").returncode == 0
    made = run(
        "user",
        "create",
        "alice@example.com",
        "--organization",
        "bakery",
        "--role",
        "owner",
        "--password",
        "long enough",
    )
    assert made.stdout == "alice@example.com is owner of bakery.\n"
    token = json.loads(run("token", "create", "--organization", "bakery", "--role", "admin", "--json").stdout)
    assert token["token"].startswith("ads_")
    stats = json.loads(run("jobs", "stats", "--organization", "bakery", "--json").stdout)
    assert stats["queues"]["bulk-messages"]["waiting"] == 0
    assert run("jobs", "pause", "bulk-messages", "--organization", "bakery", "--reason", "lunch").returncode == 0
    assert run("jobs", "resume", "bulk-messages", "--organization", "bakery").returncode == 0
    assert told_by_activity(settings, token["token"]) == [
        ("Resumed a queue", "Bulk messages", None),
        ("Paused a queue", "Bulk messages", "lunch"),
        ("Made a token", "cli", None),
        ("Added a member, or changed their role", "alice@example.com", None),
    ]


def told_by_activity(settings: Settings, token: str) -> list[tuple[str, str, str | None]]:
    """What a program with this token reads of what was done, newest first: words, title, reason."""
    answer = create_app(settings).test_client().get("/api/activity", headers={"Authorization": f"Bearer {token}"}).json
    assert answer is not None
    return [(each["words"], each["subjects"][0]["title"], each["reason"]) for each in answer["activity"]]


@pytest.mark.parametrize(
    "arguments, says",
    [
        (("org", "create", "Not A Slug"), "should be lower-case letters"),
        (("token", "create", "--organization", "nobody"), "adsapp org create nobody"),
        (("jobs", "pause", "no-such-queue", "--organization", "nobody", "--reason", "x"), "adsapp org create nobody"),
    ],
)
def test_a_refusal_is_one_clear_line(run: Run, arguments: tuple[str, ...], says: str) -> None:
    refused = run(*arguments)
    assert refused.returncode != 0
    assert says in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_wrong_setting_is_named(run: Run) -> None:
    refused = run("org", "create", "x", PORT="many")
    assert refused.returncode == 2
    assert refused.stderr.startswith("adsapp: PORT is wrong")


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_an_old_schema_says_what_to_run(run: Run, tmp_path: Path) -> None:
    for command in ("web", "worker"):
        refused = run(command, ADSAPP_HOME=str(tmp_path / "empty"))
        assert refused.returncode == 2, refused.stderr
        assert "adsapp db upgrade" in refused.stderr


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_a_database_that_does_not_answer_is_named_without_its_password(run: Run) -> None:
    refused = run("org", "create", "x", DATABASE_URL="postgresql://me:hunter2@127.0.0.1:1/none")
    assert refused.returncode == 2
    assert "DATABASE_URL (127.0.0.1:1/none, password not shown) does not answer" in refused.stderr
    assert "hunter2" not in refused.stderr


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_a_redis_that_does_not_answer_is_named(run: Run) -> None:
    refused = run("org", "create", "x", REDIS_URL="redis://127.0.0.1:1")
    assert refused.returncode == 2
    assert "REDIS_URL does not answer" in refused.stderr
