"""People who were left out because a variable had no value: the page names it, and sends to exactly them."""

import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.campaigns import service
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.outbound.statuses import OutboundStatus
from tests.campaigns.console.test_scheduled import words
from tests.campaigns.rehearsal import Rehearsal
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import Cast
from tests.jobs.steering import confirm


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return set_the_scene(app, cast)


@pytest.fixture
def bob(client: FlaskClient, cast: Cast) -> FlaskClient:
    return cast.sign_in(client, "bob")


def people(scene: Scene, campaign_id: uuid.UUID) -> list[tuple[Status, str]]:
    with db.organization_context(scene.app, scene.cast.bakery_id), db.reading():
        rows = db.session.scalars(
            select(CampaignRecipient).where(CampaignRecipient.campaign_id == campaign_id).order_by(CampaignRecipient.id)
        )
        return [(each.status, each.variables.get("body.1", "")) for each in rows]


def test_who_would_get_a_message_that_is_too_long_stays_left_out_for_that(scene: Scene, bob: FlaskClient) -> None:
    campaign_id = scene.left_out(count=3)
    with db.organization_context(scene.app, scene.cast.bakery_id):
        rows = db.session.scalars(select(CampaignRecipient).where(CampaignRecipient.campaign_id == campaign_id)).all()
        long = next(row for row in rows if row.status is Status.SKIPPED)
        long.variables, own_id = {**long.variables, "body.2": "x" * 32_760}, long.id
        db.session.commit()
    asked = bob.get(f"/campaigns/{campaign_id}/fill").text
    assert confirm(bob, asked, **{"value.body.1": "friend"}).status_code == 303
    assert [status for status, _ in people(scene, campaign_id)].count(Status.PENDING) == 2
    with db.organization_context(scene.app, scene.cast.bakery_id), db.reading():
        left = db.session.scalars(select(CampaignRecipient).where(CampaignRecipient.id == own_id)).one()
        assert (left.status, left.error_code) == (Status.SKIPPED, "too_long")
        assert "32,768 are allowed" in str(left.error_message)


def test_the_page_names_the_variable_and_sends_to_exactly_those(scene: Scene, bob: FlaskClient) -> None:
    campaign_id = scene.left_out(count=3)
    page = bob.get(f"/campaigns/{campaign_id}").text
    assert "No value for {{1}} (First name)" in words(page)
    assert "Set a value and send to these 3" in words(page)
    assert f'href="/campaigns/{campaign_id}?status=skipped&amp;code=missing_variable#people"' in page
    asked = bob.get(f"/campaigns/{campaign_id}/fill").text
    assert "Send to 3 people" in words(asked)
    assert "body.2" not in asked, "a value is asked for that everybody has"
    empty = confirm(bob, asked, **{"value.body.1": " "})
    assert (empty.status_code, "Write the text that they get" in empty.text) == (422, True)
    assert confirm(bob, asked, **{"value.body.1": "friend", "confirmed": "2"}).status_code == 409
    assert [status for status, _ in people(scene, campaign_id)].count(Status.SKIPPED) == 3
    assert confirm(bob, asked, **{"value.body.1": " friend "}).status_code == 303
    assert people(scene, campaign_id) == [(Status.READ, "Person 0"), *[(Status.PENDING, "friend")] * 3]
    campaign = scene.read(campaign_id)
    assert campaign.status is OutboundStatus.SENDING
    assert campaign.variables["body.1"] == {"field": "first_name", "fallback": "friend"}
    assert "3 people without a value are sent the message" in words(bob.get(f"/campaigns/{campaign_id}").text)


def test_a_cancelled_campaign_sends_to_nobody_and_a_value_for_nothing_is_refused(scene: Scene) -> None:
    cancelled, completed = scene.left_out(OutboundStatus.CANCELLED), scene.left_out()
    with db.organization_context(scene.app, scene.cast.bakery_id):
        with pytest.raises(Conflict):
            service.send_to_left_out(db.session.get_one(Campaign, cancelled), {"body.1": "friend"})
        for wrong in ({}, {"body.1": "  "}, {"body.2": "x"}):
            with pytest.raises(Invalid):
                service.send_to_left_out(db.session.get_one(Campaign, completed), wrong)


@pytest.mark.both
def test_those_who_lacked_a_value_get_the_message_once_and_nobody_else_again(rehearsal: Rehearsal) -> None:
    with_name, without, silent = "+12025550100", "+12025550101", "+12025550102"
    rehearsal.contacts(with_name, without, silent)
    with rehearsal.organization():
        for contact in db.session.scalars(select(Contact).where(Contact.phone.in_([without, silent]))):
            contact.first_name = contact.name = ""
        db.session.commit()
    source = {"1": {"field": "first_name"}}
    campaign_id = rehearsal.sent(variables=source)
    left_out = rehearsal.recipients(campaign_id)[without]
    assert (left_out.error_code, left_out.error_message) == (
        "missing_variable", "No value for {{1}} (First name)",
    )  # fmt: skip
    with rehearsal.organization():
        contact = db.session.scalars(select(Contact).where(Contact.phone == silent)).one()
        contact.opted_out_at = contact.created_at
        service.send_to_left_out(db.session.get_one(Campaign, campaign_id), {"body.1": "friend"}, "Alice")
        db.session.commit()
    rehearsal.send(campaign_id)
    assert rehearsal.provider.numbers() == [with_name, without]
    assert rehearsal.recipients(campaign_id)[silent].error_code == "opted_out"
