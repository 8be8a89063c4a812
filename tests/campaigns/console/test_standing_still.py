"""A campaign that does not go out says why on its own page; one that was cancelled is over, and so is its job."""

import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp import jobs
from adsapp.campaigns import queries as campaigns
from adsapp.campaigns import service as campaign_service
from adsapp.campaigns.models import Campaign
from adsapp.core import db
from adsapp.core.errors import Conflict
from adsapp.integrations.queries import get_account
from adsapp.jobs import Job, Queue, State, queues, transitions
from adsapp.jobs.bulk import operations
from adsapp.jobs.queries.filters import JobFilters
from adsapp.organizations.auditing import By
from adsapp.outbound.statuses import OutboundStatus
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import Cast, csrf_token
from tests.lone_worker import add_lone_worker


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return set_the_scene(app, cast)


def with_job(scene: Scene, status: OutboundStatus = OutboundStatus.SENDING) -> tuple[uuid.UUID, uuid.UUID]:
    """A campaign and the job that is to send it, which nobody works on."""
    campaign_id = scene.campaign(status)
    with db.organization_context(scene.app, scene.cast.bakery_id):
        job = jobs.enqueue("bulk-message", {"campaign_id": str(campaign_id)}, subject=f"campaign:{campaign_id}")
        db.session.get_one(Campaign, campaign_id).job_id = job.id
        db.session.commit()
        return campaign_id, job.id


def page(scene: Scene, client: FlaskClient, campaign_id: uuid.UUID) -> str:
    return scene.cast.sign_in(client, "alice").get(f"/campaigns/{campaign_id}").text


def test_without_a_worker_it_says_so_and_leads_to_queue_and_job(scene: Scene, client: FlaskClient) -> None:
    campaign_id, job_id = with_job(scene)
    text = page(scene, client, campaign_id)
    assert "It stands still" in text
    assert "No worker is running for the queue" in text
    assert f'href="/jobs/{job_id}"' in text
    assert 'href="/queues/bulk-messages"' in text


def test_a_paused_queue_is_named_with_who_and_why(scene: Scene, client: FlaskClient) -> None:
    campaign_id, _ = with_job(scene)
    with db.organization_context(scene.app, scene.cast.bakery_id):
        queues.pause_queue(Queue.BULK_MESSAGES, By("Adam", "The text is being checked"))
        db.session.commit()
    assert "is paused by Adam: The text is being checked" in page(scene, client, campaign_id)


def test_one_that_waits_for_a_free_worker_alone_does_not_stand_still(scene: Scene, client: FlaskClient) -> None:
    campaign_id, _ = with_job(scene)
    add_lone_worker(scene.app, [Queue.BULK_MESSAGES], pid=1)
    assert "It stands still" not in page(scene, client, campaign_id)


def test_one_that_a_person_paused_says_that_alone(scene: Scene, client: FlaskClient) -> None:
    campaign_id, _ = with_job(scene, OutboundStatus.PAUSED)
    assert "It stands still" not in page(scene, client, campaign_id)


@pytest.fixture
def cancelled(scene: Scene) -> tuple[uuid.UUID, uuid.UUID]:
    """A campaign cancelled before it began, and its job."""
    campaign_id, job_id = with_job(scene, OutboundStatus.SCHEDULED)
    with db.organization_context(scene.app, scene.cast.bakery_id):
        db.session.get_one(Campaign, campaign_id).frozen_at = None
        campaign_service.cancel(campaigns.get_campaign(campaign_id), "Alice")
        db.session.commit()
        assert db.session.get_one(Job, job_id).state == State.CANCELLED
    return campaign_id, job_id


def test_the_job_of_a_cancelled_campaign_cannot_be_retried_in_any_way(
    scene: Scene, client: FlaskClient, cancelled: tuple[uuid.UUID, uuid.UUID]
) -> None:
    campaign_id, job_id = cancelled
    alice = scene.cast.sign_in(client, "alice")
    text = alice.get(f"/jobs/{job_id}").text
    assert "It was cancelled and cannot be retried" in text
    assert f"/jobs/{job_id}/retries" not in text
    answer = client.post(f"/api/jobs/{job_id}/retries", headers=scene.cast.headers("alice"))
    assert (answer.status_code, "A cancelled campaign is over" in answer.text) == (409, True)
    asked = alice.get("/jobs/actions", query_string={"verb": "retry", "job": str(job_id)}).text
    assert "Nothing to do" in asked
    with db.organization_context(scene.app, scene.cast.bakery_id):
        assert transitions.retry_all([db.session.get_one(Job, job_id)], By("Alice")) == []
        assert operations.preview("retry", filters=JobFilters(State.CANCELLED)).is_none
        with pytest.raises(Conflict, match="there is nothing to do"):
            operations.start("retry", by=By("Alice"), filters=JobFilters(State.CANCELLED))
        assert campaigns.get_campaign(campaign_id).status is OutboundStatus.CANCELLED


def test_whoever_cancels_is_told_before_that_it_is_for_good(scene: Scene, client: FlaskClient) -> None:
    _, job_id = with_job(scene)
    text = scene.cast.sign_in(client, "alice").get(f"/jobs/{job_id}/cancel").text
    assert "It cannot be retried: the campaign ends with it" in text


def test_a_cancelled_job_of_another_kind_is_retried_beside_it(
    scene: Scene, cancelled: tuple[uuid.UUID, uuid.UUID]
) -> None:
    with db.organization_context(scene.app, scene.cast.bakery_id):
        other = jobs.enqueue("demo", {"mood": "succeeds"})
        transitions.cancel(other, By("Alice"))
        assert operations.preview("retry", filters=JobFilters(State.CANCELLED)).count == 1
        assert transitions.retry_all([other, db.session.get_one(Job, cancelled[1])], By("Alice")) == [other]
        assert other.state == State.WAITING


def test_a_retry_by_form_says_why_not(
    scene: Scene, client: FlaskClient, cancelled: tuple[uuid.UUID, uuid.UUID]
) -> None:
    alice = scene.cast.sign_in(client, "alice")
    token = csrf_token(alice)
    answer = alice.post(f"/jobs/{cancelled[1]}/retries", data={"csrf_token": token})
    assert (answer.status_code, "A cancelled campaign is over" in answer.text) == (409, True)


def test_what_would_hold_it_up_is_said_before_it_is_started(scene: Scene, client: FlaskClient) -> None:
    ask = {"verb": "look", **scene.form()}
    bob = scene.cast.sign_in(client, "bob")
    assert "No worker is running: it waits until one is started" in bob.get("/campaigns/new", query_string=ask).text
    add_lone_worker(scene.app, [Queue.BULK_MESSAGES], pid=1)
    with db.organization_context(scene.app, scene.cast.bakery_id):
        queues.pause_queue(Queue.BULK_MESSAGES, By("Adam", "The text is being checked"))
        get_account(scene.account_id).sandbox_url = "http://127.0.0.1:5001"
        db.session.commit()
    page = bob.get("/campaigns/new", query_string=ask).text
    assert "Paused by Adam: it waits until that ends" in page
    assert "The text is being checked" in page
    assert "The number lives at the sandbox" in page
    assert "No worker is running" not in page
