"""From a file to what comes back: a person imports a list, writes an e-mail, sends it, and sees who did not want it."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from adsapp.core import db
from adsapp.demo import seed, stage
from adsapp.integrations.resend.service import webhook_url
from adsapp.jobs import Queue
from tests.browser.conftest import Look, type_password
from tests.journeys.conftest import Journey, journey

pytestmark = pytest.mark.browser
__all__ = ["journey"]

MINUTE = 60_000
PEOPLE = (
    *((f"person{number}@example.com", f"Person {number}") for number in range(12)),
    ("bounced@resend.dev", "Bodo"),
    ("complained@resend.dev", "Cora"),
)


@pytest.fixture(params=["embedded"])
def shape(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def console(journey: Journey) -> Journey:
    """Everything running, with the sandbox's e-mail account."""
    team = stage.known_team(journey.installation.settings.home)
    with journey.app.app_context():
        db.bind_organization(journey.cast.bakery_id)
        reports = webhook_url(seed.connect_team(team))
        db.session.commit()
    journey.installation.start_sandbox(journey.webhook_url, mail_webhook_url=reports, static="static")
    journey.installation.start_web()
    journey.installation.start_worker(Queue.CONTACT_IMPORT, Queue.EMAIL_NOTIFICATION)
    return journey


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The list."""
    rows = (f"{email},{name},+120255503{place:02d}" for place, (email, name) in enumerate(PEOPLE))
    place = tmp_path / "readers.csv"
    place.write_text("\n".join(["email,first_name,phone", *rows]), encoding="utf-8")
    return place


def go(page: Page, console: Journey, path: str) -> None:
    page.goto(console.installation.settings.base_url + path)


def upload(page: Page, console: Journey, sample: Path) -> None:
    go(page, console, "/imports/new")
    page.locator("input[type=file]").set_input_files(sample)
    page.get_by_role("button", name="Look at the file").click()
    page.get_by_role("button", name=re.compile("^Import")).click()
    expect(page.get_by_role("link", name="Send them a message")).to_be_visible(timeout=MINUTE)


def compose(page: Page, console: Journey) -> None:
    """By key presses on each field and button; only the import is chosen from its list by the script."""
    go(page, console, "/emails")
    page.get_by_role("link", name="New e-mail").first.press("Enter")
    page.wait_for_load_state()  # what is typed before the scripts are there changes nothing
    page.get_by_label("Subject").press_sequentially("Hello {{first_name}}")
    page.keyboard.press("Tab")
    page.keyboard.insert_text("<h1>Hello {{first_name}}</h1><p>Fresh bread since seven.</p>")
    one_import = page.get_by_label("One import")
    one_import.press("Space")
    chosen = page.get_by_label("Import", exact=True)
    chosen.select_option(index=1)
    send = page.get_by_role("button", name=f"Review, then send to {len(PEOPLE)} people")
    expect(send).to_be_visible()
    expect(page.frame_locator(".mail-frame").get_by_role("heading", name="Hello Person 0")).to_be_visible()
    send.press("Enter")
    confirm = page.get_by_role("button", name=f"Send to {len(PEOPLE)} people")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Enter")  # a second time, by mistake: nothing goes out
    expect(confirm).to_be_visible()
    confirm.press("Enter")


@pytest.mark.timeout(600)
def test_a_person_sends_an_email_and_sees_what_comes_back(look: Look, console: Journey, sample: Path) -> None:
    page = look.page
    go(page, console, "/")
    type_password(page)
    upload(page, console, sample)
    compose(page, console)
    expect(page.get_by_text("completed").first).to_be_visible(timeout=MINUTE)
    expect(page.locator("body")).to_contain_text(re.compile(r"Bounced\s*1"), timeout=MINUTE)
    expect(page.locator("body")).to_contain_text(re.compile(r"Complained\s*1"), timeout=MINUTE)
    expect(page.locator("body")).to_contain_text(re.compile(rf"Delivered\s*{len(PEOPLE) - 1}"), timeout=MINUTE)
    look.at("email-came-back")
    sent = [mail["to"] for mail in console.installation.sandbox("/_sandbox/emails/ledger")["emails"]]
    assert len(sent) == len(set(map(str, sent))) == len(PEOPLE)
    page.get_by_role("link", name="See suppressions").first.click()
    expect(page.get_by_text("bounced@resend.dev")).to_be_visible()
    go(page, console, "/suppressions")
    expect(page.get_by_text("complained@resend.dev")).to_be_visible()
    look.at("email-suppressions-after")
    go(page, console, "/")
    expect(page.get_by_role("link", name="E-mail").first).to_be_visible()
    look.at("home-after-email")
