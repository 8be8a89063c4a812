"""A viewer walks every page, fragment, file and answer of the API: nobody's number or e-mail address is whole."""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from adsapp.alerts.models import AlertDelivery, AlertIncident
from adsapp.campaigns.models import Campaign, CampaignEvent, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.contacts import opt_outs
from adsapp.contacts.models import Contact, ImportRow, OptSource
from adsapp.core import db
from adsapp.emails.models import Email, EmailEvent, EmailRecipient, Suppression
from adsapp.emails.models import EmailRecipientStatus as Mail
from adsapp.jobs import Job, State
from adsapp.jobs.models import JobAttempt, JobItem
from adsapp.organizations.auditing import By
from adsapp.outbound.statuses import OutboundStatus
from adsapp.schedules.models import FireState, Schedule, ScheduleFire
from tests.activity.test_every_change import World
from tests.campaigns.scene import set_the_scene
from tests.cast import Cast, csrf_token

NUMBER, SECOND, EMAIL = "+447946050501", "+44 20 7946 0502", "ana.smith@example.org"
# As they might be written anywhere: spaces and strokes do not hide a number.
KNOWN = (re.compile(r"7[\s.()-]*9[\s.()-]*4[\s.()-]*6[\s.()-]*0[\s.()-]*5[\s.()-]*0"), re.compile(r"ana\.smith@"))
# What they show is for somebody else: the reader of an e-mail sees their own address.
DOORS = ("/static", "/webhooks", "/sign-in", "/unsubscribe")
SAID = f"Call {NUMBER} or {EMAIL}, not {SECOND}"


@pytest.fixture
def told(app: Flask, cast: Cast) -> list[str]:
    """The same number stands wherever one may stand; the paths of all that can be looked at."""
    scene = set_the_scene(app, cast)
    browser = cast.sign_in(app.test_client(), "alice")
    world = World(app, cast, scene, browser, csrf_token(browser))
    addressed = world.email_template("{{email}} {{phone}}")
    draft, ended = world.upload(), world.imported(State.FAILED)
    failed = world.job(State.FAILED, error=SAID, result={"said": SAID})
    campaign = scene.campaign(OutboundStatus.PAUSED, {Status.READ: 1, Status.FAILED: 1}, {Status.FAILED: "131000"})
    mail = world.mails.email(OutboundStatus.PAUSED, {Mail.DELIVERED: 1, Mail.FAILED: 1}, {Mail.FAILED: "failed"})
    world.mails.suppress(EMAIL, detail=SAID)
    schedules = [str(each()) for each in (world.schedule, world.paused_schedule)]
    with db.organization_context(app, cast.bakery_id):
        contact = db.session.get_one(Contact, scene.contacts[0])
        contact.phone, contact.moved_to, contact.email = NUMBER, NUMBER, EMAIL
        contact.name = contact.first_name = "Zoe"
        contact.attributes = {"mobile_2": SECOND, "note": SAID}
        contact.wa_user_id = f"GB.{NUMBER[1:]}"
        opt_outs.opt_out(contact, OptSource.HAND, SAID, by=By("Alice"))
        everybody = db.session.scalars(select(CampaignRecipient).where(CampaignRecipient.campaign_id == campaign))
        for recipient in everybody:
            recipient.phone, recipient.name, recipient.error_message = NUMBER, "Zoe", SAID
            recipient.variables = {"body.1": NUMBER, "body.2": SECOND}
            recipient.provider_id = f"wamid.{NUMBER}"
        db.session.execute(update(Campaign).values(status_reason=SAID))
        db.session.execute(update(Email).values(status_reason=SAID, html=f"<p>{SAID} {{{{email}}}}</p>"))
        db.session.execute(update(EmailEvent).values(text=SAID))
        of_contact: dict[str, Any] = {"variables": {"email": EMAIL}, "contact_id": contact.id}
        db.session.execute(update(EmailRecipient).values(name="Zoe", error_message=SAID, **of_contact))
        first = db.session.scalars(select(EmailRecipient).order_by(EmailRecipient.id)).first()
        assert first is not None
        first.address = EMAIL
        db.session.execute(update(CampaignEvent).values(text=SAID))
        mine = {"organization_id": cast.bakery_id}
        for schedule in db.session.scalars(select(Schedule)):
            schedule.state_reason = SAID
            fire = ScheduleFire(**mine, schedule_id=schedule.id, fire_at=schedule.created_at, state=FireState.MISSED)
            fire.reason, fire.job_id = SAID, failed
            db.session.add(fire)
        db.session.add(
            JobItem(**mine, job_id=failed, attempt=1, key=NUMBER, status="failed", code="131000", message=SAID)
        )
        began = {"worker": "w", "worker_id": uuid.uuid4(), "started_at": contact.created_at}
        db.session.add(JobAttempt(**mine, job_id=failed, attempt=1, error=SAID, **began))
        reason = {"outcome": "rejected", "column": "phone", "code": "no_phone", "message": SAID, "cells": [NUMBER]}
        db.session.add(ImportRow(**mine, import_id=ended, row_no=2, **reason))
        jobs = [str(each) for each in db.session.scalars(select(Job.id))]
        contacts = [str(each) for each in scene.contacts[:2]]
        templates = [*map(str, scene.templates.values()), addressed.rpartition("/")[2]]
        people = [str(each) for each in db.session.scalars(select(CampaignRecipient.id))]
        suppressions = list(db.session.scalars(select(Suppression.id)))
        db.session.commit()
    told_alert = world.told_alert()
    with db.organization_context(app, cast.bakery_id):
        things = [{"title": SAID, "text": SAID, "url": "/campaigns"}] * 2
        db.session.execute(update(AlertIncident).values(title=SAID, text=SAID, note=SAID, things=things))
        delivery = db.session.get_one(AlertDelivery, told_alert)
        delivery.body = {**delivery.body, "title": SAID, "text": SAID}
        delivery.answer = SAID
        alert = str(delivery.incident_id)
        db.session.commit()
    ids = {
        "incident_id": [alert],
        "delivery_id": [str(told_alert)],
        "channel_id": [str(world.alert_channel())],
        "kind": ["job_failed"],
        "job_id": jobs,
        "contact_id": contacts,
        "campaign_id": [str(campaign)],
        "import_id": [str(draft), str(ended)],
        "template_id": templates,
        "file_id": [str(world.file())],
        "email_id": [str(mail)],
        "rendering_id": [str(world.rendering())],
        "suppression_id": [str(each) for each in suppressions],
        "account_id": [str(world.email_account())],
        "worker_id": [str(uuid.uuid4())],
        "name": ["contact-import", "bulk-messages"],
        "schedule_id": schedules,
        "member_id": [str(world.member())],
        "token_id": [str(world.api_token())],
        "code": ["131000", "failed"],
        "verb": ["pause", "cancel", "resume", "settle"],
    }
    searched = [
        f"{path}={what}" for path in ("/contacts?q", "/api/contacts?search") for what in ("ana.smith", "79460505")
    ]
    turned = [f"/campaigns/{campaign}?person={each}" for each in people]
    return [*_paths(app, ids), *searched, *turned, "/contacts?opted_out=1", "/jobs?state=failed", "/jobs?q=Demo"]


def _paths(app: Flask, ids: dict[str, list[str]]) -> Iterator[str]:
    """Every route that can be looked at, with each id."""
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(DOORS):
            continue
        path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", r"{\1}", rule.rule)
        for place in range(max([len(ids[name]) for name in rule.arguments], default=1)):
            yield path.format(**{name: ids[name][place % len(ids[name])] for name in rule.arguments})


def _whole(text: str) -> list[str]:
    return [text[max(0, found.start() - 60) : found.end() + 40] for known in KNOWN for found in known.finditer(text)]


def test_no_page_fragment_file_or_answer_shows_a_viewer_a_whole_number_or_address(
    app: Flask, cast: Cast, told: list[str]
) -> None:
    browser, program = cast.sign_in(app.test_client(), "vera"), app.test_client()
    seen: dict[str, list[str]] = {}
    answered = 0
    for path in told:
        for client, headers in ((browser, {}), (browser, {"HX-Request": "true"}), (program, cast.headers("vera"))):
            answer = client.get(path, headers=headers)
            answered += answer.status_code == 200
            assert answer.status_code < 500 or path == "/api/health", path  # no worker runs here
            if found := _whole(
                answer.get_data().decode(errors="replace").replace('value="79460505"', "")
            ):  # what they typed themselves
                seen[path] = found
    assert seen == {}
    assert answered > len(told)  # most of it is theirs to look at


def test_whoever_may_see_numbers_sees_them_whole(app: Flask, cast: Cast, told: list[str], client: FlaskClient) -> None:
    cast.sign_in(client, "alice")
    unseen = {"/contacts", "/api/contacts", *(path for path in told if "person=" in path)}
    unseen -= {path for path in unseen if _whole(client.get(path).text)}
    assert unseen == set()
    assert EMAIL in client.get("/contacts?q=ana.smith").text


def test_a_viewer_gets_no_file_of_people(app: Flask, cast: Cast, told: list[str]) -> None:
    files = [path for path in told if path.endswith(".csv")]
    assert len(files) >= 3
    assert {app.test_client().get(path, headers=cast.headers("vera")).status_code for path in files} == {403}
