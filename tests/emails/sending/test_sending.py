"""What an e-mail's job does with what the provider answers: the ledger, its chunks, the classes of errors, the counts.

The provider is one in memory (`rehearsal`).
"""

import random
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid
from adsapp.emails import queries, service
from adsapp.emails.consequences import FAILURE_LIMIT
from adsapp.emails.models import EmailChunk, EmailRecipient, Suppression, SuppressionReason
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.sending import chunks
from adsapp.integrations import service as integrations
from adsapp.integrations.base import Accepted, Outcome, Refused
from adsapp.integrations.email_queries import get_email_account
from adsapp.integrations.models import AccountStatus
from adsapp.integrations.resend.errors import of_item
from adsapp.organizations.auditing import By
from adsapp.outbound import decisions
from adsapp.outbound.statuses import OutboundStatus
from tests.emails.rehearsal import ALICE, AWAY, LOST, Answer, MailRehearsal, Request, refused

PEOPLE = [f"row{place}@example.com" for place in range(25)]


def one_of_each(mail: MailRehearsal) -> dict[str, str]:
    """Contacts for every reason to be left out; the reason by the address that is in the ledger."""
    mail.contacts("ana@example.com", "Ben@example.com", "ben@EXAMPLE.com")
    mail.contacts("out@example.com", opted_out_at=utcnow())
    mail.contacts("nameless@example.com", first_name="")
    mail.contacts("", "")
    mail.contacts("bounced@example.com")
    with mail.organization():
        row = {"address_key": "bounced@example.com", "reason": SuppressionReason.BOUNCE}
        db.session.add(Suppression(organization_id=mail.cast.bakery_id, address="Bounced@example.com", **row))
        db.session.commit()
    return {
        "out@example.com": "opted_out",
        "nameless@example.com": "missing_variable",
        "bounced@example.com": "suppressed",
    }


def test_each_address_gets_it_once_and_who_is_left_out_is_told_why(mail: MailRehearsal) -> None:
    left_out = one_of_each(mail)
    data: dict[str, Any] = {"variables": {"first_name": {"field": "first_name"}}}
    with mail.organization(), db.reading():
        asked = service.EmailIn(subject="Hello {{first_name}}", html="<b>Hi</b>", audience={"all": True}, **data)
        found = service.preflight(asked)
    email_id = mail.sent(**data)
    assert mail.mailer.addresses() == ["ana@example.com", "ben@example.com"]
    [ana, _] = sorted(mail.mailer.taken, key=lambda message: message.to)
    assert (ana.subject, ana.html, ana.text) == ("Hello Row1", "<p>Hello Row1</p>", "Hello Row1")
    assert ana.sender == "Harbour Bakery <hello@harbour-bakery.example>"
    people = mail.people(email_id)
    assert {address: people[address].error_code for address in left_out} == left_out
    assert people["nameless@example.com"].error_message == "No value for first_name"
    counts = mail.counts(email_id)
    assert (counts.accepted, counts.skipped, counts.adds_up) == (2, 5, True)
    assert found.tally is not None
    assert (found.will_send, found.tally.duplicates, found.tally.no_address) == (2, 1, 2)
    assert (found.tally.opted_out, found.tally.suppressed, found.tally.missing) == (1, 1, 1)


def test_people_go_in_batches_under_keys_of_their_chunk(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE)
    email_id = mail.sent()
    assert mail.mailer.addresses() == sorted(PEOPLE)
    assert sorted(len(request.messages) for request in mail.mailer.requests) == [5, 10, 10]
    assert len({request.key for request in mail.mailer.requests}) == 3
    assert all(request.key.startswith(f"email-{email_id}/chunk-") for request in mail.mailer.requests)
    assert mail.progress.total == mail.progress.done == len(PEOPLE)


def test_addresses_that_are_given_bring_their_own_values(mail: MailRehearsal) -> None:
    people = [
        {"email": "Ana <Ana@Example.com>", "name": "Ana Lima", "variables": {"offer": "<b>10 %</b>"}},
        {"email": "ben@example.com", "variables": {"offer": "{{first_name}}"}},
        {"email": "ANA@example.com", "variables": {"offer": "nothing"}},
    ]
    mail.sent(recipients=people, subject="{{offer}} for {{first_name}}", html="<p>{{offer}}</p>")
    [ana, ben] = sorted(mail.mailer.taken, key=lambda message: message.to)
    assert (ana.to, ana.subject, ana.html) == (
        "Ana@Example.com",
        "<b>10 %</b> for Ana",
        "<p>&lt;b&gt;10 %&lt;/b&gt;</p>",
    )
    assert (ben.subject, ben.html) == ("{{first_name}} for there", "<p>{{first_name}}</p>")


def test_attachments_go_alone(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE[:3])
    mail.sent(attachments=[{"filename": "menu.pdf", "content": "QUJD"}])
    assert [len(request.messages) for request in mail.mailer.requests] == [1, 1, 1]
    assert mail.mailer.taken[0].attachments == [{"filename": "menu.pdf", "content": "QUJD"}]


# --- what is in doubt -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        LOST,
        refused(409, "concurrent_idempotent_requests"),
        refused(500, "application_error"),
        refused(503, "service_unavailable"),
    ],
)
def test_what_is_in_doubt_is_asked_again_under_its_key_and_nobody_gets_two(
    mail: MailRehearsal, answer: Outcome
) -> None:
    mail.contacts(*PEOPLE)

    def taken_and_then(request: Request) -> Outcome:
        mail.mailer.take(request)
        return answer

    mail.mailer.answers(answer, taken_and_then)
    email_id = mail.sent()
    assert mail.mailer.addresses() == sorted(PEOPLE)
    keys = Counter(request.key for request in mail.mailer.requests)
    assert sorted(keys.values()) == [1, 2, 2]
    assert mail.statuses(email_id) == {"accepted": len(PEOPLE)}


def begun_by_a_worker_that_died(mail: MailRehearsal, email_id: uuid.UUID, lease_id: uuid.UUID) -> None:
    """Its first chunk is decided on, and nobody knows whether it was written."""
    mail.turn(email_id, mail_drains(mail))  # freezes the audience
    with mail.organization():
        mail.progress.job_id = queries.get_email(email_id).job_id
        asked = chunks.Claim(email_id, lease_id, count=1, batch=10, taken=())
        [(chunk, _)] = chunks.claim(asked, mail.progress).chunks  # type: ignore[arg-type]
    assert mail.statuses(email_id)["sending"] == len(chunk.people) == 10


def mail_drains(mail: MailRehearsal) -> Callable[[], None]:
    def drain() -> None:
        mail.progress.is_draining = mail.progress.total is not None

    return drain


def test_a_chunk_of_a_worker_that_died_goes_again_as_it_was(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE)
    email_id = mail.start()
    begun_by_a_worker_that_died(mail, email_id, uuid.uuid4())
    mail.finish(email_id)
    assert mail.mailer.addresses() == sorted(PEOPLE)
    assert len(mail.mailer.requests[0].messages) == 10


def test_after_a_day_it_is_uncertain_until_a_person_decides(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE[:3])
    email_id = mail.start()
    mail.mailer.answers(LOST, LOST)

    def drain_after_two() -> None:
        if len(mail.mailer.requests) > 1:
            drain(mail)

    assert mail.turn(email_id, drain_after_two) is not None
    with mail.organization():
        long_ago = utcnow() - chunks.KEY_IS_KNOWN - timedelta(minutes=1)
        db.session.execute(update(EmailChunk).values(first_tried_at=long_ago, not_before=None))
        db.session.commit()
    before = len(mail.mailer.requests)
    assert mail.send(email_id) is None
    assert len(mail.mailer.requests) == before
    assert mail.statuses(email_id) == {"uncertain": 3}
    mail.change(email_id, lambda email: service.settle_uncertain(email, decisions.SEND_AGAIN, ALICE))
    mail.finish(email_id)
    assert mail.statuses(email_id) == {"accepted": 3}
    assert Counter(mail.mailer.addresses()) == dict.fromkeys(PEOPLE[:3], 2)  # as the person wished


def drain(mail: MailRehearsal) -> None:
    mail.progress.is_draining = True


def test_a_key_that_was_used_otherwise_leaves_its_people_uncertain(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE[:3])
    mail.mailer.answers(refused(409, "invalid_idempotent_request"))
    email_id = mail.sent()
    assert mail.statuses(email_id) == {"uncertain": 3}
    mail.change(email_id, lambda email: service.settle_uncertain(email, decisions.ASSUME_DELIVERED, ALICE))
    assert mail.statuses(email_id) == {"delivered": 3}
    with pytest.raises(Invalid, match="should be"):
        mail.change(email_id, lambda email: service.settle_uncertain(email, "perhaps", ALICE))


def test_a_refusal_tells_nothing_of_an_earlier_try(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE[:3])
    mail.mailer.answers(LOST, refused(422, "validation_error"))
    email_id = mail.sent()
    assert mail.statuses(email_id) == {"uncertain": 3}


def test_silence_begins_nothing_new(mail: MailRehearsal) -> None:
    """Requests in a row without an answer: what is in doubt stays as little as it is."""
    mail.contacts(*[f"{place}@example.com" for place in range(400)])
    mail.account(batch_size=1, emails_per_second=500.0)
    mail.mailer.always = LOST
    email_id = mail.start()
    back = mail.send(email_id)
    assert back is not None
    assert "cannot be reached" in back.reason
    in_doubt = mail.statuses(email_id)["sending"]
    assert 0 < in_doubt < 400
    mail.let_time_pass()
    mail.send(email_id)  # one probe after the other, of what is in doubt already
    assert mail.statuses(email_id)["sending"] == in_doubt
    mail.mailer.always = None
    mail.let_time_pass()
    mail.finish(email_id)
    assert len(mail.mailer.addresses()) == len(set(mail.mailer.addresses())) == 400
    assert mail.account().unreachable_since is None


# --- what is refused --------------------------------------------------------------------------------------------------


def test_a_provider_that_cannot_be_reached_costs_nobody_an_attempt(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE)
    mail.mailer.always = AWAY
    email_id = mail.start()
    back = mail.send(email_id)
    while back is not None and "cannot be reached" not in back.reason:
        mail.let_time_pass()
        back = mail.send(email_id)
    assert {(one.status.value, one.attempts) for one in mail.people(email_id).values()} == {("pending", 0)}
    assert mail.account().unreachable_reason == "connection refused"
    mail.mailer.always = None
    mail.let_time_pass()
    mail.finish(email_id)
    assert mail.mailer.addresses() == sorted(PEOPLE)
    assert mail.account().unreachable_since is None


def but_not(address: str, mail: MailRehearsal) -> Answer:
    """Takes everybody but one, who is refused by item."""

    def answer(request: Request) -> Outcome:
        if len(request.messages) == 1:
            return refused(422, "invalid_parameter") if request.addresses == [address] else mail.mailer.take(request)
        others = Request(request.key, tuple(each for each in request.messages if each.to != address))
        accepted = iter(mail.mailer.take(others).each)
        each = (Refused(of_item("no")) if message.to == address else next(accepted) for message in request.messages)
        return Accepted("", each=tuple(each))

    return answer


def test_an_item_that_is_refused_fails_alone(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE)
    mail.mailer.always = but_not(PEOPLE[3], mail)
    email_id = mail.sent()
    assert mail.mailer.addresses() == sorted(set(PEOPLE) - {PEOPLE[3]})
    failed = mail.people(email_id)[PEOPLE[3]]
    assert (failed.status, failed.error_code, failed.attempts) == (Status.FAILED, "validation_error", 1)
    mail.mailer.always = None
    mail.change(email_id, lambda email: service.retry_failed(email, "validation_error", ALICE))
    mail.finish(email_id)
    assert mail.mailer.addresses() == sorted(PEOPLE)
    with mail.organization():
        with pytest.raises(Invalid, match="sending again cannot help"):
            service.retry_failed(queries.get_email(email_id), "suppressed", ALICE)
        db.session.rollback()


def test_a_batch_that_is_refused_as_a_whole_is_sent_one_by_one(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE[:5])
    whole, alone = refused(422, "validation_error"), but_not(PEOPLE[3], mail)
    mail.mailer.always = lambda request: whole if len(request.messages) > 1 else alone(request)  # type: ignore[operator]
    email_id = mail.sent()
    assert mail.mailer.addresses() == sorted(set(PEOPLE[:5]) - {PEOPLE[3]})
    assert mail.people(email_id)[PEOPLE[3]].error_code == "invalid_parameter"


def test_several_that_fail_alike_pause_the_email(mail: MailRehearsal) -> None:
    many = [f"row{place}@example.com" for place in range(200)]  # more than are on their way at once
    mail.contacts(*many)
    mail.mailer.always = refused(422, "invalid_attachment")
    email_id = mail.start()
    assert mail.send(email_id) is not None
    assert mail.email(email_id).status is OutboundStatus.PAUSED
    assert f"{FAILURE_LIMIT} e-mails in a row failed alike" in (mail.email(email_id).status_reason or "")
    counts = mail.counts(email_id)
    assert counts.failed >= FAILURE_LIMIT
    assert counts.failed + counts.pending == len(many)


@pytest.mark.parametrize(
    "status, name", [(422, "invalid_from_address"), (404, "not_found"), (400, "invalid_idempotency_key")]
)
def test_what_concerns_all_pauses_at_once_and_fails_nobody(mail: MailRehearsal, status: int, name: str) -> None:
    mail.contacts(*PEOPLE)
    mail.mailer.always = refused(status, name)
    email_id = mail.start()
    back = mail.send(email_id)
    assert back is not None
    assert back.run_at is None
    assert mail.statuses(email_id) == {"pending": len(PEOPLE)}
    mail.mailer.always = None
    mail.change(email_id, lambda email: service.resume(email, ALICE))
    mail.finish(email_id)
    assert mail.mailer.addresses() == sorted(PEOPLE)


def test_a_limit_waits_as_long_as_it_is_told(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE[:3])
    mail.mailer.answers(refused(429, "rate_limit_exceeded", **{"retry-after": "2"}))
    email_id = mail.start()
    before = utcnow()
    back = mail.send(email_id)
    assert back is not None
    assert back.run_at is not None
    assert back.run_at >= before + timedelta(seconds=2)
    mail.let_time_pass()
    assert mail.turn(email_id) is not None  # asked too early it sends nothing
    assert mail.mailer.taken == []
    mail.finish(email_id)
    assert mail.mailer.addresses() == PEOPLE[:3]


@pytest.mark.parametrize("name", ["invalid_api_key", "validation_error", "monthly_quota_exceeded"])
def test_a_refused_account_pauses_all_that_goes_out_by_it(mail: MailRehearsal, name: str) -> None:
    mail.contacts(*PEOPLE)
    other = mail.start()
    mail.turn(other, lambda: drain(mail))
    email_id = mail.start()
    mail.mailer.always = refused(429 if "quota" in name else 403, name)
    back = mail.send(email_id)
    assert back is not None
    assert back.run_at is None
    assert {mail.email(each).status for each in (other, email_id)} == {OutboundStatus.PAUSED}
    assert "Settings → E-mail" in (mail.email(other).status_reason or "")
    assert mail.statuses(email_id) == {"pending": len(PEOPLE)}
    assert mail.account().status is AccountStatus.REFUSED
    with pytest.raises(Conflict, match="Settings → E-mail"):
        mail.change(email_id, lambda email: service.resume(email, ALICE))
    mail.mailer.always = None
    with mail.organization():
        integrations.accept(get_email_account(mail.account_id))
        db.session.commit()
    for each in (email_id, other):
        mail.change(each, lambda email: service.resume(email, ALICE))
        mail.finish(each)
    assert mail.statuses(email_id) == mail.statuses(other) == {"accepted": len(PEOPLE)}


def test_a_daily_quota_pauses_until_it_renews_and_goes_on_by_itself(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE)
    mail.mailer.answers(lambda request: mail.mailer.take(request), refused(429, "daily_quota_exceeded"))
    mail.mailer.always = refused(429, "daily_quota_exceeded")
    email_id = mail.start()
    back = mail.send(email_id)
    paused, account = mail.email(email_id), mail.account()
    assert back is not None
    assert back.run_at == paused.paused_until == account.quota_until
    assert paused.paused_until is not None
    assert utcnow() < paused.paused_until <= utcnow() + timedelta(hours=24, minutes=1)
    assert "it renews on" in (paused.status_reason or "")
    assert mail.turn(email_id) is not None  # asked too early it sends nothing
    assert len(mail.mailer.taken) == 10
    mail.account(quota_until=utcnow())
    with mail.organization():
        queries.get_email(email_id).paused_until = utcnow()
        db.session.commit()
    mail.mailer.always = None
    mail.finish(email_id)
    assert mail.mailer.addresses() == sorted(PEOPLE)
    assert mail.account().quota_until is None


# --- what people do ---------------------------------------------------------------------------------------------------


def once_taken(mail: MailRehearsal, count: int, act: Callable[[], object]) -> Callable[[], None]:
    left = [act]

    def meanwhile() -> None:
        if left and len(mail.mailer.taken) >= count:
            left.pop()()
            db.session.commit()

    return meanwhile


def test_pause_and_resume_send_to_nobody_twice(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE)
    mail.account(emails_per_second=50.0, batch_size=5)
    email_id = mail.start()
    pause = once_taken(mail, 5, lambda: service.pause(queries.get_email(email_id), "lunch", ALICE))
    back = mail.send(email_id, pause)
    assert back is not None
    assert (back.run_at, back.reason) == (None, "the e-mail is paused: lunch")
    counts = mail.counts(email_id)
    assert 0 < counts.pending < len(PEOPLE)
    assert counts.accepted == len(mail.mailer.taken)
    mail.change(email_id, lambda email: service.resume(email, ALICE))
    mail.finish(email_id)
    assert mail.mailer.addresses() == sorted(PEOPLE)
    with pytest.raises(Conflict, match="nothing to pause"):
        mail.change(email_id, lambda email: service.pause(email, "", ALICE))


def test_a_cancelled_email_skips_who_is_left_and_leaves_doubt_as_doubt(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE)
    mail.account(emails_per_second=50.0, batch_size=5)
    mail.mailer.answers(LOST, LOST)
    email_id = mail.start()
    cancel = once_taken(mail, 5, lambda: service.cancel(queries.get_email(email_id), ALICE))
    assert mail.send(email_id, cancel) is None
    counts = mail.counts(email_id)
    assert counts.adds_up
    assert (counts.to_go, counts.uncertain + counts.accepted, counts.skipped) == (
        0,
        len(mail.mailer.taken),
        len(PEOPLE) - len(mail.mailer.taken),
    )
    assert counts.uncertain > 0
    with pytest.raises(Conflict):
        mail.change(email_id, lambda email: service.cancel(email, ALICE))
    with pytest.raises(Conflict):
        mail.change(email_id, lambda email: service.resume(email, ALICE))
    with pytest.raises(Conflict, match="cancelled"):
        mail.change(email_id, lambda email: service.settle_uncertain(email, decisions.SEND_AGAIN, ALICE))


def test_whoever_says_no_meanwhile_gets_nothing(mail: MailRehearsal) -> None:
    mail.contacts(*PEOPLE)
    email_id = mail.start()
    mail.turn(email_id, mail_drains(mail))
    with mail.organization():
        db.session.execute(update(Contact).where(Contact.email == PEOPLE[4]).values(opted_out_at=utcnow()))
        db.session.commit()
    mail.finish(email_id)
    assert mail.mailer.addresses() == sorted(set(PEOPLE) - {PEOPLE[4]})
    assert mail.people(email_id)[PEOPLE[4]].error_code == "opted_out"


# --- the sum rule -----------------------------------------------------------------------------------------------------

ANSWERS: dict[str, Outcome | None] = {
    "taken": None,
    "lost": LOST,
    "away": AWAY,
    "fault": refused(500, "application_error"),
    "under way": refused(409, "concurrent_idempotent_requests"),
    "other use": refused(409, "invalid_idempotent_request"),
    "no": refused(422, "validation_error"),
}


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.sampled_from(sorted(ANSWERS)), max_size=8), st.integers(1, 30), st.integers(0, 2**16))
def test_whatever_is_answered_the_sums_are_right_and_nobody_gets_two(
    mail: MailRehearsal, names: list[str], people: int, seed: int
) -> None:
    mail.mailer.taken.clear()
    mail.mailer.requests.clear()
    mail.mailer.answers(*(ANSWERS[name] or mail.mailer.take for name in names))
    chosen = random.Random(seed).sample(range(1000), people)
    email_id = mail.start(recipients=[{"email": f"p{place}@example.com"} for place in chosen])
    while (back := mail.send(email_id)) is not None:
        if back.run_at is None:
            mail.change(email_id, lambda email: service.resume(email, By("Alice")))
        mail.let_time_pass()
    counts, statuses = mail.counts(email_id), mail.statuses(email_id)
    assert counts.adds_up
    assert {
        status.value: getattr(counts, status.value) for status in Status if getattr(counts, status.value)
    } == statuses
    assert counts.total == counts.audience_size == people
    taken = Counter(mail.mailer.addresses())
    assert max(taken.values(), default=1) == 1
    rows = mail.people(email_id)
    accepted = {address for address, one in rows.items() if one.status is Status.ACCEPTED}
    doubted = {address for address, one in rows.items() if one.status is Status.UNCERTAIN}
    assert accepted <= taken.keys() <= accepted | doubted
    with mail.organization(), db.reading():
        left = select(EmailChunk.id).where(EmailChunk.email_id == email_id, EmailChunk.settled_at.is_(None))
        assert db.session.scalars(left).all() == []
        assert db.session.scalars(select(EmailRecipient.id).where(EmailRecipient.status == Status.SENDING)).all() == []
