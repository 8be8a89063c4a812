"""Reports of e-mails: in by the door, applied to the ledger and to the suppressions, whatever their order."""

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.emails.models import EmailRecipient, ParkedEmailEvent, Suppression
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.webhooks import apply, retention
from adsapp.integrations.models import EmailWebhook
from adsapp.jobs import Job
from tests.campaigns.rehearsal import ByHand
from tests.emails.rehearsal import LOST, MailRehearsal
from tests.statements import recorded, write_locks

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
ANA, BEN = "ana@example.com", "ben@example.com"
HARD: Any = {"bounce": {"type": "Permanent", "message": "Unknown user"}}


def report(kind: str, provider_id: str, seconds: int = 0, **data: Any) -> bytes:
    """A delivery's body."""
    at = (NOON + timedelta(seconds=seconds)).isoformat()
    return json.dumps({"type": f"email.{kind}", "created_at": at, "data": {"email_id": provider_id, **data}}).encode()


def deliver(mail: MailRehearsal, *bodies: bytes) -> None:
    """Each comes in as a delivery of its own, and they are applied."""
    with mail.organization():
        known = db.session.scalar(select(func.count()).select_from(EmailWebhook)) or 0
        for number, body in enumerate(bodies, known):
            delivery = {"account_id": mail.account_id, "delivery_id": f"msg-{number}", "body": body}
            db.session.add(EmailWebhook(organization_id=mail.cast.bakery_id, **delivery))
        db.session.commit()
        apply.apply_all(mail.account_id, ByHand(None))  # type: ignore[arg-type]


def sent_to(mail: MailRehearsal, *addresses: str) -> tuple[Any, dict[str, str]]:
    """An e-mail that was taken for these; the provider's ids by address."""
    mail.contacts(*addresses)
    email_id = mail.sent()
    return email_id, {address: one.provider_id or "" for address, one in mail.people(email_id).items()}


def suppressions(mail: MailRehearsal) -> dict[str, tuple[str, Any]]:
    with mail.organization(), db.reading():
        return {row.address_key: (row.reason.value, row.email_id) for row in db.session.scalars(select(Suppression))}


def test_reports_move_people_on_and_bounces_and_complaints_suppress(mail: MailRehearsal) -> None:
    email_id, ids = sent_to(mail, ANA, BEN, "cy@example.com", "dee@example.com")
    deliver(
        mail,
        report("delivered", ids[ANA]),
        report("bounced", ids[BEN], **HARD),
        report("complained", ids["cy@example.com"]),
        report("bounced", ids["dee@example.com"], bounce={"type": "Transient", "message": "Mailbox full"}),
    )
    people = mail.people(email_id)
    assert {address: one.status.value for address, one in people.items()} == {
        ANA: "delivered",
        BEN: "bounced",
        "cy@example.com": "complained",
        "dee@example.com": "accepted",  # told, not punished
    }
    assert people["dee@example.com"].delayed_at == NOON
    assert (people[BEN].error_code, people[BEN].error_message) == ("bounced", "Unknown user")
    assert suppressions(mail) == {BEN: ("bounce", email_id), "cy@example.com": ("complaint", email_id)}
    assert mail.counts(email_id).adds_up
    again = mail.sent()
    assert {address: one.error_code for address, one in mail.people(again).items() if one.status is Status.SKIPPED} == {
        BEN: "suppressed",
        "cy@example.com": "suppressed",
    }


def test_a_shuffle_with_repetitions_ends_in_the_same_ledger(mail: MailRehearsal) -> None:
    addresses = [f"row{place}@example.com" for place in range(6)]
    email_id, ids = sent_to(mail, *addresses)
    told = [
        report(kind, ids[address], seconds)
        for place, address in enumerate(addresses)
        for seconds, kind in enumerate(["sent", "delivered", "complained", "delivery_delayed"][: place % 4 + 1])
    ]
    deliver(mail, *told)
    before = {address: (one.status, one.delivered_at) for address, one in mail.people(email_id).items()}
    shuffled = told * 2
    random.Random(7).shuffle(shuffled)
    deliver(mail, *shuffled)
    assert {address: (one.status, one.delivered_at) for address, one in mail.people(email_id).items()} == before


def test_opens_and_clicks_count_only_where_they_are_wanted(mail: MailRehearsal) -> None:
    email_id, ids = sent_to(mail, ANA)
    deliver(mail, report("opened", ids[ANA]), report("clicked", ids[ANA]))
    assert mail.people(email_id)[ANA].status is Status.ACCEPTED
    mail.account(tracks_opens=True)
    deliver(mail, report("opened", ids[ANA]), report("clicked", ids[ANA]))
    assert mail.people(email_id)[ANA].status is Status.OPENED
    assert mail.people(email_id)[ANA].clicked_at is None


def test_a_report_settles_who_was_in_doubt(mail: MailRehearsal) -> None:
    """Our own answer was lost; the report names whom it is about by what we sent along."""
    mail.contacts(ANA)
    email_id = mail.start()
    mail.mailer.answers(LOST)

    def stop_after_one() -> None:
        mail.progress.is_draining = bool(mail.mailer.requests)

    mail.turn(email_id, stop_after_one)
    [one] = mail.people(email_id).values()
    assert (one.status, one.provider_id) == (Status.SENDING, None)
    deliver(mail, report("delivered", "e-1", tags={"recipient": str(one.id)}))
    [one] = mail.people(email_id).values()
    assert (one.status, one.provider_id) == (Status.DELIVERED, "e-1")
    mail.finish(email_id)
    assert mail.people(email_id)[ANA].status is Status.DELIVERED  # our answer lowers nothing
    assert mail.mailer.addresses() == [ANA]


def test_a_report_that_overtakes_our_answer_is_kept_until_it_fits(mail: MailRehearsal) -> None:
    mail.contacts(ANA)
    deliver(mail, report("delivered", "e-1"), report("delivered", "e-of-somebody-else"))
    email_id = mail.sent()
    assert mail.people(email_id)[ANA].status is Status.DELIVERED
    with mail.organization(), db.reading():
        assert list(db.session.scalars(select(ParkedEmailEvent.provider_id))) == ["e-of-somebody-else"]


def test_an_older_email_of_somebody_who_was_sent_to_again_changes_nothing(mail: MailRehearsal) -> None:
    email_id, _ = sent_to(mail, ANA)
    [one] = mail.people(email_id).values()
    deliver(mail, report("bounced", "e-older", tags={"recipient": str(one.id)}, to=[ANA], **HARD))
    assert mail.people(email_id)[ANA].status is Status.ACCEPTED
    assert suppressions(mail)[ANA][0] == "bounce", "the address is dead whichever e-mail came back"


def test_what_cannot_be_read_is_kept_with_the_reason_and_holds_up_nobody(mail: MailRehearsal) -> None:
    email_id, ids = sent_to(mail, ANA)
    deliver(mail, b"no json", report("teleported", "e-1"), report("delivered", ids[ANA]))
    assert mail.people(email_id)[ANA].status is Status.DELIVERED
    with mail.organization(), db.reading():
        errors = [each.error for each in db.session.scalars(select(EmailWebhook).order_by(EmailWebhook.id))]
    assert errors == ["Unknown: a body that is no JSON", "Unknown: an event of the kind 'email.teleported'", None]


def test_the_provider_s_own_list_is_heard(mail: MailRehearsal) -> None:
    event = {"created_at": NOON.isoformat(), "data": {"email": "Old@Example.com", "origin": "bounce"}}
    deliver(mail, json.dumps({"type": "suppression.added", **event}).encode())
    assert suppressions(mail)["old@example.com"][0] == "bounce"
    deliver(mail, json.dumps({"type": "suppression.removed", **event}).encode())
    assert suppressions(mail) == {}


def test_the_door_keeps_a_delivery_once_and_wakes_one_job(mail: MailRehearsal, client: FlaskClient) -> None:
    door = f"/webhooks/resend/{mail.account_id}"
    genuine = {"svix-id": "msg-1", "svix-signature": "right"}
    assert [client.post(door, data=b"{}", headers=genuine).status_code for _ in range(3)] == [200] * 3
    forged = client.post(door, data=b"{}", headers={"svix-id": "msg-2"})
    assert (forged.status_code, forged.get_json()["code"]) == (401, "wrong_signature")
    assert client.post("/webhooks/resend/0190a0b0-0000-7000-8000-000000000000", data=b"{}").status_code == 404
    with mail.organization(), db.reading():
        assert list(db.session.scalars(select(EmailWebhook.delivery_id))) == ["msg-1"]
        kinds = list(db.session.scalars(select(Job.processor)))
    assert kinds == ["apply-email-webhooks"]


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_only_to_store_and_to_add_a_job_a_delivery_waits_for_the_lock(mail: MailRehearsal, client: FlaskClient) -> None:
    def locks(signature: str, delivery_id: str) -> int:
        headers = {"svix-id": delivery_id, "svix-signature": signature}
        with recorded(mail.app) as seen:
            client.post(f"/webhooks/resend/{mail.account_id}", data=b"{}", headers=headers)
        return write_locks(seen)

    assert [locks("wrong", "msg-1"), locks("right", "msg-1"), locks("right", "msg-2")] == [0, 2, 1]


def test_applied_bodies_and_strangers_are_kept_for_their_time(mail: MailRehearsal) -> None:
    _, ids = sent_to(mail, ANA)
    deliver(mail, report("delivered", ids[ANA]), report("delivered", "e-stranger"))
    with mail.organization():
        assert retention.forget_reports(utcnow() - timedelta(days=1), 100) == 0
        assert retention.forget_reports(utcnow() + timedelta(seconds=1), 100) == 2
        assert retention.forget_reports(utcnow() + timedelta(seconds=1), 100) == 1
        assert db.session.scalar(select(func.count()).select_from(EmailRecipient)) == 1


@pytest.mark.parametrize("reason, becomes", [("previous_bounce", "bounce"), ("previous_complaint", "complaint")])
def test_what_the_provider_holds_back_is_no_delivery(mail: MailRehearsal, reason: str, becomes: str) -> None:
    email_id, ids = sent_to(mail, ANA)
    deliver(mail, report("suppressed", ids[ANA], suppressed={"reason": reason, "message": "On the list"}))
    one = mail.people(email_id)[ANA]
    assert (one.status, one.error_code) == (Status.FAILED, "suppressed")
    assert suppressions(mail)[ANA][0] == becomes
