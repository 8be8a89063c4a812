"""What the provider tells us, through the application's own door: order, repeats, opt-outs."""

import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from adsapp.campaigns import statuses
from adsapp.campaigns.models import CampaignRecipient, ParkedStatus
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
from adsapp.jobs.wait_reasons import why_waiting
from adsapp.message_templates.queries import get_template
from adsapp.organizations.auditing import By
from tests.campaigns.rehearsal import WABA, Rehearsal
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


@pytest.fixture
def sent(rehearsal: Rehearsal) -> dict[str, Any]:
    """A and B were sent a message, and nothing was reported yet; their messages as the provider names them."""
    rehearsal.contacts(A, B)
    campaign_id = rehearsal.sent()
    return {"campaign": campaign_id, **{one.to: one.provider_id for one in rehearsal.provider.taken}}


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (3, 1, 2), (2, 3, 4, 1)])
def test_reports_in_any_order_end_in_the_same_state(
    rehearsal: Rehearsal, sent: dict[str, Any], order: tuple[int, ...]
) -> None:
    """Case C01."""
    files = sorted(C01.glob("*.json"))
    for number in (*order, 5):
        raw = body(files[number - 1], WAMID_A=sent[A], WAMID_B=sent[B])
        assert rehearsal.post_webhook(raw) == 200
    rehearsal.apply()
    people = rehearsal.recipients(sent["campaign"])
    assert people[A].status == "read"
    assert [int(moment.timestamp()) for moment in (people[A].sent_at, people[A].delivered_at, people[A].read_at)] == [  # type: ignore[union-attr]
        1800000001,
        1800000002,
        1800000009,
    ]
    assert people[B].status == "read"
    counts = rehearsal.counts(sent["campaign"])
    assert (counts.sent_total, counts.delivered_total, counts.read_total, counts.failed) == (2, 2, 2, 0)


def test_a_late_report_never_puts_a_message_back(rehearsal: Rehearsal, sent: dict[str, Any]) -> None:
    files = sorted(C01.glob("*.json"))
    seen = []
    for number in (1, 2, 3, 4):
        rehearsal.post_webhook(body(files[number - 1], WAMID_A=sent[A], WAMID_B=sent[B]))
        rehearsal.apply()
        seen.append(rehearsal.recipients(sent["campaign"])[A].status.value)
    assert seen == ["delivered", "delivered", "read", "read"]


def test_the_same_bytes_are_stored_once(rehearsal: Rehearsal) -> None:
    raw = body(C01 / "1_delivered.json")
    assert [rehearsal.post_webhook(raw) for _ in range(3)] == [200, 200, 200]
    with rehearsal.organization():
        assert db.session.scalar(select(func.count()).select_from(WebhookDelivery)) == 1


def test_an_unknown_account_answers_404(rehearsal: Rehearsal) -> None:
    client = rehearsal.app.test_client()
    assert client.post("/webhooks/whatsapp/0198c5f6-0000-7000-8000-000000000000", data=b"{}").status_code == 404
    assert client.post("/webhooks/whatsapp/nonsense", data=b"{}").status_code == 404


def test_the_handshake_answers_the_challenge_to_the_right_token_only(rehearsal: Rehearsal) -> None:
    client = rehearsal.app.test_client()
    path = f"/webhooks/whatsapp/{rehearsal.account_id}?hub.mode=subscribe&hub.challenge=4711&hub.verify_token="
    assert client.get(path + "live-verify").text == "4711"
    assert client.get(path + "other").status_code == 403


def test_a_report_of_an_unknown_message_is_kept_and_matched_once_it_is_known(
    rehearsal: Rehearsal, sent: dict[str, Any]
) -> None:
    raw = body(C01 / "3_read.json", WAMID_A="wamid.UNKNOWN")
    rehearsal.post_webhook(raw)
    rehearsal.apply()
    with rehearsal.organization():
        assert db.session.scalar(select(ParkedStatus.provider_id)) == "wamid.UNKNOWN"
        person = rehearsal.recipients(sent["campaign"])[A]
    with rehearsal.organization():
        db.session.get_one(CampaignRecipient, person.id).provider_id = "wamid.UNKNOWN"
        db.session.commit()
        assert statuses.match_parked(["wamid.UNKNOWN"]) == 1
        assert db.session.scalar(select(ParkedStatus.provider_id)) is None
    assert rehearsal.recipients(sent["campaign"])[A].status == "read"


def test_one_unreadable_event_costs_its_neighbours_nothing(rehearsal: Rehearsal, sent: dict[str, Any]) -> None:
    document = json.loads(body(C01 / "3_read.json", WAMID_A=sent[A]))
    listed = document["entry"][0]["changes"][0]["value"]["statuses"]
    listed.insert(0, {"status": "read"})
    listed.insert(0, "nonsense")
    rehearsal.post_webhook(document)
    rehearsal.apply()
    assert rehearsal.recipients(sent["campaign"])[A].status == "read"
    with rehearsal.organization():
        assert "no id" in str(db.session.scalar(select(WebhookDelivery.error)))


def test_an_event_that_breaks_the_database_costs_its_neighbours_nothing(
    rehearsal: Rehearsal, sent: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = json.loads(body(C01 / "1_delivered.json", WAMID_A=sent[A]))
    raw["entry"][0]["changes"][0]["value"]["statuses"].append(
        {"id": sent[B], "status": "read", "timestamp": "1800000009"}
    )
    genuine = statuses.merge_event

    def breaks(entry: Any, event: Any) -> bool:
        if event.provider_id == sent[A]:
            raise RuntimeError("a bug")
        return genuine(entry, event)

    monkeypatch.setattr(statuses, "merge_event", breaks)
    with rehearsal.organization():
        account = get_account(rehearsal.account_id)
        errors = apply.apply_events(account, [parse(json.dumps(raw).encode()).events], [])
        db.session.commit()
    assert errors == [["RuntimeError: a bug"]]
    assert rehearsal.recipients(sent["campaign"])[B].status == "read"


def test_a_template_event_changes_its_template(rehearsal: Rehearsal) -> None:
    value = {
        "event": "PAUSED",
        "message_template_id": 1,
        "message_template_name": "welcome",
        "message_template_language": "en_US",
        "reason": "NONE",
        "other_info": {"title": "FIRST_PAUSE"},
    }
    changes = [{"field": "message_template_status_update", "value": value}]
    rehearsal.post_webhook({"object": "whatsapp_business_account", "entry": [{"id": WABA, "changes": changes}]})
    rehearsal.apply()
    with rehearsal.organization():
        template = get_template("welcome", "en_US")
        assert (template.status, template.status_reason) == ("PAUSED", "FIRST_PAUSE")


def is_out(rehearsal: Rehearsal, number: str = A) -> bool:
    with rehearsal.organization(), db.reading():
        return db.session.scalar(select(Contact.opted_out_at).where(Contact.phone == number)) is not None


def test_the_words_of_case_c08(rehearsal: Rehearsal) -> None:
    bodies = json.loads((C08 / "bodies.json").read_text())
    numbers = [f"+120255502{place:02}" for place in range(len(bodies))]
    rehearsal.contacts(*numbers)
    for number, one in zip(numbers, bodies, strict=True):
        if one["body"]:
            rehearsal.write(one["body"], number)
    for number, one in zip(numbers, bodies, strict=True):
        if one["opt_out"] in ("yes", "no"):
            assert is_out(rehearsal, number) == (one["opt_out"] == "yes"), one


def test_a_pause_of_this_very_kind_of_job_holds_reports_back(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(A)
    with rehearsal.organization():
        pause_queue(Queue.TEMPLATE_PROCESSING, By("Alice", "A fault is looked for"), processor="apply-webhooks")
        db.session.commit()
    rehearsal.start_worker()
    rehearsal.write("STOP", A, apply=False)

    def why() -> str:
        with rehearsal.organization(), db.reading():
            job = db.session.scalars(select(Job).where(Job.processor == "apply-webhooks")).first()
            reason = why_waiting(job) if job else None
            return reason.code if reason else ""

    wait_for(lambda: why() == "paused", what="its job is held")
    assert not is_out(rehearsal)


def test_an_opt_out_after_scheduling_is_respected(rehearsal: Rehearsal) -> None:
    """Case C08: two calls, one skipped with the reason; the opt-out has its time and source."""
    rehearsal.contacts(A, B, "+12025550102")
    campaign_id = rehearsal.start_campaign(scheduled_at=utcnow() + timedelta(minutes=3))
    assert rehearsal.campaign(campaign_id).status == "scheduled"
    assert rehearsal.post_webhook(body(C08 / "inbound_stop.json")) == 200
    assert rehearsal.post_webhook(body(C08 / "inbound_not_stop.json")) == 200
    assert rehearsal.apply() == 2
    assert rehearsal.send(campaign_id) is None  # its time has come
    assert rehearsal.provider.numbers() == [A, "+12025550102"]
    campaign, counts = rehearsal.campaign(campaign_id), rehearsal.counts(campaign_id)
    assert (campaign.audience_size, counts.accepted_total, counts.skipped, counts.failed) == (3, 2, 1, 0)
    assert rehearsal.recipients(campaign_id)[B].error_code == "opted_out"
    with rehearsal.organization():
        [event] = db.session.scalars(select(OptEvent)).all()
        assert (event.source.value, event.detail.strip(), int(event.at.timestamp())) == ("keyword", "Stop.", 1800000060)


def test_who_opts_out_while_a_slow_campaign_runs_gets_nothing(rehearsal: Rehearsal) -> None:
    phones = [f"+120255503{place:02}" for place in range(40)]
    ids = rehearsal.contacts(*phones)
    rehearsal.pace(20)
    campaign_id = rehearsal.start_campaign()

    def opts_out() -> None:
        opt_out(db.session.get_one(Contact, ids[-1]), OptSource.HAND, by=By("Alice"))

    assert rehearsal.send(campaign_id, rehearsal.once_taken(3, opts_out)) is None
    assert rehearsal.provider.numbers() == phones[:-1]
    assert rehearsal.recipients(campaign_id)[phones[-1]].error_code == "opted_out"
    assert rehearsal.counts(campaign_id).adds_up


def test_a_reply_is_laid_to_the_campaign_it_answers_once(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(A)
    campaign_id = rehearsal.sent()
    message = str(rehearsal.recipients(campaign_id)[A].provider_id)
    rehearsal.write("Thanks", A, answers=message)
    rehearsal.write("STOP", A, answers=message)
    campaign = rehearsal.campaign(campaign_id)
    assert (campaign.replied_count, campaign.opted_out_count) == (1, 1)
    assert rehearsal.recipients(campaign_id)[A].replied_at is not None


def test_who_just_writes_answers_the_newest_message_they_got(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(A)
    earlier = rehearsal.sent()
    with rehearsal.organization():
        for person in db.session.scalars(select(CampaignRecipient)):
            person.accepted_at = utcnow() - timedelta(hours=71)
            person.sending_at = person.accepted_at
        db.session.commit()
    newest = rehearsal.sent()
    rehearsal.write("STOP", A)
    counted = [
        (rehearsal.campaign(one).replied_count, rehearsal.campaign(one).opted_out_count) for one in (earlier, newest)
    ]
    assert counted == [(0, 0), (1, 1)]
    assert rehearsal.recipients(newest)[A].replied_at is not None


def test_what_is_written_days_later_answers_no_campaign(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(A)
    campaign_id = rehearsal.sent()
    with rehearsal.organization():
        db.session.scalars(select(CampaignRecipient)).one().accepted_at = utcnow() - timedelta(hours=73)
        db.session.commit()
    rehearsal.write("Are you open?", A)
    assert rehearsal.campaign(campaign_id).replied_count == 0


def test_any_interleaving_of_reports_keeps_the_sum(rehearsal: Rehearsal, sent: dict[str, Any]) -> None:
    files = sorted(C01.glob("*.json"))
    for order in itertools.permutations(range(4), 2):
        for number in order:
            rehearsal.post_webhook(body(files[number], WAMID_A=sent[A], WAMID_B=sent[B]))
            rehearsal.apply()
            assert rehearsal.counts(sent["campaign"]).adds_up
