"""From the clock to a person and back: a weekly campaign goes out by itself, the next one is refused, and whoever is
told of it follows the alert to what mends it."""

import re
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from adsapp.alerts.models import AlertWatch
from adsapp.alerts.watching import EVERY, watch_all
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.demo import stage
from adsapp.schedules.models import Schedule
from tests.browser.conftest import Look, type_password
from tests.journeys.conftest import Journey, journey
from tests.waiting import wait_for

pytestmark = pytest.mark.browser
__all__ = ["journey"]

PEOPLE = [{"phone": f"+120255501{place:02}", "first_name": f"Reader{place}"} for place in range(6)]
FIRST = {
    "name": "Weekly bread",
    "template": {"name": "welcome", "language": "en_US"},
    "variables": {"1": {"field": "first_name", "fallback": "there"}},
    "audience": {"all": True},
}
RENEWED = "the-token-of-next-year"
REFUSED = "WhatsApp refuses “Sandbox number”"
ALICE = "Alice <alice@example.com>"


@pytest.fixture(params=["embedded"])
def shape(request: pytest.FixtureRequest) -> str:
    """One shape: the pages do not know which they stand on."""
    kind: str = request.param
    return kind


@pytest.fixture
def console(journey: Journey, monkeypatch: pytest.MonkeyPatch) -> Journey:
    """Everything running, mail to our own people included; one campaign has gone out, so that it can recur."""
    team = stage.known_team(journey.installation.settings.home)
    monkeypatch.setenv("NOTIFICATIONS_RESEND_KEY", team.key)
    monkeypatch.setenv("NOTIFICATIONS_FROM", f"ADSapp <alerts@{team.domain}>")
    journey.installation.start_sandbox(journey.webhook_url, static="static")
    # What Resend takes in a second is no matter here: whoever is told later is told (tests/alerts).
    journey.installation.sandbox("/_sandbox/emails/settings", {"requests_per_second": 100})
    journey.installation.start_web()
    journey.installation.start_worker()
    api = journey.api
    wait_for(lambda: api.get("/api/templates")["templates"], 60, "the templates")
    job = api.post("/api/jobs/import-contacts", {"contacts": PEOPLE})["job"]["id"]
    wait_for(lambda: api.get(f"/api/jobs/{job}")["state"] == "completed", 60, "the import")
    api.post("/api/campaigns", FIRST)
    wait_for(lambda: len(delivered(journey)) == 1, 60, "the campaign that is to recur")
    return journey


def delivered(console: Journey) -> list[dict[str, Any]]:
    """The campaigns that reached everybody."""
    found = console.api.get("/api/campaigns")["campaigns"]
    return [each for each in found if each["counts"]["delivered_total"] == len(PEOPLE)]


def is_paused(console: Journey) -> bool:
    return any(each["status"] == "paused" for each in console.api.get("/api/campaigns")["campaigns"])


def its_time_comes(console: Journey) -> None:
    """The clock is moved to the schedule's next run: what is due then is due now."""
    with db.organization_context(console.app, console.cast.bakery_id):
        db.session.execute(update(Schedule).values(next_run_at=utcnow().replace(microsecond=0)))
        db.session.commit()


def a_minute_passes(console: Journey) -> None:
    """The next look at alerts is due. Whoever is first takes it, the worker or this test: it is taken once."""
    with db.organization_context(console.app, console.cast.bakery_id):
        db.session.execute(update(AlertWatch).values(watched_at=utcnow() - EVERY))
        db.session.commit()
    watch_all(console.app, utcnow())


def mails(console: Journey, subject: str) -> list[str]:
    """The ids of what came to Alice under such a subject."""
    found = console.installation.sandbox("/_sandbox/emails/ledger")["emails"]
    return [each["id"] for each in found if subject in each["subject"] and ALICE in each["to"]]


def go(page: Page, console: Journey, path: str) -> None:
    page.goto(console.installation.settings.base_url + path)


def make_it_weekly(look: Look, console: Journey) -> str:
    """By hand, from the list to the schedule's page; its address."""
    page = look.page
    go(page, console, "/schedules")
    page.get_by_role("link", name="New schedule").first.click()
    page.get_by_role("link", name=re.compile("campaign", re.IGNORECASE)).last.click()
    page.wait_for_load_state()
    page.get_by_label("Name of the schedule").fill("Bread every Monday")
    page.get_by_label("When it runs").press_sequentially("0 9 * * 1")
    page.get_by_label("Time zone").fill("Europe/Madrid")
    expect(page.locator("#explained")).to_contain_text("Every Monday at 09:00 in Europe/Madrid")
    page.get_by_role("button", name="Make the schedule").click()
    page.get_by_role("button", name=re.compile("Let it message")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bread every Monday")
    return page.url


def runs_of(page: Page, address: str) -> Locator:
    page.goto(address)
    return page.locator("[id^=run-]")


def see_it_go(look: Look, console: Journey, schedule: str) -> None:
    page = look.page
    its_time_comes(console)
    wait_for(lambda: len(delivered(console)) == 2, 60, "the week's campaign")
    runs = runs_of(page, schedule)
    expect(runs).to_have_count(1)
    expect(runs).to_contain_text("the clock")
    look.at("clock-schedule-ran")
    runs.get_by_role("link", name="Campaign").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Weekly bread · ")
    expect(page.locator("body")).to_contain_text(re.compile(rf"Delivered\s*{len(PEOPLE)}"))


def break_the_token(console: Journey) -> None:
    """WhatsApp takes another one from now on; the next week's campaign finds out."""
    console.installation.sandbox("/_sandbox/token", {"token": RENEWED})
    its_time_comes(console)
    wait_for(partial(is_paused, console), 60, "the campaign that is refused")
    a_minute_passes(console)


def hear_of_it(look: Look, console: Journey) -> None:
    """In the bell, then in the inbox, whose link is followed."""
    page = look.page
    go(page, console, "/")
    page.get_by_role("link", name="1 open alert, 1 new").click()
    expect(page.get_by_role("heading", name="Alerts", level=1)).to_be_visible()
    expect(page.get_by_text(REFUSED)).to_be_visible()
    look.at("clock-alerts")
    (mail,) = wait_for(lambda: mails(console, REFUSED), 60, "the mail")
    page.goto(f"{console.installation.settings.sandbox_url}/inbox/{mail}")
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_role("link", name="Open the settings").click()
    page.goto(opened.value.url)
    opened.value.close()


def mend_it(look: Look, console: Journey) -> None:
    page = look.page
    expect(page.get_by_text("WhatsApp refuses this number")).to_be_visible()
    look.at("clock-refused")
    page.get_by_label("New access token").fill(RENEWED)
    page.get_by_role("button", name="Save the settings").click()
    expect(page.get_by_text("WhatsApp accepts this number")).to_be_visible()
    page.get_by_role("link", name="Resume paused campaigns").click()
    page.get_by_role("link", name=re.compile("^Weekly bread · ")).first.click()
    page.get_by_role("link", name="Resume").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"It goes on to {len(PEOPLE)} people")
    dialog.get_by_role("button", name="Resume").click()
    wait_for(lambda: len(delivered(console)) == 3, 60, "the rest of the campaign")


def see_that_it_is_over(look: Look, console: Journey) -> None:
    page = look.page
    a_minute_passes(console)
    wait_for(lambda: len(mails(console, REFUSED)) == 2, 60, "the mail that it is over")
    go(page, console, "/alerts")
    expect(page.get_by_text("Nothing is wrong")).to_be_visible()
    expect(page.get_by_role("link", name="No open alerts")).to_be_visible()
    look.at("clock-over")


@pytest.mark.timeout(300)
def test_a_weekly_campaign_goes_and_whoever_is_told_of_its_trouble_mends_it(look: Look, console: Journey) -> None:
    page = look.page
    go(page, console, "/")
    type_password(page)
    schedule = make_it_weekly(look, console)
    see_it_go(look, console, schedule)
    break_the_token(console)
    hear_of_it(look, console)
    mend_it(look, console)
    see_that_it_is_over(look, console)
    expect(runs_of(page, schedule)).to_have_count(2)
    messages = [message["to"] for message in console.installation.ledger()]
    assert {messages.count(each["phone"]) for each in PEOPLE} == {3}
    page.goto("about:blank")  # nobody asks a server that is about to stop
