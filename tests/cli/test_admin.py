"""Commands end with 0 and a plain line, or with another code and one line that says what to do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from adsapp import create_app
from adsapp.config import Settings
from adsapp.core import db
from adsapp.demo import seed
from tests.cast import Cast
from tests.cli.conftest import Command, Done
from tests.installation import NUMBER, Installation

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
        ("Added a member", "alice@example.com", None),
    ]


def told_by_activity(settings: Settings, token: str) -> list[tuple[str, str, str | None]]:
    """What a program with this token reads of what was done, newest first: words, title, reason."""
    answer = create_app(settings).test_client().get("/api/activity", headers={"Authorization": f"Bearer {token}"}).json
    assert answer is not None
    return [(each["words"], each["subjects"][0]["title"], each["reason"]) for each in answer["activity"]]


def test_organizations_are_listed_with_their_members_and_numbers(run: Run, app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        seed.connect_sandbox(NUMBER)
        db.session.commit()
    assert [line.split() for line in run("org", "list").stdout.splitlines()] == [
        ["slug", "name", "members", "numbers"],
        ["charlies", "Charlie's", "1", "0"],
        ["harbour-bakery", "Harbour", "Bakery", "4", "1"],
    ]
    first, second = json.loads(run("org", "list", "--json").stdout)["organizations"]
    assert first == {"slug": "charlies", "name": "Charlie's", "members": 1, "numbers": 0}
    assert (second["slug"], second["members"], second["numbers"]) == ("harbour-bakery", 4, 1)


def test_where_there_is_no_organization_the_list_says_how_to_make_one(run: Run) -> None:
    assert "adsapp org create" in run("org", "list").stdout
    assert json.loads(run("org", "list", "--json").stdout) == {"organizations": []}


@pytest.mark.parametrize(
    "asked", [("jobs", "stats"), ("jobs", "workers"), ("account", "list"), ("token", "create"), ("user", "list")]
)
def test_an_unknown_organization_is_answered_with_those_there_are(run: Run, cast: Cast, asked: tuple[str]) -> None:
    refused = run(*asked, "--organization", "harbor-bakery")
    assert (refused.returncode, refused.stderr) == (
        1,
        "adsapp: there is no organization harbor-bakery; there are charlies, harbour-bakery. "
        "Make it with `adsapp org create harbor-bakery`\n",
    )


def test_of_many_organizations_a_few_are_named(run: Run) -> None:
    for number in range(1, 8):
        run("org", "create", f"shop-{number}")
    refused = run("jobs", "stats", "--organization", "nobody").stderr
    assert "there are shop-1, shop-2, shop-3, shop-4, shop-5, … (all: `adsapp org list`)." in refused


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


def test_what_the_login_of_the_database_may_do_and_needs_not_is_told(run: Run, shape: str) -> None:
    told = run("db", "check")
    assert told.returncode == 0
    assert ("owns" in told.stdout) == (shape == "distributed")


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
