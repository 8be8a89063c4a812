"""A picture above a message, in a browser: uploaded in the studio as the sample, and on the compose page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from adsapp.core import db
from adsapp.message_templates.models import MessageTemplate
from tests.browser.conftest import Look, sign_in
from tests.cast import Cast
from tests.live import Live, on_the_air, running_sandbox
from tests.message_templates.files.samples import PNG

pytestmark = pytest.mark.browser


@pytest.fixture(params=["embedded"])
def shape(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


@pytest.fixture
def live(app: Flask, cast: Cast, tmp_path: Path) -> Iterator[Live]:
    """Harbour Bakery on the air, with a sandbox of its own."""
    with running_sandbox(tmp_path / "config.json") as url, on_the_air(app, cast, url) as live:
        yield live


def _with_picture(live: Live) -> str:
    with live.organization():
        made = MessageTemplate(
            organization_id=live.cast.bakery_id,
            account_id=live.account_id,
            name="look_inside",
            language="en",
            status="APPROVED",
            category="UTILITY",
            components=[{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Look inside."}],
        )
        db.session.add(made)
        db.session.commit()
        return str(made.id)


@pytest.mark.timeout(300)
def test_a_picture_is_uploaded_where_it_is_chosen_and_shown_on_the_phone(
    look: Look, live: Live, tmp_path: Path
) -> None:
    picture = tmp_path / "spring.png"
    picture.write_bytes(PNG)
    live.contacts("+12025550101")
    page = look.page
    sign_in(page, live.web_url)
    page.goto(f"{live.web_url}/templates/new")
    page.get_by_label("Header", exact=True).select_option("IMAGE")
    page.get_by_label("File for the reviewers").set_input_files(picture)
    page.get_by_label("Text", exact=True).fill("Look inside, it is spring.")
    expect(page.locator("#as-they-see-it img.bubble-file")).to_be_visible()
    look.at("studio-picture")
    page.goto(f"{live.web_url}/campaigns/new?template={_with_picture(live)}")
    page.get_by_label("or upload one").set_input_files(picture)
    expect(page.locator("#as-they-see-it img.bubble-file")).to_be_visible()
    expect(page.get_by_label("Header picture, the file")).to_contain_text("spring.png")
    look.at("compose-picture")
