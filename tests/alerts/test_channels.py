"""What leaves by each channel, what its answers mean, and that what cannot be told makes no more of it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from adsapp.alerts import queries, service, telling
from adsapp.alerts.channels import slack as slack_channel
from adsapp.alerts.channels import webhook
from adsapp.alerts.channels.message import Message, NotTold, Thing, Told
from adsapp.alerts.delivering import WAITS
from adsapp.alerts.models import ChannelKind, DeliveryState, What
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.outgoing import Limits
from adsapp.jobs import Queue
from adsapp.jobs.queries.statistics import queue_stats
from adsapp.organizations.auditing import NOBODY
from tests.alerts.scene import SECRET, Alerts
from tests.alerts.stand_ins import StandIn, is_signed
from tests.lone_worker import add_lone_worker

Channels = dict[str, StandIn]


def message(**changes: Any) -> Message:
    now = utcnow()
    values: dict[str, Any] = {
        "what": What.FIRED,
        "kind": "campaign_paused",
        "rule": "A campaign or an e-mail paused itself",
        "severity": "warning",
        "organization": "Harbour <Bakery> & Sons",
        "title": "“Spring <opening>” is paused",
        "text": "31 % of <everybody> did not arrive",
        "at": now,
        "since": now - timedelta(minutes=5),
        "count": 1,
        "action": "Open the campaign",
        "url": "https://console.example/campaigns/1",
        "alerts_url": "https://console.example/alerts/1",
    }
    return Message(**values | changes)


def test_slack_gets_blocks_that_say_all_and_hold_no_markup_of_others() -> None:
    things = tuple(
        Thing(f"“{number}” is <paused>", f"https://console.example/campaigns/{number}") for number in range(7)
    )
    payload = slack_channel.payload(message(things=things, count=7))
    kinds = [block["type"] for block in payload["blocks"]]
    assert kinds == ["header", "section", "section", "section", "actions", "context"]
    written = json.dumps(payload["blocks"], ensure_ascii=False)
    assert "31 % of &lt;everybody&gt; did not arrive" in written
    assert "Harbour &lt;Bakery&gt; &amp; Sons" in written
    assert "and 2 more" in written
    assert "<!date^" in written
    button = payload["blocks"][4]["elements"][0]
    assert (button["text"]["text"], button["url"]) == ("Open the campaign", "https://console.example/campaigns/1")
    long = slack_channel.payload(message(title="t" * 500, text="x" * 9000))
    assert len(long["blocks"][0]["text"]["text"]) <= 150
    assert len(long["blocks"][1]["text"]["text"]) <= 3000


def test_a_webhook_is_signed_over_its_bytes_and_moment(alerts: Alerts, receiver: StandIn) -> None:
    alerts.add_channel(ChannelKind.WEBHOOK, f"{receiver.url}/hook?team=1")
    delivery = _try(alerts)
    assert isinstance(delivery, Told)
    asked = receiver.asked[0]
    assert asked.path == "/hook?team=1"
    assert is_signed(asked, SECRET)
    assert not is_signed(asked, SECRET + "x")
    assert asked.headers["x-adsapp-event"] == "alert.test"
    assert asked.headers["x-adsapp-delivery"] == asked.body["id"] == str(alerts.deliveries()[0].id)
    changed = asked.raw.replace(b"Test", b"Text")
    assert webhook.signature(asked.headers["x-adsapp-timestamp"], changed, SECRET) not in asked.headers.values()


def _try(alerts: Alerts) -> Told | NotTold:
    def call() -> Told | NotTold:
        return service.try_channel(queries.list_channels()[0], NOBODY)

    found: Told | NotTold = alerts.within(call)
    return found


def test_a_web_page_in_place_of_an_answer_is_named_and_not_shown(alerts: Alerts, receiver: StandIn) -> None:
    alerts.add_channel(ChannelKind.WEBHOOK, receiver.url)
    receiver.says(404, "<html><title>Not Found</title></html>", Content_Type="text/html; charset=utf-8")
    refused = _try(alerts)
    assert isinstance(refused, NotTold)
    assert refused.message == "Answered 404 with a web page: is this the address for programs?"


REVOKED = "Slack knows no such address: it was revoked, or mistyped. Answered 404: no_service"


def test_a_revoked_slack_address_says_so_and_the_others_go_on(
    alerts: Alerts, slack: StandIn, receiver: StandIn
) -> None:
    slack.says(404, "no_service")
    alerts.add_channel(ChannelKind.SLACK, f"{slack.url}/services/x", "Ops in Slack")
    alerts.add_channel(ChannelKind.WEBHOOK, receiver.url)
    alerts.within(lambda: _queue_all(What.FIRED))
    alerts.deliver()
    states = {each.channel_name: (each.state, each.answer) for each in alerts.deliveries()}
    assert states["Ops in Slack"] == (DeliveryState.REFUSED, REVOKED)
    assert states["Webhook"][0] is DeliveryState.DELIVERED
    assert alerts.deliver() == 0
    found = alerts.within(lambda: queries.standings(queries.list_channels()))
    bad = {name for name, standing in found.items() if standing.is_bad}
    assert len(bad) == 1


def _queue_all(what: What) -> None:
    for channel in queries.list_channels():
        telling.send_later(telling.to_channel(message(what=what), channel))


def test_what_fails_for_now_is_tried_again_later_each_time_under_one_id(alerts: Alerts, receiver: StandIn) -> None:
    receiver.says(503, "busy")
    alerts.add_channel(ChannelKind.WEBHOOK, receiver.url)
    alerts.within(lambda: _queue_all(What.FIRED))
    for number, wait in enumerate(WAITS, 1):
        before = utcnow()
        alerts.deliver()
        delivery = alerts.deliveries()[0]
        assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, number)
        assert delivery.next_at is not None
        assert delivery.next_at - before >= timedelta(seconds=wait)
        assert delivery.answer == "Answered 503: busy"
    alerts.deliver()
    assert alerts.deliveries()[0].state is DeliveryState.FAILED
    assert len({each.headers["x-adsapp-delivery"] for each in receiver.asked}) == 1
    receiver.says(200)
    alerts.within(lambda: service.replay(queries.get_delivery(alerts.deliveries()[0].id), NOBODY))
    alerts.deliver()
    first, again = alerts.deliveries()
    assert (again.state, again.replay_of, again.body) == (DeliveryState.DELIVERED, first.id, first.body)


def test_those_that_came_too_fast_together_do_not_come_together_again(alerts: Alerts, receiver: StandIn) -> None:
    receiver.says(429, "too many at once", Retry_After="1")
    for number in range(12):
        alerts.add_channel(ChannelKind.WEBHOOK, receiver.url, f"Webhook {number}")
    alerts.within(lambda: _queue_all(What.FIRED))
    alerts.deliver()
    again = sorted(each.next_at - each.created_at for each in alerts.deliveries() if each.next_at)
    assert len(again) == 12
    assert again[0] >= timedelta(seconds=WAITS[0])
    assert again[-1] - again[0] > timedelta(seconds=1)


def test_a_receiver_that_asks_to_wait_is_given_the_time(alerts: Alerts, receiver: StandIn) -> None:
    receiver.says(429, "slow down", Retry_After="120")
    alerts.add_channel(ChannelKind.WEBHOOK, receiver.url)
    alerts.within(lambda: _queue_all(What.FIRED))
    before = utcnow()
    alerts.deliver()
    next_at = alerts.deliveries()[0].next_at
    assert next_at is not None
    assert next_at - before >= timedelta(seconds=120)


def test_an_answer_that_comes_too_late_is_none(
    alerts: Alerts, receiver: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adsapp.core.outgoing.Caller.limits", Limits(seconds=0.3), raising=False)
    monkeypatch.setattr("adsapp.core.outgoing.Caller.of", classmethod(_hasty))
    receiver.holds = True
    alerts.add_channel(ChannelKind.WEBHOOK, receiver.url)
    answer = _try(alerts)
    assert isinstance(answer, NotTold)
    assert answer.message == "There was no whole answer within 0.3 seconds"
    assert not answer.is_permanent


def _hasty(cls: Any, settings: Any, limits: Limits | None = None) -> Any:
    return cls(settings.outgoing_allowed_hosts, Limits(seconds=0.3))


def test_one_that_redirects_inside_is_refused_and_says_why(alerts: Alerts, receiver: StandIn) -> None:
    receiver.says(302, "", Location="http://[::ffff:169.254.169.254]/")
    alerts.add_channel(ChannelKind.WEBHOOK, receiver.url)
    answer = _try(alerts)
    assert isinstance(answer, NotTold)
    assert answer.code == "address_refused"
    assert answer.is_permanent
    assert "is not on the open internet" in alerts.deliveries()[0].answer


@pytest.mark.parametrize("address", ["http://10.0.0.1/x", "http://[::1]/", "ftp://example.com/", "nothing", ""])
def test_an_address_inside_is_refused_when_it_is_entered(alerts: Alerts, address: str) -> None:
    with pytest.raises(Invalid) as error:
        alerts.add_channel(ChannelKind.SLACK, address)
    assert "address" in error.value.field_messages


def test_two_channels_of_one_name_are_refused(alerts: Alerts, slack: StandIn) -> None:
    alerts.add_channel(ChannelKind.SLACK, slack.url, "Ops")
    with pytest.raises(Conflict):
        alerts.add_channel(ChannelKind.WEBHOOK, slack.url, "Ops")


def test_an_alert_that_cannot_be_told_is_no_failed_job(alerts: Alerts, receiver: StandIn, worker: object) -> None:
    receiver.says(403, "no")
    alerts.add_channel(ChannelKind.WEBHOOK, receiver.url)
    alerts.within(lambda: _queue_all(What.FIRED))
    from tests.waiting import wait_for

    wait_for(lambda: all(job.is_finished for job in alerts.alert_jobs()), what="the alert is told")
    assert [job.state.value for job in alerts.alert_jobs()] == ["completed"]
    assert [each.state for each in alerts.deliveries()] == [DeliveryState.REFUSED]
    failed = alerts.within(lambda: sum(stats.failed_today for stats in queue_stats()))
    assert failed == 0


def test_while_nobody_works_on_e_mail_alerts_go_another_way(alerts: Alerts, receiver: StandIn) -> None:
    alerts.add_channel(ChannelKind.WEBHOOK, receiver.url)
    add_lone_worker(alerts.app, [Queue.TEMPLATE_PROCESSING])
    alerts.within(lambda: _queue_all(What.FIRED))
    add_lone_worker(alerts.app, [Queue.EMAIL_NOTIFICATION])
    alerts.within(lambda: _queue_all(What.RESOLVED))
    assert [job.processor for job in alerts.alert_jobs()] == ["deliver-alert-elsewhere", "deliver-alert"]


def test_what_leaves_for_others_shows_no_number_and_no_address(alerts: Alerts, slack: StandIn) -> None:
    alerts.add_channel(ChannelKind.SLACK, slack.url)

    def call() -> dict[str, Any]:
        found = telling.to_channel(message(text="ana@example.com at +12025550107 failed"), queries.list_channels()[0])
        return found.body

    body = alerts.within(call, commit=False)
    assert "ana@" not in body["text"]
    assert "0107" not in body["text"]
    assert body["url"] == "https://console.example/campaigns/1"


def test_a_channel_that_was_removed_or_turned_off_is_told_nothing(alerts: Alerts, slack: StandIn, app: Flask) -> None:
    for name in ("Removed", "Off"):
        alerts.add_channel(ChannelKind.SLACK, slack.url, name)
    alerts.within(lambda: _queue_all(What.FIRED))

    def call() -> None:
        off, removed = queries.list_channels()
        service.change_channel(off, service.ChannelChanges(is_on=False), NOBODY)
        service.remove_channel(removed, NOBODY)

    alerts.within(call)
    alerts.deliver()
    assert sorted(each.answer for each in alerts.deliveries()) == [
        "The channel was removed",
        "The channel was turned off",
    ]
    assert slack.asked == []


def test_secrets_of_a_channel_are_sealed(alerts: Alerts, receiver: StandIn) -> None:
    alerts.add_channel(ChannelKind.WEBHOOK, f"{receiver.url}/with-a-key")
    channel = alerts.within(lambda: queries.list_channels()[0], commit=False)
    assert channel.host == receiver.url
    for sealed in (channel.address, channel.secret):
        assert b"with-a-key" not in sealed.sealed
        assert SECRET.encode() not in sealed.sealed
