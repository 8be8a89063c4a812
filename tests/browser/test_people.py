"""Whoever is let in signs in, takes a password of their own and is put out again; a token is shown once."""

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Look

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("shape", ["embedded"], indirect=True)]

EMAIL, OWN = "dora@example.com", "clouds over the harbour"


def test_a_colleague_is_let_in_and_put_out_again(console: Console, alice: Page, look: Look) -> None:
    console.open(alice, "/settings/people")
    look.at("people")
    alice.get_by_role("link", name="Add a person").click()
    look.at("people-new")
    alice.get_by_role("textbox", name="E-mail").fill(EMAIL)
    alice.get_by_role("button", name="Add the person").click()
    expect(alice.get_by_role("heading", level=1)).to_have_text(f"{EMAIL} is added")
    look.at("people-password")
    given = alice.locator("main code").first.inner_text()
    browser = alice.context.browser
    assert browser is not None
    context = browser.new_context()
    dora = context.new_page()
    dora.goto(console.url)
    dora.get_by_label("E-mail").fill(EMAIL)
    dora.get_by_label("Password").fill(given)
    dora.get_by_role("button", name="Sign in").click()
    dora.get_by_title("Your account").click()
    for label, text in (("Present password", "no"), ("New password", OWN), ("New password, once more", OWN)):
        dora.get_by_label(label, exact=True).fill(text)
    dora.get_by_role("button", name="Change the password").click()
    expect(dora.get_by_text("This is not your present password").first).to_be_visible()
    for label, text in (("Present password", given), ("New password", OWN), ("New password, once more", OWN)):
        dora.get_by_label(label, exact=True).fill(text)
    dora.get_by_role("button", name="Change the password").click()
    expect(dora.get_by_text("Your password is changed")).to_be_visible()
    console.open(alice, "/settings/people")
    alice.get_by_role("link", name=f"Remove {EMAIL}").click()
    alice.get_by_role("dialog").get_by_role("button", name="Remove the person").click()
    expect(alice.get_by_text(f"{EMAIL} is removed")).to_be_visible()
    dora.reload()
    expect(dora.get_by_role("button", name="Sign in")).to_be_visible()
    context.close()


def test_a_token_is_shown_once_and_its_end_is_asked_about(
    console: Console, alice: Page, look: Look, client: FlaskClient
) -> None:
    console.open(alice, "/settings/tokens")
    alice.get_by_role("link", name="Make a token").first.click()
    alice.get_by_label("Name", exact=True).fill("the shop")
    look.at("tokens-new")
    alice.get_by_role("button", name="Make the token").click()
    look.at("tokens-shown")
    headers = {"Authorization": f"Bearer {alice.locator('main code').first.inner_text()}"}
    assert client.get("/api/jobs", headers=headers).status_code == 200
    alice.get_by_role("link", name="I have it").click()
    expect(alice.get_by_role("row", name="the shop")).to_be_visible()
    look.at("tokens")
    alice.get_by_role("link", name="Revoke the shop").click()
    alice.get_by_role("dialog").get_by_role("button", name="Revoke the token").click()
    expect(alice.get_by_text("“the shop” is revoked")).to_be_visible()
    assert client.get("/api/jobs", headers=headers).status_code == 401
    alice.get_by_title("Your account").click()
    expect(alice.get_by_role("heading", level=1)).to_have_text("Your account")
    look.at("account")
