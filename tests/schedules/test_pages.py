"""Pages of schedules: made from what was sent once, explained as it is typed, steered by people who may."""

import re
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.campaigns.models import Campaign
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, State
from adsapp.outbound.statuses import OutboundStatus
from adsapp.schedules.models import Schedule, ScheduleFire, ScheduleState
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import Cast, csrf_token
from tests.schedules.scene import Times
from tests.schedules.test_api import CAMPAIGN


@pytest.fixture
def scene(app: Flask, cast: Cast, times: Times) -> Scene:
    return set_the_scene(app, cast)


class Browser:
    """Somebody signed in, who fills in forms."""

    def __init__(self, client: FlaskClient, cast: Cast, name: str = "adam") -> None:
        self.client = cast.sign_in(client, name)
        self.token = csrf_token(self.client)

    def get(self, path: str, **headers: str) -> str:
        answer = self.client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, status: int = 303, **fields: Any) -> str:
        answer = self.client.post(path, data={"csrf_token": self.token, **fields})
        assert answer.status_code == status, re.findall("field-error[^\n]*|problem-t[^\n]*", answer.text)
        return answer.headers.get("Location", "") or answer.text

    def confirm(self, path: str, **fields: Any) -> str:
        """The same for what messages people: it asks first, and the number that it shows is confirmed."""
        question = self.post(path, 200, **fields)
        people = re.search(r'name="confirmed_people" value="(\d+)"', question)
        assert people, question
        return self.post(path, **fields, confirmed_people=people[1])


@pytest.fixture
def adam(client: FlaskClient, cast: Cast) -> Browser:
    return Browser(client, cast)


def only(app: Flask, cast: Cast, table: type[Any]) -> Any:
    with db.organization_context(app, cast.bakery_id), db.reading():
        found = db.session.scalars(select(table)).one()
        db.session.expunge(found)
        return found


def campaign(scene: Scene) -> uuid.UUID:
    """One that went out, to be repeated."""
    sent: dict[str, Any] = {"template_name": "spring", "template_language": "en", "audience": {"all": True}}
    return scene.campaign(OutboundStatus.COMPLETED, variables=CAMPAIGN["variables"], **sent)


def fields(chosen: object, **more: Any) -> dict[str, Any]:
    return {
        "kind": "start-campaign",
        "name": "Weekly offer",
        "source": str(chosen),
        "leave_out": "168",
        "when": "0 9 * * 1",
        "time_zone": "Europe/Madrid",
        "catch_up": "one",
        "overlap": "skip",
        **more,
    }


def test_what_can_recur_is_asked_first(adam: Browser, scene: Scene) -> None:
    page = adam.get("/schedules/new")
    for what in ("A campaign", "An e-mail", "Read the templates"):
        assert what in page
    assert "There is no campaign yet" in adam.get("/schedules/new?kind=start-campaign")
    assert "No schedules yet" in adam.get("/schedules")


def test_a_campaign_is_repeated_every_week(app: Flask, cast: Cast, adam: Browser, scene: Scene) -> None:
    source = campaign(scene)
    form = adam.get("/schedules/new?kind=start-campaign")
    assert f'value="{source}"' in form
    question = adam.post("/schedules", 200, **fields(source))
    assert "again and again?" in question
    assert "Every Monday at 09:00, Europe/Madrid. First on Monday" in question
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert db.session.scalars(select(Schedule)).all() == []
    path = adam.confirm("/schedules", **fields(source))
    made = only(app, cast, Schedule)
    with app.app_context():
        params = made.params.open()
    assert params["audience"]["not_messaged_within_hours"] == 168
    page = adam.get(path)
    assert "Every Monday at 09:00" in page
    assert page.count("Europe/Madrid") >= 2
    assert len(re.findall(r"Mon \d+ \w+ \d{4}, 09:00", page)) == 5
    assert "Weekly offer" in adam.get("/schedules")


@pytest.mark.parametrize(
    "change, said",
    [
        ({"when": "0 0 31 2 *"}, "there is no 31 February"),
        ({"source": ""}, "Choose: the campaign to repeat"),
        ({"source": str(uuid.uuid4())}, "There is no such campaign"),
        ({"time_zone": "Nowhere"}, "There is no time zone “Nowhere”"),
        ({"grace_minutes": "soon"}, "“Ask a person if it is later than”: enter a whole number"),
        ({"ends_at": "never"}, "Enter a date and a time"),
        ({"name": ""}, "Give the schedule a name"),
        ({"ends_after": "0"}, "“Ends after so many runs”: should be a whole number from 1 to 100,000"),
        ({"time_zone": "Europe/Madird", "when": "0 25 * * *"}, "did you mean Europe/Madrid?"),
        ({"time_zone": "Europe/Madird", "when": "0 25 * * *"}, "The hour “25” cannot be read"),
    ],
)
def test_the_form_comes_back_with_what_is_wrong(adam: Browser, scene: Scene, change: dict[str, str], said: str) -> None:
    page = adam.post("/schedules", 422, **fields(campaign(scene), **change))
    assert said in page
    assert "The schedule is not saved yet" in page
    assert 'value="168" selected' in page


@pytest.mark.parametrize(
    "picked, when, words",
    [
        ({"pick": "daily", "pick_time": "07:05"}, "5 7 * * *", "Every day at 07:05"),
        ({"pick": "weekdays", "pick_days": ["7", "1"]}, "0 9 * * 1,7", "Every Monday and Sunday at 09:00"),
        (
            {"pick": "monthly", "pick_day": "15", "pick_time": "18:30"},
            "30 18 15 * *",
            "On the 15th of the month at 18:30",
        ),
        ({"pick": "monthly", "pick_day": "L"}, "0 9 L * *", "On the last day of the month at 09:00"),
        ({"pick": "minutes", "pick_minutes": "45"}, "every 45 minutes", "Every 45 minutes"),
    ],
)
@pytest.mark.parametrize("shape", ["embedded"], indirect=True)  # no database is asked about the words
def test_a_time_can_be_chosen_in_words_and_is_kept_as_an_expression(
    app: Flask, cast: Cast, adam: Browser, scene: Scene, picked: dict[str, Any], when: str, words: str
) -> None:
    asked = {"time_zone": "UTC", **{name: value for name, value in picked.items() if name != "pick_days"}}
    query = urlencode([*asked.items(), *(("pick_days", day) for day in picked.get("pick_days", ()))])
    assert words in adam.get(f"/schedules/explained?{query}")
    path = adam.confirm("/schedules", **fields(campaign(scene), **picked | {"when": ""}))
    assert only(app, cast, Schedule).when == when
    assert words in adam.get(path)
    assert f'value="{when}"' in adam.get(f"{path}/edit")


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_time_that_is_chosen_by_half_says_what_is_missing(adam: Browser, scene: Scene) -> None:
    again = campaign(scene)
    for change, said in (
        ({"pick": "weekdays"}, "Tick at least one day"),
        ({"pick": "daily", "pick_time": "noon"}, "Enter a time of day, such as 09:00"),
        ({"pick": "monthly", "pick_day": "32"}, "Choose a day of the month"),
        ({"pick": "minutes"}, "Enter a number of minutes"),
        ({"pick": "minutes", "pick_minutes": "0"}, "“Minutes from one run to the next”: enter a whole number from 1"),
        ({"pick": "sometimes"}, "Choose one of these"),
    ):
        page = adam.post("/schedules", 422, **fields(again, **change))
        assert said in page
        assert 'value="168" selected' in page


def test_what_is_typed_is_explained(adam: Browser, times: Times) -> None:
    found = adam.get("/schedules/explained?when=30+1+*+*+*&time_zone=Europe/London", **{"HX-Request": "true"})
    assert "Every day at 01:30" in found
    assert found.count("<tr>") == 6
    assert "there is no 31 February" in adam.get("/schedules/explained?when=0+0+31+2+*&time_zone=UTC")
    assert "There is no time zone" in adam.get("/schedules/explained?when=@daily&time_zone=Nowhere")
    assert "it is said here in words" in adam.get("/schedules/explained")
    past = adam.get("/schedules/explained?when=at+2026-01-01+09:00&time_zone=UTC")
    assert "This time is past; choose a later one" in past
    assert "<table" not in past


def test_it_is_edited_and_goes_on_doing_what_it_did(app: Flask, cast: Cast, adam: Browser, scene: Scene) -> None:
    path = adam.confirm("/schedules", **fields(campaign(scene), ends_after="9", jitter_minutes="5"))
    form = adam.get(f"{path}/edit")
    assert "What it does now" in form
    assert 'value="0 9 * * 1"' in form
    edited = fields("", when="@daily", leave_out="", catch_up="all", catch_up_most="3", ends_at="2099-01-01T10:00")
    adam.confirm(path, **edited)
    now = only(app, cast, Schedule)
    with app.app_context():
        assert now.params.open()["audience"] == {"all": True}
    assert (now.when, now.catch_up_most, now.jitter_seconds) == ("@daily", 3, 0)
    page = adam.get(path)
    assert "3 at most" in page
    assert "2099-01-01T10:00" in adam.get(f"{path}/edit")
    assert adam.post(path, 422, **edited | {"when": "x"})


def test_one_whose_zone_is_known_no_more_is_mended_in_its_form(
    app: Flask, cast: Cast, adam: Browser, times: Times
) -> None:
    ends_at = utcnow() + timedelta(days=90)
    gone = times.add("0 9 * * 1", time_zone="Europe/Atlantis", next_run_at=utcnow(), ends_at=ends_at)
    path = f"/schedules/{gone}"
    times.fire(utcnow())
    assert "There is no time zone “Europe/Atlantis”" in adam.get(path)
    assert 'value="Europe/Atlantis"' in adam.get(f"{path}/edit")
    typed = fields("", kind="tick", leave_out="")
    adam.post(path, 422, **typed | {"time_zone": "Europe/Atlantis"})
    adam.post(path, **typed)
    mended = only(app, cast, Schedule)
    assert (mended.state, mended.state_reason) == (ScheduleState.ACTIVE, None)
    assert mended.next_run_at is not None


def test_it_is_paused_resumed_skipped_and_deleted(app: Flask, cast: Cast, adam: Browser, times: Times) -> None:
    path = f"/schedules/{times.add('0 9 * * *', next_run_at=utcnow() + timedelta(hours=1))}"
    for question, title in (("pause", "Pause “Tick”?"), ("skip", "Skip the next run"), ("deletion", "Delete “Tick”?")):
        assert title in adam.get(f"{path}/{question}")
    assert "Say why" in adam.post(f"{path}/pause", 422, hours="1")
    assert "Enter a date and a time" in adam.post(f"{path}/pause", 422, reason="holidays", until="never")
    assert "This moment is past" in adam.post(f"{path}/pause", 422, reason="holidays", until="2020-01-01T10:00")
    adam.post(f"{path}/pause", reason="holidays", hours="24", until="2099-01-02T10:00")
    page = adam.get(path)
    assert "holidays" in page
    assert 'datetime="2099-01-02T10:00' in page
    assert "Resume “Tick”?" in adam.get(f"{path}/resume")
    adam.post(f"{path}/resume")
    assert only(app, cast, Schedule).state is ScheduleState.ACTIVE
    adam.post(f"{path}/skip")
    assert "skipped" in adam.get(path)
    adam.post(f"{path}/run")
    assert ">None<" not in adam.get("/activity")  # nobody is counted where nobody is messaged
    adam.post(f"{path}/deletion")
    assert adam.client.get(path).status_code == 404


def test_a_run_that_messages_people_confirms_their_number(app: Flask, cast: Cast, adam: Browser, scene: Scene) -> None:
    path = adam.confirm("/schedules", **fields(campaign(scene), leave_out=""))
    assert "Message 4 people now?" in adam.get(f"{path}/run")
    assert "Message 4 people now?" in adam.post(f"{path}/run", 200)
    assert "It was 3 people when you looked" in adam.post(f"{path}/run", 409, confirmed="1", confirmed_people="3")
    assert adam.post(f"{path}/run", confirmed="1", confirmed_people="4") == path
    job = f"/jobs/{only(app, cast, ScheduleFire).job_id}"
    assert job in adam.get(path)
    assert "Open the schedule" in adam.get(job)
    assert "Adam" in adam.get(path)
    assert "The run before has not ended" in adam.get(f"{path}/run")


def test_an_overdue_one_asks_for_a_word(app: Flask, cast: Cast, adam: Browser, times: Times) -> None:
    schedule_id = times.add("0 9 * * 1", next_run_at=utcnow() - timedelta(days=3))
    times.fire(utcnow())
    overdue = adam.get("/schedules")
    assert "1 schedule waits for your word" in overdue
    assert f'<a href="/schedules/{schedule_id}">Tick</a> should have run, and is too late' in overdue
    assert "The schedule “Tick” waits for your word" in adam.get("/")
    page = adam.get(f"/schedules/{schedule_id}")
    assert "This run is late, and waits for your word" in page
    assert "(UTC), and is later than its grace: run it now, or leave it out and go on." in page
    assert "Nothing runs within these seven days." in page
    assert "Leave the late run of “Tick” out?" in page
    adam.post(f"/schedules/{schedule_id}/run")
    assert only(app, cast, Job).state is State.WAITING
    assert only(app, cast, Schedule).state is ScheduleState.ACTIVE


def test_the_part_that_asks_for_itself_is_silent_while_nothing_changes(adam: Browser, times: Times) -> None:
    path = f"/schedules/{times.add(next_run_at=utcnow() + timedelta(hours=1))}"
    for page in ("/schedules", path):
        live = re.search(r'hx-get="([^"]+/live[^"]*)"', adam.get(page))
        assert live is not None
        assert adam.client.get(live[1].replace("&amp;", "&")).status_code == 204


def test_a_week_shows_what_comes_on_which_day(adam: Browser, times: Times) -> None:
    soon = utcnow() + timedelta(minutes=1)
    times.add("* * * * *", name="Each minute", next_run_at=soon)
    times.add("0 9 * * *", name="Mornings", next_run_at=soon, time_zone="Asia/Kolkata")
    page = adam.get("/schedules?zone=Asia/Kolkata")
    assert page.count("Mornings</a>") >= 7
    assert 'Each minute</a><span class="muted">Every minute</span>' in page
    assert "by the clock of Asia/Kolkata" in page


def test_viewers_see_and_steer_nothing(client: FlaskClient, cast: Cast, times: Times) -> None:
    vera = Browser(client, cast, "vera")
    path = f"/schedules/{times.add()}"
    page = vera.get(path)
    assert "only owners and admins change schedules" in page
    assert "ask-" not in page
    vera.post(f"{path}/skip", 403)
    assert vera.client.get("/schedules/new").status_code == 403


def test_what_a_run_made_is_linked(app: Flask, cast: Cast, adam: Browser, scene: Scene) -> None:
    path = adam.confirm("/schedules", **fields(campaign(scene), leave_out=""))
    with db.organization_context(app, cast.bakery_id):
        made = db.session.scalars(select(Campaign)).one().id
        schedule = db.session.scalars(select(Schedule)).one()
        fire = ScheduleFire(organization_id=cast.bakery_id, schedule_id=schedule.id, fire_at=utcnow(), state="started")
        fire.subject = f"campaign:{made}"
        db.session.add(fire)
        db.session.commit()
    assert f'href="/campaigns/{made}"' in adam.get(path)
