"""The pages of alerts and the bell: what is open, taken on or put off, rules set and tried, channels tested."""

import html
import re
import uuid
from datetime import timedelta
from functools import partial

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from adsapp.alerts import queries
from adsapp.alerts.models import AlertChannel, AlertIncident, ChannelKind
from adsapp.alerts.rules import RULES
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.models import AccountStatus
from adsapp.jobs import Queue
from adsapp.jobs.models import StatsMinute
from tests.alerts.scene import SECRET, Alerts
from tests.alerts.stand_ins import StandIn, is_signed
from tests.campaigns.scene import set_the_scene
from tests.jobs.steering import post
from tests.lone_worker import add_lone_worker

KIND = "token_refused"


@pytest.fixture
def alice(alerts: Alerts, client: FlaskClient) -> FlaskClient:
    """Alice at her browser; WhatsApp has refused her number a moment ago."""
    from adsapp.integrations.models import Account

    add_lone_worker(alerts.app, Queue)
    set_the_scene(alerts.app, alerts.cast)
    alerts.only(KIND)
    alerts.change_all(Account, status=AccountStatus.REFUSED, status_reason="The token has expired")
    alerts.look(utcnow())
    return alerts.cast.sign_in(client, "alice")


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def bell(page: str) -> str:
    found = re.search(r'id="bell"[^>]*aria-label="([^"]+)"', page)
    assert found
    return found[1]


def test_the_bell_rings_on_every_page_until_somebody_has_looked(alice: FlaskClient) -> None:
    assert bell(alice.get("/jobs").text) == "1 open alert, 1 new"
    page = alice.get("/alerts").text
    assert "WhatsApp refuses “Main number”" in words(page)
    assert bell(alice.get("/jobs").text) == "1 open alert"
    shown = re.search(r'hx-get="(/alerts/bell[^"]+)"', alice.get("/jobs").text)
    assert shown
    assert alice.get(html.unescape(shown[1])).status_code == 204
    assert 'id="bell"' in alice.get("/alerts/bell?shown=0-0-0").text


def test_an_alert_says_what_since_when_why_and_leads_to_what_helps(alice: FlaskClient, alerts: Alerts) -> None:
    incident = alerts.incident(KIND)
    page = alice.get(f"/alerts/{incident.id}").text
    for said in ("WhatsApp refuses “Main number”", "The token has expired", "Critical", "Who was told", "E-mail"):
        assert said in words(page)
    assert f'href="{incident.url}"' in page
    assert alice.get(incident.url).status_code == 200


def test_an_alert_tells_its_course(alice: FlaskClient, alerts: Alerts) -> None:
    incident = alerts.incident(KIND)
    here = f"/alerts/{incident.id}"
    assert re.findall("It began|A rule found it|the bell shows it", words(alice.get(here).text)) == [
        "It began",
        "A rule found it",
        "the bell shows it",
    ]
    post(alice, f"{here}/acknowledgement", reason="I ask for a token")
    alerts.change_all(AlertIncident, resolved_at=utcnow(), resolved_because="WhatsApp takes the token again")
    assert re.search(
        "the bell shows it .* Alice took it on .* I ask for a token It is over .* WhatsApp takes the token again",
        words(alice.get(here).text),
    )


def test_an_alert_is_taken_on_with_a_reason(alice: FlaskClient, alerts: Alerts) -> None:
    incident = alerts.incident(KIND)
    where = f"/alerts/{incident.id}/acknowledgement"
    assert "Take this alert on?" in alice.get(where).text
    assert post(alice, where, reason="I ask for a token").status_code == 303
    page = words(alice.get("/alerts").text)
    assert "Alice looks after it: I ask for a token" in page
    assert bell(alice.get("/jobs").text) == "No open alerts"


def test_an_alert_is_put_off_and_what_is_over_is_not(alice: FlaskClient, alerts: Alerts) -> None:
    incident = alerts.incident(KIND)
    assert post(alice, f"/alerts/{incident.id}/snooze", hours="4").status_code == 303
    assert "put off until" in words(alice.get("/alerts").text)
    assert post(alice, f"/alerts/{incident.id}/snooze", hours="").status_code == 422
    alerts.change_all(AlertIncident, resolved_at=utcnow())
    assert post(alice, f"/alerts/{incident.id}/acknowledgement").status_code == 409
    assert "Nothing is wrong" in words(alice.get("/alerts").text)
    assert "WhatsApp refuses" in words(alice.get("/alerts/history").text)


def test_what_was_taken_on_or_put_off_can_be_taken_back_and_the_bell_counts_as_the_page(
    alice: FlaskClient, alerts: Alerts
) -> None:
    incident = alerts.incident(KIND)
    here = f"/alerts/{incident.id}"
    assert post(alice, f"{here}/acknowledgement/end").status_code == 409
    assert post(alice, f"{here}/snooze/end").status_code == 409
    post(alice, f"{here}/acknowledgement", reason="I look")
    page = alice.get("/alerts").text
    assert bell(page) == "No open alerts"
    assert "Taken on 1" in words(page)
    assert "Open now 1" not in words(page)
    assert "Give it back" in words(alice.get(here).text)
    given = post(alice, f"{here}/acknowledgement/end", back=here)
    assert (given.status_code, given.headers["Location"]) == (303, here)
    page = alice.get("/alerts").text
    assert bell(page).startswith("1 open alert")
    assert "Open now 1" in words(page)
    post(alice, f"{here}/snooze", hours="4")
    assert "Put it off no more" in words(alice.get("/alerts").text)
    assert post(alice, f"{here}/snooze/end").status_code == 303
    now = alerts.incident(KIND)
    assert (now.acknowledged_at, now.acknowledged_by, now.snoozed_until) == (None, "", None)
    told = len(alerts.deliveries(KIND))
    alerts.look(utcnow() + timedelta(minutes=1))
    assert len(alerts.deliveries(KIND)) == told  # as before: it was told already


def test_slack_is_at_slack(alice: FlaskClient) -> None:
    for address in ("https://slack.com.example.org/x", "https://example.com/services/x", "http://hooks.slack.com/x"):
        answer = post(alice, "/alerts/channels", kind="slack", name="Ops", address=address)
        assert answer.status_code == 422
        assert "This is no address of Slack’s" in words(answer.text)
    good = "https://hooks.slack.com/services/T0/B0/x"
    assert post(alice, "/alerts/channels", kind="slack", name="Ops", address=good).status_code == 303
    assert (
        post(alice, "/alerts/channels", kind="webhook", name="Other", address="https://example.com/x").status_code
        == 303
    )


def test_a_rule_is_set_and_set_back(alice: FlaskClient, alerts: Alerts) -> None:
    where = "/alerts/rules/job_failed"
    typed = {"is_on": "1", "threshold": "5", "clears_at": "2", "window_minutes": "30", "severity": "critical"}
    night = {"quiet_from": "22:00", "quiet_until": "07:00", "quiet_zone": "Europe/Madrid"}
    answer = post(alice, where, which="chosen", channel="email", **typed, **night)
    assert answer.status_code == 303, words(answer.text)
    conditions = alerts.within(lambda: queries.conditions_of(RULES["job_failed"]), commit=False)
    assert (conditions.threshold, conditions.clears_at, conditions.window_minutes) == (5, 2, 30)
    assert conditions.channels == ("email",)
    assert conditions.quiet is not None
    page = alice.get(where).text
    for value in ('value="5"', 'value="22:00"', 'value="Europe/Madrid"'):
        assert value in page
    assert "At least 5 jobs within 30 minutes" in words(alice.get("/alerts/rules").text)
    assert confirm_plain(alice, f"{where}/reset") == 303
    assert alerts.within(lambda: queries.conditions_of(RULES["job_failed"])) == RULES["job_failed"].usual


def confirm_plain(client: FlaskClient, where: str) -> int:
    assert client.get(where).status_code == 200
    return int(post(client, where).status_code)


@pytest.mark.parametrize(
    "field, value, says",
    [
        ("threshold", "0", "“Failed jobs at least” should be 1 to 100,000 jobs"),
        ("threshold", "many", "“Failed jobs at least” should be a whole number"),
        ("clears_at", "9", "“Over when at most” should be at most 1, where it begins"),
        ("window_minutes", "1", "“Within how many minutes” should be 5 to 10,080 minutes"),
        ("cool_down_minutes", "0", "“Told again after how many minutes” should be 1 to 10,080 minutes"),
        ("quiet_from", "25:00", "“Quiet from” should be a time such as 22:00"),
        ("quiet_zone", "Europe/Nowhere", "There is no time zone"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field_and_kept(
    alice: FlaskClient, field: str, value: str, says: str
) -> None:
    typed = {"is_on": "1", "quiet_from": "22:00", "quiet_until": "07:00", "quiet_zone": "UTC", field: value}
    answer = post(alice, "/alerts/rules/job_failed", **typed)
    assert answer.status_code == 422
    assert says in words(answer.text)
    assert f'value="{value}"' in answer.text


def test_a_rule_is_tried_before_it_is_saved(alice: FlaskClient, alerts: Alerts) -> None:
    for hours in (30, 60, 90):
        minute = (utcnow() - timedelta(hours=hours)).replace(second=0, microsecond=0)
        owner = alerts.cast.bakery_id
        row = StatsMinute(organization_id=owner, queue=Queue.CONTACT_IMPORT, minute=minute, failed=hours // 30)
        alerts.within(partial(db.session.add, row))
    page = post(alice, "/alerts/rules/job_failed/trials", is_on="1", threshold="2", clears_at="1").text
    assert "It would have fired 2 times in the last 7 days" in words(page)
    assert 'value="2"' in page
    assert "job_failed" not in alerts.within(queries.changed_kinds) or "Changed here" not in page
    page = post(alice, "/alerts/rules/job_failed/trials", is_on="1", threshold="9", clears_at="1").text
    assert "It would not have fired in the last 7 days" in words(page)


def test_a_webhook_is_added_tested_and_removed(alice: FlaskClient, alerts: Alerts, receiver: StandIn) -> None:
    form = alice.get("/alerts/channels/new?kind=webhook").text
    assert re.search(r'name="secret"[^>]* value="[\w-]{40,}"', form)
    answer = post(
        alice, "/alerts/channels", kind="webhook", name="Pager", address=f"{receiver.url}/a-key", secret=SECRET
    )
    assert answer.status_code == 303
    here = answer.headers["Location"]
    assert post(alice, f"{here}/tests").status_code == 303
    assert is_signed(receiver.asked[0], SECRET)
    page = alice.get(here).text
    assert "The test was taken. Answered 200: ok" in words(page)
    assert SECRET not in page
    assert receiver.url in page
    assert "a-key" not in page
    receiver.says(410, "gone")
    post(alice, f"{here}/tests")
    assert "The test was not taken. Answered 410: gone" in words(alice.get(here).text)
    for where in ("/alerts/channels", "/alerts"):
        assert "Answered 410: gone" in words(alice.get(where).text)
    assert "Pager did not take the last message" in words(alice.get("/alerts/rules").text)
    assert confirm_plain(alice, f"{here}/removal") == 303
    assert "Pager" in words(alice.get("/alerts/told").text)


def test_an_address_inside_is_refused_beside_its_field(alice: FlaskClient) -> None:
    answer = post(alice, "/alerts/channels", kind="slack", name="Ops", address="http://192.168.0.1/x")
    assert answer.status_code == 422
    assert "192.168.0.1 is not on the open internet" in words(answer.text)


def test_a_test_by_e_mail_goes_to_who_asks_and_says_if_no_mail_leaves(alice: FlaskClient, alerts: Alerts) -> None:
    assert post(alice, "/alerts/channels/email/tests").status_code == 303
    assert "No mail leaves this installation" in words(alice.get("/alerts/channels").text)
    assert [each.channel_name for each in alerts.deliveries("")] == ["E-mail to Alice"]


def test_what_was_told_is_told_again(alice: FlaskClient, alerts: Alerts) -> None:
    alerts.deliver()
    told = alerts.deliveries(KIND)[0]
    assert post(alice, f"/alerts/told/{told.id}/replays").status_code == 303
    assert "(once more)" in words(alice.get("/alerts/told").text)


@pytest.mark.parametrize("who, sees", [("bob", True), ("vera", True), ("charlie", False)])
def test_who_may_see_and_who_may_do(alice: FlaskClient, alerts: Alerts, who: str, sees: bool) -> None:
    incident = alerts.incident(KIND)
    client = alerts.cast.sign_in(alerts.app.test_client(), who)
    assert client.get(f"/alerts/{incident.id}").status_code == (200 if sees else 404)
    refused = 403 if sees else 404
    assert post(client, f"/alerts/{incident.id}/acknowledgement").status_code == refused
    if sees:
        assert client.get("/alerts/rules/job_failed").status_code == 403
        assert client.get("/alerts/channels/new").status_code == 403
        for path in ("/alerts", "/alerts/rules", "/alerts/channels", "/alerts/told", "/alerts/history"):
            assert client.get(path).status_code == 200
    else:
        assert "WhatsApp refuses" not in client.get("/alerts").text
        assert bell(client.get("/alerts").text) == "No open alerts"


def test_odd_ids_are_not_there(alice: FlaskClient) -> None:
    for path in ("/alerts/nothing", f"/alerts/{uuid.uuid4()}", "/alerts/channels/x", "/alerts/rules/nothing"):
        assert alice.get(path).status_code == 404


def test_a_channel_that_is_off_is_told_nothing(alice: FlaskClient, alerts: Alerts, slack: StandIn) -> None:
    channel = alerts.add_channel(ChannelKind.SLACK, slack.url)
    assert post(alice, f"/alerts/channels/{channel}", name="Slack").status_code == 303
    alerts.within(lambda: db.session.execute(update(AlertIncident).values(told=None, told_at=None)))
    alerts.look(utcnow())
    alerts.deliver()
    assert slack.asked == []
    assert alerts.within(lambda: db.session.get_one(AlertChannel, channel).is_on) is False
