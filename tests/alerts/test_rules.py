"""Each rule speaks when its trouble comes, says what, since when, how many, why and what helps, and resolves."""

import itertools
from datetime import timedelta

import pytest

from adsapp.alerts.models import ChannelKind, DeliveryState
from adsapp.alerts.rules import RULES
from adsapp.core.clock import utcnow
from adsapp.jobs import Queue
from tests.alerts.conftest import Inbox
from tests.alerts.scene import SECRET, Alerts
from tests.alerts.stand_ins import StandIn, is_signed
from tests.alerts.troubles import TROUBLES, Stage
from tests.campaigns.scene import set_the_scene
from tests.emails.scene import set_the_email_scene
from tests.lone_worker import add_lone_worker


@pytest.fixture
def stage(alerts: Alerts, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """All is well."""
    add_lone_worker(alerts.app, Queue, pid=1)
    scene, mails = set_the_scene(alerts.app, alerts.cast), set_the_email_scene(alerts.app, alerts.cast)
    stage = Stage(alerts, scene, mails, utcnow(), monkeypatch)
    TROUBLES["disk"][1](stage)
    return stage


def test_every_rule_is_tried_here() -> None:
    assert set(TROUBLES) == set(RULES)


def test_all_rules_are_on_from_the_start_and_silent_where_all_is_well(stage: Stage) -> None:
    assert stage.alerts.look(stage.now) == []
    assert stage.alerts.deliveries() == []
    assert all(rule.usual.is_on for rule in RULES.values())


@pytest.mark.both
@pytest.mark.parametrize("kind", TROUBLES)
def test_a_rule_fires_reaches_every_channel_and_resolves(
    stage: Stage, slack: StandIn, receiver: StandIn, inbox: Inbox, kind: str
) -> None:
    alerts, (make, mend, words) = stage.alerts, TROUBLES[kind]
    alerts.only(kind)
    alerts.add_channel(ChannelKind.SLACK, f"{slack.url}/services/T0/B0/x")
    alerts.add_channel(ChannelKind.WEBHOOK, f"{receiver.url}/hook")
    make(stage)
    minutes = (stage.now + timedelta(minutes=number) for number in itertools.count())
    alerts.look(next(minutes))
    for _ in range(RULES[kind].usual.for_minutes):
        assert alerts.deliveries(kind) == []
        alerts.look(next(minutes))
    incident = alerts.incident(kind)
    assert incident.is_open
    assert words in incident.title + incident.text
    assert incident.url.startswith("/")
    assert incident.action
    assert incident.since <= incident.opened_at  # type: ignore[operator]
    assert alerts.look(next(minutes)) == [kind]  # and nobody is told again
    assert alerts.deliver() == 4  # Alice and Adam by e-mail, Slack, the webhook
    assert {each.state for each in alerts.deliveries(kind)} == {DeliveryState.DELIVERED}
    told = receiver.asked[0]
    assert is_signed(told, SECRET)
    assert told.body["kind"] == kind
    assert words.split("@")[0] in told.body["title"] + told.body["text"]
    assert told.body["url"] == f"http://127.0.0.1:5000{incident.url}"
    assert incident.title in slack.asked[0].body["text"]
    assert inbox() == [incident.title] * 2
    mend(stage)
    assert alerts.look(next(minutes)) == []
    assert alerts.incident(kind).resolved_because == "It is no longer so"
    assert alerts.deliver() == 4
    assert [each.body["what"] for each in receiver.asked] == ["fired", "resolved"]
    assert slack.asked[1].body["text"] == f"Over: {alerts.incident(kind).title}"
    assert inbox()[2:] == [f"Over: {alerts.incident(kind).title}"] * 2
    assert alerts.look(next(minutes)) == []
    assert len(alerts.deliveries(kind)) == 8
