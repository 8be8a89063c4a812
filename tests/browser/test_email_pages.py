"""The pages of e-mails as people see them: each in four variants, and the forms by the keyboard alone."""

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.models import SuppressionReason
from adsapp.outbound.statuses import OutboundStatus
from tests.browser.conftest import Console, Look
from tests.emails.scene import EmailScene, set_the_email_scene

pytestmark = pytest.mark.browser

WENT = {
    Status.DELIVERED: 31,
    Status.SENT: 2,
    Status.BOUNCED: 2,
    Status.COMPLAINED: 1,
    Status.FAILED: 2,
    Status.UNCERTAIN: 1,
    Status.SKIPPED: 3,
}
WHY = {
    Status.BOUNCED: "bounced",
    Status.COMPLAINED: "complained",
    Status.FAILED: "failed",
    Status.UNCERTAIN: "uncertain",
    Status.SKIPPED: "suppressed",
}


@pytest.fixture(params=["embedded"])
def shape(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def scene(console: Console) -> EmailScene:
    return set_the_email_scene(console.app, console.cast)


def test_nothing_yet_says_what_to_do(alice: Page, console: Console, look: Look) -> None:
    for name, path in (
        ("emails-empty", "/emails"),
        ("email-templates-empty", "/email-templates"),
        ("email-connect", "/settings/email"),
    ):
        console.open(alice, path)
        look.at(name)


def test_an_email_is_looked_at_from_all_sides(alice: Page, console: Console, look: Look, scene: EmailScene) -> None:
    sent = scene.email(OutboundStatus.COMPLETED, WENT, WHY)
    under_way = scene.email(OutboundStatus.SENDING, {Status.DELIVERED: 12, Status.SENDING: 4, Status.PENDING: 30})
    paused = scene.email(
        OutboundStatus.PAUSED, {Status.DELIVERED: 3, Status.PENDING: 9}, status_reason="the quota of today is used up"
    )
    for name, path in (
        ("emails", "/emails"),
        ("email-sent", f"/emails/{sent}"),
        ("email-under-way", f"/emails/{under_way}"),
        ("email-paused", f"/emails/{paused}"),
        ("email-settings", "/settings/email"),
    ):
        console.open(alice, path)
        look.at(name)
    frame = alice.frame_locator(".mail-frame")
    console.open(alice, f"/emails/{sent}")
    expect(frame.get_by_role("heading", name="Hello Person 0")).to_be_visible()


def test_a_template_is_written_with_a_preview_of_real_people(
    alice: Page, console: Console, look: Look, scene: EmailScene
) -> None:
    console.open(alice, "/email-templates/new")
    frame = alice.frame_locator(".mail-frame")
    alice.get_by_label("Name of the template").fill("Opening hours")
    alice.get_by_label("Subject").fill("We are open, {{first_name}}")
    alice.get_by_label("HTML").fill("<h1 style='color:teal'>Hello {{first_name}}</h1><p>Now with {{offer}}.</p>")
    expect(frame.get_by_role("heading", name="Hello Ana")).to_be_visible()
    alice.get_by_label("offer comes from").select_option("value")
    alice.get_by_label("offer, the same for all").fill("10 % off")
    expect(frame.get_by_text("Now with 10 % off.")).to_be_visible()
    look.at("email-template-edit")
    alice.get_by_role("button", name="The next person").click()
    expect(frame.get_by_role("heading", name="Hello Ben")).to_be_visible()
    alice.get_by_role("button", name="Save the template").click()
    expect(alice.get_by_role("heading", name="Opening hours")).to_be_visible()
    expect(frame.get_by_text("Now with 10 % off.")).to_be_visible()
    look.at("email-template")
    console.open(alice, "/email-templates")
    look.at("email-templates")


@pytest.mark.parametrize("path", ["/emails/new", "/email-templates/new"])
def test_what_was_typed_is_not_left_unasked(alice: Page, console: Console, scene: EmailScene, path: str) -> None:
    console.open(alice, path)
    contacts, asked = alice.get_by_role("link", name="Contacts").first, list[str]()
    text = alice.locator("textarea[name=html]")
    text.press_sequentially("<p>Hello</p>")

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    alice.once("dialog", stay)
    contacts.click()
    expect(text).to_have_value("<p>Hello</p>")
    assert asked == ["beforeunload"]
    alice.once("dialog", lambda dialog: dialog.accept())
    contacts.click()
    expect(alice.get_by_role("heading", name="Contacts")).to_be_visible()
    alice.go_back()
    expect(text).to_have_value("<p>Hello</p>")
    alice.once("dialog", stay)
    contacts.click()
    expect(text).to_have_value("<p>Hello</p>")
    assert asked == ["beforeunload"] * 2


def test_an_email_is_composed_and_confirmed(alice: Page, console: Console, look: Look, scene: EmailScene) -> None:
    scene.suppress("ben@example.com")
    console.open(alice, "/emails/new")
    look.at("email-compose-empty")
    alice.get_by_label("Text", exact=True).select_option(label="Spring menu")
    frame = alice.frame_locator(".mail-frame")
    expect(frame.get_by_role("heading", name="Hello Ana")).to_be_visible()
    turned = ("Chidi", "Dora", "Chidi", "Ana")
    for name, button in zip(turned, ("next", "next", "before", "before"), strict=True):
        alice.get_by_role("button", name=re.compile(f"person.*{button}|{button}.*person")).click()
        expect(alice.locator(".turn-name")).to_contain_text(name)
    alice.get_by_label("attribute:city, if empty").fill("your town")
    send = alice.get_by_role("button", name="Review, then send to 3 people")
    expect(send).to_be_visible()
    expect(frame.get_by_role("heading", name="Hello Ana")).to_be_visible()
    look.at("email-compose")
    alice.get_by_label("By address").check()
    alice.get_by_label("Addresses", exact=True).fill("Ana Smith <ana@example.com>\nnobody")
    expect(alice.get_by_text("is no e-mail address").first).to_be_visible()
    look.at("email-compose-addresses")
    alice.get_by_label("Everyone").check()
    send.click()
    expect(alice.get_by_role("heading", name=re.compile("to 3 people?"))).to_be_visible()
    expect(frame.get_by_role("heading", name="Hello Ana")).to_be_visible()
    look.at("email-confirm")
    alice.get_by_role("button", name="Send to 3 people").click()
    expect(alice.get_by_text("was started")).to_be_visible()
    look.at("email-started")


def test_who_gets_no_email_is_listed_added_and_removed(
    alice: Page, console: Console, look: Look, scene: EmailScene
) -> None:
    scene.suppress("gone@example.com", SuppressionReason.BOUNCE, "550 5.1.1 No such user")
    scene.suppress("cross@example.com", SuppressionReason.COMPLAINT)
    console.open(alice, "/suppressions")
    typed = alice.locator("#field-addresses")
    typed.fill("one@example.com, two@example.com")
    alice.get_by_role("button", name="Add the addresses").click()
    expect(alice.get_by_text("2 addresses get no more e-mail")).to_be_visible()
    look.at("suppressions")
    alice.get_by_role("link", name="Remove two@example.com").click()
    look.at("suppression-remove")
    alice.get_by_role("button", name="Remove the suppression").click()
    expect(alice.get_by_text("two@example.com gets e-mail again")).to_be_visible()
    expect(alice.get_by_role("link", name=re.compile("added by hand 1"))).to_be_visible()
