"""What a campaign's job does with what the provider answers: the ledger, the slices, the classes of errors, the counts.

The provider is one in memory (`rehearsal`); `test_on_the_wire` sends over real HTTP.
"""

import csv
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from adsapp.campaigns import ledger, service
from adsapp.campaigns.models import CampaignRecipient
from adsapp.campaigns.queries import failures, get_campaign
from adsapp.campaigns.sending import claim
from adsapp.campaigns.sending.journal import Journal
from adsapp.config import Settings
from adsapp.contacts.values.phones import person_key
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict
from adsapp.core.observing import metrics
from adsapp.integrations.channels import channel_of
from adsapp.integrations.models import AccountStatus
from adsapp.integrations.queries import get_account
from adsapp.integrations.whatsapp.service import AccountChanges, update_account
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound.transport import Lane, NotWritten, Results, SendLoop, SendRequest, SendResult
from tests.campaigns.rehearsal import LOST, Rehearsal, refused
from tests.paths import CASES
from tests.waiting import wait_for

NUMBERS = [f"+120255501{place:02}" for place in range(30)]
A, B = "+12025550100", "+12025550101"


def numbers_of(case: str, name: str) -> list[str]:
    with (CASES / case / name).open() as file:
        return [row["phone"] for row in csv.DictReader(file)]


TWO_HUNDRED = numbers_of("C06-kill-mid-send", "recipients_200.csv")


def test_one_person_under_two_numbers_gets_one_message(rehearsal: Rehearsal) -> None:
    rehearsal.contacts("+5511987654321", "+551187654321", A)
    campaign_id = rehearsal.sent()
    assert rehearsal.campaign(campaign_id).audience_size == 2
    assert rehearsal.provider.numbers() == [A, "+5511987654321"]


def test_a_missing_value_skips_its_person_and_nobody_else(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(A)
    rehearsal.contacts(B, first_name="")
    campaign_id = rehearsal.sent(variables={"1": {"field": "first_name"}})
    assert rehearsal.provider.numbers() == [A]
    assert rehearsal.recipients(campaign_id)[B].error_code == "missing_variable"


def test_a_text_goes_to_those_who_wrote_within_24_hours(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(A, B)
    rehearsal.write("Hi", A)
    with rehearsal.organization(), db.reading():
        assert service.preflight(service.CampaignIn(text="Hello", audience={"all": True})).will_send == 1
    campaign_id = rehearsal.sent(text="Hello")
    assert rehearsal.provider.numbers() == [A]
    assert rehearsal.recipients(campaign_id)[B].error_code == "outside_window"


def test_each_class_of_error_is_tried_as_often_as_it_deserves(rehearsal: Rehearsal) -> None:
    """Case C04: exactly 14 calls; 7 accepted once each, 3 failed with the code shown."""
    rules = json.loads((CASES / "C04-rate-limit-answers" / "rules.json").read_text())
    for digits, answers in rules.items():
        for answer in answers:
            if answer != "ok":
                http, code = answer["err"]
                headers = {"Retry-After": str(answer["retry_after"])} if "retry_after" in answer else {}
                rehearsal.provider.answers(f"+{digits}", refused(code, http_status=http, headers=headers))
    phones = numbers_of("C04-rate-limit-answers", "recipients.csv")
    rehearsal.contacts(*phones)
    campaign_id = rehearsal.sent()
    assert rehearsal.provider.refused == {
        "130429": 2, "131056": 1, "131000": 1, "131026": 1, "131047": 1, "132000": 1,
    }  # fmt: skip
    failed = {"+12025550103": "131026", "+12025550104": "131047", "+12025550105": "132000"}
    assert rehearsal.provider.numbers() == [phone for phone in phones if phone not in failed]
    people = rehearsal.recipients(campaign_id)
    assert {phone: one.error_code for phone, one in people.items() if one.status == "failed"} == failed
    assert {phone: people[phone].attempts for phone in failed} == dict.fromkeys(failed, 1)
    assert people["+12025550101"].attempts == 1  # the two waits that it was asked for use up none


def test_a_slow_number_waits_as_long_as_it_is_told(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(A)
    metrics.turn_on(Settings())
    rehearsal.provider.answers(A, refused(130429, http_status=429, headers={"Retry-After": "20"}))
    before, campaign_id = utcnow(), rehearsal.start_campaign()
    try:
        back = rehearsal.send(campaign_id)
        assert b'adsapp_throttled_total{channel="whatsapp"} 1.0' in metrics.exposition([])
    finally:
        metrics.turn_off()
    with rehearsal.organization(), db.reading():
        account = get_account(rehearsal.account_id)
        assert account.slowed_reason
        slowed_until = account.slowed_until
    assert slowed_until is not None
    assert slowed_until >= before + timedelta(seconds=20)
    waits_until = rehearsal.recipients(campaign_id)[A].not_before
    assert back is not None
    assert back.run_at == waits_until == slowed_until
    assert rehearsal.turn(campaign_id) is not None  # asked too early it sends nothing
    assert rehearsal.provider.numbers() == []
    rehearsal.let_time_pass()
    assert rehearsal.send(campaign_id) is None
    assert rehearsal.provider.numbers() == [A]


def test_a_refused_token_pauses_and_a_new_one_lets_it_go_on(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*NUMBERS)
    rehearsal.provider.always(refused(190, http_status=401))
    campaign_id = rehearsal.start_campaign()
    back = rehearsal.send(campaign_id)
    assert back is not None
    assert back.run_at is None
    paused = rehearsal.campaign(campaign_id)
    assert paused.status == "paused"
    assert "access token" in (paused.status_reason or "")
    assert rehearsal.counts(campaign_id).pending == len(NUMBERS)
    with rehearsal.organization():
        assert get_account(rehearsal.account_id).status is AccountStatus.REFUSED
        with pytest.raises(Conflict, match="refuses this account"):
            service.resume(get_campaign(campaign_id), "Alice")
        db.session.rollback()
    with rehearsal.organization():
        update_account(get_account(rehearsal.account_id), AccountChanges(token="another"), by=NOBODY)
        db.session.commit()
    rehearsal.provider.always(None)
    rehearsal.resume(campaign_id)
    assert rehearsal.send(campaign_id) is None
    assert rehearsal.provider.numbers() == NUMBERS


def test_a_paused_template_stops_the_campaign_at_the_first_message(rehearsal: Rehearsal) -> None:
    """At the first refusal that is read: what was written before that is refused as well, and nothing is written after.
    At 50 a second the first is read long before the two hundredth has its slot."""
    rehearsal.pace(50)
    rehearsal.contacts(*TWO_HUNDRED)
    rehearsal.provider.always(refused(132015, http_status=400))
    campaign_id = rehearsal.start_campaign()
    back = rehearsal.send(campaign_id)
    assert back is not None
    assert back.run_at is None
    campaign, counts = rehearsal.campaign(campaign_id), rehearsal.counts(campaign_id)
    assert campaign.status == "paused"
    assert "132015" in (campaign.status_reason or "")
    assert counts.pending > 0
    assert counts.pending + counts.failed == len(TWO_HUNDRED)
    assert rehearsal.provider.refused["132015"] == counts.failed
    with rehearsal.organization():
        [failure] = failures(get_campaign(campaign_id))
        assert failure.can_retry
        service.retry_failed(get_campaign(campaign_id), failure.code, "Alice")
        db.session.commit()
    rehearsal.provider.always(None)
    rehearsal.pace(500)
    rehearsal.resume(campaign_id)
    assert rehearsal.send(campaign_id) is None
    assert rehearsal.provider.numbers() == TWO_HUNDRED


def test_pause_resume_and_restart_send_to_nobody_twice(rehearsal: Rehearsal) -> None:
    """Case C06, its second half. Each run of the job has a lease of its own, as each worker's has."""
    rehearsal.contacts(*TWO_HUNDRED)
    campaign_id = rehearsal.start_campaign()
    rehearsal.pace(100)
    back = rehearsal.send(
        campaign_id, rehearsal.once_taken(20, lambda: service.pause(get_campaign(campaign_id), "lunch", "Alice"))
    )
    assert back is not None
    assert (back.run_at, back.reason) == (None, "the campaign is paused: lunch")
    assert rehearsal.turn(campaign_id) is not None  # another worker finds it paused
    assert rehearsal.campaign(campaign_id).status == "paused"
    counts = rehearsal.counts(campaign_id)
    assert counts.adds_up
    assert counts.pending > 0
    assert counts.accepted_total == len(rehearsal.provider.taken) >= 20
    rehearsal.resume(campaign_id)
    rehearsal.pace(500)
    assert rehearsal.send(campaign_id) is None
    assert rehearsal.provider.numbers() == TWO_HUNDRED


def test_a_pause_takes_back_what_still_waits_at_the_gate(rehearsal: Rehearsal) -> None:
    """What is marked is up to a quarter of a second ahead; a pause reaches it before the gate lets it through."""
    loop, results = SendLoop(), Results()
    try:
        with rehearsal.organization(), db.reading():
            send = channel_of(get_account(rehearsal.account_id)).connect(loop.session)
        journal = Journal(rehearsal.app.config["SETTINGS"].home, uuid.uuid4())
        pacer = rehearsal.app.extensions["pacer"]()
        lane = Lane(send, loop.gate("number", 100.0, pacer), journal.note, results, lambda: False)
        pacer.slow_down("number", 1.0, 0.0)
        loop.send(lane, [SendRequest(number, {}) for number in range(5)])
        loop.withdraw(lane)
        came: list[SendResult] = []

        def all_came_back() -> bool:
            came.extend(results.take())
            return len(came) == 5

        wait_for(all_came_back, what="all come back")
    finally:
        loop.close()
    assert {type(one.outcome) for one in came} == {NotWritten}
    assert rehearsal.provider.taken == []


def test_a_cancelled_campaign_skips_the_rest(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*TWO_HUNDRED)
    rehearsal.pace(100)
    rehearsal.start_worker()
    campaign_id = rehearsal.start_campaign()
    wait_for(lambda: rehearsal.counts(campaign_id).accepted_total > 20, what="some are accepted")
    with rehearsal.organization():
        service.cancel(get_campaign(campaign_id), "Alice")
        db.session.commit()
    wait_for(lambda: rehearsal.counts(campaign_id).to_go == 0, what="the rest is skipped")
    counts = rehearsal.counts(campaign_id)
    assert counts.skipped > 0
    assert counts.adds_up
    assert counts.accepted_total == len(rehearsal.provider.taken)
    assert rehearsal.campaign(campaign_id).status == "cancelled"
    wait_for(lambda: rehearsal.job(campaign_id).is_finished, what="its job ends")
    job = rehearsal.job(campaign_id)
    assert (job.progress_done, job.progress_total) == (counts.done - counts.skipped, len(TWO_HUNDRED))


def test_a_message_without_an_answer_is_uncertain_until_a_report_settles_it(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(A, B)
    rehearsal.provider.answers(B, LOST)
    campaign_id = rehearsal.sent()
    assert rehearsal.counts(campaign_id).uncertain == 1
    rehearsal.report("delivered")
    assert rehearsal.counts(campaign_id).delivered_total == 2
    assert rehearsal.provider.numbers() == [A, B]


@pytest.mark.parametrize("decision, calls", [("send_again", 2), ("assume_delivered", 1)])
def test_a_person_settles_what_stays_uncertain(rehearsal: Rehearsal, decision: str, calls: int) -> None:
    rehearsal.contacts(B)
    rehearsal.provider.answers(B, LOST)
    campaign_id = rehearsal.sent()
    with rehearsal.organization():
        assert service.settle_uncertain(get_campaign(campaign_id), decision, "Alice").count == 1
        db.session.commit()
    assert rehearsal.send(campaign_id) is None
    assert rehearsal.campaign(campaign_id).status == "completed"
    assert len(rehearsal.provider.taken) == calls
    assert rehearsal.counts(campaign_id).accepted_total == 1


def test_two_campaigns_to_one_person_keep_their_distance(rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch) -> None:
    distance = timedelta(minutes=10)  # which does not pass by itself on a slow machine
    monkeypatch.setattr(claim, "PAIR_SECONDS", distance.total_seconds())
    rehearsal.contacts(A)
    first = rehearsal.recipients(rehearsal.sent())[A].sending_at
    assert first is not None
    second = rehearsal.start_campaign(name="Again")
    back = rehearsal.send(second)
    assert back is not None
    assert back.run_at == rehearsal.recipients(second)[A].not_before == first + distance
    rehearsal.let_time_pass()
    assert rehearsal.send(second) is not None  # it is the other message that counts, not what was noted of it
    assert rehearsal.provider.numbers() == [A]
    with rehearsal.organization():
        db.session.scalars(select(CampaignRecipient).where(CampaignRecipient.sending_at == first)).one().sending_at = (
            first - distance
        )
        db.session.commit()
    rehearsal.let_time_pass()
    assert rehearsal.send(second) is None
    assert rehearsal.provider.numbers() == [A, A]


WAITING_FOR_A_KEY = text("select count(*) from pg_locks where locktype = 'advisory' and not granted")


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)  # SQLite has one writer anyway
def test_a_sender_that_is_stopped_while_it_marks_holds_up_the_same_people_alone(rehearsal: Rehearsal) -> None:
    ann, ben = rehearsal.contacts(A, B)
    first, to_ann, to_ben = (rehearsal.start_campaign(audience={"contact_ids": [str(one)]}) for one in (ann, ann, ben))
    with ThreadPoolExecutor(1) as executor, rehearsal.organization():
        ledger.lock_status(first)
        claim._hold([person_key(A)])
        assert executor.submit(rehearsal.send, to_ben).result(30) is None
        sending = executor.submit(rehearsal.send, to_ann)
        connection = db.session.connection()
        wait_for(lambda: connection.scalar(WAITING_FOR_A_KEY) == 1, what="the other waits for the same person")
        assert rehearsal.provider.numbers() == [B]
        db.session.rollback()
        assert sending.result(30) is None
    assert rehearsal.provider.numbers() == [A, B]


def test_ten_messages_without_an_answer_in_a_row_stop_the_campaign(rehearsal: Rehearsal) -> None:
    rehearsal.pace(50)
    rehearsal.contacts(*TWO_HUNDRED)
    rehearsal.provider.always(LOST)
    campaign_id = rehearsal.start_campaign()
    back = rehearsal.send(campaign_id)
    assert back is not None
    assert back.run_at is None
    campaign, counts = rehearsal.campaign(campaign_id), rehearsal.counts(campaign_id)
    assert campaign.status == "paused"
    assert "got no answer" in (campaign.status_reason or "")
    assert counts.sending == 0
    assert counts.uncertain == len(rehearsal.provider.taken) >= 10
    assert counts.pending > 0


def test_a_worker_whose_lease_has_ended_writes_no_request(rehearsal: Rehearsal, tmp_path: Path) -> None:
    """Its slice may wait for the database meanwhile and cannot withdraw anything; another worker trusts the journal."""
    loop, results, lease = SendLoop(), Results(), uuid.uuid4()
    try:
        with rehearsal.organization(), db.reading():
            send = channel_of(get_account(rehearsal.account_id)).connect(loop.session)
        lane = Lane(
            send,
            loop.gate("number", 100.0, rehearsal.app.extensions["pacer"]()),
            Journal(tmp_path, lease).note,
            results,
            lambda: True,
        )
        loop.send(lane, [SendRequest(number, {}) for number in range(3)])
        came: list[SendResult] = []

        def all_came_back() -> bool:
            came.extend(results.take())
            return len(came) == 3

        wait_for(all_came_back, what="all come back")
    finally:
        loop.close()
    assert {type(one.outcome) for one in came} == {NotWritten}
    assert rehearsal.provider.taken == []
