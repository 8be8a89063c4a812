"""Consent is kept by person: known by number, by user id, by both, or not yet at all."""

import csv
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from adsapp.campaigns.models import CampaignRecipient, InboundMessage
from adsapp.contacts import opt_outs, queries, service
from adsapp.contacts.identity import Identity, user_key
from adsapp.contacts.models import Contact, OptSource
from adsapp.contacts.opt_outs import Said
from adsapp.contacts.schemas import ContactIn
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.models import WebhookDelivery
from adsapp.organizations.auditing import NOBODY, By
from tests.campaigns.rehearsal import Rehearsal, refused
from tests.campaigns.webhooks.bodies import case, moved, preference, webhook, written
from tests.paths import CASES

ANN, BEN, NEW = "+442079460411", "+442079460412", "+442079460419"
USER = "GB.13491208655302741918"
N08 = CASES / "N08-number-change-notice"


def take(rehearsal: Rehearsal, body: bytes | dict[str, Any]) -> None:
    assert rehearsal.post_webhook(body) == 200
    rehearsal.apply()


def contact(rehearsal: Rehearsal, phone: str) -> Contact:
    with rehearsal.organization(), db.reading():
        found = db.session.scalars(select(Contact).where(Contact.phone == phone)).one()
        db.session.expunge(found)
        return found


def a_while_later(rehearsal: Rehearsal, **changes: Any) -> uuid.UUID:
    """Another campaign, when the last messages are minutes old: one person gets one every few seconds only."""
    with rehearsal.organization():
        db.session.execute(update(CampaignRecipient).values(sending_at=utcnow() - timedelta(minutes=5)))
        db.session.commit()
    return rehearsal.sent(**changes)


def says_stop(**names: str) -> dict[str, Any]:
    return webhook(messages=[written("STOP", **names)])


STOPS: dict[str, Callable[[], dict[str, Any]]] = {
    "by number": lambda: says_stop(from_=ANN[1:]),
    "by user id": lambda: says_stop(from_user_id=USER),
    "by a user id where the number stood": lambda: says_stop(from_=USER),
    "by both": lambda: says_stop(from_=ANN[1:], from_user_id=USER),
    "in WhatsApp, by number": lambda: webhook("user_preferences", user_preferences=[preference("stop", wa_id=ANN[1:])]),
    "in WhatsApp, by user id": lambda: webhook("user_preferences", user_preferences=[preference("stop", user_id=USER)]),
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_stop_holds_for_whoever_becomes_a_contact_later(
    rehearsal: Rehearsal, stop: Callable[[], dict[str, Any]]
) -> None:
    take(rehearsal, stop())
    with rehearsal.organization():
        later = service.create_contact(ContactIn(phone=ANN, wa_user_id=USER), by=NOBODY)
        assert later.opted_out_at is not None
        assert [event.opted_out for event in queries.consent_history(later)] == [True]
        db.session.commit()
    rehearsal.contacts(BEN)
    campaign_id = rehearsal.sent()
    assert rehearsal.provider.numbers() == [BEN]
    assert rehearsal.recipients(campaign_id)[ANN].error_code == "opted_out"


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_a_stop_finds_the_contact_by_whatever_it_names(
    rehearsal: Rehearsal, stop: Callable[[], dict[str, Any]]
) -> None:
    rehearsal.contacts(ANN, wa_user_id=USER)
    campaign_id = rehearsal.sent()
    take(rehearsal, stop())
    assert contact(rehearsal, ANN).opted_out_at is not None
    assert rehearsal.campaign(campaign_id).opted_out_count == 1


def test_an_old_stop_delivered_again_undoes_no_newer_consent(rehearsal: Rehearsal) -> None:
    (ann,) = rehearsal.contacts(ANN)
    old = Said(OptSource.KEYWORD, "STOP", "", utcnow() - timedelta(days=3))
    with rehearsal.organization():
        assert opt_outs.opt_out_person([Identity(ANN[1:])], old) == [ann]
        assert opt_outs.opt_in(queries.get_contact(ann), OptSource.HAND, "signed at the till", by=By("Alice"))
        assert opt_outs.opt_out_person([Identity(ANN[1:])], old) == []
        newer = Said(OptSource.KEYWORD, "STOP", "", utcnow())
        assert opt_outs.opt_out_person([Identity(ANN[1:])], newer) == [ann]


@pytest.mark.parametrize(
    "one, other",
    [("+541123456789", "+5491123456789"), ("+525512345678", "+5215512345678"), ("+551187654321", "+5511987654321")],
)
def test_a_twin_of_a_number_shows_what_campaigns_do(rehearsal: Rehearsal, one: str, other: str) -> None:
    first, twin = rehearsal.contacts(one, other)
    with rehearsal.organization():
        opt_outs.opt_out(queries.get_contact(first), OptSource.HAND, "on the phone", by=By("Alice"))
        db.session.commit()
    client = rehearsal.cast.sign_in(rehearsal.app.test_client(), "alice")
    page = client.get(f"/contacts/{twin}").text
    assert "May not be messaged" in page
    assert "on the phone" in page
    with rehearsal.organization():
        opt_outs.opt_in(queries.get_contact(twin), OptSource.HAND, "signed", by=By("Alice"))
        assert queries.get_contact(first).opted_out_at is None


def test_whoever_the_record_says_no_for_gets_nothing_though_the_contact_says_yes(rehearsal: Rehearsal) -> None:
    """A STOP and an import at the same moment: neither sees the other."""
    rehearsal.contacts(BEN)
    take(rehearsal, says_stop(from_=ANN[1:]))
    rehearsal.contacts(ANN)  # written past the service, as if it had been there in another transaction
    rehearsal.sent()
    assert rehearsal.provider.numbers() == [BEN]


def test_somebody_known_by_user_id_only_is_sent_to_and_answers(rehearsal: Rehearsal) -> None:
    with rehearsal.organization():
        made = service.create_contact(ContactIn(wa_user_id=USER, first_name="Dana"), by=NOBODY)
        db.session.commit()
        contact_id = made.id
    campaign_id = rehearsal.sent()
    assert [one.to for one in rehearsal.provider.taken] == [USER]
    take(rehearsal, webhook(messages=[written("Thank you", from_user_id=USER)]))
    assert rehearsal.campaign(campaign_id).replied_count == 1
    with rehearsal.organization():
        shown = queries.get_contact(contact_id)
        assert (shown.number, shown.person_key, shown.last_inbound_at is None) == ("", user_key(USER), False)
        kept = db.session.execute(select(InboundMessage.from_number, InboundMessage.from_user_id)).one()
        assert tuple(kept) == ("", USER)


def test_number_and_user_id_are_both_kept_once_a_webhook_tells_both(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(ANN)
    rehearsal.sent()
    newest = rehearsal.provider.newest(ANN)
    status = {"id": newest.provider_id, "status": "delivered", "timestamp": "1800000000", "recipient_user_id": USER}
    take(rehearsal, webhook(statuses=[status]))
    assert contact(rehearsal, ANN).wa_user_id == USER
    take(rehearsal, says_stop(from_user_id=USER))
    assert contact(rehearsal, ANN).opted_out_at is not None


def test_a_user_id_that_tells_its_number_at_last_becomes_a_contact_with_a_number(rehearsal: Rehearsal) -> None:
    with rehearsal.organization():
        service.create_contact(ContactIn(wa_user_id=USER), by=NOBODY)
        db.session.commit()
    take(rehearsal, says_stop(from_=ANN[1:]))
    take(rehearsal, webhook(messages=[written("Hi", from_=ANN[1:], from_user_id=USER)]))
    found = contact(rehearsal, ANN)
    assert (found.wa_user_id, found.opted_out_at is None) == (USER, False)


# --- system messages ----------------------------------------------------------------------------------------------


def test_the_notice_of_another_number_is_no_reply_and_moves_the_contact(rehearsal: Rehearsal) -> None:
    """Case N08."""
    people = list(csv.DictReader((N08 / "people.csv").open()))
    ann, _ = rehearsal.contacts(*(row["phone"] for row in people))
    campaign_id = rehearsal.sent()
    together = json.loads(case(N08 / "number_changed.json"))
    together["entry"] += json.loads(case(N08 / "unsupported.json"))["entry"]
    take(rehearsal, together)
    with rehearsal.organization():
        assert db.session.scalar(select(WebhookDelivery.error)) is None
    assert rehearsal.campaign(campaign_id).replied_count == 1  # Ben's, of a kind that the API does not show
    moved_on = contact(rehearsal, ANN)
    assert (moved_on.id, moved_on.number, moved_on.last_inbound_at) == (ann, NEW, None)
    text = a_while_later(rehearsal, text="Hello again")
    counts = rehearsal.counts(text)
    assert (counts.accepted_total, counts.skipped) == (1, 1)
    a_while_later(rehearsal)
    assert rehearsal.provider.newest(NEW).to == NEW
    assert [one.to for one in rehearsal.provider.taken].count(ANN) == 1
    page = rehearsal.cast.sign_in(rehearsal.app.test_client(), "alice").get(f"/contacts/{ann}").text
    assert NEW in page


def test_a_contact_that_moves_to_a_number_of_another_contact_is_one_person_with_it(rehearsal: Rehearsal) -> None:
    old, other = rehearsal.contacts(ANN, NEW)
    take(rehearsal, says_stop(from_=ANN[1:]))
    take(rehearsal, case(N08 / "number_changed.json"))
    assert contact(rehearsal, NEW).opted_out_at is not None  # the stricter of the two
    with rehearsal.organization():
        opt_outs.opt_in(queries.get_contact(other), OptSource.HAND, "signed", by=By("Alice"))
        db.session.commit()
    campaign_id = rehearsal.sent()
    assert rehearsal.provider.numbers() == [NEW]  # once, and at the new number
    assert {one.contact_id for one in rehearsal.recipients(campaign_id).values()} <= {old, other}


@pytest.mark.parametrize("others", [(), (NEW,)], ids=["its own", "another contact's"])
def test_what_waits_in_a_campaign_goes_to_the_new_number_once(rehearsal: Rehearsal, others: tuple[str, ...]) -> None:
    rehearsal.contacts(BEN, ANN, *others)
    refused_for_now = refused(131056)
    rehearsal.provider.answers(ANN, refused_for_now)
    campaign_id = rehearsal.start_campaign()
    assert rehearsal.send(campaign_id) is not None  # Ann is to be tried again later
    take(rehearsal, case(N08 / "number_changed.json"))
    rehearsal.let_time_pass()
    rehearsal.send(campaign_id)
    assert rehearsal.provider.numbers() == [BEN, NEW]
    assert rehearsal.counts(campaign_id).adds_up
    assert rehearsal.campaign(campaign_id).status == "completed"


NEWER = "GB.99999"
NOTICES: dict[str, Callable[[], dict[str, Any]]] = {
    "system message": lambda: webhook(
        messages=[moved("user_changed_user_id", from_user_id=NEWER, user_id=NEWER, previous_user_id=USER)]
    ),
    "field of its own": lambda: webhook(
        "user_id_update", user_id_update=[{"user_id": {"previous": USER, "current": NEWER}, "timestamp": "1800000000"}]
    ),
}


@pytest.mark.parametrize("notice", NOTICES.values(), ids=NOTICES)
def test_a_new_user_id_moves_the_contact_with_its_consent(
    rehearsal: Rehearsal, notice: Callable[[], dict[str, Any]]
) -> None:
    rehearsal.contacts(ANN, wa_user_id=USER)
    take(rehearsal, notice())
    take(rehearsal, says_stop(from_user_id=NEWER))
    moved_on = contact(rehearsal, ANN)
    assert (moved_on.wa_user_id, moved_on.opted_out_at is None) == (NEWER, False)


@pytest.mark.parametrize("notice", NOTICES.values(), ids=NOTICES)
def test_a_new_user_id_of_somebody_unknown_takes_their_stop_along(
    rehearsal: Rehearsal, notice: Callable[[], dict[str, Any]]
) -> None:
    take(rehearsal, says_stop(from_user_id=USER))
    take(rehearsal, notice())
    with rehearsal.organization():
        assert service.create_contact(ContactIn(wa_user_id=NEWER), by=NOBODY).opted_out_at is not None


def test_what_nobody_wrote_is_kept_with_the_delivery(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(ANN)
    campaign_id = rehearsal.sent()
    welcome = {"from": ANN[1:], "id": "wamid.W", "type": "request_welcome", "timestamp": "1800000000"}
    take(rehearsal, webhook(messages=[welcome]))
    assert rehearsal.campaign(campaign_id).replied_count == 0
    assert contact(rehearsal, ANN).last_inbound_at is None
    with rehearsal.organization():
        assert "request_welcome" in str(db.session.scalar(select(WebhookDelivery.error)))


def test_a_contact_by_the_api_may_have_a_user_id_instead_of_a_number(rehearsal: Rehearsal) -> None:
    client, headers = rehearsal.app.test_client(), rehearsal.cast.headers("alice")
    made = client.post("/api/contacts", json={"wa_user_id": USER, "first_name": "Dana"}, headers=headers)
    assert (made.status_code, made.json and made.json["contact"]["wa_user_id"]) == (201, USER)
    assert made.json
    assert made.json["contact"]["phone"] == ""
    assert client.post("/api/contacts", json={"wa_user_id": USER}, headers=headers).status_code == 409
    assert client.post("/api/contacts", json={"wa_user_id": "dana"}, headers=headers).status_code == 422
    assert client.post("/api/contacts", json={"first_name": "Dana"}, headers=headers).status_code == 422
    page = rehearsal.cast.sign_in(client, "alice").get(f"/contacts/{made.json['contact']['id']}").text
    assert USER in page
    assert user_key(USER) not in page
