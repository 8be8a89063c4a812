"""Acting on jobs by keyboard and mouse: ticked rows hold the refresh, dialogs ask, every page is looked at."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import update

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import After, Job, Queue, State, queues
from adsapp.jobs.scopes import Scope, Shard, shard_of
from adsapp.organizations.auditing import By
from tests.browser.conftest import Console, Look
from tests.cast import Cast
from tests.lone_worker import add_lone_worker

pytestmark = pytest.mark.browser

FAILED = 12


@pytest.fixture(params=["embedded"])
def shape(request: pytest.FixtureRequest) -> str:
    """One shape: every view is tested on both without a browser."""
    kind: str = request.param
    return kind


@pytest.fixture
def page(work: None, alice: Page) -> Page:
    """Alice at the console, among jobs that failed and jobs that wait."""
    return alice


@pytest.fixture
def work(app: Flask, cast: Cast) -> None:
    """Jobs that failed, and jobs that wait."""
    with db.organization_context(app, cast.bakery_id):
        ids = jobs.enqueue_many("demo", [{"mood": "succeeds"}] * FAILED, title="Render the offer")
        values = {"state": State.FAILED, "error": "The template has no image", "finished_at": utcnow(), "attempt": 3}
        db.session.execute(update(Job).where(Job.id.in_(ids)).values(**values, failures=3))
        first = jobs.enqueue("demo", {"mood": "succeeds"}, title="Prepare the catalogue")
        jobs.enqueue("demo", {"mood": "succeeds"}, title="Tell the team", after=[After(first.id)])
        queues.pause_queue(Queue.EMAIL_NOTIFICATION, By("Adam", "A new template"))
        db.session.commit()


def test_rows_are_ticked_by_keyboard_and_retried(page: Page, look: Look, console: Console) -> None:
    console.open(page, "/jobs?state=failed")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("[data-tick-count]")).to_have_text("1 ticked")
    expect(page.locator("[data-live-text]")).to_contain_text("held while a row is ticked")
    page.get_by_label("1 ticked").check()
    expect(page.locator("[data-tick-count]")).to_have_text(f"{FAILED} ticked")
    look.at("jobs-ticked")
    page.get_by_role("button", name="Retry…").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text(f"Retry {FAILED} jobs?")
    look.at("jobs-retry")
    question.get_by_role("button", name=f"Retry {FAILED} jobs").click()
    expect(page.get_by_text(f"{FAILED} jobs begin again")).to_be_visible()
    expect(page.get_by_text("No failed jobs")).to_be_visible()


def test_buttons_for_ticked_rows_say_what_to_do_until_a_row_is_ticked(page: Page, look: Look, console: Console) -> None:
    console.open(page, "/jobs")
    retry = page.get_by_role("button", name="Retry…")
    expect(retry).to_be_disabled()
    retry.click(force=True)
    expect(page.get_by_text("Tick a job first, or choose all that match")).to_be_visible()
    expect(page).to_have_url(re.compile("/jobs$"))
    page.get_by_label("Which jobs").select_option("all")
    expect(retry).to_be_enabled()
    page.get_by_label("Which jobs").select_option("ticked")
    expect(retry).to_be_disabled()
    page.get_by_label("Tick Render the offer").first.check()
    expect(retry).to_be_enabled()
    page.get_by_label("Tick Render the offer").first.uncheck()
    with page.expect_response(re.compile("/jobs/rows")):
        page.keyboard.press("r")
    expect(retry).to_be_disabled()
    console.open(page, "/jobs/actions?verb=retry&scope=ticked&state=failed")
    expect(page.get_by_text("No job is ticked")).to_be_visible()
    look.at("jobs-not-ticked")
    look.complaints[:] = [text for text in look.complaints if "422" not in text]  # the page asked for


def test_long_names_leave_the_crumbs_on_one_line(page: Page, look: Look, console: Console) -> None:
    with db.organization_context(console.app, console.cast.bakery_id):
        job_id = jobs.enqueue("demo", {"mood": "succeeds"}, title="Prepare the catalogue of the fair " * 5).id
        db.session.commit()
    for path in (f"/jobs/{job_id}", f"/jobs/{job_id}/cancel"):
        console.open(page, path)
        look.at(f"crumbs-{path.rpartition('/')[2] if path.endswith('cancel') else 'job'}")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            for crumb in page.locator(".crumbs > *").all():
                assert crumb.evaluate("crumb => crumb.getBoundingClientRect().height < 30")
                assert crumb.evaluate("crumb => crumb.getBoundingClientRect().right <= innerWidth")


def test_a_queue_is_paused_limited_and_resumed_in_dialogs(page: Page, look: Look, console: Console) -> None:
    page.locator("#queue-template-processing h2 a").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Templates")
    look.at("queue")
    page.get_by_role("link", name="Pause").click()
    page.get_by_label("Why").fill("A look at the numbers")
    page.get_by_label("How long").select_option(label="1 hour")
    look.at("queue-pause")
    page.locator("dialog[open]").get_by_role("button", name="Pause").click()
    expect(page.get_by_text("This queue is paused")).to_be_visible()
    page.get_by_role("link", name="Limits").click()
    page.get_by_label("Jobs at once").fill("3")
    look.at("queue-limits")
    page.get_by_role("button", name="Set the limits").click()
    expect(page.get_by_text("at once no limit → 3")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("heading", name="Resume Templates?")).to_be_visible()
    look.at("queue-resume")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Templates goes on")).to_be_visible()


def test_a_wait_is_shown_as_a_span_and_a_moment_as_ago(page: Page, look: Look, console: Console) -> None:
    span = re.compile(r"^\d+ (second|minute)s?$")
    expect(page.locator("#queue-template-processing time[data-local=span]")).to_have_text(span)
    expect(page.locator("#queue-email-notification time[data-local=span]")).to_have_text(span)  # for so long paused
    expect(page.locator("#home-latest time[data-local=ago]").first).to_have_text(re.compile("ago$|^now$"))
    look.at("home-waits")


def test_the_workers_show_their_last_hour_and_whom_they_serve(
    page: Page, look: Look, console: Console, cast: Cast
) -> None:
    hour = [[20 + minute % 30, 60 + minute // 3, 10 + minute] for minute in range(60)]
    shard = Scope(shard=Shard(shard_of(cast.bakery_id, 8), 8))
    for place, (name, scope) in enumerate(
        (("harbour-1", Scope(only=frozenset([cast.bakery_id]))), ("harbour-2", shard), ("harbour-3", Scope()))
    ):
        served, samples = list(Queue)[: 1 + place], hour[: 60 - 59 * (place == 2)]
        add_lone_worker(
            console.app, served, host=name, scope=scope.as_json(), threads=10, busy=3 * place, samples=samples
        )
    console.open(page, "/workers")
    expect(page.get_by_text("3 of 10 busy")).to_be_visible()
    expect(page.get_by_text("for your organization", exact=True)).to_be_visible()
    expect(page.locator("svg.spark")).to_have_count(4)
    look.at("workers")


def test_the_other_pages_stand_a_look(page: Page, look: Look, console: Console) -> None:
    for name, path in (
        ("queue-paused", "/queues/email-notification"),
        ("jobs-clean", "/jobs/clean?state=failed&older_than_days=0"),
        ("jobs-all", "/jobs/actions?verb=cancel&scope=all"),
        ("activity-empty", "/activity"),
        ("activity-nothing-fits", "/activity?q=nobody&from=2026-01-01"),
    ):
        console.open(page, path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        look.at(name)
    console.open(page, "/jobs?state=delayed")
    page.get_by_role("link", name="Tell the team").click()
    expect(page.get_by_text(re.compile("Waits for 1 other job")).first).to_be_visible()
    look.at("job-waits")
    page.get_by_role("link", name="Priority").click()
    page.get_by_label("High").check()
    look.at("job-priority")
    page.get_by_role("button", name="Change the priority").click()
    expect(page.get_by_text("Tell the team: priority normal → high")).to_be_visible()
    expect(page.locator(".timeline")).to_contain_text("Priority normal → high by Alice")


def test_what_was_done_and_why_is_found_in_the_activity_and_in_the_jobs_story(
    page: Page, look: Look, console: Console
) -> None:
    console.open(page, "/jobs?state=failed")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name="Retry…").click()
    page.get_by_label("Why").fill("The image is there now")
    page.get_by_role("button", name="Retry 1 job").click()
    expect(page.get_by_text("1 job begins again")).to_be_visible()
    page.wait_for_load_state()  # the keys are there once the scripts are
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Activity")
    row = page.locator("tr[data-row]")
    expect(row.first).to_contain_text(
        re.compile("Alice.*Retried jobs.*Render the offer.*The image is there now", re.DOTALL)
    )
    look.at("activity")
    page.get_by_label("A person, or words").fill("image")
    page.get_by_label("What it was done to").select_option(label="Jobs")
    page.get_by_role("button", name="Filter").click()
    expect(row).to_have_count(1)
    with page.expect_download() as export:
        page.get_by_role("link", name="Export").click()
    assert "The image is there now" in export.value.path().read_text(encoding="utf-8")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Failed for good")).to_be_visible()
    expect(page.get_by_text("“The image is there now”")).to_be_visible()
    look.at("job-story")
