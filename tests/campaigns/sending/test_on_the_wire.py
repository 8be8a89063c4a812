"""Campaigns over real HTTP against a real sandbox: the whole path, and what only a wire can do."""

from flask.testing import FlaskClient

from adsapp.core import db
from adsapp.integrations.queries import get_account
from adsapp.jobs import Job, transitions
from tests.live import Live
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
