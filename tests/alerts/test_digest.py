"""The digest comes once a day at the member's own hour, and says what there is to say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.alerts import digest
from adsapp.campaigns.models import MessageMinute
from adsapp.core import db
from adsapp.jobs import Job
from adsapp.notifications import digest_times, service
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound.statuses import OutboundStatus
from adsapp.schedules.models import ScheduleState
from tests.alerts.scene import Alerts
from tests.campaigns.scene import set_the_scene
from tests.jobs.steering import post
from tests.notifications.conftest import member
from tests.schedules.scene import Times

MADRID = "Europe/Madrid"
MONDAY = datetime(2027, 3, 1, 0, tzinfo=UTC)


def choose(alerts: Alerts, name: str, hour: int, zone: str, *, on_empty_days: bool = True) -> None:
    def call() -> None:
        who = member(alerts.cast, name)
        service.choose(who, {"digest"}, NOBODY)
        before = MONDAY - timedelta(days=1)
        digest_times.set_time(who, hour, zone, on_empty_days=on_empty_days, now=before, by=NOBODY)

    alerts.within(call)


def sent(alerts: Alerts) -> list[dict[str, Any]]:
    def call() -> list[dict[str, Any]]:
        wanted = select(Job).where(Job.processor == "notify").order_by(Job.id)
        return [job.payload.open() for job in db.session.scalars(wanted)]

    found: list[dict[str, Any]] = alerts.within(call, commit=False)
    return found


def rounds(alerts: Alerts, start: datetime, hours: int) -> list[tuple[datetime, str]]:
    """When whom it was sent to, if somebody looks every quarter of an hour."""
    found, known = [], 0
    for quarter in range(hours * 4):
        now = start + timedelta(minutes=15 * quarter)
        alerts.within(lambda now=now: digest.send_due(now))  # type: ignore[misc]
        new = sent(alerts)[known:]
        known += len(new)
        found += [(now, each["to"]) for each in new]
    return found


def test_each_gets_it_once_a_day_at_their_own_hour(alerts: Alerts) -> None:
    choose(alerts, "alice", 8, MADRID)
    choose(alerts, "bob", 7, "Asia/Kolkata")
    assert rounds(alerts, MONDAY, 48) == [
        (MONDAY + timedelta(hours=1, minutes=30), "bob@example.com"),
        (MONDAY + timedelta(hours=7), "alice@example.com"),
        (MONDAY + timedelta(hours=25, minutes=30), "bob@example.com"),
        (MONDAY + timedelta(hours=31), "alice@example.com"),
    ]


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
@pytest.mark.parametrize("day", [datetime(2027, 3, 28, tzinfo=UTC), datetime(2027, 10, 31, tzinfo=UTC)])
def test_it_comes_once_on_a_day_on_which_the_clock_is_moved(alerts: Alerts, day: datetime) -> None:
    choose(alerts, "alice", 2, MADRID)
    days = [now.astimezone(UTC).date() for now, _ in rounds(alerts, day - timedelta(hours=12), 48)]
    assert len(days) == len(set(days)) == 3  # the 48 hours touch three days


def test_an_empty_day_is_one_line_or_nothing(alerts: Alerts) -> None:
    choose(alerts, "alice", 8, "UTC")
    choose(alerts, "bob", 8, "UTC", on_empty_days=False)
    assert len(rounds(alerts, MONDAY, 24)) == 1
    assert sent(alerts)[0]["values"]["empty"] == digest.EMPTY


def add_schedules(alerts: Alerts) -> None:
    """What recurs: to people twice on this day, often, and too late; and what messages nobody."""
    times = Times(alerts.app, alerts.cast.bakery_id)
    sends: dict[str, Any] = {"processor": "start-campaign", "time_zone": "Asia/Kolkata"}
    times.add("0 15,21 * * 1", name="Weekly offer", next_run_at=MONDAY + timedelta(hours=9, minutes=30), **sends)
    times.add("*/15 * * * *", name="Each quarter", next_run_at=MONDAY + timedelta(hours=10), **sends)
    times.add("0 9 * * 3", name="Wednesdays", next_run_at=MONDAY + timedelta(days=2), **sends)
    times.add("0 12 * * *", name="Templates", processor="sync-templates", next_run_at=MONDAY + timedelta(hours=12))
    late: dict[str, Any] = {"state": ScheduleState.OVERDUE, "state_reason": "It is late", "next_run_at": None}
    times.add("0 9 1 * *", name="Monthly", **late, **sends)


def test_it_says_what_went_out_what_failed_what_is_due_and_what_waits(alerts: Alerts) -> None:
    scene = set_the_scene(alerts.app, alerts.cast)
    campaign_id = scene.campaign(OutboundStatus.COMPLETED)
    rows = [
        MessageMinute(organization_id=alerts.cast.bakery_id, campaign_id=campaign_id, minute=minute, accepted=accepted)
        for minute, accepted in ((MONDAY - timedelta(hours=5), 1200), (MONDAY - timedelta(days=7, hours=5), 900))
    ]
    alerts.within(lambda: db.session.add_all(rows))
    scene.campaign(OutboundStatus.SCHEDULED, name="Night market", scheduled_at=MONDAY + timedelta(hours=18))
    add_schedules(alerts)
    choose(alerts, "alice", 8, "UTC")
    assert len(rounds(alerts, MONDAY, 12)) == 1
    values = sent(alerts)[0]["values"]
    assert ["Messages sent", "1,200 (900 a week before)"] in values["lines"]
    assert values["due"] == [
        "Campaign “Night market” at 18:00",
        "Schedule “Weekly offer”: at 09:30 and 15:30",
        "Schedule “Each quarter”: Every 15 minutes (Asia/Kolkata)",
    ]
    (waits,) = values["waits"]
    assert waits.startswith("The schedule “Monthly” waits for your word. It is late.")
    assert values["empty"] == ""


def test_hour_and_zone_are_chosen_on_the_page(alerts: Alerts, client: FlaskClient) -> None:
    alerts.cast.sign_in(client, "bob")
    assert post(client, "/settings/notifications", told="digest", hour="6", zone=MADRID).status_code == 303
    page = client.get("/settings/notifications").text
    assert '<option value="6" selected>06:00</option>' in page
    assert f'value="{MADRID}"' in page
    wrong = post(client, "/settings/notifications", told="digest", hour="6", zone="Madrid")
    assert wrong.status_code == 422
    assert "There is no time zone “Madrid”" in wrong.text
