"""What was granted can be seen and taken back from the command line, and each deed is in the activity."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.config import Settings
from tests.cast import Cast
from tests.cli.conftest import Command, Done
from tests.installation import Installation

Run = Callable[..., Done]
BAKERY = ("--organization", "harbour-bakery")
WORDS = "plain unlike four words"


@pytest.fixture
def run(settings: Settings, command: Command, cast: Cast) -> Run:
    """Run `adsapp …` for Harbour Bakery."""
    told = Installation(settings).environment
    return lambda *arguments: command(told, (*arguments, *BAKERY))


def read(run: Run, *arguments: str) -> Any:
    """What a command prints for programs."""
    done = run(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def done(client: FlaskClient, cast: Cast) -> list[str]:
    """What the activity says that the command line did, newest first."""
    answer = client.get("/api/activity", headers=cast.headers("alice")).get_json()
    return [line["words"] for line in answer["activity"] if line["actor"] == "command line"]


def test_members_are_listed_change_their_role_and_go(run: Run, client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "bob")
    listed = [line.split() for line in run("user", "list").stdout.splitlines()]
    assert [(line[0], line[2], line[-1]) for line in listed[1:]] == [
        ("adam@example.com", "admin", "0"),
        ("alice@example.com", "owner", "0"),
        ("bob@example.com", "agent", "1"),
        ("vera@example.com", "viewer", "0"),
    ]
    lowered = run("user", "role", "bob@example.com", "--role", "viewer")
    assert lowered.stdout == "bob@example.com is viewer of harbour-bakery.\n"
    assert client.get("/campaigns/new").status_code == 403
    removed = run("user", "remove", "Bob@Example.com")
    assert removed.stdout == "bob@example.com is no member of harbour-bakery any more, and signed out.\n"
    assert client.get("/campaigns").status_code == 302
    left = [each["email"] for each in read(run, "user", "list")["users"]]
    assert left == [f"{name}@example.com" for name in ("adam", "alice", "vera")]
    assert done(client, cast) == ["Removed a member", "Changed a member's role"]


def test_another_password_ends_all_sessions_of_that_member(
    app: Flask, run: Run, client: FlaskClient, cast: Cast
) -> None:
    cast.sign_in(client, "bob")
    cast.sign_in(app.test_client(), "bob")
    reset = run("user", "reset-password", "bob@example.com", "--password", WORDS)
    assert reset.stdout == "bob@example.com has another password; 2 sessions ended.\n"
    assert client.get("/campaigns").status_code == 302
    assert cast.attempt(client, "bob").status_code == 422
    assert cast.attempt(client, "bob", WORDS).status_code == 303
    weak = run("user", "reset-password", "bob@example.com", "--password", "password123")
    assert (weak.returncode, weak.stderr.partition(",")[0]) == (1, "adsapp: password should not be a common one")


def test_a_known_person_is_never_said_to_have_got_a_password(run: Run, client: FlaskClient, cast: Cast) -> None:
    make = ("user", "create", "bob@example.com", "--role", "admin")
    refused = run(*make, "--password", WORDS)
    assert refused.returncode == 1
    assert "bob@example.com is known already and has a password" in refused.stderr
    assert "adsapp user reset-password bob@example.com --organization harbour-bakery" in refused.stderr
    kept = run(*make).stdout
    assert kept == "bob@example.com is admin of harbour-bakery. They were known already and keep their password.\n"
    assert cast.attempt(client, "bob").status_code == 303


def test_sessions_are_listed_and_ended_one_or_all(app: Flask, run: Run, client: FlaskClient, cast: Cast) -> None:
    assert run("session", "list").stdout == "Nobody is signed in.\n"
    bob, alice = cast.sign_in(client, "bob"), cast.sign_in(app.test_client(), "alice")
    cast.sign_in(app.test_client(), "charlie")
    listed = {each["email"]: each for each in read(run, "session", "list")["sessions"]}
    assert set(listed) == {"alice@example.com", "bob@example.com"}
    assert listed["bob@example.com"]["address"] == "127.0.0.1"
    assert "Werkzeug" in run("session", "list").stdout
    assert run("session", "revoke", listed["bob@example.com"]["id"]).stdout == "1 session ended.\n"
    assert bob.get("/campaigns").status_code == 302
    assert run("session", "revoke", "--user", "alice@example.com").stdout == "1 session ended.\n"
    assert alice.get("/campaigns").status_code == 302
    assert done(client, cast) == ["Signed a member out", "Signed a member out"]


def test_tokens_are_listed_with_their_last_use_and_revoked(run: Run, client: FlaskClient, cast: Cast) -> None:
    assert client.get("/api/jobs", headers=cast.headers("bob")).status_code == 200
    listed = {each["name"]: each for each in read(run, "token", "list")["tokens"]}
    assert set(listed) == {"alice", "adam", "bob", "vera"}
    assert listed["bob"]["role"] == "agent"
    assert cast.tokens["bob"].startswith(listed["bob"]["prefix"])
    assert listed["bob"]["last_used_at"]
    assert listed["vera"]["last_used_at"] is None
    assert cast.tokens["bob"] not in run("token", "list").stdout
    assert run("token", "revoke", listed["bob"]["id"]).stdout == "The token bob is not taken any more.\n"
    assert client.get("/api/jobs", headers=cast.headers("bob")).status_code == 401
    assert done(client, cast) == ["Revoked a token"]


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_what_cannot_be_done_is_said_in_a_line_that_leads_on(run: Run) -> None:
    for _ in range(2):
        run("token", "create", "--name", "twin")
    for arguments, says in REFUSED.items():
        refused = run(*arguments)
        assert refused.returncode != 0, arguments
        assert says in refused.stderr


OWNERLESS = "Harbour Bakery would have no owner. Make another member owner first"
REFUSED = {
    ("user", "remove", "alice@example.com"): OWNERLESS,
    ("user", "role", "alice@example.com", "--role", "admin"): OWNERLESS,
    ("user", "create", "alice@example.com", "--role", "agent"): OWNERLESS,
    ("user", "remove", "charlie@example.com"): "charlie@example.com is no member of harbour-bakery; `adsapp user list",
    ("user", "reset-password", "nobody@example.com", "--password", "x"): "nobody@example.com is no member",
    ("session", "revoke", "1"): "no member of harbour-bakery has the session 1; `adsapp session list",
    ("session", "revoke", "--user", "charlie@example.com"): "charlie@example.com is no member",
    ("session", "revoke"): "Name one session",
    ("token", "revoke", "charlie"): "harbour-bakery has no token charlie; `adsapp token list",
    ("token", "revoke", "twin"): "has 2 tokens twin: name the one you mean by its id",
}
