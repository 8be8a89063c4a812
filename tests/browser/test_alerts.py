"""Alerts as people see them: each page in four variants, and from the bell to what mends it."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from adsapp.alerts.models import ChannelKind
from adsapp.campaigns.models import CampaignEvent
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.models import Account, AccountStatus
from adsapp.jobs import Queue
from adsapp.jobs.models import StatsMinute
from adsapp.outbound.statuses import OutboundStatus
from tests.alerts.scene import Alerts
from tests.alerts.stand_ins import HOST, StandIn
from tests.browser.conftest import Console, Look
from tests.campaigns.scene import Scene, set_the_scene
from tests.lone_worker import add_lone_worker

pytestmark = pytest.mark.browser


@pytest.fixture(params=["embedded"])
def shape(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def alerts(console: Console, monkeypatch: pytest.MonkeyPatch) -> Alerts:
    settings = console.app.config["SETTINGS"]
    monkeypatch.setitem(console.app.config, "SETTINGS", settings.model_copy(update={"outgoing_allowed_hosts": (HOST,)}))
    add_lone_worker(console.app, Queue)
    return Alerts(console.app, console.cast)


@pytest.fixture
def scene(alerts: Alerts) -> Scene:
    return set_the_scene(alerts.app, alerts.cast)


@pytest.fixture
def slack() -> Iterator[StandIn]:
    stand_in = StandIn().start()
    yield stand_in
    stand_in.end()


def refuse(alerts: Alerts, status: AccountStatus = AccountStatus.REFUSED) -> None:
    alerts.change_all(Account, status=status, status_reason="The access token has expired. Enter another one.")


def pause(alerts: Alerts, scene: Scene, name: str) -> None:
    """A campaign that paused itself."""
    campaign_id = scene.campaign(OutboundStatus.PAUSED, name=name, status_reason="31 % of the messages did not arrive.")
    text, owner = "Paused by itself: 31 %", alerts.cast.bakery_id
    row = CampaignEvent(organization_id=owner, campaign_id=campaign_id, text=text)
    alerts.within(lambda: db.session.add(row))


def fail(alerts: Alerts, hours: int, failed: int) -> None:
    minute = (utcnow() - timedelta(hours=hours)).replace(second=0, microsecond=0)
    row = StatsMinute(organization_id=alerts.cast.bakery_id, queue=Queue.CONTACT_IMPORT, minute=minute, failed=failed)
    alerts.within(lambda: db.session.add(row))


def test_nothing_yet_says_what_to_do(alice: Page, console: Console, look: Look, alerts: Alerts) -> None:
    for name, path in (
        ("alerts-empty", "/alerts"),
        ("alerts-history-empty", "/alerts/history"),
        ("alerts-told-empty", "/alerts/told"),
    ):
        console.open(alice, path)
        look.at(name)


def test_alerts_are_looked_at_from_all_sides(
    alice: Page, console: Console, look: Look, alerts: Alerts, scene: Scene, slack: StandIn
) -> None:
    slack.says(404, "no_service")
    channel = alerts.add_channel(ChannelKind.SLACK, f"{slack.url}/services/x", "Operations in Slack")
    refuse(alerts)
    for name in ("Spring opening", "Night market", "Brunch on Sunday"):
        pause(alerts, scene, name)
    alerts.look(utcnow())
    alerts.deliver()
    paused = alerts.incident("campaign_paused")
    for hours, failed in ((20, 3), (50, 1), (90, 12)):
        fail(alerts, hours, failed)
    for name, path in (
        ("alerts", "/alerts"),
        ("alert", f"/alerts/{paused.id}"),
        ("alerts-history", "/alerts/history"),
        ("alerts-rules", "/alerts/rules"),
        ("alerts-channels", "/alerts/channels"),
        ("alerts-channel", f"/alerts/channels/{channel}"),
        ("alerts-channel-new", "/alerts/channels/new?kind=webhook"),
        ("alerts-told", "/alerts/told"),
        ("alerts-rule", "/alerts/rules/job_failed"),
    ):
        console.open(alice, path)
        expect(alice.get_by_role("heading", level=1)).to_be_visible()
        look.at(name)
    alice.get_by_label("Failed jobs at least").fill("2")
    alice.get_by_label("Over when at most").fill("1")
    alice.get_by_role("button", name="Try it on the last 7 days").click()
    expect(alice.get_by_role("heading", name="It would have fired 2 times in the last 7 days")).to_be_visible()
    look.at("alerts-rule-tried")


def test_from_the_bell_to_what_mends_it(
    alice: Page, console: Console, look: Look, alerts: Alerts, scene: Scene
) -> None:
    alerts.only("token_refused")
    refuse(alerts)
    alerts.look(utcnow())
    alice.evaluate("document.querySelector('[data-bell]').dispatchEvent(new Event('bell'))")
    bell = alice.get_by_role("link", name="1 open alert, 1 new")
    expect(bell).to_be_visible()
    bell.click()
    expect(alice.get_by_role("heading", name="Alerts", level=1)).to_be_visible()
    expect(alice.get_by_text("WhatsApp refuses “Main number”")).to_be_visible()
    alice.get_by_role("link", name=re.compile("Take it on")).click()
    alice.get_by_label("Why (if you like)").fill("I enter another token")
    alice.get_by_role("button", name="Take it on").click()
    expect(alice.get_by_text("Alice looks after it: I enter another token")).to_be_visible()
    alice.get_by_role("link", name="Open the settings").click()
    expect(alice).to_have_url(re.compile(r"/settings/whatsapp\?account="))
    refuse(alerts, AccountStatus.ACTIVE)
    alerts.look(utcnow() + timedelta(minutes=1))
    console.open(alice, "/alerts")
    expect(alice.get_by_text("Nothing is wrong")).to_be_visible()
    expect(alice.get_by_role("link", name="No open alerts")).to_be_visible()
    assert [each.what.value for each in alerts.deliveries("token_refused")] == ["fired"] * 2 + ["resolved"] * 2
