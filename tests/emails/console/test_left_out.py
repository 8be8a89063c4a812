"""People who were left out because a placeholder had no value: the page names it, and sends to exactly them."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.emails import queries, service
from adsapp.emails.lacking import lacked
from adsapp.emails.models import Email, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.organizations.auditing import By
from adsapp.outbound.statuses import OutboundStatus
from tests.cast import Cast
from tests.emails.console.test_show_page import text_of
from tests.emails.rehearsal import MailRehearsal, rehearsing
from tests.emails.scene import EmailScene
from tests.jobs.steering import confirm

CITY = "value.attribute:city"
ALICE = By("Alice")


def people(scene: EmailScene, email_id: uuid.UUID) -> list[tuple[Status, str]]:
    """How each stands, and their city."""
    with db.organization_context(scene.app, scene.cast.bakery_id), db.reading():
        mine = select(EmailRecipient).where(EmailRecipient.email_id == email_id).order_by(EmailRecipient.id)
        return [(each.status, each.variables.get("attribute:city", "")) for each in db.session.scalars(mine)]


def test_the_page_names_the_placeholder_and_sends_to_exactly_those(scene: EmailScene, alice: FlaskClient) -> None:
    email_id = scene.left_out(count=3)
    page = alice.get(f"/emails/{email_id}").text
    assert "No value for {{attribute:city}} (column “city”)" in text_of(page)
    assert "Set a value and send to these 3" in text_of(page)
    asked = alice.get(f"/emails/{email_id}/fill").text
    assert "no value for {{attribute:city}} (column “city”). They get the e-mail with the text" in text_of(asked)
    assert "first_name" not in asked, "a value is asked for that everybody has"
    empty = confirm(alice, asked, **{CITY: " "})
    assert (empty.status_code, "Write the text that they get" in empty.text) == (422, True)
    assert confirm(alice, asked, **{CITY: "Boston", "confirmed": "2"}).status_code == 409
    assert [status for status, _ in people(scene, email_id)].count(Status.SKIPPED) == 3
    assert confirm(alice, asked, **{CITY: " your town "}).status_code == 303
    assert people(scene, email_id) == [(Status.DELIVERED, "Boston"), *[(Status.PENDING, "your town")] * 3]
    with db.organization_context(scene.app, scene.cast.bakery_id), db.reading():
        email = queries.get_email(email_id)
        assert email.status is OutboundStatus.SENDING
        assert email.variables["attribute:city"] == {"field": "attribute:city", "fallback": "your town"}
    assert "3 people without a value are sent the e-mail" in text_of(alice.get(f"/emails/{email_id}").text)


def test_a_viewer_is_offered_nothing(scene: EmailScene, vera: FlaskClient) -> None:
    email_id = scene.left_out()
    assert f"/emails/{email_id}/fill" not in vera.get(f"/emails/{email_id}").text
    assert vera.get(f"/emails/{email_id}/fill").status_code == 403


def test_a_cancelled_email_goes_to_nobody_and_a_value_for_nothing_is_refused(scene: EmailScene) -> None:
    cancelled, completed = scene.left_out(OutboundStatus.CANCELLED), scene.left_out()
    with db.organization_context(scene.app, scene.cast.bakery_id):
        with pytest.raises(Conflict):
            service.send_to_left_out(db.session.get_one(Email, cancelled), {"attribute:city": "Boston"}, ALICE)
        for wrong in ({}, {"attribute:city": "  "}, {"first_name": "x"}):
            with pytest.raises(Invalid):
                service.send_to_left_out(db.session.get_one(Email, completed), wrong, ALICE)


def test_one_whose_audience_is_being_fixed_is_refused_in_words(scene: EmailScene, alice: FlaskClient) -> None:
    """Who is read after that would be left out again, for a value that is there by then, and could never be sent to."""
    email_id = scene.left_out(OutboundStatus.PREPARING)
    with db.organization_context(scene.app, scene.cast.bakery_id):
        db.session.get_one(Email, email_id).frozen_at = None
        db.session.commit()
    assert f"/emails/{email_id}/fill" not in alice.get(f"/emails/{email_id}").text
    with (
        db.organization_context(scene.app, scene.cast.bakery_id),
        pytest.raises(Conflict, match="still being put together"),
    ):
        service.send_to_left_out(queries.get_email(email_id), {"attribute:city": "Boston"}, ALICE)


def test_one_whose_people_bring_their_own_values_asks_for_nothing(scene: EmailScene, alice: FlaskClient) -> None:
    email_id = scene.email(OutboundStatus.COMPLETED, subject="{{offer}}", html="", text="{{offer}}", variables={})
    asked = alice.get(f"/emails/{email_id}/fill")
    assert asked.status_code == 200
    assert 'name="value.' not in asked.text


@pytest.mark.both
@pytest.mark.parametrize("name", ['5" pipe', "a\\b", "a\tb", "it's", "a.b", "größe"])
def test_only_the_value_that_is_lacked_is_asked_for_whatever_it_is_called(
    scene: EmailScene, alice: FlaskClient, name: str
) -> None:
    sources = {"first_name": {"field": "first_name"}, "odd": {"field": f"attribute:{name}"}}
    said: dict[str, Any] = {
        "subject": "Hello {{first_name}}",
        "html": "",
        "text": f"{{{{attribute:{name}}}}} {{{{odd}}}}",
    }
    email_id = scene.email(
        OutboundStatus.COMPLETED, {Status.SKIPPED: 1}, {Status.SKIPPED: "missing_variable"}, **said, variables=sources
    )
    with db.organization_context(scene.app, scene.cast.bakery_id):
        left_out = db.session.scalars(select(EmailRecipient).where(EmailRecipient.email_id == email_id)).one()
        left_out.variables = {"first_name": "Ana", f"attribute:{name}": "there"}
        db.session.commit()
        assert set(lacked(queries.get_email(email_id))) == {"odd"}


@pytest.fixture
def rehearsal(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[MailRehearsal]:
    with rehearsing(app, cast, monkeypatch) as rehearsal:
        yield rehearsal


@pytest.mark.both
def test_those_who_lacked_a_value_get_the_email_once_and_nobody_else_again(rehearsal: MailRehearsal) -> None:
    """In two steps, for one of them lacks a second value, too; and who has opted out since stays left out."""
    has_both, no_city, has_neither, silent = (f"{name}@example.com" for name in ("both", "city", "neither", "silent"))
    rehearsal.contacts(has_both, attributes={"city": "Boston"})
    rehearsal.contacts(no_city, silent)
    rehearsal.contacts(has_neither, first_name="", name="")
    said: dict[str, Any] = {"subject": "Hello {{first_name}}", "text": "See you in {{attribute:city}}", "html": ""}
    email_id = rehearsal.sent(**said, variables={})
    assert rehearsal.mailer.addresses() == [has_both]
    with rehearsal.organization():
        contact = db.session.scalars(select(Contact).where(Contact.email == silent)).one()
        contact.opted_out_at = contact.created_at
        email = queries.get_email(email_id)
        assert service.send_to_left_out(email, {"attribute:city": "<b>your town</b>"}, ALICE).count == 2
        db.session.commit()
    rehearsal.finish(email_id)
    assert rehearsal.mailer.addresses() == sorted([has_both, no_city])
    assert {each.to: each.text for each in rehearsal.mailer.taken}[no_city] == "See you in <b>your town</b>"
    assert rehearsal.people(email_id)[silent].error_code == "opted_out"
    rehearsal.change(email_id, lambda email: service.send_to_left_out(email, {"first_name": "friend"}, ALICE))
    rehearsal.finish(email_id)
    assert rehearsal.mailer.addresses() == sorted([has_both, no_city, has_neither])
    last = rehearsal.mailer.taken[-1]
    assert (last.subject, last.text) == ("Hello friend", "See you in <b>your town</b>")
