"""Questions that are counted when they are opened: over the page, closed by Escape. And a page whose session ended."""

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from adsapp.campaigns.models import Campaign
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, State
from adsapp.outbound.statuses import OutboundStatus
from tests.browser.conftest import Console, Look
from tests.campaigns.scene import set_the_scene
from tests.cast import PASSWORD
from tests.jobs.steering import LATER, change, fail

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("shape", ["embedded"], indirect=True)]


def test_a_mass_send_asks_over_the_page_with_the_exact_number(console: Console, alice: Page, look: Look) -> None:
    scene = set_the_scene(console.app, console.cast)
    campaign_id, left_out = scene.scheduled(time_zone="Europe/Madrid"), scene.left_out()
    console.open(alice, f"/campaigns/{campaign_id}")
    alice.get_by_role("link", name="Move").click()
    dialog = alice.get_by_role("dialog")
    expect(dialog).to_contain_text("to another time?")
    alice.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(alice.get_by_role("link", name="Move")).to_be_focused()
    alice.get_by_role("link", name="Start now").click()
    expect(dialog).to_contain_text("to 4 people now?")
    dialog.get_by_role("button", name="Start now: 4 people").click()
    expect(alice.get_by_text("It starts now")).to_be_visible()
    assert scene.read(campaign_id).status is OutboundStatus.PREPARING
    console.open(alice, f"/campaigns/{left_out}")
    alice.get_by_role("link", name="Set a value and send to these 3").click()
    expect(dialog).to_contain_text("no value for {{1}} (First name)")


def test_ticked_jobs_are_asked_about_over_their_list(console: Console, alice: Page, look: Look) -> None:
    scene = set_the_scene(console.app, console.cast)
    scene.scheduled()
    with db.organization_context(console.app, console.cast.bakery_id):
        job_id = db.session.scalars(select(Job.id).join(Campaign, Campaign.job_id == Job.id)).one()
    console.open(alice, f"/jobs/{job_id}")
    alice.get_by_role("link", name="Run now").click()
    dialog = alice.get_by_role("dialog")
    expect(dialog).to_contain_text("Message 4 people now?")
    alice.keyboard.press("Escape")
    fail(console.app, console.cast, job_id)
    console.open(alice, "/jobs?state=failed")
    alice.get_by_role("checkbox", name="Tick Campaign").check()
    alice.get_by_role("button", name="Retry…").click()
    expect(dialog).to_contain_text("4 people are sent a message then.")
    alice.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    change(console.app, console.cast, job_id, state=State.DELAYED, run_at=utcnow() + LATER, finished_at=None)
    console.open(alice, "/jobs/actions?verb=retry&scope=all&state=failed")
    expect(alice.get_by_role("heading", level=1)).to_have_text("Nothing to retry")


def test_a_page_whose_session_is_over_leads_to_the_sign_in_and_back(console: Console, alice: Page, look: Look) -> None:
    console.open(alice, "/campaigns?cursor=")
    alice.context.clear_cookies()
    expect(alice.get_by_text("You were signed out")).to_be_visible(timeout=15_000)
    alice.get_by_label("E-mail").fill("alice@example.com")
    alice.get_by_label("Password").fill(PASSWORD)
    alice.get_by_role("button", name="Sign in").click()
    expect(alice.get_by_role("heading", level=1)).to_have_text("Campaigns")
    look.complaints[:] = [each for each in look.complaints if "401" not in each]  # the browser's own note of the answer
