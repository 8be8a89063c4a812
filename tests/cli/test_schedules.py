"""`adsapp schedules …`: what starts by the clock, for people and for programs."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.organizations.auditing import NOBODY
from adsapp.schedules.draft import ScheduleIn
from adsapp.schedules.models import Schedule, ScheduleState
from adsapp.schedules.service import create_schedule
from tests.campaigns.scene import set_the_scene
from tests.cast import Cast
from tests.cli.conftest import Command, Done
from tests.installation import Installation

Run = Callable[..., Done]


@pytest.fixture
def run(settings: Settings, command: Command, cast: Cast) -> Run:
    """Run `adsapp schedules … --organization harbour-bakery`."""
    told = Installation(settings).environment

    def call(*arguments: object, slug: str = "harbour-bakery") -> Done:
        return command(told, ("schedules", *map(str, arguments), "--organization", slug))

    return call


@pytest.fixture
def nightly(app: Flask, cast: Cast) -> Schedule:
    """One that reads the templates every night."""
    scene = set_the_scene(app, cast)
    with db.organization_context(app, cast.bakery_id):
        data = ScheduleIn("Nightly", "sync-templates", {"account_id": str(scene.account_id)}, "30 2 * * *", "UTC")
        schedule = create_schedule(data, NOBODY)
        db.session.commit()
        db.session.refresh(schedule)
        db.session.expunge(schedule)
        return schedule


def told(done: Done) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_they_are_listed(run: Run, nightly: Schedule) -> None:
    done = run("list")
    assert "Every day at 02:30 (UTC)" in done.stdout
    (row,) = told(run("list", "--json"))["schedules"]
    assert (row["name"], row["state"], row["does"]) == (
        "Nightly",
        "active",
        "Reads the templates of “Main number” from WhatsApp.",
    )


def test_nothing_is_listed_where_there_is_none(run: Run) -> None:
    assert run("list").stdout == "There is no schedule.\n"
    assert told(run("list", "--json")) == {"schedules": []}


def test_one_is_run_by_its_name_or_id(run: Run, nightly: Schedule) -> None:
    first = told(run("run", "Nightly", "--json"))
    assert first["id"] == str(nightly.id)
    again = run("run", nightly.id)
    assert again.returncode == 1
    assert "The run before has not ended" in again.stderr


def test_one_is_paused_and_resumed(app: Flask, cast: Cast, run: Run, nightly: Schedule) -> None:
    until = f"{utcnow() + timedelta(days=3):%Y-%m-%dT%H:%M}"
    assert run("pause", "Nightly", "--reason", "holidays", "--until", until).stdout.startswith(
        "Nightly is paused until"
    )
    with db.organization_context(app, cast.bakery_id), db.reading():
        now = db.session.get_one(Schedule, nightly.id)
        assert (now.state, now.state_reason) == (ScheduleState.PAUSED, "holidays")
    assert run("pause", "Nightly", "--reason", "again").returncode == 1
    assert told(run("resume", "Nightly", "--json"))["paused"] is False
    assert run("pause", "Nightly", "--reason", "x", "--until", "soon").stderr.startswith("adsapp: until should be")


def test_what_does_not_exist_is_said_in_one_line(run: Run, nightly: Schedule) -> None:
    assert run("run", "Daily").stderr == "adsapp: There is no schedule Daily in this organization\n"
    assert "No organization" in run("list", slug="nowhere").stderr or run("list", slug="nowhere").returncode == 1
