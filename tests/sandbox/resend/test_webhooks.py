"""What became of an e-mail is told to the webhook: signed, again until it is heard, and with what follows from it."""

import re
import time
from collections import Counter
from typing import Any

import pytest

from adsapp.sandbox.resend.magic import clicks_links, habit_of, opens_mail
from adsapp.sandbox.resend.webhooks import Switches
from tests.waiting import wait_for

from .conftest import StartResend
from .support import ANA, SECRET, SENDER, MailHook, Resend, is_signed, mail, team

READER = next(f"reader{n}@example.com" for n in range(99) if clicks_links(f"reader{n}@example.com"))
LINKED = '<a href="https://harbour-bakery.example/book?a=1&amp;b=2">Book</a>'


def settle(resend: Resend) -> None:
    wait_for(lambda: resend.mail_stats()["webhooks"]["pending"] == 0, 20)


def test_an_event_has_the_providers_shape_and_a_signature(heard: Resend, hook: MailHook) -> None:
    tags, headers = [{"name": "campaign", "value": "7"}], {"X-Entity": "ü"}
    email_id = heard.send_mail(mail(tags=tags, headers=headers)).json["id"]
    hook.wait_until(lambda: hook.types() == ["email.delivered", "email.sent"])
    assert all(is_signed(headers, raw) for _, headers, raw in hook.posts)
    assert len({svix_id for svix_id, _, _ in hook.posts}) == 2
    assert abs(int(hook.posts[0][1]["svix-timestamp"]) - time.time()) < 300
    event = next(event for event in hook.events if event["type"] == "email.sent")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["created_at"])
    assert re.fullmatch(r"\d{4}-.*Z", event["data"].pop("created_at"))
    assert event["data"] == {
        "email_id": email_id,
        "from": SENDER,
        "to": [ANA],
        "subject": "We are open",
        "tags": {"campaign": "7"},
        "headers": [{"name": "X-Entity", "value": "ü"}],
    }


@pytest.mark.parametrize(
    ("to", "events", "detail"),
    [
        ("delivered+spring@resend.dev", ["email.sent", "email.delivered"], {}),
        ("soft-1@example.com", ["email.sent", "email.bounced"], {"type": "Transient", "subType": "MailboxFull"}),
        ("delayed@example.com", ["email.sent", "email.delivery_delayed", "email.delivered"], {}),
        ("failed@example.com", ["email.failed"], {"reason": "reached_daily_quota"}),
        ("suppressed@resend.dev", ["email.suppressed"], {"type": "OnAccountSuppressionList"}),
    ],
)
def test_odd_addresses_get_odd_events(
    heard: Resend, hook: MailHook, to: str, events: list[str], detail: dict[str, str]
) -> None:
    email_id = heard.send_mail(mail(to)).json["id"]
    hook.wait_until(lambda: hook.types() == sorted(events))
    name = events[-1].removeprefix("email.")
    found = hook.data(events[-1]).get({"bounced": "bounce"}.get(name, name), {})
    assert detail.items() <= found.items()
    assert heard.last_event(email_id) == name
    assert heard.api("GET", "/suppressions").json["data"] == []


@pytest.mark.parametrize(
    ("to", "event", "origin", "reason"),
    [
        ("bounced+a@resend.dev", "email.bounced", "bounce", "previous_bounce"),
        ("Bounced.Ben@example.com", "email.bounced", "bounce", "previous_bounce"),
        ("complained@resend.dev", "email.complained", "complaint", "previous_complaint"),
    ],
)
def test_a_hard_bounce_or_complaint_suppresses_the_address(
    heard: Resend, hook: MailHook, to: str, event: str, origin: str, reason: str
) -> None:
    email_id = heard.send_mail(mail(to)).json["id"]
    hook.wait_until(lambda: {event, "suppression.added"} <= set(hook.types()))
    (listed,) = heard.api("GET", f"/suppressions?origin={origin}").json["data"]
    assert (listed["email"], listed["source_id"]) == (to, email_id)
    heard.send_mail(mail(f"Ben <{to.upper()}>"))
    hook.wait_until(lambda: "email.suppressed" in hook.types())
    assert hook.data("email.suppressed")["suppressed"]["reason"] == reason
    assert heard.api("DELETE", f"/suppressions/{to.lower()}").status == 200
    hook.wait_until(lambda: "suppression.removed" in hook.types())


def test_of_several_recipients_the_one_who_bounces_is_suppressed(heard: Resend, hook: MailHook) -> None:
    heard.send_mail(mail([ANA, "bounced@example.com"]))
    hook.wait_until(lambda: "suppression.added" in hook.types())
    assert [row["email"] for row in heard.api("GET", "/suppressions").json["data"]] == ["bounced@example.com"]


def test_nobody_of_an_ordinary_name_is_odd() -> None:
    assert {habit_of(f"{local}@example.com") for local in ("softley", "failedeva", "hangar", "bouncedog")} == {""}
    assert habit_of("bounced@example.com", magic=False) == ""
    assert habit_of("complained+x@resend.dev", magic=False) == "complained"


def test_opens_and_clicks_are_reported_only_if_they_are_tracked(start_resend: StartResend, hook: MailHook) -> None:
    assert opens_mail(READER)
    quiet, tracked = team(name="quiet", key="re_quiet"), team(webhook_url=hook.url, tracking=True)
    resend = start_resend(teams=(quiet, tracked))
    resend.send_mail(mail(READER, html=LINKED))
    hook.wait_until(lambda: len(hook.posts) == 4)
    assert hook.types() == ["email.clicked", "email.delivered", "email.opened", "email.sent"]
    assert hook.data("email.clicked")["click"]["link"] == "https://harbour-bakery.example/book?a=1&b=2"
    email_id = resend.send_mail(mail(READER, html=LINKED), key="re_quiet").json["id"]
    settle(resend)
    assert resend.api("GET", f"/emails/{email_id}", key="re_quiet").json["last_event"] == "delivered"


def test_an_event_that_is_not_heard_comes_again_under_its_id(heard: Resend, hook: MailHook) -> None:
    hook.answers = [500, 302, 404]
    heard.send_mail()
    hook.wait_until(lambda: len(hook.posts) == 2)
    assert hook.types() == ["email.delivered", "email.sent"]
    settle(heard)
    told = heard.mail_stats()["webhooks"]
    assert (told["sent"], told["failed"], told["given_up"]) == (2, 3, 0)


def test_an_event_is_tried_again_by_the_providers_schedule_and_then_given_up(
    start_resend: StartResend, hook: MailHook
) -> None:
    resend = start_resend({"webhook_url": hook.url}, fast=False)
    hook.answers = [500] * 7
    resend.control("emails/webhooks", {"hold": True})
    resend.send_mail(mail("failed@example.com"))
    resend.control("clock", {"advance_seconds": 1})
    resend.control("emails/webhooks", {"hold": False})
    for tries, seconds in enumerate((5, 300, 1800, 7200, 18000, 36000), 1):
        wait_for(lambda tries=tries: resend.mail_stats()["webhooks"]["failed"] == tries)  # type: ignore[misc]
        resend.control("clock", {"advance_seconds": seconds})
    settle(resend)
    told = resend.mail_stats()["webhooks"]
    assert (told["posts"], told["failed"], told["given_up"]) == (7, 7, 1)


def test_duplicates_come_under_the_same_id(heard: Resend, hook: MailHook) -> None:
    heard.control("emails/webhooks", {"duplicate_every": 1})
    heard.send_mail()
    hook.wait_until(lambda: len(hook.posts) == 4)
    assert set(Counter(svix_id for svix_id, _, _ in hook.posts).values()) == {2}


def test_shuffled_events_all_come_in_a_wrong_order(heard: Resend, hook: MailHook) -> None:
    heard.control("emails/webhooks", {"shuffle": True})
    email_id = heard.send_mail().json["id"]
    hook.wait_until(lambda: hook.types() == ["email.delivered", "email.sent"])
    when = {event["type"]: event["created_at"] for event in hook.events}
    assert when["email.delivered"] < when["email.sent"]
    assert heard.last_event(email_id) == "delivered"


@pytest.mark.parametrize(
    ("switch", "is_right"),
    [({"other_signatures": True}, True), ({"wrong_secret": True}, False), ({"signature_age": 86400}, True)],
)
def test_signatures_can_be_odd(heard: Resend, hook: MailHook, switch: dict[str, Any], is_right: bool) -> None:
    heard.control("emails/webhooks", switch)
    heard.send_mail(mail("failed@example.com"))
    hook.wait_until(lambda: len(hook.posts) == 1)
    (_, headers, raw) = hook.posts[0]
    assert is_signed(headers, raw) is is_right
    assert (int(headers["svix-timestamp"]) < time.time() - 80000) is ("signature_age" in switch)


def test_a_webhook_made_by_the_api_hears_what_it_asked_for(resend: Resend, hook: MailHook) -> None:
    made = resend.api("POST", "/webhooks", {"endpoint": hook.url, "events": ["email.delivered"]}).json
    assert resend.api("GET", f"/webhooks/{made['id']}").json["signing_secret"] == made["signing_secret"] != SECRET
    resend.send_mail()
    hook.wait_until(lambda: hook.types() == ["email.delivered"])
    (_, headers, raw) = hook.posts[0]
    assert is_signed(headers, raw, made["signing_secret"])
    assert [row["status"] for row in resend.api("GET", "/webhooks").json["data"]] == ["enabled"]
    assert resend.api("DELETE", f"/webhooks/{made['id']}").status == 200
    assert resend.api("GET", "/webhooks").json["data"] == []


@pytest.mark.parametrize("change", [{"holt": True}, {"hold": 1}, {"duplicate_every": -1}, []])
def test_a_switch_that_does_not_exist_changes_nothing(change: object) -> None:
    switches = Switches()
    with pytest.raises(ValueError, match=r"expected|unknown"):
        switches.change(change)
    assert switches == Switches()
