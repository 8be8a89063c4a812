"""The pages of message templates as a browser without JavaScript meets them, in both shapes."""

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import Job, Queue, enqueue
from adsapp.jobs.queues import pause_queue
from adsapp.message_templates.availability import why_not
from adsapp.message_templates.components import view
from adsapp.message_templates.models import MessageTemplate
from adsapp.organizations.auditing import NOBODY, By
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import Cast, csrf_token

HTMX = {"HX-Request": "true"}


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return set_the_scene(app, cast)


def shown(text: str) -> str:
    """The words of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def sync(client: FlaskClient) -> int:
    return client.post("/templates/syncs", data={"csrf_token": csrf_token(client)}).status_code


def test_without_templates_the_page_says_what_to_do(app: Flask, cast: Cast, client: FlaskClient) -> None:
    with db.organization_context(app, cast.bakery_id):
        create_account(
            AccountIn(name="Line", phone_number_id="1", waba_id="2", token="t", app_secret="s", verify_token="v"),
            by=NOBODY,
        )
        db.session.commit()
    cast.sign_in(client, "adam")
    page = shown(client.get("/templates").text)
    assert "No templates yet" in page
    assert "Sync from WhatsApp" in page


def test_every_template_is_shown_with_its_state_and_its_message(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "vera")
    page = shown(client.get("/templates").text)
    assert "3 templates, 2 can be sent" in page
    assert "Hello Ana , see you on Saturday ." in page
    assert "Utility · German · quality high" in page
    assert "nothing to fill in" in page


def test_the_partial_stands_in_the_page_and_is_not_sent_twice(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "vera")
    page = client.get("/templates").text
    url = html.unescape(re.findall(r'hx-get="([^"]+)" hx-trigger="live"', page)[0])
    assert client.get(url, headers=HTMX).status_code == 204
    partial = client.get("/templates/list", headers=HTMX).text
    assert steady(partial.strip()) in steady(page)


def test_a_sync_is_enqueued_once_and_its_state_is_shown(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "adam")
    assert sync(client) == 303
    assert sync(client) == 303
    page = client.get("/templates").text
    assert "Waits to be read" in page
    assert 'data-live="2"' in page
    with db.organization_context(scene.app, scene.cast.bakery_id), db.reading():
        assert len(db.session.scalars(select(Job).where(Job.processor == "sync-templates")).all()) == 1


def test_a_sync_that_a_pause_holds_says_so_and_leads_to_its_job(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "adam")
    with db.organization_context(scene.app, scene.cast.bakery_id):
        pause_queue(Queue.TEMPLATE_PROCESSING, By("Alice", "They are being rewritten"))
        db.session.commit()
    assert sync(client) == 303
    page = client.get("/templates").text
    assert "The templates are not read yet. The queue Templates is paused by Alice" in page  # the answer to the click
    assert "is paused by Alice: They are being rewritten" in page
    with db.organization_context(scene.app, scene.cast.bakery_id):
        job_id = db.session.scalars(select(Job.id).where(Job.processor == "sync-templates")).one()
    assert f'href="/jobs/{job_id}"' in page


def test_a_sync_planned_for_later_keeps_nobody_from_one_now(scene: Scene, client: FlaskClient) -> None:
    with db.organization_context(scene.app, scene.cast.bakery_id):
        payload = {"account_id": str(scene.account_id)}
        enqueue("sync-templates", payload, run_at=utcnow() + timedelta(days=1))
        db.session.commit()
    page = scene.cast.sign_in(client, "adam").get("/templates").text
    assert "Sync from WhatsApp" in page
    assert "Waits to be read" not in page


def test_a_sync_without_an_account_is_refused_in_words(cast: Cast, client: FlaskClient) -> None:
    cast.sign_in(client, "adam")
    answer = client.post("/templates/syncs", data={"csrf_token": csrf_token(client)})
    assert answer.status_code == 409
    assert "No WhatsApp account is connected yet" in answer.text


def test_only_owners_and_admins_may_sync(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "bob")
    assert sync(client) == 403
    assert "only owners and admins can sync templates" in client.get("/templates").text


def test_a_template_shows_what_must_be_filled_in_and_can_be_used(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "bob")
    page = client.get(f"/templates/{scene.templates['spring']}")
    assert "What is filled in for each person 2 values" in shown(page.text)
    assert f'href="/campaigns/new?template={scene.templates["spring"]}"' in page.text


def test_a_template_that_cannot_be_sent_says_why_and_offers_nothing(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "bob")
    page = client.get(f"/templates/{scene.templates['sleeping']}").text
    assert "It cannot be sent now" in page
    assert "too many people blocked or reported it" in page
    assert "/campaigns/new?template=" not in page


def test_a_viewer_may_look_but_not_use_it(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "vera")
    page = client.get(f"/templates/{scene.templates['spring']}").text
    assert "viewers cannot send messages" in page
    assert "/campaigns/new?template=" not in page


def test_another_organization_s_template_does_not_exist(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "charlie")
    assert client.get(f"/templates/{scene.templates['spring']}").status_code == 404
    assert client.get("/templates/no-id").status_code == 404


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        ("PENDING", None, "still reviewing it"),
        ("REJECTED", "INVALID_FORMAT", "Reason given: invalid format."),
        ("REJECTED", "NONE", "submit it again."),
        ("A_NEW_WORD", None, "Look at it at Meta"),
    ],
)
def test_each_state_that_is_not_approved_has_its_advice(status: str, reason: str | None, words: str) -> None:
    template = MessageTemplate(status=status, status_reason=reason, quality="")
    said = why_not(template, view([]))
    assert said is not None
    assert words in said


def test_parts_that_cannot_be_sent_yet_are_named() -> None:
    carousel = view([{"type": "BODY", "text": "Look"}, {"type": "CAROUSEL", "cards": []}])
    said = why_not(MessageTemplate(status="APPROVED", status_reason=None, quality=""), carousel)
    assert said == "It has a carousel, which cannot be sent from here yet. Choose another template."


def steady(text: str) -> str:
    """A page without moments and tokens, and with its indentation evened out."""
    text = re.sub(r"<time [^>]*>[^<]*</time>", "", text)
    text = re.sub(r'name="csrf_token" value="[^"]+"', "", text)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
