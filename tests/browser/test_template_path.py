"""From a first word to a campaign: somebody writes a template, mends it, sees it rejected and approved, tries it on an
import, takes the texts along, and sends it on to those who can get it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from adsapp.jobs import Queue
from tests.browser.conftest import Look, sign_in
from tests.cast import Cast
from tests.live import Live, on_the_air, running_sandbox

pytestmark = pytest.mark.browser

MINUTE = 60_000
PEOPLE = ((1, "ANA MARIA"), (2, "ben"), (3, ""), (4, "CHIDI"))


@pytest.fixture(params=["embedded"])
def shape(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def live(app: Flask, cast: Cast, tmp_path: Path) -> Iterator[Live]:
    """Harbour Bakery on the air, with a sandbox of its own and a worker for each queue."""
    with running_sandbox(tmp_path / "config.json") as url, on_the_air(app, cast, url) as live:
        live.start_worker(*Queue)
        yield live


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The list: one of them has no name."""
    rows = (f"{name},+12025550{number:03d},2026-12-{number:02d}" for number, name in PEOPLE)
    place = tmp_path / "orders.csv"
    place.write_text("\n".join(["first_name,phone,due", *rows]), encoding="utf-8")
    return place


def write(page: Page, live: Live, look: Look) -> None:
    """With every mistake that a person makes at first; each is told before anything is sent."""
    page.goto(f"{live.web_url}/templates")
    page.get_by_role("link", name="New template").press("Enter")
    page.wait_for_load_state()
    look.at("studio-empty")
    page.get_by_label("Name", exact=True).fill("Order ready")
    page.get_by_label("Language").select_option("en")
    page.get_by_label("Utility").press("Space")
    page.get_by_label("Text", exact=True).fill("{{1}} tell us your password by {{2}}")
    expect(page.get_by_text("The text starts with the variable {{1}}").first).to_be_visible()
    expect(page.get_by_text("order_ready.").first).to_be_visible()
    look.at("studio-faults")
    page.get_by_label("Name", exact=True).fill("order_ready")
    page.get_by_label("Text", exact=True).fill("Hello {{1}}, tell us your password by {{2}} please.")
    page.get_by_label("Example of {{1}}").fill("Ana")
    page.get_by_label("Example of {{2}}").fill("1 December 2026")
    page.get_by_label("Kind").first.select_option("QUICK_REPLY")
    page.get_by_label("Words").first.fill("Thank you")
    expect(page.locator("#studio .pill", has_text="ready")).to_be_visible()
    look.at("studio-ready")
    page.get_by_role("button", name="Submit for review").press("Enter")


def mend(page: Page, look: Look) -> None:
    """The sandbox rejects it; with other words it is approved, and both are seen without a reload."""
    expect(page.locator("#template")).to_contain_text("Reason given: scam", timeout=20_000)
    look.at("template-rejected")
    page.get_by_role("link", name="Edit the text").press("Enter")
    page.wait_for_load_state()
    page.get_by_label("Text", exact=True).fill("Hello {{1}}, your order is ready on {{2}}, see you soon.")
    expect(page.locator("#studio .pill", has_text="ready")).to_be_visible()
    page.get_by_role("button", name="Submit for review").press("Enter")
    expect(page.locator("#template .pill", has_text="approved").first).to_be_visible(timeout=MINUTE)
    expect(page.get_by_text("No campaign used it in 90 days")).to_be_visible()
    look.at("template-approved")


def import_them(page: Page, live: Live, sample: Path) -> None:
    page.goto(f"{live.web_url}/imports/new")
    page.locator("input[type=file]").set_input_files(sample)
    page.get_by_role("button", name="Look at the file").click()
    page.get_by_role("button", name=re.compile("^Import")).click()
    expect(page.get_by_role("link", name="Send them a message")).to_be_visible(timeout=MINUTE)


def try_it(page: Page, place: str, look: Look) -> None:
    page.goto(place)
    page.get_by_role("link", name="Try it on an audience").press("Enter")
    page.wait_for_load_state()
    page.get_by_label("One import").press("Space")
    page.get_by_label("Import", exact=True).select_option(index=1)
    page.get_by_label("{{1}} comes from").select_option("first_name")
    page.locator('[id="how-body.1"] summary').click()
    page.get_by_label("{{1}}, written as").select_option("first_title")
    page.get_by_label("{{2}} comes from").select_option("attribute:due")
    page.locator('[id="how-body.2"] summary').click()
    page.get_by_label("{{2}}, written as").select_option("date-long")
    expect(page.locator("#as-they-see-it")).to_contain_text("Hello Ana, your order is ready on December 1, 2026")
    look.at("trial-form")
    page.get_by_role("button", name="Try it on 4 people").press("Enter")
    expect(page.get_by_text("Some cannot get it yet")).to_be_visible(timeout=MINUTE)
    expect(page.get_by_text("{{1}} is empty")).to_be_visible()
    look.at("trial")
    page.get_by_role("link", name=re.compile("^Can get it")).press("Enter")
    expect(page.get_by_text("December 4, 2026")).to_be_visible()
    look.at("trial-texts")


@pytest.mark.timeout(600)
def test_a_template_is_written_mended_tried_and_sent_on(look: Look, live: Live, sample: Path) -> None:
    page = look.page
    sign_in(page, live.web_url)
    write(page, live, look)
    mend(page, look)
    place = page.url
    import_them(page, live, sample)
    try_it(page, place, look)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the texts").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "Hello Chidi, your order is ready on December 4, 2026, see you soon." in text
    assert "missing_variable" in text
    page.get_by_role("link", name="Send to 3 people").press("Enter")
    page.wait_for_load_state()
    page.get_by_label("Name of the campaign").fill("Orders")
    send = page.get_by_role("button", name="Review, then send to 3 people")
    expect(send).to_be_visible()
    look.at("compose-of-trial")
    send.press("Enter")
    page.get_by_role("button", name="Send to 3 people").press("Enter")
    expect(page.get_by_text("completed").first).to_be_visible(timeout=MINUTE)
    assert live.sandbox.numbers() == ["+12025550001", "+12025550002", "+12025550004"]
    page.goto(place)
    expect(page.locator("#results")).to_contain_text("Delivered")
    look.at("template-results")
    page.goto("about:blank")  # nobody asks a server that is about to stop
