"""Schedules for programs: make, look, change, pause, skip, run, delete; and what is wrong, at its place."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, State
from adsapp.schedules.models import FireState, Schedule, ScheduleState
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import Cast
from tests.schedules.scene import Times

Ask = Callable[..., TestResponse]
BODY: dict[str, Any] = {"name": "Ticks of a day", "kind": "tick", "when": "30 9 * * 1-5", "time_zone": "Europe/Madrid"}


@pytest.fixture
def ask(app: Flask, cast: Cast) -> Ask:
    def call(method: str, path: str, body: Any = None, who: str = "adam") -> TestResponse:
        return app.test_client().open(f"/api/schedules{path}", method=method, json=body, headers=cast.headers(who))

    return call


@pytest.fixture
def made(ask: Ask, times: Times) -> str:
    """The path of a schedule."""
    answer = ask("POST", "", BODY)
    assert answer.status_code == 201, answer.text
    return f"/{answer.get_json()['schedule']['id']}"


def test_a_schedule_says_what_it_does_when_and_its_next_runs(ask: Ask, made: str) -> None:
    shown = ask("GET", made, who="vera").get_json()
    schedule = shown["schedule"]
    assert schedule["in_words"] == "Monday to Friday at 09:30"
    assert (schedule["does"], schedule["state"], schedule["created_by"]) == ("Ticks.", "active", "token adam")
    assert len(schedule["next_runs"]) == 5
    assert all(run["local"][11:16] == "09:30" for run in schedule["next_runs"])
    assert schedule["next_run_at"] == schedule["next_runs"][0]["at"]
    assert (schedule["grace_minutes"], schedule["catch_up"], schedule["overlap"]) == (24 * 60, "one", "skip")
    assert shown["runs"] == []
    assert [each["id"] for each in ask("GET", "").get_json()["schedules"]] == [schedule["id"]]


def test_lists_go_on_with_their_cursor(ask: Ask, times: Times) -> None:
    for _ in range(3):
        times.add()
    first = ask("GET", "?limit=2").get_json()
    assert len(first["schedules"]) == 2
    rest = ask("GET", f"?limit=2&cursor={first['next']}").get_json()
    assert (len(rest["schedules"]), rest["next"]) == (1, None)
    assert ask("GET", "?limit=2&cursor=nonsense").status_code == 404


WRONG = [
    ({"when": "0 0 31 2 *"}, "when", "there is no 31 February"),
    ({"when": "at 2020-01-01 09:00"}, "when", "This time is past"),
    ({"time_zone": "Mars/Olympus"}, "time_zone", "There is no time zone “Mars/Olympus”"),
    ({"time_zone": "localtime"}, "time_zone", "There is no time zone “localtime”"),
    ({"time_zone": "right/Europe/Madrid"}, "time_zone", "There is no time zone “right/Europe/Madrid”"),
    ({"time_zone": "Europe/Madird"}, "time_zone", "did you mean Europe/Madrid?"),
    ({"kind": "bulk-message"}, "kind", "There is no bulk-message that can recur; there are"),
    ({"name": " "}, "name", "Give the schedule a name"),
    ({"name": "x" * 201}, "name", "201 characters"),
    ({"params": {"volume": 11}}, "params.volume", "is not known here"),
    ({"catch_up": "some"}, "catch_up", "should be skip, one, all"),
    ({"catch_up": "all", "catch_up_most": 101}, "catch_up_most", "from 1 to 100"),
    ({"overlap": "both"}, "overlap", "should be skip, queue, cancel"),
    ({"grace_minutes": -1}, "grace_minutes", "from 0 to 10,080"),
    ({"jitter_minutes": 2000}, "jitter_minutes", "from 0 to 1,440"),
    ({"ends_after": 0}, "ends_after", "from 1 to 100,000"),
    ({"ends_at": "2020-01-01T00:00"}, "ends_at", "This is before its first run"),
]


@pytest.mark.parametrize("change, field, reason", WRONG)
@pytest.mark.usefixtures("times")
def test_what_is_wrong_is_said_at_its_place(ask: Ask, change: dict[str, Any], field: str, reason: str) -> None:
    kind = {"params": change["params"]} if "params" in change else {}
    answer = ask("POST", "", BODY | change | kind)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    (error,) = answer.get_json()["errors"]
    assert error["field"] == field
    assert reason in error["message"]


@pytest.mark.usefixtures("times")
def test_all_that_is_wrong_is_said_at_once(ask: Ask) -> None:
    answer = ask("POST", "", {"name": "", "kind": "", "when": "x", "overlap": "y"}).get_json()
    assert [error["field"] for error in answer["errors"]] == ["name", "kind", "when", "overlap"]


def test_what_is_changed_moves_its_next_run(ask: Ask, made: str) -> None:
    changed = ask("PATCH", made, {"when": "@daily", "ends_after": 3}).get_json()["schedule"]
    assert (changed["in_words"], changed["name"]) == ("Every day at 00:00", "Ticks of a day")
    assert len(changed["next_runs"]) == 3
    assert ask("PATCH", made, {"ends_after": None}).get_json()["schedule"]["ends_after"] is None
    assert ask("PATCH", made, {"when": "nonsense"}).status_code == 422
    assert ask("PATCH", made, {"state": "active"}).status_code == 422


def test_a_pause_has_a_reason_and_an_end(ask: Ask, made: str) -> None:
    until = (utcnow() + timedelta(days=30)).replace(microsecond=0)
    paused = ask("POST", f"{made}/pause", {"reason": "holidays", "until": until.isoformat()}).get_json()["schedule"]
    assert (paused["state"], paused["state_reason"]) == ("paused", "holidays")
    assert datetime.fromisoformat(paused["next_run_at"]) > until
    again = ask("POST", f"{made}/pause", {"reason": "again"})
    assert again.status_code == 409
    resumed = ask("POST", f"{made}/resume").get_json()["schedule"]
    assert (resumed["state"], resumed["paused_until"]) == ("active", None)
    assert datetime.fromisoformat(resumed["next_run_at"]) < until
    assert ask("POST", f"{made}/resume").status_code == 409
    assert ask("POST", f"{made}/pause", {}).get_json()["errors"][0]["field"] == "reason"
    past = ask("POST", f"{made}/pause", {"reason": "x", "until": "2020-01-01T00:00"})
    assert past.get_json()["errors"][0]["field"] == "until"
    assert ask("POST", f"{made}/pause", {"reason": "x"}).get_json()["schedule"]["next_run_at"] is None


def test_the_next_run_is_skipped_and_the_one_after_comes(ask: Ask, made: str) -> None:
    first, second = (run["at"] for run in ask("GET", made).get_json()["schedule"]["next_runs"][:2])
    shown = ask("POST", f"{made}/skip").get_json()
    assert shown["schedule"]["next_run_at"] == second
    (run,) = shown["runs"]
    assert (run["for"], run["state"], run["by"]) == (first, "skipped", "token adam")


def test_what_was_skipped_does_not_come_back_with_a_pause(ask: Ask, made: str) -> None:
    second = ask("GET", made).get_json()["schedule"]["next_runs"][1]["at"]
    for step in (("POST", f"{made}/skip"), ("POST", f"{made}/pause", {"reason": "A look"}), ("POST", f"{made}/resume")):
        assert ask(*step).status_code == 200
    assert ask("GET", made).get_json()["schedule"]["next_run_at"] == second


def test_a_run_is_started_at_once(ask: Ask, made: str, times: Times) -> None:
    answer = ask("POST", f"{made}/runs")
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/api/jobs/{answer.get_json()['job']['id']}"
    again = ask("POST", f"{made}/runs")
    assert (again.status_code, again.get_json()["code"]) == (409, "run_before_goes_on")
    (run,) = ask("GET", f"{made}/runs").get_json()["runs"]
    assert (run["state"], run["by"], run["job"]["state"]) == ("started", "token adam", "waiting")
    assert ask("GET", made).get_json()["schedule"]["run_count"] == 0


def test_runs_that_were_asked_for_queue_or_take_the_place_of_the_one_before(ask: Ask, times: Times) -> None:
    queued, replaced = times.add(overlap="queue"), times.add(overlap="cancel")
    for schedule_id in (queued, replaced):
        for _ in range(2):
            assert ask("POST", f"/{schedule_id}/runs").status_code == 202
    assert [job.blocked_by for job in times.jobs(queued)] == [0, 1]
    assert [job.state for job in times.jobs(replaced)] == [State.CANCELLED, State.WAITING]


def test_one_that_has_ended_runs_no_more_until_it_is_changed(ask: Ask, times: Times) -> None:
    ended = times.add(state=ScheduleState.ENDED, state_reason="It has run 2 times", next_run_at=None)
    for verb in ("runs", "skip", "resume", "pause"):
        body = {"reason": "x"} if verb == "pause" else None
        assert ask("POST", f"/{ended}/{verb}", body).status_code == 409, verb
    changed = ask("PATCH", f"/{ended}", {"when": "@hourly"}).get_json()["schedule"]
    assert (changed["state"], changed["state_reason"]) == ("active", None)


def overdue(times: Times) -> str:
    schedule_id = times.add("0 9 * * 1", next_run_at=utcnow() - timedelta(days=5))
    times.fire(utcnow())
    assert times.read(schedule_id).state is ScheduleState.OVERDUE
    return f"/{schedule_id}"


def test_a_person_lets_an_overdue_one_run_once(ask: Ask, times: Times) -> None:
    late = overdue(times)
    assert ask("PATCH", late, {"name": "Another name"}).get_json()["schedule"]["state"] == "overdue"
    assert ask("POST", f"{late}/runs").status_code == 202
    shown = ask("GET", late).get_json()
    assert (shown["schedule"]["state"], shown["schedule"]["due_since"]) == ("active", None)
    assert [run["state"] for run in shown["runs"]] == ["started", "missed"]
    assert datetime.fromisoformat(shown["schedule"]["next_run_at"]) > datetime.now(UTC)


def test_a_person_leaves_the_late_runs_out(ask: Ask, times: Times) -> None:
    late = overdue(times)
    assert ask("POST", f"{late}/resume").get_json()["schedule"]["state"] == "active"
    (run,) = ask("GET", f"{late}/runs").get_json()["runs"]
    assert (run["state"], run["by"]) == (FireState.MISSED.value, "token adam")
    assert times.jobs() == []


def test_it_is_deleted_with_what_waits_of_it(app: Flask, cast: Cast, ask: Ask, made: str, times: Times) -> None:
    ask("POST", f"{made}/runs")
    assert ask("DELETE", made).status_code == 204
    assert ask("GET", made).status_code == 404
    assert [job.state for job in times.jobs()] == [State.CANCELLED]
    with db.organization_context(app, cast.bakery_id):
        assert db.session.scalars(select(Schedule)).all() == []


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_only_admins_and_owners_change_schedules(ask: Ask, made: str, who: str) -> None:
    assert ask("GET", made, who=who).status_code == 200
    for method, path, body in (
        ("POST", "", BODY),
        ("PATCH", made, {"name": "x"}),
        ("DELETE", made, None),
        *(("POST", f"{made}/{verb}", {"reason": "x"}) for verb in ("runs", "pause", "resume", "skip")),
    ):
        assert ask(method, path, body, who=who).status_code == 403, path


def test_nobody_of_another_organization_knows_it(ask: Ask, made: str) -> None:
    assert ask("GET", made, who="charlie").status_code == 404
    assert ask("POST", f"{made}/runs", who="charlie").status_code == 404


# --- what a campaign's params are checked for -------------------------------------------------------------------------


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return set_the_scene(app, cast)


CAMPAIGN: dict[str, Any] = {
    "name": "Weekly offer",
    "template": {"name": "spring", "language": "en"},
    "variables": {"body.1": {"field": "first_name", "fallback": "there"}, "body.2": {"value": "Saturday"}},
    "audience": {"all": True, "not_messaged_within_hours": 72},
}


@pytest.mark.usefixtures("scene")
def test_a_campaign_recurs_with_what_a_campaign_takes(ask: Ask) -> None:
    body = {"name": "Weekly", "kind": "start-campaign", "params": CAMPAIGN, "when": "0 9 * * 1"}
    schedule = ask("POST", "", body).get_json()["schedule"]
    assert schedule["does"] == (
        "Sends the template “spring” (en) to all contacts without those who got a campaign in 72 hours, "
        "as a new campaign each time."
    )
    assert schedule["grace_minutes"] == 60
    assert schedule["params"]["audience"] == CAMPAIGN["audience"]


@pytest.mark.usefixtures("scene")
def test_what_is_wrong_with_the_campaign_is_said_below_params(ask: Ask) -> None:
    body = {"name": "Weekly", "kind": "start-campaign", "when": "0 9 * * 1"}
    wrong = CAMPAIGN | {"audience": {"tags": ["nobody"]}, "template": {"name": "sleeping", "language": "en"}}
    errors = ask("POST", "", body | {"params": wrong}).get_json()["errors"]
    assert [error["field"] for error in errors] == ["params.template.name", "params.audience.tags[0]"]
    lacking = ask("POST", "", body | {"params": {"name": "x"}}).get_json()["errors"]
    assert [error["field"] for error in lacking] == ["params.audience"]


def test_jobs_of_schedules_lead_to_them(app: Flask, ask: Ask, made: str, cast: Cast) -> None:
    job_id = ask("POST", f"{made}/runs").get_json()["job"]["id"]
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert db.session.get_one(Job, uuid.UUID(job_id)).subject == f"schedule:{made[1:]}"
