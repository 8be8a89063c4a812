"""A fresh demo greets with a campaign worth looking at, and has something to act on."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from adsapp import create_app
from adsapp.campaigns.models import CampaignEvent
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.demo import seed
from adsapp.demo.stage import known_team
from adsapp.integrations.email_queries import get_email_account
from adsapp.integrations.resend.channel import ResendChannel
from adsapp.jobs import Job, Queue, State, transitions
from adsapp.organizations.auditing import NOBODY
from tests.cast import csrf_token, use_quick_hashes
from tests.installation import NUMBER, Installation, with_ports
from tests.lone_worker import add_lone_worker
from tests.waiting import wait_for


@pytest.fixture
def installation(settings: Settings) -> Installation:
    """Nothing runs yet, and nobody answers where the sandbox will be."""
    return Installation(with_ports(settings))


@pytest.fixture
def demo(installation: Installation) -> Iterator[tuple[Flask, seed.Demo]]:
    """The application, and the organization just made."""
    app = create_app(installation.settings)
    use_quick_hashes(app)
    yield app, seed.ensure_demo(app, NUMBER, known_team(installation.settings.home))
    installation.stop()
    with app.app_context():
        db.session.remove()
        db.db.engine.dispose()


@pytest.mark.both
def test_a_fresh_demo_greets_with_a_campaign_and_its_failures(demo: tuple[Flask, seed.Demo]) -> None:
    app, made = demo
    add_lone_worker(app, Queue, pid=1)
    client = app.test_client()
    token = csrf_token(client)
    client.post("/sign-in", data={"email": "alice@example.com", "password": seed.PASSWORD, "csrf_token": token})
    home = " ".join(re.sub(r"<[^>]+>", " ", client.get("/").text).split())
    assert "All is well" in home  # nothing is made to fail
    assert "Spring opening completed" in home
    assert "860 delivered · 40 sent, not delivered yet · 70 failed · 30 skipped" in home
    with db.organization_context(app, made.organization_id), db.reading():
        told = db.session.scalars(select(CampaignEvent).order_by(CampaignEvent.id)).all()
        assert [(event.text, event.by) for event in told] == [
            ("Started, with an audience of 1,000", "Alice"),
            ("Completed", ""),
        ]


def test_a_fresh_demo_can_send_e_mail_over_the_sandbox(
    installation: Installation, demo: tuple[Flask, seed.Demo]
) -> None:
    app, made = demo
    with db.organization_context(app, made.organization_id), db.reading():
        channel = ResendChannel.of(get_email_account(made.email_account_id))
    installation.start_sandbox(mail_webhook_url=channel.webhook_url)
    with app.app_context():
        found = channel.check()
    assert [(each.what, each.is_good) for each in found.findings] == [
        ("key", True),
        ("domain", True),
        ("webhook", True),
    ]


def test_a_fresh_demo_has_work_to_act_on(installation: Installation, demo: tuple[Flask, seed.Demo]) -> None:
    app, made = demo
    assert made.is_new
    with db.organization_context(app, made.organization_id), db.reading():
        jobs = {job.state: job for job in db.session.scalars(select(Job).where(Job.processor == "sync-templates"))}
        assert set(jobs) == {State.WAITING, State.DELAYED}
        later = jobs[State.DELAYED].run_at
        assert later is not None
        assert later > utcnow()
        delayed = jobs[State.DELAYED].id
    assert not seed.ensure_demo(app, NUMBER, known_team(installation.settings.home)).is_new

    def state_of(job_id: object) -> State:
        with db.organization_context(app, made.organization_id), db.reading():
            return db.session.scalars(select(Job.state).where(Job.id == job_id)).one()

    installation.start_sandbox()
    installation.start_worker(Queue.TEMPLATE_PROCESSING)
    with db.organization_context(app, made.organization_id):
        transitions.promote(db.session.get_one(Job, delayed), by=NOBODY)
        db.session.commit()
    wait_for(lambda: state_of(delayed) == State.COMPLETED)
