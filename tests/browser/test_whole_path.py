"""The whole path as a person walks it: sign in, upload, compose, watch, look around; each page looked at four times."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from adsapp.demo import once
from tests.browser.conftest import Look, type_password
from tests.journeys.conftest import Journey, journey

pytestmark = pytest.mark.browser
__all__ = ["journey"]

PEOPLE, FAILED = 44, 1  # the sample's first rows; one number is among those that the sandbox lets fail
REPEATED, REFUSED = 101, 334  # a line each of the sample
MINUTE = 60_000


@pytest.fixture(params=["embedded"])
def shape(request: pytest.FixtureRequest) -> str:
    """One shape: the pages do not know which they stand on, and every view is tested on both without a browser."""
    kind: str = request.param
    return kind


@pytest.fixture
def console(journey: Journey) -> Journey:
    """Everything running."""
    journey.installation.start_sandbox(journey.webhook_url, static="static")
    journey.installation.start_web()
    journey.installation.start_worker()
    return journey


def go(page: Page, console: Journey, path: str) -> None:
    page.goto(console.installation.settings.base_url + path)


def sign_in(look: Look, console: Journey) -> None:
    page = look.page
    go(page, console, "/")
    look.at("sign-in")
    type_password(page)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The first rows of the sample: `adsapp demo --once` takes all of it the same way (tests/test_installed.py)."""
    lines = once.SAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)
    place = tmp_path / once.SAMPLE.name
    place.write_text("".join([*lines[: 1 + PEOPLE], lines[REPEATED], lines[REFUSED]]), encoding="utf-8")
    return place


def upload(look: Look, console: Journey, sample: Path) -> None:
    page = look.page
    go(page, console, "/imports/new")
    look.at("import-upload")
    page.locator("input[type=file]").set_input_files(sample)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_text("Mobile").first).to_be_visible()
    look.at("import-columns")
    page.get_by_role("button", name=re.compile("^Import")).click()
    expect(page.get_by_text(f"{PEOPLE}").first).to_be_visible(timeout=MINUTE)
    expect(page.get_by_role("link", name="Send them a message")).to_be_visible(timeout=MINUTE)
    look.at("import-finished")


def compose(look: Look) -> None:
    page = look.page
    page.get_by_role("link", name="Send them a message").click()
    page.wait_for_load_state()  # a choice made before the scripts are there changes nothing
    welcome = page.locator("#field-template option", has_text="welcome").first.get_attribute("value")
    page.get_by_label("Template").select_option(welcome)
    expect(page.get_by_role("button", name=re.compile(f"Review, then send to {PEOPLE}"))).to_be_visible()
    page.get_by_label("Name of the campaign").fill("Garden weekend")
    look.at("compose")
    send = page.get_by_role("button", name=re.compile(f"Review, then send to {PEOPLE}"))
    with page.expect_response(re.compile("/campaigns")) as looked:  # a Tab away from the last field changed
        send.focus()
        page.locator("#compose").dispatch_event("change")
    assert looked.value.request.method == "GET"
    send.click()
    look.at("compose-confirm")
    page.get_by_role("button", name=re.compile(f"Send to {PEOPLE}")).click()


def watch(look: Look, console: Journey) -> str:
    page = look.page
    expect(page.get_by_role("heading", name="Garden weekend")).to_be_visible()
    look.at("campaign-sending")
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=MINUTE)
    expect(page.locator("body")).to_contain_text(re.compile(rf"Delivered\s*{PEOPLE - FAILED}"), timeout=MINUTE)
    look.at("campaign-finished")
    return page.url


@pytest.mark.timeout(600)  # twenty-two pages, each in four variants, beside all that an installation does meanwhile
def test_a_person_goes_the_whole_way(look: Look, console: Journey, sample: Path) -> None:
    sign_in(look, console)
    look.at("home-empty")
    upload(look, console, sample)
    compose(look)
    address = watch(look, console)
    recipients = [message["to"] for message in console.installation.ledger()]
    assert len(recipients) == len(set(recipients)) == PEOPLE
    look_around(look, console, address)


def look_around(look: Look, console: Journey, campaign: str) -> None:
    page = look.page
    for name, path in (
        ("home", "/"),
        ("campaigns", "/campaigns"),
        ("contacts", "/contacts"),
        ("contact-new", "/contacts/new"),
        ("imports", "/imports"),
        ("templates", "/templates"),
        ("jobs", "/jobs"),
        ("not-found", "/jobs/00000000-0000-7000-8000-000000000000"),
    ):
        go(page, console, path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        look.at(name)
    look.complaints[:] = [text for text in look.complaints if "404" not in text]  # the page asked for
    for name, path in (("contact", "/contacts"), ("template", "/templates"), ("job", "/jobs")):
        go(page, console, path)
        page.locator(f"main a[href^='{path}/']:not([href$='/new'])").first.click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        look.at(name)
    page.goto(campaign + "?status=failed")
    expect(page.get_by_role("heading", name=f"Why {FAILED} failed")).to_be_visible()
    look.at("campaign-why-failed")
    page.goto(console.installation.settings.sandbox_url)
    look.at("sandbox")
    page.goto("about:blank")  # nobody asks a server that is about to stop
