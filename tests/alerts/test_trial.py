"""What a rule would have said: the same as it would really have said, by figures that are kept anyway."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from adsapp.alerts.rules import RULES, Conditions
from adsapp.alerts.rules.base import rolling
from adsapp.alerts.trial import firings, try_rule
from adsapp.campaigns.models import CampaignEvent, MessageMinute
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import db
from adsapp.integrations.events import NoticeKind
from adsapp.integrations.models import NoticeLevel, ProviderNotice
from adsapp.jobs import Queue
from adsapp.jobs.models import StatsMinute
from adsapp.outbound.statuses import OutboundStatus
from tests.alerts.scene import Alerts
from tests.campaigns.scene import set_the_scene

NOW = datetime(2027, 3, 8, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def spans(kind: str, course: list[tuple[datetime, float]], **changes: object) -> list[tuple[float, float | None]]:
    """Begin and end of each incident, in hours before now."""
    conditions = replace(RULES[kind].usual, **changes)  # type: ignore[arg-type]
    found = firings(RULES[kind], {"x": course}, conditions, NOW)
    hour = timedelta(hours=1)
    return [((NOW - each.began) / hour, (NOW - each.ended) / hour if each.ended else None) for each in found]


def test_a_course_becomes_incidents_by_both_thresholds() -> None:
    course = [(at(20), 12.0), (at(19), 16.0), (at(18), 8.0), (at(17), 4.0), (at(10), 30.0)]
    assert spans("oldest_wait", course) == [(19, 17), (10, None)]
    assert spans("oldest_wait", course, clears_at=15) == [(19, 18), (10, None)]
    assert spans("oldest_wait", course, threshold=20) == [(10, None)]
    assert spans("oldest_wait", course, threshold=40) == []


def test_what_comes_back_within_the_cool_down_is_one_incident() -> None:
    course = [(at(20), 20.0), (at(19.9), 0.0), (at(19.5), 20.0), (at(19.4), 0.0), (at(17), 20.0), (at(16), 0.0)]
    assert spans("oldest_wait", course) == [(20, pytest.approx(19.4)), (17, 16)]
    assert len(spans("oldest_wait", course, cool_down_minutes=1)) == 3


def test_something_else_within_the_cool_down_is_another_incident() -> None:
    one, other = [(at(20), 1.0), (at(19.9), 0.0)], [(at(19.7), 1.0), (at(19.6), 0.0)]
    again = [*one, (at(19.4), 1.0), (at(19.3), 0.0)]
    conditions = RULES["campaign_paused"].usual
    found = firings(RULES["campaign_paused"], {"one": again, "other": other}, conditions, NOW)
    assert [(each.began, each.ended) for each in found] == [(at(20), at(19.3)), (at(19.7), at(19.6))]


def test_what_did_not_last_is_left_out() -> None:
    course = [(at(20), 20.0), (at(19.9), 0.0), (at(17), 20.0), (at(16), 0.0)]
    assert spans("oldest_wait", course, for_minutes=30) == [(17, 16)]


def test_a_window_moves_over_what_happened() -> None:
    sums = rolling([(at(5), 1.0), (at(4.5), 2.0)], timedelta(hours=1))
    assert sums == [(at(5), 1), (at(4.5), 3), (at(4), 2), (at(3.5), 0)]


def fail(alerts: Alerts, hours: float, failed: int, completed: int = 0) -> None:
    row = StatsMinute(
        organization_id=alerts.cast.bakery_id,
        queue=Queue.CONTACT_IMPORT,
        minute=at(hours),
        failed=failed,
        completed=completed,
    )
    alerts.within(lambda: db.session.add(row))


def tried(alerts: Alerts, kind: str, conditions: Conditions | None = None) -> list[tuple[datetime, float]]:
    found = alerts.within(lambda: try_rule(RULES[kind], conditions or RULES[kind].usual, NOW), commit=False)
    assert found.is_tried
    return [(each.began, each.peak) for each in found.firings]


def test_failed_jobs_of_a_week_are_tried_by_the_minute(alerts: Alerts) -> None:
    for hours, failed in ((200, 9), (50, 1), (49.5, 4), (3, 2)):
        fail(alerts, hours, failed, completed=20)
    assert tried(alerts, "job_failed") == [(at(3), 2), (at(50), 5)]
    more = replace(RULES["job_failed"].usual, threshold=5)
    assert tried(alerts, "job_failed", more) == [(at(49.5), 5)]
    assert tried(alerts, "failure_share") == []
    fail(alerts, 1, 15, completed=5)
    assert tried(alerts, "failure_share") == [(at(1), 75)]


@pytest.mark.both
def test_pauses_imports_and_warnings_of_a_week_are_tried(alerts: Alerts) -> None:
    scene = set_the_scene(alerts.app, alerts.cast)
    campaign_id, owner = scene.campaign(OutboundStatus.PAUSED), alerts.cast.bakery_id
    paused = {"organization_id": owner, "campaign_id": campaign_id}
    read = {"organization_id": owner, "status": ImportStatus.COMPLETED, "path": "x", "sha256": "0", "size_bytes": 1}
    said = {"organization_id": owner, "account_id": scene.account_id, "kind": NoticeKind.QUALITY.value, "title": "Low"}
    rows = [
        CampaignEvent(**paused, at=at(30), text="Paused by itself: 31 %"),
        CampaignEvent(**paused, at=at(20), text="Paused", by="Alice"),
        Import(**read, file_name="a.csv", rows_read=100, rejected=80, finished_at=at(60)),
        Import(**read, file_name="b.csv", rows_read=100, rejected=2, finished_at=at(10)),
        ProviderNotice(**said, at=at(90), level=NoticeLevel.BAD),
        ProviderNotice(**said, at=at(80), level=NoticeLevel.GOOD),
    ]
    alerts.within(lambda: db.session.add_all(rows))
    assert tried(alerts, "campaign_paused") == [(at(30), 1)]
    assert tried(alerts, "import_rejected") == [(at(60), 80)]
    assert tried(alerts, "quality_down") == [(at(90), 1)]
    assert tried(alerts, "message_failures") == tried(alerts, "suppressions") == tried(alerts, "oldest_wait") == []


def test_a_share_counts_no_message_twice(alerts: Alerts) -> None:
    """Who failed after the provider had accepted it is one message; a job that failed is none that was completed."""
    campaign_id, owner = (
        set_the_scene(alerts.app, alerts.cast).campaign(OutboundStatus.COMPLETED),
        alerts.cast.bakery_id,
    )
    for hours, counts in (
        (90, {"accepted": 100, "failed": 25}),  # all of them later: 25 of 100, not of 125
        (70, {"accepted": 75, "failed": 25, "refused": 25}),  # at once
        (50, {"failed": 60}),  # accepted before the window
    ):
        minute = MessageMinute(organization_id=owner, campaign_id=campaign_id, minute=at(hours), **counts)
        alerts.within(partial(db.session.add, minute))
    assert tried(alerts, "message_failures") == [(at(50), 100), (at(70), 25), (at(90), 25)]
    fail(alerts, 30, 10, completed=30)
    assert tried(alerts, "failure_share") == [(at(30), 25)]


@pytest.mark.both
def test_a_rule_of_which_nothing_is_kept_says_so(alerts: Alerts) -> None:
    found = alerts.within(lambda: try_rule(RULES["disk"], RULES["disk"].usual, NOW), commit=False)
    assert not found.is_tried
    assert "Nothing is kept" in found.note
