"""Campaigns over real HTTP against a real sandbox."""

import csv
import json
import time
import uuid

import pytest
from flask.testing import FlaskClient

from adsapp.campaigns import service
from adsapp.campaigns.queries import failures, get_campaign
from adsapp.campaigns.sending.journal import Journal
from adsapp.campaigns.sending.transport import Line, Mailbox, Missed, Post, Posted, PostOffice
from adsapp.core import db
from adsapp.core.errors import Conflict
from adsapp.integrations.channels import channel_of
from adsapp.integrations.models import AccountStatus
from adsapp.integrations.queries import get_account
from adsapp.integrations.whatsapp.service import AccountChanges, update_account
from adsapp.jobs import Job, transitions
from tests.live import Live
from tests.paths import CASES
from tests.waiting import wait_for

NUMBERS = [f"+120255501{place:02}" for place in range(30)]


def numbers_of(case: str, name: str) -> list[str]:
    with (CASES / case / name).open() as file:
        return [row["phone"] for row in csv.DictReader(file)]


def test_everybody_gets_the_message_once_and_the_counts_follow(live: Live) -> None:
    live.contacts(*NUMBERS)
    live.start_worker()
    campaign_id = live.start_campaign()
    live.wait_for_status(campaign_id, "completed")
    assert live.sandbox.numbers() == NUMBERS
    wait_for(lambda: live.counts(campaign_id).delivered_total == len(NUMBERS), what="all are delivered")
    assert live.counts(campaign_id).adds_up


def test_one_person_under_two_numbers_gets_one_message(live: Live) -> None:
    live.contacts("+5511987654321", "+551187654321", "+12025550100")
    live.start_worker()
    campaign_id = live.start_campaign()
    assert live.wait_for_status(campaign_id, "completed").audience_size == 2
    assert live.sandbox.numbers() == ["+12025550100", "+5511987654321"]


def test_a_missing_value_skips_its_person_and_nobody_else(live: Live) -> None:
    live.contacts("+12025550100")
    live.contacts("+12025550101", first_name="")
    live.start_worker()
    campaign_id = live.start_campaign(variables={"1": {"field": "first_name"}})
    live.wait_for_status(campaign_id, "completed")
    assert live.sandbox.numbers() == ["+12025550100"]
    assert live.recipients(campaign_id)["+12025550101"].error_code == "missing_variable"


def test_a_text_goes_to_those_who_wrote_within_24_hours(live: Live) -> None:
    live.contacts("+12025550100", "+12025550101")
    live.sandbox.call("inbound", {"from": "+12025550100", "text": "Hi", "phone_number_id": live.phone_number_id})
    live.start_worker()

    def has_written() -> bool:
        with live.organization(), db.reading():
            return service.preflight(service.CampaignIn(text="Hello", audience={"all": True})).will_send == 1

    wait_for(has_written, what="the message arrives")
    campaign_id = live.start_campaign(text="Hello")
    live.wait_for_status(campaign_id, "completed")
    assert live.sandbox.numbers() == ["+12025550100"]
    assert live.recipients(campaign_id)["+12025550101"].error_code == "outside_window"


def test_each_class_of_error_is_tried_as_often_as_it_deserves(live: Live) -> None:
    """Case C04: exactly 14 calls; 7 accepted once each, 3 failed with the code shown."""
    rules = json.loads((CASES / "C04-rate-limit-answers" / "rules.json").read_text())
    for digits, answers in rules.items():
        for answer in answers:
            if answer != "ok":
                http, code = answer["err"]
                live.sandbox.fault(f"+{digits}", code=code, http=http, times=1, retry_after=answer.get("retry_after"))
    phones = numbers_of("C04-rate-limit-answers", "recipients.csv")
    live.contacts(*phones)
    live.start_worker()
    campaign_id = live.start_campaign()
    live.wait_for_status(campaign_id, "completed")
    stats = live.sandbox.stats()
    assert stats["refused_by_code"] == {
        "130429": 2, "131056": 1, "131000": 1, "131026": 1, "131047": 1, "132000": 1,
    }  # fmt: skip
    refused = {"+12025550103": "131026", "+12025550104": "131047", "+12025550105": "132000"}
    assert live.sandbox.numbers() == [phone for phone in phones if phone not in refused]
    people = live.recipients(campaign_id)
    assert {phone: one.error_code for phone, one in people.items() if one.status == "failed"} == refused
    assert {phone: people[phone].attempts for phone in refused} == dict.fromkeys(refused, 1)
    assert people["+12025550101"].attempts == 3


def test_a_slow_number_waits_as_long_as_it_is_told(live: Live) -> None:
    live.contacts("+12025550100")
    live.sandbox.fault(code=130429, http=429, retry_after=2, times=1)
    live.start_worker()
    campaign_id = live.start_campaign()
    live.wait_for_status(campaign_id, "completed")
    with live.organization(), db.reading():
        account = get_account(live.account_id)
        assert account.slowed_reason
        person = live.recipients(campaign_id)["+12025550100"]
        assert account.slowed_until is not None
        assert person.accepted_at is not None
        assert person.accepted_at >= account.slowed_until


def test_a_refused_token_pauses_and_a_new_one_lets_it_go_on(live: Live) -> None:
    live.contacts(*NUMBERS)
    live.sandbox.call("token", {"phone_number_id": live.phone_number_id, "token": "another"})
    live.start_worker()
    campaign_id = live.start_campaign()
    paused = live.wait_for_status(campaign_id, "paused")
    assert "access token" in (paused.status_reason or "")
    with live.organization():
        wait_for(lambda: live.counts(campaign_id).pending == len(NUMBERS), what="all are pending again")
        assert get_account(live.account_id).status is AccountStatus.REFUSED
        with pytest.raises(Conflict, match="refuses this account"):
            service.resume(get_campaign(campaign_id), "Alice")
        db.session.rollback()
    with live.organization():
        update_account(get_account(live.account_id), AccountChanges(token="another"))
        db.session.commit()
    resume(live, campaign_id)
    live.wait_for_status(campaign_id, "completed")
    assert live.sandbox.numbers() == NUMBERS


def resume(live: Live, campaign_id: object) -> None:
    """Resume as soon as the campaign has come to its stop."""

    def try_it() -> bool:
        with live.organization():
            try:
                service.resume(get_campaign(campaign_id), "Alice")  # type: ignore[arg-type]
            except Conflict as error:
                db.session.rollback()
                if error.code != "stopping":
                    raise
                return False
            db.session.commit()
            return True

    wait_for(try_it, what="the campaign can be resumed")


def test_a_paused_template_stops_the_campaign_at_the_first_message(live: Live) -> None:
    phones = numbers_of("C06-kill-mid-send", "recipients_200.csv")
    live.contacts(*phones)
    live.sandbox.fault(code=132015, http=400)
    live.start_worker()
    campaign_id = live.start_campaign()
    campaign = live.wait_for_status(campaign_id, "paused")
    assert "132015" in (campaign.status_reason or "")
    wait_for(lambda: not live.counts(campaign_id).sending, what="nothing is on its way")
    counts = live.counts(campaign_id)
    assert counts.pending > 0
    assert counts.pending + counts.failed == len(phones)
    live.sandbox.call("faults", method="DELETE")
    with live.organization():
        [failure] = failures(get_campaign(campaign_id))
        assert failure.can_retry
        service.retry_failed(get_campaign(campaign_id), failure.code, "Alice")
        db.session.commit()
    resume(live, campaign_id)
    live.wait_for_status(campaign_id, "completed")
    assert live.sandbox.numbers() == phones


def test_pause_resume_and_restart_send_to_nobody_twice(live: Live) -> None:
    """Case C06, its second half."""
    phones = numbers_of("C06-kill-mid-send", "recipients_200.csv")
    live.contacts(*phones)
    live.start_worker()
    campaign_id = live.start_campaign()
    wait_for(lambda: live.counts(campaign_id).accepted_total > 20, what="some are accepted")
    with live.organization():
        service.pause(get_campaign(campaign_id), "lunch", "Alice")
        db.session.commit()
    live.stop()
    live.start_worker()
    assert live.campaign(campaign_id).status == "paused"
    assert live.counts(campaign_id).adds_up
    assert live.counts(campaign_id).pending > 0
    resume(live, campaign_id)
    live.wait_for_status(campaign_id, "completed")
    assert live.sandbox.numbers() == phones


def test_a_pause_takes_back_what_still_waits_for_its_slot(live: Live) -> None:
    """What is marked lies a quarter of a second ahead; a pause reaches it before its slot does."""
    office, mailbox = PostOffice(), Mailbox()
    try:
        with live.organization(), db.reading():
            send = channel_of(get_account(live.account_id)).connect(office.session)
        line = Line(
            send, office.window("number", 100.0), Journal(live.app.config["SETTINGS"].home, uuid.uuid4()), mailbox
        )
        soon = time.monotonic() + 0.5
        office.post(line, [Post(number, {}, soon) for number in range(5)])
        line.withdraw()
        posted: list[Posted] = []

        def all_came_back() -> bool:
            posted.extend(mailbox.take())
            return len(posted) == 5

        wait_for(all_came_back, what="all come back")
    finally:
        office.close()
    assert {type(one.outcome) for one in posted} == {Missed}
    assert live.sandbox.stats()["most_in_one_second"] == 0


def test_a_cancelled_campaign_skips_the_rest(live: Live) -> None:
    phones = numbers_of("C06-kill-mid-send", "recipients_200.csv")
    live.contacts(*phones)
    live.start_worker()
    campaign_id = live.start_campaign()
    wait_for(lambda: live.counts(campaign_id).accepted_total > 20, what="some are accepted")
    with live.organization():
        service.cancel(get_campaign(campaign_id), "Alice")
        db.session.commit()
    wait_for(lambda: live.counts(campaign_id).to_go == 0, what="the rest is skipped")
    counts = live.counts(campaign_id)
    assert counts.skipped > 0
    assert counts.adds_up
    assert counts.accepted_total == len(live.sandbox.ledger())
    assert live.campaign(campaign_id).status == "cancelled"
    wait_for(lambda: live.job(campaign_id).is_finished, what="its job ends")
    job = live.job(campaign_id)
    assert (job.progress_done, job.progress_total) == (counts.done - counts.skipped, len(phones))


def test_a_message_without_an_answer_is_uncertain_until_a_report_settles_it(live: Live) -> None:
    live.contacts("+12025550100", "+12025550101")
    live.sandbox.call("webhooks", {"hold": True})
    live.sandbox.fault("+12025550101", drop_after_accept=True, times=1)
    live.start_worker()
    campaign_id = live.start_campaign()
    live.wait_for_status(campaign_id, "completed")
    assert live.counts(campaign_id).uncertain == 1
    live.sandbox.call("webhooks", {"hold": False})
    wait_for(lambda: live.counts(campaign_id).delivered_total == 2, what="the report settles it")
    assert live.sandbox.numbers() == ["+12025550100", "+12025550101"]


@pytest.mark.parametrize("decision, calls", [("send_again", 2), ("assume_delivered", 1)])
def test_a_person_settles_what_stays_uncertain(live: Live, decision: str, calls: int) -> None:
    live.contacts("+12025550101")
    live.sandbox.call("webhooks", {"hold": True})
    live.sandbox.fault("+12025550101", drop_after_accept=True, times=1)
    live.start_worker()
    campaign_id = live.start_campaign()
    live.wait_for_status(campaign_id, "completed")
    with live.organization():
        assert service.settle_uncertain(get_campaign(campaign_id), decision, "Alice").count == 1
        db.session.commit()
    live.wait_for_status(campaign_id, "completed")
    assert len(live.sandbox.ledger()) == calls
    assert live.counts(campaign_id).accepted_total == 1
    live.sandbox.call("webhooks", {"hold": False})


def test_a_report_that_overtakes_our_own_response_is_kept(live: Live) -> None:
    live.contacts(*NUMBERS)
    live.sandbox.call("webhooks", {"status_before_response": True})
    live.start_worker()
    campaign_id = live.start_campaign()
    live.wait_for_status(campaign_id, "completed")
    wait_for(lambda: live.counts(campaign_id).delivered_total == len(NUMBERS), what="all are delivered")
    assert all(one.provider_id for one in live.recipients(campaign_id).values())
    live.sandbox.call("webhooks", {"status_before_response": False})


def test_two_campaigns_to_one_person_keep_their_distance(live: Live) -> None:
    live.contacts("+12025550100")
    live.start_worker()
    first, second = live.start_campaign(), live.start_campaign(name="Again")
    live.wait_for_status(first, "completed")
    live.wait_for_status(second, "completed")
    at = sorted(message["accepted_at"] for message in live.sandbox.ledger())
    assert len(at) == 2
    assert at[1] - at[0] >= 5.9
    assert live.sandbox.stats()["refused_by_code"] == {}


def test_a_provider_that_cannot_be_reached_costs_nobody_an_attempt_and_is_named(
    live: Live, client: FlaskClient
) -> None:
    live.contacts(*NUMBERS)
    reachable = live.app.config["SETTINGS"]
    live.app.config["SETTINGS"] = reachable.model_copy(update={"whatsapp_api_base_url": "http://127.0.0.1:9"})
    live.start_worker()
    campaign_id = live.start_campaign()

    wait_for(
        lambda: "cannot be reached" in (live.job(campaign_id).wait_reason or ""), what="the job waits for the provider"
    )
    assert {(one.status, one.attempts) for one in live.recipients(campaign_id).values()} == {("pending", 0)}
    shown = live.cast.sign_in(client, "alice").get(f"/campaigns/{campaign_id}").text
    assert "WhatsApp cannot be reached since" in shown
    assert f"/jobs/{live.job(campaign_id).id}" in shown
    assert "WhatsApp cannot be reached from “WhatsApp”" in client.get("/").text
    live.app.config["SETTINGS"] = reachable
    with live.organization():
        transitions.promote(db.session.get_one(Job, live.job(campaign_id).id))
        db.session.commit()
    live.wait_for_status(campaign_id, "completed")
    assert live.sandbox.numbers() == NUMBERS
    shown = client.get(f"/campaigns/{campaign_id}").text
    assert "WhatsApp answers again" in shown
    assert "WhatsApp cannot be reached since" not in shown
    assert "cannot be reached" not in client.get("/").text


def test_a_number_of_the_sandbox_is_never_sent_from_to_whatsapp(live: Live) -> None:
    live.contacts(*NUMBERS)
    with live.organization():
        get_account(live.account_id).sandbox_url = live.sandbox.url
        db.session.commit()
    settings = live.app.config["SETTINGS"]  # as those of a worker that was started without the demo
    live.app.config["SETTINGS"] = settings.model_copy(update={"whatsapp_api_base_url": "http://127.0.0.1:9"})
    live.start_worker()
    live.wait_for_status(live.start_campaign(), "completed")
    assert live.sandbox.numbers() == NUMBERS


def test_ten_messages_without_an_answer_in_a_row_stop_the_campaign(live: Live) -> None:
    phones = numbers_of("C06-kill-mid-send", "recipients_200.csv")
    live.contacts(*phones)
    live.sandbox.call("webhooks", {"hold": True})
    live.sandbox.fault(drop_after_accept=True)
    live.start_worker()
    campaign_id = live.start_campaign()
    campaign = live.wait_for_status(campaign_id, "paused")
    assert "got no answer" in (campaign.status_reason or "")
    wait_for(lambda: not live.counts(campaign_id).sending, what="nothing is on its way")
    counts = live.counts(campaign_id)
    assert counts.uncertain == len(live.sandbox.ledger())
    assert counts.pending > 0
    live.sandbox.call("webhooks", {"hold": False})
