"""An organization with nothing is led to its first campaign, step by step, and never told that all is well."""

import re
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.campaigns.models import Campaign
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.integrations.queries import get_default_account
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import Queue
from adsapp.message_templates.models import MessageTemplate
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound.statuses import OutboundStatus
from tests.cast import Cast
from tests.lone_worker import add_lone_worker


@pytest.fixture(autouse=True)
def workers(app: Flask, cast: Cast) -> None:
    """One living worker for all four queues, so that nothing else is said."""
    add_lone_worker(app, Queue, pid=1)


def add_number() -> None:
    create_account(
        AccountIn(name="Line", phone_number_id="1", waba_id="2", token="t", app_secret="s", verify_token="v"),
        by=NOBODY,
    )


def add_contact() -> None:
    place = {"organization_id": db.require_organization_id(), "phone": "+12025550101"}
    db.session.add(Contact(person_key="+12025550101", **place))


def template(status: str) -> None:
    db.session.add(
        MessageTemplate(
            organization_id=db.require_organization_id(),
            account_id=account_id(),
            name=f"welcome_{status.lower()}",
            language="en",
            status=status,
            category="UTILITY",
            provider_id=status,
        )
    )


def add_campaign() -> None:
    place = {"organization_id": db.require_organization_id(), "account_id": account_id()}
    db.session.add(Campaign(name="Spring opening", status=OutboundStatus.CANCELLED, created_by="Alice", **place))


def account_id() -> uuid.UUID:
    return get_default_account().id


def make(app: Flask, cast: Cast, *made: Callable[[], None]) -> None:
    with db.organization_context(app, cast.bakery_id):
        for each in made:
            each()
            db.session.flush()
        db.session.commit()


def standings(page: str) -> list[str]:
    return re.findall(r'<li class="is-(done|next|waits)"', page)


def test_nothing_connected_is_the_way_to_the_first_campaign_and_not_all_is_well(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    page = cast.sign_in(client, "alice").get("/").text
    assert "All is well" not in page
    assert "4 steps to your first campaign" in page
    assert standings(page) == ["next", "next", "waits", "waits"]
    for words in (
        'href="/settings/whatsapp"',
        'href="/imports/new"',
        "Waits for a number.",
        "Waits for a number, contacts, an approved template.",
    ):
        assert words in page
    assert client.get("/home/attention").text.count("button-primary") == 1


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ((add_contact,), ["next", "done", "waits", "waits"]),
        ((add_number,), ["done", "next", "next", "waits"]),
        ((add_number, add_contact, lambda: template("PENDING")), ["done", "done", "next", "waits"]),
        ((add_number, add_contact, lambda: template("APPROVED")), ["done", "done", "done", "next"]),
        ((add_number, add_campaign), []),
    ],
)
def test_each_step_follows_from_what_is_there_and_all_are_gone_with_the_first_campaign(
    app: Flask, client: FlaskClient, cast: Cast, made: tuple[Callable[[], None], ...], expected: list[str]
) -> None:
    block = cast.sign_in(client, "alice").get("/home/attention").text
    live = re.search(r'hx-get="([^"]+)"', block)
    assert live
    make(app, cast, *made)
    fresh = client.get(live[1])  # the block asks again by itself, and is answered as soon as a step is done
    assert fresh.status_code == 200
    assert standings(fresh.text) == expected
    assert ("All is well" in fresh.text) == (not expected)


@pytest.mark.parametrize(("who", "links"), [("alice", 2), ("bob", 0), ("vera", 0)])
def test_whoever_may_not_do_a_step_is_told_whom_to_ask(client: FlaskClient, cast: Cast, who: str, links: int) -> None:
    page = cast.sign_in(client, who).get("/home/attention").text
    assert len(re.findall(r'href="(/settings/whatsapp|/imports/new)"', page)) == links
    assert ("For this, ask an owner or admin" in page) == (not links)


def test_templates_without_a_number_lead_to_connecting_one(app: Flask, client: FlaskClient, cast: Cast) -> None:
    page = cast.sign_in(client, "alice").get("/templates/list").text
    assert "Sync from WhatsApp" not in page
    assert 'href="/settings/whatsapp"' in page
    viewers = cast.sign_in(app.test_client(), "vera").get("/templates/list").text
    assert 'href="/settings/whatsapp"' not in viewers
    assert "ask an owner or admin" in viewers
    make(app, cast, add_number)
    assert "Sync from WhatsApp" in client.get("/templates").text
