"""Imports and campaigns tell who started them how they end, if that took long or went wrong."""

import io
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from adsapp.campaigns import service as campaigns
from adsapp.campaigns import telling as of_campaigns
from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.consequences import pause_automatically
from adsapp.campaigns.ledger import lock
from adsapp.campaigns.queries import get_campaign
from adsapp.contacts.imports import service as imports
from adsapp.contacts.imports import telling as of_imports
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.core import db
from adsapp.jobs import Job, State
from adsapp.jobs import service as steering
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.notifications import sending
from adsapp.notifications.outgoing import Envelope
from adsapp.notifications.rendering import Mail
from adsapp.organizations.auditing import By
from tests.campaigns.rehearsal import Rehearsal
from tests.cast import Cast
from tests.waiting import wait_for

from .conftest import member

Told = Callable[[], list[dict[str, Any]]]
ANA = "+12025550107"


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Envelope, Mail]]:
    """What leaves."""
    left: list[tuple[Envelope, Mail]] = []

    class Kept:
        name = "kept"

        def send(self, mail: Mail, envelope: Envelope) -> None:
            left.append((envelope, mail))

    monkeypatch.setattr(sending, "outgoing", lambda _settings: Kept())
    return left


def start(app: Flask, cast: Cast, who: str | None, more: str = "") -> uuid.UUID:
    """Import a file of one contact (and more) as this person, or as a program; its job."""
    with db.organization_context(app, cast.bakery_id):
        by = By("Alice", user_id=member(cast, who).user_id if who else None)
        batch = imports.receive(io.BytesIO(f"Name,Phone\nAna,{ANA}\n{more}".encode()), "people.csv", by=by)
        job = imports.start_import(batch, imports.proposed(batch), ImportOptions(default_country="US"), by=by)
        db.session.commit()
        return job.id


def jobs_left(app: Flask, cast: Cast) -> int:
    with db.organization_context(app, cast.bakery_id), db.reading():
        return sum(not job.is_finished for job in db.session.query(Job))


def test_who_started_a_long_import_gets_a_mail(
    app: Flask,
    cast: Cast,
    worker: WorkerProcess,
    letters: list[tuple[Envelope, Mail]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(of_imports, "LONG", timedelta(0))
    start(app, cast, "alice")
    wait_for(lambda: bool(letters))
    (envelope, mail) = letters[0]
    assert (envelope.to, envelope.name, mail.subject) == ("alice@example.com", "Alice", "Import finished: people.csv")
    assert "Created: 1" in mail.text
    assert envelope.key.startswith("notify-")


def test_a_short_import_or_a_programs_is_no_news(
    app: Flask,
    cast: Cast,
    worker: WorkerProcess,
    told: Told,
) -> None:
    start(app, cast, "alice")
    wait_for(lambda: jobs_left(app, cast) == 0)
    assert told() == []


def test_a_failed_import_says_why_and_so_it_does_once_more_if_it_is_tried_again(
    app: Flask,
    cast: Cast,
    worker: WorkerProcess,
    letters: list[tuple[Envelope, Mail]],
) -> None:
    job_id = start(app, cast, "alice", "Ben,1\n" * 200 + 'Cy,"never closed')
    wait_for(lambda: len(letters) == 1)
    assert letters[0][1].subject == "Import failed: people.csv"
    assert "never closed" in letters[0][1].text
    with db.organization_context(app, cast.bakery_id):
        bob = By("Bob", user_id=member(cast, "bob").user_id)
        steering.retry(db.session.get_one(Job, job_id), bob)
        db.session.commit()
    wait_for(lambda: len(letters) == 2)
    assert letters[1][0].to == "bob@example.com"


def begun(rehearsal: Rehearsal, who: str | None, phone: str = ANA) -> uuid.UUID:
    """A campaign that this person, or a program, started, and whom it is to go to."""
    rehearsal.contacts(phone)
    with rehearsal.organization():
        user_id = member(rehearsal.cast, who).user_id if who else None
        data = CampaignIn(
            name="Welcome",
            template_name="welcome",
            template_language="en_US",
            variables={"1": {"field": "first_name", "fallback": "there"}},
            audience={"all": True},
        )
        campaign = campaigns.create_campaign(data, "Alice", user_id=user_id)
        db.session.commit()
        return campaign.id


def end(rehearsal: Rehearsal, campaign_id: uuid.UUID, **values: Any) -> None:
    """Its job has ended, and so the one that waited for it begins."""
    with rehearsal.organization():
        job = db.session.get_one(Job, get_campaign(campaign_id).job_id)
        for name, value in {"started_at": job.created_at, **values}.items():
            setattr(job, name, value)
        db.session.flush()
        of_campaigns.tell_ended(campaign_id, job.id)
        db.session.commit()


def test_who_started_a_long_campaign_is_told_that_it_ended(
    rehearsal: Rehearsal, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = begun(rehearsal, "alice")
    assert rehearsal.send(campaign_id) is None
    end(rehearsal, campaign_id, state=State.COMPLETED)
    assert told() == []  # it took less than a minute
    monkeypatch.setattr(of_campaigns, "LONG", timedelta(0))
    end(rehearsal, campaign_id)
    (letter,) = told()
    assert (letter["to"], letter["kind"]) == ("alice@example.com", "campaign_finished")
    assert (letter["values"]["people"], letter["values"]["accepted"]) == (1, 1)


def test_a_campaign_whose_job_failed_tells_why(rehearsal: Rehearsal, told: Told) -> None:
    campaign_id = begun(rehearsal, "bob")
    end(rehearsal, campaign_id, state=State.FAILED, error="The disk is full.")
    assert [(each["to"], each["values"]["reason"]) for each in told()] == [("bob@example.com", "The disk is full.")]


def waiting(rehearsal: Rehearsal) -> int:
    """How many jobs wait to tell how a campaign ended."""
    with rehearsal.organization(), db.reading():
        found = db.session.scalars(select(Job).where(Job.processor == "tell-campaign"))
        return sum(bool(job.blocked_by) for job in found)


def test_each_run_of_a_campaign_that_a_person_started_is_waited_for(rehearsal: Rehearsal) -> None:
    begun(rehearsal, None, "+12025550108")
    assert waiting(rehearsal) == 0
    campaign_id = begun(rehearsal, "bob")
    assert waiting(rehearsal) == 1
    for run_again in (lambda campaign, _: campaigns.resume(campaign), lambda _, job: steering.retry(job, By("Bob"))):
        with rehearsal.organization():
            campaign = get_campaign(campaign_id)
            job = db.session.get_one(Job, campaign.job_id)
            job.state = State.FAILED
            db.session.flush()
            run_again(campaign, job)
            db.session.commit()
    assert waiting(rehearsal) == 3


@pytest.mark.parametrize(
    ("who", "by", "expected"),
    [
        ("bob", "", {"bob@example.com"}),
        ("bob", "Adam", {"bob@example.com"}),
        ("bob", "Alice", set()),  # the name it was started under
        (None, "", {"alice@example.com", "adam@example.com"}),
        (None, "Adam", set()),
    ],
)
def test_a_pause_is_told_to_whoever_does_not_know(
    rehearsal: Rehearsal,
    told: Told,
    who: str | None,
    by: str,
    expected: set[str],
) -> None:
    campaign_id = begun(rehearsal, who)
    with rehearsal.organization():
        campaign = lock([campaign_id])[campaign_id]
        if by:
            campaigns.pause(campaign, "the offer is wrong", by)
        else:
            pause_automatically(campaign, "the account is refused")
        db.session.commit()
    assert {each["to"] for each in told()} == expected
    for each in told():
        assert (each["values"]["by"], bool(each["values"]["reason"])) == (by, True)
