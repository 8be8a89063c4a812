"""A campaign and an e-mail of a schedule: a new one at each run, made once, whose job is then the run."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from adsapp import jobs
from adsapp.campaigns import service as campaigns
from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.models import Campaign
from adsapp.core import db
from adsapp.core.clock import DatabaseClock, utcnow
from adsapp.emails import service as mails
from adsapp.emails.draft.asked import EmailIn
from adsapp.emails.models import Email
from adsapp.jobs import Job, State
from adsapp.jobs.engine import claims
from adsapp.jobs.engine.claims import WorkerIdentity
from adsapp.jobs.models import JobDependency
from adsapp.jobs.progress import Control, Progress
from adsapp.jobs.registry import recurring
from adsapp.message_templates.models import MessageTemplate
from adsapp.organizations.auditing import By
from adsapp.organizations.models import AuditEvent
from adsapp.schedules import service
from adsapp.schedules.draft import ScheduleIn
from adsapp.schedules.models import Overlap, Schedule, ScheduleFire
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import Cast
from tests.emails.scene import EmailScene, set_the_email_scene
from tests.schedules.test_api import CAMPAIGN

ADAM = By("Adam")


def make(app: Flask, cast: Cast, kind: str, params: dict[str, Any], **more: Any) -> uuid.UUID:
    with db.organization_context(app, cast.bakery_id):
        data = ScheduleIn("Weekly", kind, params, "0 9 * * 1", "Europe/Madrid", **more)
        schedule = service.create_schedule(data, ADAM)
        db.session.commit()
        return schedule.id


def run_now(app: Flask, cast: Cast, schedule_id: uuid.UUID) -> uuid.UUID:
    with db.organization_context(app, cast.bakery_id):
        fire = service.run_now(db.session.get_one(Schedule, schedule_id), ADAM)
        db.session.commit()
        assert fire.job_id is not None
        return fire.job_id


def all_of(app: Flask, cast: Cast, query: Any) -> Any:
    with db.organization_context(app, cast.bakery_id), db.reading():
        found = db.session.scalars(query).all()
        db.session.expunge_all()
        return found


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return set_the_scene(app, cast)


@pytest.fixture
def emails(app: Flask, cast: Cast) -> EmailScene:
    return set_the_email_scene(app, cast)


@pytest.mark.usefixtures("scene", "worker")
def test_each_run_makes_a_campaign_whose_job_is_the_run(
    app: Flask, cast: Cast, finished: Callable[[uuid.UUID], Job]
) -> None:
    schedule_id = make(app, cast, "start-campaign", CAMPAIGN, overlap="queue")
    ended = finished(run_now(app, cast, schedule_id))
    assert ended.state is State.COMPLETED, ended.error
    (campaign,) = all_of(app, cast, select(Campaign))
    (fire,) = all_of(app, cast, select(ScheduleFire))
    (schedule,) = all_of(app, cast, select(Schedule))
    assert campaign.name.startswith("Weekly offer · ")
    assert campaign.created_by == "schedule Weekly"
    assert campaign.audience == CAMPAIGN["audience"]
    assert (fire.subject, fire.work_job_id) == (f"campaign:{campaign.id}", campaign.job_id)
    assert schedule.last_job_id == campaign.job_id
    assert ended.result == {"made": f"campaign:{campaign.id}", "job_id": str(campaign.job_id)}
    lines = all_of(app, cast, select(AuditEvent).where(AuditEvent.action == "start campaign"))
    assert [line.actor for line in lines] == ["schedule Weekly"]


@pytest.mark.usefixtures("emails", "worker")
def test_each_run_makes_an_email(
    app: Flask, cast: Cast, emails: EmailScene, finished: Callable[[uuid.UUID], Job]
) -> None:
    params = {
        "template": str(emails.template_id),
        "audience": {"all": True},
        "variables": {"attribute:city": {"field": "attribute:city", "fallback": "your town"}},
    }
    schedule_id = make(app, cast, "start-email", params)
    ended = finished(run_now(app, cast, schedule_id))
    assert ended.state is State.COMPLETED, ended.error
    (email,) = all_of(app, cast, select(Email))
    (fire,) = all_of(app, cast, select(ScheduleFire))
    assert fire.subject == f"email:{email.id}"


@pytest.mark.usefixtures("scene", "worker")
def test_a_template_that_was_deleted_is_why_the_run_failed(
    app: Flask, cast: Cast, finished: Callable[[uuid.UUID], Job]
) -> None:
    schedule_id = make(app, cast, "start-campaign", CAMPAIGN)
    with db.organization_context(app, cast.bakery_id):
        db.session.execute(delete(MessageTemplate).where(MessageTemplate.name == "spring"))
        db.session.commit()
    ended = finished(run_now(app, cast, schedule_id))
    assert ended.state is State.FAILED
    assert "spring" in (ended.error or "")
    assert ended.failures == 1  # to try it again would change nothing
    assert all_of(app, cast, select(Campaign)) == []


@pytest.mark.usefixtures("scene")
def test_a_run_that_is_tried_again_finds_what_it_made(app: Flask, cast: Cast) -> None:
    """Its worker was lost between the commit of the campaign and the end of the job."""
    schedule_id = make(app, cast, "start-campaign", CAMPAIGN)
    job_id = run_now(app, cast, schedule_id)
    results = [_run_by_hand(app, cast, job_id) for _ in range(2)]
    assert results[0] == results[1]
    assert len(all_of(app, cast, select(Campaign))) == 1


@pytest.mark.usefixtures("scene")
def test_who_waits_for_the_run_waits_for_the_campaign(app: Flask, cast: Cast) -> None:
    schedule_id = make(app, cast, "start-campaign", CAMPAIGN, overlap=Overlap.QUEUE)
    first, second = run_now(app, cast, schedule_id), run_now(app, cast, schedule_id)
    _run_by_hand(app, cast, first)
    (edge,) = all_of(app, cast, select(JobDependency))
    (campaign,) = all_of(app, cast, select(Campaign))
    assert (edge.job_id, edge.needs_id) == (second, campaign.job_id)


@pytest.mark.usefixtures("scene", "worker")
def test_a_run_whose_schedule_was_deleted_makes_nothing(
    app: Flask, cast: Cast, finished: Callable[[uuid.UUID], Job]
) -> None:
    with db.organization_context(app, cast.bakery_id):
        job_id = jobs.enqueue("start-campaign", CAMPAIGN).id
        db.session.commit()
    ended = finished(job_id)
    assert (ended.state, ended.error_code) == (State.FAILED, "schedule_gone")


def test_templates_are_read_again_and_again(app: Flask, cast: Cast, scene: Scene) -> None:
    schedule_id = make(app, cast, "sync-templates", {"account_id": str(scene.account_id)})
    job_id = run_now(app, cast, schedule_id)
    (job,) = all_of(app, cast, select(Job).where(Job.id == job_id))
    assert (job.processor, job.subject) == ("sync-templates", f"schedule:{schedule_id}")


@pytest.mark.both
def test_what_was_done_once_can_be_chosen_to_be_done_again(app: Flask, cast: Cast, scene: Scene) -> None:
    emails = set_the_email_scene(app, cast)
    assert emails.contacts
    with db.organization_context(app, cast.bakery_id):
        campaigns.create_campaign(
            CampaignIn("Once", "spring", "en", variables=CAMPAIGN["variables"], audience={"tags": ["london"]})
        )
        variables = {"attribute:city": {"field": "attribute:city", "fallback": "your town"}}
        mails.create_email(EmailIn(template=str(emails.template_id), audience={"all": True}, variables=variables), ADAM)
        given = [{"email": "a@example.com"}]
        mails.create_email(EmailIn(subject="Hi", text="Hi", recipients=given), ADAM)
        for name, expected in (("start-campaign", 1), ("start-email", 1), ("sync-templates", 1)):
            recurs = recurring()[name].recurs
            assert recurs is not None
            choices = recurs.choices()
            assert len(choices) == expected
            params = recurs.define(choices[0][0])
            assert recurs.check(params)
            assert recurs.words(params).endswith(".")
        campaign = recurring()["start-campaign"].recurs
        assert campaign is not None
        assert campaign.narrow is not None
        (choice,) = campaign.choices()
        narrowed = campaign.narrow(campaign.define(choice[0]), 168)
        assert narrowed["audience"] == {"tags": ["london"], "not_messaged_within_hours": 168}
        assert campaign.narrow(narrowed, 0)["audience"] == {"tags": ["london"]}


def test_how_many_people_a_run_reaches_is_counted_before_it(app: Flask, cast: Cast, scene: Scene) -> None:
    schedule_id = make(app, cast, "start-campaign", CAMPAIGN)
    job_id = run_now(app, cast, schedule_id)
    with db.organization_context(app, cast.bakery_id):
        reach = recurring()["start-campaign"].reach
        assert reach is not None
        assert reach([db.session.get_one(Job, job_id)]) == 4


def _run_by_hand(app: Flask, cast: Cast, job_id: uuid.UUID) -> object:
    """As a worker does up to the end of the processor, and then dies."""
    with app.app_context():
        engine = db.job_engine()
    with db.engine_transaction(engine) as connection:
        now = utcnow() + timedelta(seconds=60)
        connection.execute(update(Job).where(Job.id == job_id).values(state=State.WAITING, dispatched_at=None))
        claim = claims.claim_many(connection, now, WorkerIdentity(uuid.uuid4(), "w"), [job_id], 30)[job_id]
    processor = recurring()[claim.processor]
    with db.organization_context(app, cast.bakery_id):
        params = processor.parse(claim.payload.open())
        return processor.run(params, Progress(engine, DatabaseClock(), claim, Control(deadline=1e12)))
