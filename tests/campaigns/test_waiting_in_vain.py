"""A campaign whose job waited for another that did not end as wished: told wherever the campaign is shown."""

import uuid
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp import jobs
from adsapp.campaigns import queries
from adsapp.campaigns.models import Campaign
from adsapp.core import db
from adsapp.jobs import After, Job, Queue, State, transitions
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.organizations.auditing import By
from adsapp.outbound.statuses import OutboundStatus
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import Cast
from tests.waiting import wait_for

PAYLOADS = {State.FAILED: {"mood": "fails_always"}, State.CANCELLED: {"mood": "succeeds"}}


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return set_the_scene(app, cast)


@pytest.fixture
def worker(app: Flask) -> Iterator[WorkerProcess]:
    """Works on what the campaign waits for; the campaign's own queue has nobody."""
    process = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    process.start()
    yield process
    process.stop()


def needed(scene: Scene, end: State) -> tuple[uuid.UUID, uuid.UUID]:
    """A scheduled campaign whose job waits for another, and that other job, due to end so."""
    campaign_id = scene.campaign(OutboundStatus.SCHEDULED, people={})
    with db.organization_context(scene.app, scene.cast.bakery_id):
        first = jobs.enqueue("demo", PAYLOADS[end], title="Import april.csv")
        payload, after = {"campaign_id": str(campaign_id)}, [After(first.id)]
        job = jobs.enqueue("bulk-message", payload, subject=f"campaign:{campaign_id}", after=after)
        db.session.get_one(Campaign, campaign_id).job_id = job.id
        db.session.commit()
        return campaign_id, first.id


def status(scene: Scene, campaign_id: uuid.UUID) -> OutboundStatus:
    with db.organization_context(scene.app, scene.cast.bakery_id), db.reading():
        return queries.get_campaign(campaign_id).status


def end_first(scene: Scene, job_id: uuid.UUID) -> None:
    with db.organization_context(scene.app, scene.cast.bakery_id):
        transitions.cancel(db.session.get_one(Job, job_id), By("Alice"))
        db.session.commit()


def test_a_campaign_that_waited_for_a_job_that_failed_is_shown_cancelled_with_the_reason(
    scene: Scene, client: FlaskClient, worker: WorkerProcess
) -> None:
    campaign_id, _ = needed(scene, State.FAILED)
    wait_for(lambda: status(scene, campaign_id) is OutboundStatus.CANCELLED, what="the campaign is cancelled")
    page = scene.cast.sign_in(client, "bob").get(f"/campaigns/{campaign_id}").text
    assert "It waited for “Import april.csv” to end well, which is failed." in page
    assert "Cancelled before it began" in page


def test_a_campaign_that_waited_for_a_cancelled_job_is_shown_so_everywhere(scene: Scene, client: FlaskClient) -> None:
    campaign_id, first = needed(scene, State.CANCELLED)
    home = scene.cast.sign_in(client, "bob").get("/home/latest").text
    assert "Spring opening" in home
    end_first(scene, first)
    assert "Spring opening" not in client.get("/home/latest").text
    listed = client.get("/campaigns").text
    assert "cancelled</span>" in listed
    assert "scheduled</span>" not in listed
    told = client.get(f"/api/campaigns/{campaign_id}", headers=scene.cast.headers("bob")).get_json()["campaign"]
    assert told["status"] == "cancelled"
    assert told["status_reason"] == "It waited for “Import april.csv” to end well, which is cancelled."
    assert told["finished_at"]


def test_a_paused_campaign_that_waited_in_vain_needs_nobody_at_home(scene: Scene, client: FlaskClient) -> None:
    campaign_id, first = needed(scene, State.CANCELLED)
    with db.organization_context(scene.app, scene.cast.bakery_id):
        db.session.get_one(Campaign, campaign_id).status = OutboundStatus.PAUSED
        db.session.commit()
    assert "“Spring opening” is paused" in scene.cast.sign_in(client, "bob").get("/home/attention").text
    end_first(scene, first)
    assert "“Spring opening” is paused" not in client.get("/home/attention").text
    assert status(scene, campaign_id) is OutboundStatus.CANCELLED


def test_a_retry_of_the_job_lets_its_campaign_go_on(scene: Scene) -> None:
    campaign_id, first = needed(scene, State.CANCELLED)
    end_first(scene, first)
    with db.organization_context(scene.app, scene.cast.bakery_id):
        job_id = queries.get_campaign(campaign_id).job_id
        transitions.retry(db.session.get_one(Job, job_id), By("Alice"))
        db.session.commit()
    assert status(scene, campaign_id) is OutboundStatus.SCHEDULED
