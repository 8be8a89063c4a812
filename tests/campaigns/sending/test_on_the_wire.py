"""Campaigns over real HTTP against a real sandbox: the whole path, and what only a wire can do."""

import csv
import json

from flask.testing import FlaskClient

from adsapp.core import db
from adsapp.integrations.queries import get_account
from adsapp.jobs import Job, transitions
from adsapp.organizations.auditing import NOBODY
from tests.live import Live
from tests.paths import CASES
from tests.waiting import wait_for

NUMBERS = [f"+120255501{place:02}" for place in range(30)]


def test_everybody_gets_the_message_once_and_the_counts_follow(live: Live) -> None:
    live.contacts(*NUMBERS)
    live.start_worker()
    campaign_id = live.start_campaign()
    live.wait_for_status(campaign_id, "completed")
    assert live.sandbox.numbers() == NUMBERS
    wait_for(lambda: live.counts(campaign_id).delivered_total == len(NUMBERS), what="all are delivered")
    assert live.counts(campaign_id).adds_up


def test_a_report_that_overtakes_our_own_response_is_kept(live: Live) -> None:
    live.contacts(*NUMBERS)
    live.sandbox.call("webhooks", {"status_before_response": True})
    live.start_worker()
    campaign_id = live.start_campaign()
    live.wait_for_status(campaign_id, "completed")
    wait_for(lambda: live.counts(campaign_id).delivered_total == len(NUMBERS), what="all are delivered")
    assert all(one.provider_id for one in live.recipients(campaign_id).values())
    live.sandbox.call("webhooks", {"status_before_response": False})


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
        transitions.promote(db.session.get_one(Job, live.job(campaign_id).id), by=NOBODY)
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


def numbers_of(case: str, name: str) -> list[str]:
    with (CASES / case / name).open() as file:
        return [row["phone"] for row in csv.DictReader(file)]


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
    assert people["+12025550101"].attempts == 1  # the two waits that it was asked for use up none


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
