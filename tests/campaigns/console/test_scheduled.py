"""A campaign that waits for its time: nobody begins it with one click, on whichever page; its own page starts,
moves and changes it."""

import html
import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from adsapp.campaigns import service
from adsapp.campaigns.models import Campaign, CampaignEvent
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict
from adsapp.jobs import Job, State
from adsapp.organizations.models import AuditEvent
from adsapp.outbound.statuses import OutboundStatus
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import Cast
from tests.jobs.steering import confirm, fail, question

TOLD = re.compile(r"<[^>]+>")


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return set_the_scene(app, cast)


@pytest.fixture
def bob(client: FlaskClient, cast: Cast) -> FlaskClient:
    """Signed in as an agent, who may send."""
    return cast.sign_in(client, "bob")


def words(text: str) -> str:
    return " ".join(html.unescape(TOLD.sub(" ", text)).split())


def job_of(scene: Scene, campaign_id: uuid.UUID) -> Job:
    with db.organization_context(scene.app, scene.cast.bakery_id), db.reading():
        job = db.session.scalars(select(Job).join(Campaign, Campaign.job_id == Job.id)).one()
        db.session.expunge(job)
        return job


def history(scene: Scene, campaign_id: uuid.UUID) -> list[tuple[str, str]]:
    with db.organization_context(scene.app, scene.cast.bakery_id), db.reading():
        found = db.session.scalars(select(CampaignEvent).where(CampaignEvent.campaign_id == campaign_id))
        return [(event.text, event.by) for event in found.all()]


def deeds(scene: Scene) -> list[tuple[str, str]]:
    with db.organization_context(scene.app, scene.cast.bakery_id), db.reading():
        return [(each.actor, each.action) for each in db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))]


def opt_out_one(scene: Scene) -> None:
    with db.organization_context(scene.app, scene.cast.bakery_id):
        db.session.execute(update(Contact).where(Contact.id == scene.contacts[0]).values(opted_out_at=utcnow()))
        db.session.commit()


def places(scene: Scene, campaign_id: uuid.UUID) -> dict[str, str]:
    """Every page from which the campaign can be begun before its time."""
    return {"campaign": f"/campaigns/{campaign_id}/start", "job": f"/jobs/{job_of(scene, campaign_id).id}/run"}


@pytest.mark.parametrize("place", ["campaign", "job"])
def test_it_begins_early_only_once_the_exact_number_of_people_is_confirmed(
    scene: Scene, bob: FlaskClient, place: str
) -> None:
    campaign_id = scene.scheduled()
    address = places(scene, campaign_id)[place]
    page = bob.get(address).text
    assert "4 people" in words(page)
    bare = bob.post(address, data={"csrf_token": question(page)[1]["csrf_token"][0]})
    assert (bare.status_code, "4 people" in words(bare.text)) == (200, True)  # it asks, and nothing happens
    opt_out_one(scene)
    changed = confirm(bob, page)
    assert changed.status_code == 409
    assert "It was 4 people when you looked; now it is 3." in words(changed.text)
    assert job_of(scene, campaign_id).state is State.DELAYED
    assert confirm(bob, changed.text).status_code == 303
    assert job_of(scene, campaign_id).state is State.WAITING
    assert scene.read(campaign_id).status is OutboundStatus.PREPARING
    text, by = history(scene, campaign_id)[-1]
    assert (text.startswith("Started before its time"), by) == (True, "Bob")
    assert ("Bob", "start campaign") in deeds(scene)
    told = scene.app.test_client().get("/api/activity?kind=campaign", headers=scene.cast.headers("alice")).json or {}
    counted = {each["action"]: each["count"] for each in told["activity"]}
    assert counted == {"start campaign": "3", "schedule campaign": None}


def test_a_program_that_runs_its_job_leaves_the_same_trace(scene: Scene, client: FlaskClient) -> None:
    campaign_id = scene.scheduled()
    answer = client.post(f"/api/jobs/{job_of(scene, campaign_id).id}/runs", headers=scene.cast.headers("bob"))
    assert answer.status_code == 202
    assert history(scene, campaign_id)[-1][1] == "token bob"
    assert deeds(scene)[-2:] == [("token bob", "start campaign"), ("token bob", "run job now")]


def test_its_page_says_how_many_would_get_it_and_what_it_can_be_told_none_before_the_others(
    scene: Scene, bob: FlaskClient
) -> None:
    page = bob.get(f"/campaigns/{scene.scheduled()}").text
    assert "As its audience is now, 4 people would get it." in words(page)
    assert re.findall(r'button-primary"[^>]*>.*?<span>([^<]+)', page.split("<dialog")[0]) == []
    assert '<span class="turn-name">Ana</span>' in page, "somebody who is in it now, not an example"
    for verb in ("Cancel", "Pause", "Edit", "Move", "Start now"):
        assert f"<span>{verb}</span>" in page


def test_it_moves_to_another_time_with_its_job(scene: Scene, bob: FlaskClient) -> None:
    campaign_id = scene.scheduled(time_zone="Europe/Madrid")
    typed = scene.in_days(9)
    asked = bob.get(f"/campaigns/{campaign_id}/move").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', asked.split("<main")[1])
    assert token
    assert 'value="Europe/Madrid"' in asked
    past = {**typed, "date": "2001-01-01", "csrf_token": token[1]}
    refused = bob.post(f"/campaigns/{campaign_id}/move", data=past)
    assert (refused.status_code, "This time is past" in refused.text, 'value="2001-01-01"' in refused.text) == (
        422, True, True,
    )  # fmt: skip
    assert bob.post(f"/campaigns/{campaign_id}/move", data={**typed, "csrf_token": token[1]}).status_code == 303
    campaign, job = scene.read(campaign_id), job_of(scene, campaign_id)
    assert campaign.scheduled_at == job.run_at
    assert campaign.scheduled_at is not None
    assert campaign.scheduled_at - utcnow() > timedelta(days=7)
    assert (campaign.status, job.state) == (OutboundStatus.SCHEDULED, State.DELAYED)
    text, by = history(scene, campaign_id)[-1]
    assert re.fullmatch(r"Moved from .* in Europe/Madrid to .* 09:00 in Europe/Madrid", text)
    assert by == "Bob"
    assert "Moved to another time" in bob.get(f"/jobs/{job.id}").text


def test_it_is_changed_in_the_form_and_stays_one_campaign(scene: Scene, bob: FlaskClient) -> None:
    campaign_id = scene.scheduled()
    job_id = job_of(scene, campaign_id).id
    form = bob.get(bob.get(f"/campaigns/{campaign_id}/edit").headers["Location"]).text
    assert 'value="Night market"' in form
    assert f'name="edit" value="{campaign_id}"' in form
    day = f"{utcnow() + timedelta(days=5):%Y-%m-%d}"
    typed = scene.form(
        name="Day market", when="later", date=day, time="10:00", zone="UTC", audience="tags", tags="london",
        edit=str(campaign_id),
    )  # fmt: skip
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    asked = bob.post("/campaigns", data={**typed, "csrf_token": token[1]})
    assert (asked.status_code, "for 2 people?" in asked.text) == (200, True)
    done = confirm(bob, asked.text)
    assert (done.status_code, done.headers["Location"]) == (303, f"/campaigns/{campaign_id}")
    campaign, job = scene.read(campaign_id), job_of(scene, campaign_id)
    assert (campaign.name, campaign.template_name, campaign.audience) == ("Day market", "spring", {"tags": ["london"]})
    assert (job.id, job.title, job.run_at) == (job_id, "Campaign Day market", campaign.scheduled_at)
    assert ("Bob", "change campaign") in deeds(scene)


def test_changed_to_now_it_begins_at_once(scene: Scene, bob: FlaskClient) -> None:
    campaign_id = scene.scheduled()
    page = bob.get(f"/campaigns/new?edit={campaign_id}").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    typed = scene.form(edit=str(campaign_id), csrf_token=token[1], confirmed="4")
    assert bob.post("/campaigns", data=typed).status_code == 303
    assert scene.read(campaign_id).status is OutboundStatus.PREPARING
    assert job_of(scene, campaign_id).state is State.WAITING
    changed, begun = (text for text, _ in history(scene, campaign_id)[-2:])
    assert changed == "Changed, to start at once"
    assert begun.startswith("Started before its time")


@pytest.mark.parametrize("state", [State.WAITING, State.ACTIVE])
def test_what_has_begun_is_neither_started_moved_nor_changed(scene: Scene, state: State) -> None:
    campaign_id = scene.scheduled()
    with db.organization_context(scene.app, scene.cast.bakery_id):
        campaign = db.session.get_one(Campaign, campaign_id)
        db.session.execute(update(Job).where(Job.id == campaign.job_id).values(state=state))
        draft = service.CampaignIn(name="x", template_name="plain", template_language="de", audience={"all": True})
        deeds: tuple[Callable[[], None], ...] = (
            lambda: service.start_now(campaign, "Bob"),
            lambda: service.move(campaign, utcnow() + timedelta(days=3), "UTC", "Bob"),
            lambda: service.change_campaign(campaign, draft, "Bob"),
        )
        for deed in deeds:
            with pytest.raises(Conflict, match="it begins"):
                deed()


def test_a_campaign_that_a_program_made_for_named_contacts_never_becomes_one_for_everyone(
    scene: Scene, bob: FlaskClient
) -> None:
    campaign_id = scene.scheduled(audience={"contact_ids": [str(scene.contacts[0])]})
    assert "<span>Edit</span>" not in bob.get(f"/campaigns/{campaign_id}").text
    away = bob.get(f"/campaigns/new?edit={campaign_id}")
    assert (away.status_code, away.headers["Location"]) == (303, f"/campaigns/{campaign_id}")
    again = bob.get(f"/campaigns/new?again={campaign_id}").text
    assert "Nobody" in words(again) or "Choose an audience" in words(again)
    assert "can get it" not in words(again)


def test_a_time_at_night_is_remarked_upon(scene: Scene, bob: FlaskClient) -> None:
    day = f"{utcnow() + timedelta(days=3):%Y-%m-%d}"
    typed = scene.form(when="later", date=day, time="03:00", zone="Europe/Madrid")
    assert "It starts at night: 03:00 in Europe/Madrid" in words(bob.get("/campaigns/new", query_string=typed).text)
    typed["time"] = "10:00"
    assert "at night" not in words(bob.get("/campaigns/new", query_string=typed).text)


def test_a_retry_that_messages_people_asks_with_their_number_on_the_jobs_page_and_in_the_list(
    scene: Scene, bob: FlaskClient
) -> None:
    campaign_id = scene.scheduled()
    job_id = job_of(scene, campaign_id).id
    fail(scene.app, scene.cast, job_id)
    asked = f"/jobs/actions?verb=retry&job={job_id}"
    page = bob.get(asked).text
    assert "4 people are sent a message then." in words(page)
    assert "4 people get the message as soon as it begins." in words(bob.get(f"/jobs/{job_id}/retries").text)
    opt_out_one(scene)
    for changed in (confirm(bob, page), confirm(bob, bob.get(f"/jobs/{job_id}/retries").text, confirmed_people="4")):
        assert (changed.status_code, "now it is 3" in words(changed.text)) == (409, True)
    assert job_of(scene, campaign_id).state is State.FAILED
    assert confirm(bob, asked).status_code == 303
    assert job_of(scene, campaign_id).state is State.WAITING
    assert history(scene, campaign_id)[-1] == ("Its job was started again", "Bob")


def test_a_paused_queue_is_resumed_with_the_number_of_people_that_it_messages(
    scene: Scene, client: FlaskClient
) -> None:
    scene.scheduled(scheduled_at=None)
    scene.cast.sign_in(client, "adam")
    page = client.get("/queues/bulk-messages/pause").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    sent = {"csrf_token": token[1], "reason": "A look"}
    assert client.post("/queues/bulk-messages/pause", data=sent).status_code == 303
    asked = client.post("/queues/bulk-messages/resume", data=sent)
    assert "4 people are sent a message then." in words(asked.text)
    opt_out_one(scene)
    changed = confirm(client, asked.text)
    assert (changed.status_code, "now it is 3" in words(changed.text)) == (409, True)
    assert confirm(client, changed.text).status_code == 303


def test_to_edit_it_keeps_its_time_zone_whoever_looks(scene: Scene, bob: FlaskClient) -> None:
    campaign_id = scene.scheduled(time_zone="Europe/Madrid")
    page = bob.get(f"/campaigns/new?edit={campaign_id}").text
    field = re.search(r'<input[^>]*name="zone"[^>]*>', page)
    assert field
    assert 'value="Europe/Madrid"' in field[0]
    assert "data-own-zone" not in field[0]
    assert "data-own-zone" in bob.get("/campaigns/new").text
