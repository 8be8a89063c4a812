"""Schedules as people see them: each page in four variants, and an expression explained while it is typed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.outbound.statuses import OutboundStatus
from adsapp.schedules.models import FireState, Schedule, ScheduleFire, ScheduleState
from tests.browser.conftest import Console, Look
from tests.campaigns.scene import set_the_scene
from tests.schedules.scene import Times
from tests.schedules.test_api import CAMPAIGN

pytestmark = pytest.mark.browser


@pytest.fixture(params=["embedded"])
def shape(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def times(console: Console) -> Times:
    """A template sync each night and a weekly campaign, one in each state."""
    scene = set_the_scene(console.app, console.cast)
    sent: dict[str, Any] = {"template_name": "spring", "template_language": "en", "audience": {"tags": ["london"]}}
    scene.campaign(OutboundStatus.COMPLETED, variables=CAMPAIGN["variables"], name="Spring offer", **sent)
    times = Times(console.app, console.cast.bakery_id)
    with console.app.app_context():
        weekly, nightly = db.SecretJson.of(CAMPAIGN), db.SecretJson.of({"account_id": str(scene.account_id)})
    soon = utcnow() + timedelta(hours=3)
    madrid: dict[str, Any] = {"time_zone": "Europe/Madrid", "created_by": "Alice"}
    times.add("0 9 * * 1", name="Weekly offer", processor="start-campaign", params=weekly, next_run_at=soon, **madrid)
    times.add("30 2 * * *", name="Templates at night", processor="sync-templates", params=nightly, next_run_at=soon)
    address = {"url": "https://ann:pw@shop.example.com/lists/customers.csv?key=t0ken", "header": ["Name", "Mobile"]}
    listed = {**address, "mapping": {"0": "name", "1": "phone"}, "options": {"tags": ["shop"]}}
    gone = {**CAMPAIGN, "audience": {"tags": ["nobody"]}}
    with console.app.app_context():
        customers, to_nobody = db.SecretJson.of(listed), db.SecretJson.of(gone)
    with db.organization_context(console.app, console.cast.bakery_id):
        values = {"file_name": "people.csv", "path": "x", "sha256": "0", "size_bytes": 1, "job_id": new_id()}
        owner = console.cast.bakery_id
        db.session.add(Import(organization_id=owner, status=ImportStatus.COMPLETED, **values))
        db.session.commit()
    times.add("@daily", name="List of the shop", processor="start-import", params=customers, next_run_at=soon)
    times.add("@daily", name="To nobody", processor="start-campaign", params=to_nobody, next_run_at=soon)
    times.add("*/15 * * * *", name="Each quarter", processor="sync-templates", params=nightly, next_run_at=soon)
    paused: dict[str, Any] = {"state": ScheduleState.PAUSED, "state_reason": "the shop is closed", "next_run_at": None}
    times.add("0 18 * * 5", name="Friday evening", processor="start-campaign", params=weekly, **paused, **madrid)
    late: dict[str, Any] = {
        "state": ScheduleState.OVERDUE,
        "due_since": utcnow() - timedelta(days=6),
        "next_run_at": None,
    }
    why = "It should have run on Mon 23 Nov 2026 at 09:00 (UTC), and is later than its grace"
    times.add("0 9 1 * *", name="Monthly", processor="start-campaign", params=weekly, state_reason=why, **late)
    return times


def find(times: Times, name: str) -> str:
    with db.organization_context(times.app, times.organization_id):
        schedule = db.session.query(Schedule).filter_by(name=name).one()
        for place, (state, reason) in enumerate(
            ((FireState.SKIPPED, "The run before had not ended"), (FireState.MISSED, "No worker was running"))
        ):
            fire = ScheduleFire(organization_id=times.organization_id, schedule_id=schedule.id, state=state)
            fire.fire_at, fire.reason = utcnow() - timedelta(days=place + 1), reason
            db.session.add(fire)
        db.session.commit()
        return f"/schedules/{schedule.id}"


def test_schedules_are_looked_at_from_all_sides(alice: Page, console: Console, look: Look, times: Times) -> None:
    for name, path in (
        ("schedules", "/schedules"),
        ("schedule-weekly", find(times, "Weekly offer")),
        ("schedule-overdue", find(times, "Monthly")),
        ("schedule-paused", find(times, "Friday evening")),
        ("schedule-new", "/schedules/new"),
        ("schedule-form", "/schedules/new?kind=start-campaign"),
        ("schedule-form-import", "/schedules/new?kind=start-import"),
        ("schedule-import", find(times, "List of the shop")),
        ("schedule-broken", find(times, "To nobody")),
    ):
        console.open(alice, path)
        look.at(name)
    console.open(alice, find(times, "Weekly offer"))
    days, free = alice.locator(".week-day"), alice.locator(".week-day.is-free:not(.is-today)")
    expect(days).to_have_count(7)
    expect(free.first).to_be_visible()
    alice.set_viewport_size({"width": 390, "height": 844})
    expect(free.first).to_be_hidden()
    expect(alice.locator(".week-day.is-today")).to_be_visible()


def test_nothing_yet_says_what_to_do(alice: Page, console: Console, look: Look) -> None:
    console.open(alice, "/schedules")
    look.at("schedules-empty")
    console.open(alice, "/schedules/new?kind=start-campaign")
    look.at("schedule-form-empty")


def test_an_expression_is_explained_while_it_is_typed(alice: Page, console: Console, look: Look, times: Times) -> None:
    console.open(alice, "/schedules/new?kind=start-campaign")
    alice.get_by_label("Name of the schedule").fill("Mondays")
    alice.get_by_label("Time zone").fill("Europe/Madrid")
    alice.get_by_label("When it runs").press_sequentially("0 9 * * 1")
    explained = alice.locator("#explained")
    expect(explained).to_contain_text("Every Monday at 09:00 in Europe/Madrid")
    expect(explained.locator("tbody tr")).to_have_count(5)
    look.at("schedule-form-explained")
    alice.get_by_label("When it runs").fill("0 0 31 2 *")
    expect(explained).to_contain_text("there is no 31 February")
    look.at("schedule-form-wrong")
    alice.get_by_label("Or choose").select_option("weekdays")
    alice.get_by_text("Wednesday").click()
    alice.get_by_label("At", exact=True).fill("18:30")
    expect(explained).to_contain_text("Every Wednesday at 18:30")
    expect(alice.get_by_label("Day of the month")).to_be_hidden()
    look.at("schedule-form-chosen")
    alice.get_by_label("Or choose").select_option("")
    alice.get_by_label("When it runs").fill("0 9 * * 1")
    alice.get_by_label("Who is left out each time").select_option("168")
    alice.get_by_role("button", name="Make the schedule").click()
    alice.get_by_role("button", name=re.compile("Let it message")).click()
    expect(alice.get_by_role("heading", level=1)).to_contain_text("Mondays")
    expect(alice.get_by_text("without those who got a campaign in 168 hours")).to_be_visible()
    alice.get_by_role("link", name="Run now").click()
    dialog = alice.get_by_role("dialog")
    expect(dialog).to_contain_text("get the message as soon as it begins")
    look.at("schedule-run-now")
