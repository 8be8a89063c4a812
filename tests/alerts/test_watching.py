"""One incident and not a hundred mails: looked at once a minute by one, told once, put off, taken on, resolved."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import update

from adsapp.alerts import queries, rules, service, watching
from adsapp.alerts.models import AlertWatch
from adsapp.alerts.rules import RULES, Quiet
from adsapp.campaigns.models import Campaign, CampaignEvent
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.models import Account, AccountStatus
from adsapp.jobs import Queue
from adsapp.organizations.auditing import NOBODY, By
from adsapp.outbound.statuses import OutboundStatus
from tests.alerts.scene import Alerts
from tests.campaigns.scene import set_the_scene
from tests.lone_worker import add_lone_worker

KIND = "token_refused"
NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def refuse(alerts: Alerts) -> Callable[[bool], None]:
    """Let WhatsApp refuse the number, or take it again; no other rule is on."""
    add_lone_worker(alerts.app, Queue, heartbeat_at=NOON + timedelta(days=99))
    set_the_scene(alerts.app, alerts.cast)
    alerts.only(KIND)

    def call(is_refused: bool) -> None:
        status = AccountStatus.REFUSED if is_refused else AccountStatus.ACTIVE
        alerts.change_all(Account, status=status, status_reason="The token has expired")

    return call


Refuse = Callable[[bool], None]


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def what(alerts: Alerts) -> list[str]:
    """What Alice was told by e-mail."""
    return [each.what.value for each in alerts.deliveries(KIND)][::2]  # Adam hears the same


def test_whoever_takes_the_turn_looks_however_many_there_are(alerts: Alerts, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[uuid.UUID] = []
    monkeypatch.setattr(watching, "watch", lambda now: looked.append(db.require_organization_id()))
    for minute in range(3):
        start = threading.Barrier(6)

        def machine(now: datetime, start: threading.Barrier = start) -> None:
            start.wait()
            watching.watch_all(alerts.app, now)

        machines = [threading.Thread(target=machine, args=(at(minute),)) for _ in range(6)]
        for each in machines:
            each.start()
        for each in machines:
            each.join()
    with alerts.app.app_context(), db.engine_transaction() as connection:
        count = len(connection.execute(db.db.select(AlertWatch.organization_id)).all())
    assert count >= 2
    assert looked.count(alerts.cast.bakery_id) == 3
    assert len(looked) == 3 * count


def test_it_is_told_once_and_its_end_once(alerts: Alerts, refuse: Refuse) -> None:
    refuse(True)
    for minute in range(50):
        alerts.look(at(minute))
    assert what(alerts) == ["fired"]
    refuse(False)
    for minute in range(50, 60):
        alerts.look(at(minute))
    assert what(alerts) == ["fired", "resolved"]
    assert alerts.incident(KIND).resolved_at == at(50)


def test_a_refused_account_is_told_by_one_alert_and_what_stands_still_afterwards_by_another(alerts: Alerts) -> None:
    why = "The token has expired"
    add_lone_worker(alerts.app, Queue, heartbeat_at=NOON + timedelta(days=99))
    scene = set_the_scene(alerts.app, alerts.cast)
    alerts.only("token_refused", "campaign_paused")
    for name, reason in (("Night market", why), ("Spring opening", "31 % did not arrive")):
        paused = scene.campaign(OutboundStatus.PAUSED, name=name, status_reason=reason)
        row = CampaignEvent(
            organization_id=alerts.cast.bakery_id, campaign_id=paused, text=f"Paused by itself: {reason}"
        )
        alerts.within(lambda row=row: db.session.add(row))  # type: ignore[misc]
    alerts.change_all(Account, status=AccountStatus.REFUSED, status_reason=why)
    assert alerts.look(NOON) == ["campaign_paused", "token_refused"]
    assert "Spring opening" in alerts.incident("campaign_paused").title
    alerts.set_rule("token_refused", is_on=False)
    alerts.look(at(1))
    assert alerts.incident("campaign_paused").count == 2
    alerts.set_rule("token_refused", is_on=True)
    alerts.look(at(2))
    assert alerts.incident("campaign_paused").count == 1
    alerts.change_all(Account, status=AccountStatus.ACTIVE, status_reason=None)
    assert alerts.look(at(3)) == ["campaign_paused"]
    assert alerts.incident("campaign_paused").count == 2


def test_what_comes_and_goes_is_one_incident_and_told_by_the_cool_down(alerts: Alerts, refuse: Refuse) -> None:
    for minute in range(30):
        refuse(minute % 2 == 0)
        alerts.look(at(minute))
    incident = alerts.incident(KIND)
    assert incident.times == 15
    assert what(alerts) == ["fired", "resolved"]
    refuse(True)
    alerts.look(at(31))
    assert what(alerts) == ["fired", "resolved"]
    alerts.look(at(62))
    assert what(alerts) == ["fired", "resolved", "fired"]
    assert alerts.incident(KIND).id == incident.id


def test_what_comes_back_after_its_cool_down_is_something_new(alerts: Alerts, refuse: Refuse) -> None:
    refuse(True)
    alerts.look(at(0))
    first = alerts.incident(KIND).id
    refuse(False)
    alerts.look(at(1))
    refuse(True)
    alerts.look(at(120))
    assert alerts.incident(KIND).id != first
    assert what(alerts) == ["fired", "resolved", "fired"]


def test_something_else_within_the_cool_down_is_an_alert_of_its_own(alerts: Alerts) -> None:
    """As it was, a campaign that paused soon after another had been resumed went on under that one's alert."""
    add_lone_worker(alerts.app, Queue, heartbeat_at=NOON + timedelta(days=99))
    scene = set_the_scene(alerts.app, alerts.cast)
    alerts.only("campaign_paused")
    first, second = (scene.campaign(OutboundStatus.SENDING, name=name) for name in ("Night market", "Spring opening"))

    def paused(minute: int, *campaigns: uuid.UUID) -> tuple[uuid.UUID, str]:
        alerts.change_all(Campaign, status=OutboundStatus.SENDING)
        for each in campaigns:
            alerts.within(lambda each=each: _pause_by_itself(alerts, each))  # type: ignore[misc]
        alerts.look(at(minute))
        incident = alerts.incident("campaign_paused")
        return incident.id, incident.title

    opened, title = paused(0, first)
    assert "Night market" in title
    paused(1)
    other, title = paused(2, second)
    assert other != opened
    assert "Spring opening" in title
    assert [each.what.value for each in alerts.deliveries("campaign_paused")][::2] == ["fired", "resolved", "fired"]
    paused(3)
    paused(4, first)
    again = alerts.within(lambda: queries.get_incident(opened), commit=False)
    assert again.times == 2, "it is known again, whatever came in between"


def _pause_by_itself(alerts: Alerts, campaign_id: uuid.UUID) -> None:
    campaign = db.session.get_one(Campaign, campaign_id)
    campaign.status, campaign.status_reason = OutboundStatus.PAUSED, "31 % did not arrive"
    text = "Paused by itself: 31 % did not arrive"
    db.session.add(CampaignEvent(organization_id=alerts.cast.bakery_id, campaign_id=campaign_id, text=text))


def test_what_does_not_last_is_seen_by_nobody(alerts: Alerts, refuse: Refuse) -> None:
    alerts.set_rule(KIND, for_minutes=5)
    refuse(True)
    assert alerts.look(at(0)) == alerts.look(at(4)) == []
    refuse(False)
    alerts.look(at(5))
    refuse(True)
    assert alerts.look(at(6)) == []
    assert alerts.look(at(11)) == [KIND]
    assert alerts.incident(KIND).since == at(6)


def test_who_takes_it_on_is_told_only_that_it_is_over(alerts: Alerts, refuse: Refuse) -> None:
    refuse(True)
    alerts.look(at(0))
    by = By("Alice", "Sends another token")
    alerts.within(lambda: service.acknowledge(queries.open_incidents()[KIND], by))
    for minute in (61, 122, 183):
        assert alerts.look(at(minute)) == [KIND]
    assert what(alerts) == ["fired"]
    refuse(False)
    alerts.look(at(200))
    assert what(alerts) == ["fired", "resolved"]
    assert alerts.incident(KIND).note == "Sends another token"


def test_what_is_put_off_is_told_anew_if_it_is_still_so(alerts: Alerts, refuse: Refuse) -> None:
    refuse(True)
    now = utcnow()
    alerts.look(now)
    until = now + timedelta(minutes=30)
    alerts.within(lambda: service.snooze(queries.open_incidents()[KIND], until, NOBODY))
    alerts.look(now + timedelta(minutes=29))
    assert what(alerts) == ["fired"]
    alerts.look(now + timedelta(minutes=31))
    alerts.look(now + timedelta(minutes=32))
    assert what(alerts) == ["fired", "fired"]


@pytest.mark.parametrize("ends_in_the_night", [True, False])
def test_quiet_hours_put_off_what_is_told_also_the_end(alerts: Alerts, refuse: Refuse, ends_in_the_night: bool) -> None:
    alerts.set_rule(KIND, quiet=Quiet(time(22), time(7), "Europe/Madrid"))
    evening = datetime(2027, 3, 1, 20, 50, tzinfo=UTC)  # 21:50 there
    refuse(True)
    if ends_in_the_night:
        alerts.look(evening)
        assert what(alerts) == ["fired"]
        refuse(False)
    for hours in range(1, 9):
        alerts.look(evening + timedelta(hours=hours))
        assert what(alerts) == ["fired"] * ends_in_the_night
    morning = datetime(2027, 3, 2, 6, 0, tzinfo=UTC)  # 7:00 there
    alerts.look(morning - timedelta(minutes=1))
    assert what(alerts) == ["fired"] * ends_in_the_night
    alerts.look(morning)
    assert what(alerts) == (["fired", "resolved"] if ends_in_the_night else ["fired"])


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_value_between_two_thresholds_stays_what_it_was(
    alerts: Alerts, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, values = RULES["disk"], iter([12, 9, 12, 14.9, 9, 15, 12, 11, 10])
    assert (rule.usual.threshold, rule.usual.clears_at) == (10, 15)
    alerts.set_rule("disk", is_on=True)
    usages = (type("Usage", (), {"total": 1000, "free": value * 10}) for value in values)
    monkeypatch.setattr("shutil.disk_usage", lambda _: next(usages))
    assert [bool(alerts.look(at(minute))) for minute in range(9)] == [
        *(False, True, True, True, True),
        *(False, False, False, True),
    ]


def test_more_of_it_is_told_once_its_cool_down_is_over(alerts: Alerts, refuse: Refuse) -> None:
    from tests.emails.scene import set_the_email_scene

    refuse(True)
    alerts.look(at(0))
    set_the_email_scene(alerts.app, alerts.cast)
    from adsapp.integrations.models import EmailAccount

    alerts.change_all(EmailAccount, status=AccountStatus.REFUSED, status_reason="The key was revoked")
    alerts.look(at(1))
    assert alerts.incident(KIND).title == "2 accounts are refused"
    assert len(alerts.incident(KIND).things) == 2
    assert what(alerts) == ["fired"]
    for minute in (60, 61, 121, 181):
        alerts.look(at(minute))
    assert what(alerts) == ["fired", "grew"]


def test_a_rule_that_is_turned_off_ends_what_it_found_and_tells_nobody(alerts: Alerts, refuse: Refuse) -> None:
    refuse(True)
    alerts.look(at(0))
    alerts.set_rule(KIND, is_on=False)
    assert alerts.look(at(1)) == []
    assert alerts.incident(KIND).resolved_because == "The rule was turned off"
    assert what(alerts) == ["fired"]


def test_a_rule_that_breaks_silences_no_other_and_resolves_nothing(
    alerts: Alerts, refuse: Refuse, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(True)
    alerts.set_rule("job_failed", is_on=True)

    def broken(*_: object) -> list[rules.Finding]:
        db.session.execute(db.db.text("select nothing from nowhere"), execution_options={"names_organization": True})
        return []

    monkeypatch.setattr(watching, "RULES", {**RULES, "job_failed": replace(RULES["job_failed"], look=broken)})
    assert alerts.look(at(0)) == [KIND]
    broken_too = {**RULES, KIND: replace(RULES[KIND], look=broken)}
    monkeypatch.setattr(watching, "RULES", broken_too)
    assert alerts.look(at(1)) == [KIND]


def test_what_one_organization_is_told_no_other_is(alerts: Alerts, refuse: Refuse) -> None:
    refuse(True)
    with alerts.app.app_context(), db.engine_transaction() as connection:
        connection.execute(update(AlertWatch).values(watched_at=at(-10)))
    watching.watch_all(alerts.app, at(0))
    assert alerts.deliveries(KIND)
    with db.organization_context(alerts.app, alerts.cast.other_id):
        assert KIND not in queries.open_incidents()
