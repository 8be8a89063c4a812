"""Every dialog opens with the focus where one goes on, and gives it back to what opened it."""

import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from adsapp import jobs
from adsapp.campaigns.models import Campaign, CampaignRecipient, RecipientStatus
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import State
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound.statuses import OutboundStatus
from adsapp.schedules.draft import ScheduleIn
from adsapp.schedules.service import create_schedule, pause
from tests.activity.test_every_change import World
from tests.alerts.scene import Alerts
from tests.browser.conftest import Console, Look
from tests.campaigns.scene import Scene
from tests.emails.scene import set_the_email_scene
from tests.front.test_pages import confirmations

pytestmark = pytest.mark.browser

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
KINDS = re.compile(r'<dialog id="([a-z-]+?)-?(?:\{\{[^"]*)?"')
WITHOUT_DIALOG = {
    "act",
    "ask-recurring",
    "drain",
    "resume",
    "undo-import",
}  # asked on pages of their own only, or by a form (test_asking)
FIELDS = "input:not([type=hidden]), select, textarea"
# The field, or of a group of choices the chosen one; where nothing is asked, the answer that changes nothing.
FIRST = f"""dialog => {{
  const first = dialog.querySelector("{FIELDS}");
  if (!first) return dialog.querySelector(".dialog-foot .button") ?? dialog.querySelector(".button");
  return first.type === "radio" ? dialog.querySelector("input:checked") : first;
}}"""


@pytest.fixture(params=["embedded"])
def shape(request: pytest.FixtureRequest) -> str:
    """One shape: the pages do not know which they stand on."""
    kind: str = request.param
    return kind


def add_campaign(console: Console, account_id: uuid.UUID, status: OutboundStatus) -> uuid.UUID:
    """One that can be told something: with people who failed, who are uncertain and who are still to come."""
    bakery = console.cast.bakery_id
    campaign = Campaign(organization_id=bakery, name=f"The {status.value} one", account_id=account_id)
    campaign.status, campaign.audience_size, campaign.created_by = status, 3, "Alice"
    campaign.started_at, campaign.template_name, campaign.template_language = utcnow(), "welcome", "en_US"
    db.session.add(campaign)
    db.session.flush()
    for number, standing in enumerate((RecipientStatus.FAILED, RecipientStatus.UNCERTAIN, RecipientStatus.PENDING)):
        code = "131016" if standing is RecipientStatus.FAILED else ""
        person = CampaignRecipient(
            organization_id=bakery, campaign_id=campaign.id, contact_id=new_id(), status=standing
        )
        person.phone, person.person_key, person.error_code = f"+1202555010{number}", str(number), code
        db.session.add(person)
    db.session.commit()
    return campaign.id


@pytest.fixture
def paths(console: Console) -> list[str]:
    """Pages that have every dialog there is between them."""
    mails = set_the_email_scene(console.app, console.cast)
    mails.suppress("out@example.com")
    world = World(console.app, console.cast, Scene(console.app, console.cast, new_id()), console.app.test_client(), "")
    alert, channel = world.alert(), world.alert_channel()
    Alerts(console.app, console.cast).set_rule("job_failed", cool_down_minutes=5)
    with db.organization_context(console.app, console.cast.bakery_id):
        person = Contact(organization_id=console.cast.bakery_id, phone="+12025550101", person_key="+12025550101")
        db.session.add(person)
        job = jobs.enqueue("demo", {"mood": "succeeds"}, run_at=utcnow() + timedelta(days=1))
        db.session.commit()
        account_id = create_account(
            AccountIn("100000000000001", "200000000000001", "token", "secret", "verify"), by=NOBODY
        ).id
        failed = jobs.enqueue("bulk-message", {"campaign_id": str(new_id())})
        failed.state, failed.finished_at = State.FAILED, utcnow()
        db.session.commit()
        found = ["/", "/queues/bulk-messages", f"/jobs/{job.id}", f"/jobs/{failed.id}", f"/contacts/{person.id}"]
        found += ["/alerts", f"/alerts/{alert}", "/alerts/rules/job_failed", f"/alerts/channels/{channel}"]
        found += [
            "/settings/people",
            "/settings/tokens",
            "/settings/email",
            f"/email-templates/{mails.template_id}",
            "/suppressions",
        ]
        read = ScheduleIn("Nightly", "sync-templates", {"account_id": str(account_id)}, "30 2 * * *")
        active, paused = create_schedule(read, NOBODY), create_schedule(read, NOBODY)
        pause(paused, NOBODY.because("A look"))
        db.session.commit()
        found += [f"/schedules/{active.id}", f"/schedules/{paused.id}"]
        statuses = (OutboundStatus.SCHEDULED, OutboundStatus.SENDING, OutboundStatus.PAUSED, OutboundStatus.COMPLETED)
        return found + [f"/campaigns/{add_campaign(console, account_id, status)}" for status in statuses]


WAYS = ("Escape", "Close", "Leave")


def opened_well(page: Page, opener: Locator, known: set[str]) -> str:
    """Open by keyboard, close in each of the ways there are, see where the focus is; the dialog's id.

    One that is opened alike on another page (`known`) is closed in one way there.
    """
    dialog, name = page.locator("dialog[open]"), ""
    for close in WAYS[:1] if opener.get_attribute("data-dialog") in known else WAYS:
        opener.focus()
        page.keyboard.press("Enter")
        expect(dialog).to_be_visible()
        name = dialog.get_attribute("id") or ""
        assert dialog.evaluate(f"dialog => ({FIRST})(dialog) === document.activeElement"), f"{name}: focus when opened"
        if close == "Escape":
            page.keyboard.press("Escape")
        elif close == "Close":
            dialog.get_by_role("button", name="Close").click()
        else:
            dialog.locator(".dialog-foot [data-close]").click()
        expect(dialog).to_have_count(0)
        expect(opener).to_be_focused()
    return name


def test_every_dialog_takes_the_focus_and_gives_it_back(alice: Page, console: Console, paths: list[str]) -> None:
    page, opened = alice, set[str]()
    for path in paths:
        console.open(page, path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        openers = page.locator("[data-dialog], a[data-ask]").all()
        assert openers, path
        for opener in openers:
            opened.add(opened_well(page, opener, opened))
    openers[0].focus()
    page.keyboard.press("?")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(openers[0]).to_be_focused()
    opened.add("keys-help")
    kinds = {kind for path in TEMPLATES.rglob("*.html") for kind in KINDS.findall(path.read_text(encoding="utf-8"))}
    kinds |= confirmations() - WITHOUT_DIALOG
    assert {kind for kind in kinds if not any(name.startswith(kind) for name in opened)} == set()
    assert {
        "ask-pause",
        "ask-resume",
        "ask-cancel",
        "ask-settle",
        "ask-retry-131016",
        "ask-start",
        "ask-move",
        "ask-skip",
        "ask-run",
    } <= opened


@pytest.mark.parametrize(
    "path, opener",
    [("/", "#queue-bulk-messages a[data-ask]"), ("/queues/bulk-messages", "[data-dialog=pause-bulk-messages]")],
)
def test_the_focus_comes_back_though_a_refresh_replaced_what_opened_the_dialog(
    alice: Page, console: Console, path: str, opener: str
) -> None:
    page = alice
    page.goto(console.url + path)
    page.locator(opener).click()
    expect(page.locator("#pause-bulk-messages :focus")).to_be_visible()
    page.locator(opener).evaluate("opener => opener.replaceWith(opener.cloneNode(true))")
    page.keyboard.press("Escape")
    expect(page.locator(opener)).to_be_focused()


@pytest.mark.parametrize(
    "path, opener",
    [
        ("/", "#queue-bulk-messages a[data-ask]"),
        ("/", "#queue-bulk-messages a:not([data-ask])"),
        ("/jobs", "#tick-form button[value=prioritize]"),
    ],
)
def test_the_focus_stays_though_a_refresh_made_its_element_anew(
    alice: Page, console: Console, path: str, opener: str
) -> None:
    page = alice
    _add_job(console)
    page.goto(console.url + path)
    had = page.locator(opener).first
    had.evaluate("link => { const box = document.createElement('section'); link.before(box); box.append(link); }")
    had.focus()
    had.evaluate("link => { link.had = true }")
    _add_job(console)
    page.keyboard.press("r")
    page.wait_for_function("opener => !document.querySelector(opener).had", arg=opener)
    expect(page.locator(opener).first).to_be_focused()


def _add_job(console: Console) -> None:
    with db.organization_context(console.app, console.cast.bakery_id):
        jobs.enqueue("bulk-message", {"campaign_id": str(new_id())})
        db.session.commit()


def test_whoever_confirmed_goes_on_where_they_were(alice: Page, console: Console) -> None:
    page = alice
    page.goto(console.url)
    page.locator("#queue-bulk-messages a[data-ask]").press("Enter")
    expect(page.locator("#pause-bulk-messages :focus")).to_be_visible()
    page.locator("#pause-bulk-messages [name=reason]").fill("A look at the texts")
    page.keyboard.press("Enter")
    expect(page.locator("#queue-bulk-messages .button", has_text="Resume")).to_be_focused()


def test_what_was_refused_has_the_focus(alice: Page, look: Look, console: Console) -> None:
    page = alice
    page.goto(f"{console.url}/contacts/new")
    page.get_by_label("Phone number").fill("no number")
    page.get_by_role("button", name="Add the contact").click()
    expect(page.locator(".problem[role=alert]")).to_be_focused()
    look.complaints[:] = [text for text in look.complaints if "422" not in text]  # the page asked for
