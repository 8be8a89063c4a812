"""What the provider tells us, through the real door: order, repeats, signatures, opt-outs."""

import itertools
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from adsapp.campaigns import statuses
from adsapp.campaigns.models import CampaignRecipient, InboundMessage, ParkedStatus
from adsapp.campaigns.webhooks import apply
from adsapp.contacts.models import Contact, OptEvent, OptSource
from adsapp.contacts.opt_outs import opt_out
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.models import WebhookDelivery
from adsapp.integrations.queries import get_account
from adsapp.integrations.whatsapp.webhooks import parse
from adsapp.jobs import Job, Queue
from adsapp.jobs.queues import pause_queue
from adsapp.jobs.states import FINAL
from adsapp.jobs.transitions import promote
from adsapp.jobs.wait_reasons import why_waiting
from adsapp.message_templates.queries import get_template
from tests.live import Live, is_answered
from tests.paths import CASES
from tests.waiting import wait_for

C01 = CASES / "C01-status-out-of-order"
C08 = CASES / "C08-opt-out-words-and-timing"
A, B = "+12025550100", "+12025550101"


def body(path: Path, **wamids: str) -> bytes:
    text = path.read_text()
    for name, wamid in wamids.items():
        text = text.replace(name, wamid)
    return text.encode()


def looks_no_more(live: Live) -> bool:
    """No job applies reports, or is about to: each looks for what was parked once more before it ends."""
    with live.organization(), db.reading():
        under_way = select(Job.id).where(Job.processor == "apply-webhooks", Job.state.not_in(FINAL))
        return db.session.scalar(under_way.limit(1)) is None


@pytest.fixture
def sent(live: Live) -> Iterator[dict[str, Any]]:
    """A and B were sent a message, and nothing was reported yet; their wamids."""
    live.contacts(A, B)
    live.sandbox.call("webhooks", {"hold": True})
    live.start_worker()
    campaign_id = live.start_campaign()
    live.wait_for_status(campaign_id, "completed")
    yield {"campaign": campaign_id, **{phone: one.provider_id for phone, one in live.recipients(campaign_id).items()}}
    live.sandbox.call("webhooks", {"hold": False})


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (3, 1, 2), (2, 3, 4, 1)])
def test_reports_in_any_order_end_in_the_same_state(live: Live, sent: dict[str, Any], order: tuple[int, ...]) -> None:
    """Case C01."""
    files = sorted(C01.glob("*.json"))
    for number in (*order, 5):
        raw = body(files[number - 1], WAMID_A=sent[A], WAMID_B=sent[B])
        assert live.post_webhook(raw) == 200
    wait_for(lambda: is_answered(live), what="all are applied")
    people = live.recipients(sent["campaign"])
    assert people[A].status == "read"
    assert [int(moment.timestamp()) for moment in (people[A].sent_at, people[A].delivered_at, people[A].read_at)] == [  # type: ignore[union-attr]
        1800000001,
        1800000002,
        1800000009,
    ]
    assert people[B].status == "read"
    counts = live.counts(sent["campaign"])
    assert (counts.sent_total, counts.delivered_total, counts.read_total, counts.failed) == (2, 2, 2, 0)


def test_a_late_report_never_puts_a_message_back(live: Live, sent: dict[str, Any]) -> None:
    files = sorted(C01.glob("*.json"))
    seen = []
    for number in (1, 2, 3, 4):
        live.post_webhook(body(files[number - 1], WAMID_A=sent[A], WAMID_B=sent[B]))
        wait_for(lambda: is_answered(live), what="it is applied")
        seen.append(live.recipients(sent["campaign"])[A].status.value)
    assert seen == ["delivered", "delivered", "read", "read"]


def test_a_wrong_signature_is_refused_and_nothing_stored(live: Live) -> None:
    assert live.post_webhook(body(C01 / "1_delivered.json"), secret="wrong") == 401
    with live.organization():
        assert db.session.scalar(select(func.count()).select_from(WebhookDelivery)) == 0
        assert db.session.scalar(select(func.count()).select_from(Job)) == 0


def test_the_same_bytes_are_stored_once(live: Live) -> None:
    raw = body(C01 / "1_delivered.json")
    assert [live.post_webhook(raw) for _ in range(3)] == [200, 200, 200]
    with live.organization():
        assert db.session.scalar(select(func.count()).select_from(WebhookDelivery)) == 1


def test_a_body_over_three_megabytes_is_refused(live: Live) -> None:
    assert live.post_webhook(b" " * (3 * 1024 * 1024 + 1)) == 413


def test_an_unknown_account_answers_404(live: Live) -> None:
    client = live.app.test_client()
    assert client.post("/webhooks/whatsapp/0198c5f6-0000-7000-8000-000000000000", data=b"{}").status_code == 404
    assert client.post("/webhooks/whatsapp/nonsense", data=b"{}").status_code == 404


def test_the_handshake_answers_the_challenge_to_the_right_token_only(live: Live) -> None:
    client = live.app.test_client()
    path = f"/webhooks/whatsapp/{live.account_id}?hub.mode=subscribe&hub.challenge=4711&hub.verify_token="
    assert client.get(path + "live-verify").text == "4711"
    assert client.get(path + "other").status_code == 403


def test_a_report_of_an_unknown_message_is_kept_and_matched_once_it_is_known(live: Live, sent: dict[str, Any]) -> None:
    raw = body(C01 / "3_read.json", WAMID_A="wamid.UNKNOWN")
    live.post_webhook(raw)
    wait_for(lambda: is_answered(live) and looks_no_more(live), what="it is applied, and the worker has looked again")
    with live.organization():
        assert db.session.scalar(select(ParkedStatus.provider_id)) == "wamid.UNKNOWN"
        person = live.recipients(sent["campaign"])[A]
    with live.organization():
        db.session.get_one(CampaignRecipient, person.id).provider_id = "wamid.UNKNOWN"
        db.session.commit()
        assert statuses.match_parked(["wamid.UNKNOWN"]) == 1
        assert db.session.scalar(select(ParkedStatus.provider_id)) is None
    assert live.recipients(sent["campaign"])[A].status == "read"


def test_one_unreadable_event_costs_its_neighbours_nothing(live: Live, sent: dict[str, Any]) -> None:
    document = json.loads(body(C01 / "3_read.json", WAMID_A=sent[A]))
    listed = document["entry"][0]["changes"][0]["value"]["statuses"]
    listed.insert(0, {"status": "read"})
    listed.insert(0, "nonsense")
    live.post_webhook(document)
    wait_for(lambda: is_answered(live), what="it is applied")
    assert live.recipients(sent["campaign"])[A].status == "read"
    with live.organization():
        assert "no id" in str(db.session.scalar(select(WebhookDelivery.error)))


def test_an_event_that_breaks_the_database_costs_its_neighbours_nothing(
    live: Live, sent: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = json.loads(body(C01 / "1_delivered.json", WAMID_A=sent[A]))
    raw["entry"][0]["changes"][0]["value"]["statuses"].append(
        {"id": sent[B], "status": "read", "timestamp": "1800000009"}
    )
    genuine = statuses.work_in

    def breaks(entry: Any, event: Any) -> bool:
        if event.provider_id == sent[A]:
            raise RuntimeError("a bug")
        return genuine(entry, event)

    monkeypatch.setattr(statuses, "work_in", breaks)
    with live.organization():
        account = get_account(live.account_id)
        errors = apply.apply_events(account, [parse(json.dumps(raw).encode()).events], [])
        db.session.commit()
    assert errors == [["RuntimeError: a bug"]]
    assert live.recipients(sent["campaign"])[B].status == "read"


def test_a_template_event_changes_its_template(live: Live) -> None:
    value = {
        "event": "PAUSED",
        "message_template_id": 1,
        "message_template_name": "welcome",
        "message_template_language": "en_US",
        "reason": "NONE",
        "other_info": {"title": "FIRST_PAUSE"},
    }
    changes = [{"field": "message_template_status_update", "value": value}]
    live.start_worker()
    live.post_webhook({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": changes}]})
    wait_for(lambda: is_answered(live), what="it is applied")
    with live.organization():
        template = get_template("welcome", "en_US")
        assert (template.status, template.status_reason) == ("PAUSED", "FIRST_PAUSE")


def write(live: Live, text: str, number: str = A, **more: Any) -> None:
    """The person writes; returns when it is taken in."""
    before = taken_in(live)
    live.sandbox.call("inbound", {"from": number, "text": text, "phone_number_id": live.phone_number_id, **more})
    wait_for(lambda: taken_in(live) > before, what=f"{text!r} is taken in")


def taken_in(live: Live) -> int:
    with live.organization(), db.reading():
        return db.session.scalar(select(func.count()).select_from(InboundMessage)) or 0


def is_out(live: Live, number: str = A) -> bool:
    with live.organization(), db.reading():
        return db.session.scalar(select(Contact.opted_out_at).where(Contact.phone == number)) is not None


def test_the_words_of_case_c08(live: Live) -> None:
    bodies = json.loads((C08 / "bodies.json").read_text())
    numbers = [f"+120255502{place:02}" for place in range(len(bodies))]
    live.contacts(*numbers)
    live.start_worker()
    for number, one in zip(numbers, bodies, strict=True):
        if one["body"]:
            write(live, one["body"], number)
    for number, one in zip(numbers, bodies, strict=True):
        if one["opt_out"] in ("yes", "no"):
            assert is_out(live, number) == (one["opt_out"] == "yes"), one


def test_a_stop_comes_in_while_its_queue_is_paused(live: Live) -> None:
    """Whoever pauses Templates means the reading of templates: people's STOP must not wait for that."""
    live.contacts(A)
    with live.organization():
        pause_queue(Queue.TEMPLATE_PROCESSING, by="Alice", reason="The templates are being changed")
        db.session.commit()
    live.start_worker()
    write(live, "STOP")
    assert is_out(live)


def test_a_pause_of_this_very_kind_of_job_holds_reports_back(live: Live) -> None:
    live.contacts(A)
    with live.organization():
        pause_queue(Queue.TEMPLATE_PROCESSING, by="Alice", reason="A fault is looked for", processor="apply-webhooks")
        db.session.commit()
    live.start_worker()
    live.sandbox.call("inbound", {"from": A, "text": "STOP", "phone_number_id": live.phone_number_id})

    def why() -> str:
        with live.organization(), db.reading():
            job = db.session.scalars(select(Job).where(Job.processor == "apply-webhooks")).first()
            reason = why_waiting(job) if job else None
            return reason.code if reason else ""

    wait_for(lambda: why() == "paused", what="its job is held")
    assert not is_out(live)


def test_an_opt_out_after_scheduling_is_respected(live: Live) -> None:
    """Case C08: two calls, one skipped with the reason; the opt-out has its time and source."""
    live.contacts(A, B, "+12025550102")
    live.start_worker()
    campaign_id = live.start_campaign(scheduled_at=utcnow() + timedelta(minutes=3))
    assert live.campaign(campaign_id).status == "scheduled"
    assert live.post_webhook(body(C08 / "inbound_stop.json")) == 200
    assert live.post_webhook(body(C08 / "inbound_not_stop.json")) == 200
    wait_for(lambda: taken_in(live) == 2, what="both are taken in")
    with live.organization():
        promote(db.session.scalars(select(Job).where(Job.processor == "bulk-message")).one())
        db.session.commit()
    campaign = live.wait_for_status(campaign_id, "completed")
    assert live.sandbox.numbers() == [A, "+12025550102"]
    counts = live.counts(campaign_id)
    assert (campaign.audience_size, counts.accepted_total, counts.skipped, counts.failed) == (3, 2, 1, 0)
    assert live.recipients(campaign_id)[B].error_code == "opted_out"
    with live.organization():
        [event] = db.session.scalars(select(OptEvent)).all()
        assert (event.source.value, event.detail.strip(), int(event.at.timestamp())) == ("keyword", "Stop.", 1800000060)


def test_who_opts_out_while_a_slow_campaign_runs_gets_nothing(live: Live) -> None:
    phones = [f"+120255503{place:02}" for place in range(40)]
    ids = live.contacts(*phones)
    with live.organization():
        get_account(live.account_id).messages_per_second = 10
        db.session.commit()
    live.start_worker()
    campaign_id = live.start_campaign()
    wait_for(lambda: live.counts(campaign_id).accepted_total > 2, what="it runs")
    with live.organization():
        contact = db.session.get_one(Contact, ids[-1])
        opt_out(contact, OptSource.HAND, by="Alice")
        db.session.commit()
    live.wait_for_status(campaign_id, "completed")
    assert phones[-1] not in live.sandbox.numbers()
    assert live.recipients(campaign_id)[phones[-1]].error_code == "opted_out"
    assert live.counts(campaign_id).adds_up


def test_a_reply_is_laid_to_the_campaign_it_answers_once(live: Live) -> None:
    live.contacts(A)
    live.start_worker()
    campaign_id = live.start_campaign()
    live.wait_for_status(campaign_id, "completed")
    wamid = str(live.recipients(campaign_id)[A].provider_id)
    write(live, "Thanks", context=wamid)
    write(live, "STOP", context=wamid)
    campaign = live.campaign(campaign_id)
    assert (campaign.replied_count, campaign.opted_out_count) == (1, 1)
    assert live.recipients(campaign_id)[A].replied_at is not None


def test_who_just_writes_answers_the_newest_message_they_got(live: Live) -> None:
    live.contacts(A)
    live.start_worker()
    earlier = live.start_campaign()
    live.wait_for_status(earlier, "completed")
    with live.organization():
        for person in db.session.scalars(select(CampaignRecipient)):
            person.accepted_at = utcnow() - timedelta(hours=71)
            person.sending_at = person.accepted_at
        db.session.commit()
    newest = live.start_campaign()
    live.wait_for_status(newest, "completed")
    write(live, "STOP")
    counted = [(live.campaign(one).replied_count, live.campaign(one).opted_out_count) for one in (earlier, newest)]
    assert counted == [(0, 0), (1, 1)]
    assert live.recipients(newest)[A].replied_at is not None


def test_what_is_written_days_later_answers_no_campaign(live: Live) -> None:
    live.contacts(A)
    live.start_worker()
    campaign_id = live.start_campaign()
    live.wait_for_status(campaign_id, "completed")
    with live.organization():
        db.session.scalars(select(CampaignRecipient)).one().accepted_at = utcnow() - timedelta(hours=73)
        db.session.commit()
    write(live, "Are you open?")
    assert live.campaign(campaign_id).replied_count == 0


def test_any_interleaving_of_reports_keeps_the_sum(live: Live, sent: dict[str, Any]) -> None:
    files = sorted(C01.glob("*.json"))
    for order in itertools.permutations(range(4), 2):
        for number in order:
            live.post_webhook(body(files[number], WAMID_A=sent[A], WAMID_B=sent[B]))
        assert live.counts(sent["campaign"]).adds_up
