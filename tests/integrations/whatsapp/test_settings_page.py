"""Settings → WhatsApp: a number is connected, checked and given a new token in the browser; secrets never come out."""

import re
import socket
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from adsapp import create_app
from adsapp.campaigns.models import Campaign
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations import queries, service
from adsapp.integrations.models import Account, AccountStatus
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.message_templates import service as templates
from adsapp.organizations.auditing import NOBODY
from adsapp.organizations.models import AuditEvent
from adsapp.outbound.statuses import OutboundStatus
from tests.cast import Cast, csrf_token
from tests.integrations import provider as at_provider
from tests.integrations.provider import NUMBER, TOKEN, WABA, Provider
from tests.jobs.steering import confirm

PAGE = "/settings/whatsapp"
SECRETS = {"token": TOKEN, "app_secret": "the-app-secret", "verify_token": "the-verify-token"}
TYPED = {"phone_number_id": NUMBER, "waba_id": WABA, "name": "Bakery", "messages_per_second": "20", **SECRETS}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Provider]:
    with at_provider.running_provider() as running:
        yield running


@pytest.fixture
def provider(sandbox: Provider) -> Iterator[Provider]:
    yield sandbox
    sandbox.expire(TOKEN)


@pytest.fixture
def app(settings: Settings, provider: Provider) -> Iterator[Flask]:
    app = create_app(at_provider.at(settings, provider.url))
    app.testing = True
    yield app
    with app.app_context():
        db.session.remove()
        db.db.engine.dispose()


@pytest.fixture
def alice(client: FlaskClient, cast: Cast) -> FlaskClient:
    return cast.sign_in(client, "alice")


@pytest.fixture
def connected(app: Flask, cast: Cast) -> str:
    """The id of the connected number."""
    with db.organization_context(app, cast.bakery_id):
        made = create_account(AccountIn(NUMBER, WABA, **SECRETS, name="Bakery", messages_per_second=20), by=NOBODY)
        account_id = str(made.id)
        db.session.commit()
    return account_id


def send(client: FlaskClient, path: str = PAGE, **typed: str) -> TestResponse:
    return client.post(path, data={**typed, "csrf_token": csrf_token(client)})


def found(app: Flask, cast: Cast) -> Account | None:
    with db.organization_context(app, cast.bakery_id), db.reading():
        account = queries.find_default_account()
        if account is not None:
            db.session.expunge(account)
        return account


def refuse(app: Flask, cast: Cast, reason: str = "The access token is no longer valid (code 190). Renew it.") -> None:
    with db.organization_context(app, cast.bakery_id):
        service.refuse(queries.get_default_account(), reason)
        db.session.commit()


def audited(app: Flask, cast: Cast) -> list[str]:
    with db.organization_context(app, cast.bakery_id), db.reading():
        noted = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id))
        return [action for action in noted if action != "sign in"]


def test_the_first_number_is_connected_once_whatsapp_accepts_it(app: Flask, cast: Cast, alice: FlaskClient) -> None:
    assert "No number is connected yet" in alice.get(PAGE).text
    assert send(alice, **TYPED).status_code == 303
    page = alice.get(PAGE).text
    assert "WhatsApp accepts this number" in page
    assert "Verified name: <strong>Harbour Bakery</strong>" in page
    assert "standard, up to 80 messages a second" in page
    account = found(app, cast)
    assert account is not None
    assert (account.display_phone_number, account.messages_per_second) == ("+1 555 078 3881", 20)
    assert f"/webhooks/whatsapp/{account.id}" in page
    assert audited(app, cast) == ["connect WhatsApp number"]


def test_no_secret_is_ever_shown_again(alice: FlaskClient, connected: str) -> None:
    refused = send(alice, f"{PAGE}/{connected}", **{**TYPED, "messages_per_second": "many", "token": "EAAG-other"})
    assert refused.status_code == 422
    for page in (alice.get(PAGE).text, refused.text):
        assert not [secret for secret in (*SECRETS.values(), "EAAG-other") if secret in page]


def test_a_token_whatsapp_refuses_connects_nothing(app: Flask, cast: Cast, alice: FlaskClient) -> None:
    answer = send(alice, **{**TYPED, "token": "EAAG-wrong"})
    assert answer.status_code == 422
    assert "The number is not connected yet" in answer.text
    assert "The access token is no longer valid (code 190)." in answer.text
    assert "Invalid OAuth access token" in answer.text
    assert f'value="{NUMBER}"' in answer.text
    assert found(app, cast) is None


def test_each_wrong_field_is_named_before_anybody_is_asked(alice: FlaskClient) -> None:
    wrong = {"phone_number_id": "+1 555", "token": "two words", "messages_per_second": "0", "app_secret": ""}
    answer = send(alice, **{**TYPED, **wrong})
    assert answer.status_code == 422
    assert set(re.findall(r'id="field-(\w+)-error"', answer.text)) == set(wrong)
    assert "The app secret should not be empty" in answer.text


def test_a_number_is_not_connected_twice(alice: FlaskClient, connected: str) -> None:
    answer = send(alice, **TYPED)
    assert answer.status_code == 409
    assert "is connected already" in answer.text


def test_a_wrong_number_id_says_what_to_compare(alice: FlaskClient) -> None:
    answer = send(alice, **{**TYPED, "phone_number_id": "999"})
    assert "WhatsApp does not know this phone number id" in answer.text
    assert "Compare the phone number id" in answer.text


def test_a_check_clears_a_refusal_and_offers_the_paused_campaigns(
    app: Flask, cast: Cast, alice: FlaskClient, connected: str
) -> None:
    refuse(app, cast)
    page = alice.get(PAGE).text
    assert "The access token is no longer valid (code 190). Renew it. Then check the connection" in page
    assert ".." not in re.sub(r"<[^>]*>", "", page)
    assert send(alice, f"{PAGE}/{connected}/check").status_code == 303
    page = alice.get(PAGE).text
    assert "Resume paused campaigns" in page
    assert "WhatsApp accepts this number" not in alice.get(PAGE).text, "an answer is shown once"
    account = found(app, cast)
    assert account is not None
    assert (account.status, account.status_reason) == (AccountStatus.ACTIVE, None)
    assert audited(app, cast) == ["check WhatsApp number"]


def test_a_check_that_is_refused_says_why_and_what_to_do(
    app: Flask, cast: Cast, alice: FlaskClient, connected: str, provider: Provider
) -> None:
    provider.expire("EAAG-another")
    send(alice, f"{PAGE}/{connected}/check")
    page = alice.get(PAGE).text
    assert "The check failed" in page
    assert "save it under Settings → WhatsApp" in page
    account = found(app, cast)
    assert account is not None
    assert account.status is AccountStatus.REFUSED


def test_a_new_token_that_is_accepted_lets_a_refused_number_send(
    app: Flask, cast: Cast, alice: FlaskClient, connected: str, provider: Provider
) -> None:
    refuse(app, cast)
    provider.expire("EAAG-second")
    kept = {"name": "Bakery", "waba_id": WABA, "messages_per_second": "12.5"}
    refused = send(alice, f"{PAGE}/{connected}", **kept, token="EAAG-third")
    assert refused.status_code == 422
    assert "Nothing was saved" in refused.text
    assert send(alice, f"{PAGE}/{connected}", **kept, token="EAAG-second").status_code == 303
    account = found(app, cast)
    assert account is not None
    with app.app_context():
        assert account.token.open() == "EAAG-second"
        assert account.app_secret.open() == SECRETS["app_secret"]
    assert (account.status, account.messages_per_second) == (AccountStatus.ACTIVE, 12.5)
    assert audited(app, cast) == ["change WhatsApp number"]


def test_a_provider_out_of_reach_changes_nothing(settings: Settings, app: Flask, cast: Cast, connected: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        away = create_app(at_provider.at(settings, f"http://127.0.0.1:{closed.getsockname()[1]}"))
        client = cast.sign_in(away.test_client(), "alice")
        send(client, f"{PAGE}/{connected}/check")
        page = client.get(PAGE).text
    assert "WhatsApp could not be reached" in page
    assert "Check the network and try again" in page
    account = found(app, cast)
    assert account is not None
    assert account.status is AccountStatus.ACTIVE
    with away.app_context():
        db.session.remove()
        db.db.engine.dispose()


@pytest.mark.parametrize("name", ["bob", "vera"])
def test_others_see_nothing_of_it(cast: Cast, client: FlaskClient, connected: str, name: str) -> None:
    cast.sign_in(client, name)
    assert PAGE not in client.get("/").text
    for path in (PAGE, "/settings"):
        assert client.get(path).status_code == 403
    token = csrf_token(client)
    assert client.post(f"{PAGE}/{connected}/check", data={"csrf_token": token}).status_code == 403


def test_owners_and_admins_find_it_in_the_sidebar(cast: Cast, client: FlaskClient) -> None:
    cast.sign_in(client, "adam")
    assert f'href="{PAGE}"' in client.get("/").text


def test_another_organizations_number_is_not_found(cast: Cast, client: FlaskClient, connected: str) -> None:
    cast.sign_in(client, "charlie")
    assert client.get(f"{PAGE}?account={connected}").status_code == 404
    assert send(client, f"{PAGE}/{connected}/check").status_code == 404
    assert send(client, f"{PAGE}/{connected}", **TYPED).status_code == 404


def test_with_several_numbers_each_has_its_tab(app: Flask, cast: Cast, alice: FlaskClient, connected: str) -> None:
    with db.organization_context(app, cast.bakery_id):
        second = create_account(AccountIn("555", WABA, **SECRETS, name="Second", messages_per_second=10), by=NOBODY).id
        db.session.commit()
    page = alice.get(f"{PAGE}?account={second}").text
    assert f'href="{PAGE}?account={connected}"' in page
    assert f"{PAGE}/{second}/check" in page
    send(alice, f"{PAGE}/{second}/check")
    assert "WhatsApp does not know this phone number id" in alice.get(f"{PAGE}?account={second}").text


def test_resume_asks_whatsapp_before_it_refuses(
    app: Flask, cast: Cast, alice: FlaskClient, connected: str, provider: Provider
) -> None:
    refuse(app, cast, "The access token is no longer valid (code 190). Save one under Settings → WhatsApp.")
    campaign_id = paused_campaign(app, cast)
    provider.expire("EAAG-another")
    confirm(alice, f"/campaigns/{campaign_id}/resume")
    page = alice.get(f"/campaigns/{campaign_id}").text
    assert "WhatsApp refuses this account" in page
    assert ".." not in re.sub(r"<[^>]*>", "", page)
    assert f'href="{PAGE}"' in re.sub(r"(?s)<aside.*?</aside>", "", page), "the way to put it right"
    provider.expire(TOKEN)
    confirm(alice, f"/campaigns/{campaign_id}/resume")
    assert "It goes on" in alice.get(f"/campaigns/{campaign_id}").text


def test_home_leads_there_those_who_may(app: Flask, cast: Cast, client: FlaskClient, connected: str) -> None:
    refuse(app, cast)
    cast.sign_in(client, "adam")
    assert f'href="{PAGE}?account={connected}"' in client.get("/").text
    cast.sign_in(bob := app.test_client(), "bob")
    page = bob.get("/").text
    assert PAGE not in page
    assert "not possible: ask an owner or admin" in page


def test_a_sync_that_succeeds_clears_a_refusal(app: Flask, cast: Cast, connected: str) -> None:
    refuse(app, cast)
    with db.organization_context(app, cast.bakery_id):
        templates.sync(queries.get_default_account().id, Committing())  # type: ignore[arg-type]
    account = found(app, cast)
    assert account is not None
    assert account.status is AccountStatus.ACTIVE


class Committing:
    """What of a job's progress a sync needs."""

    def commit(self) -> None:
        db.session.commit()


def paused_campaign(app: Flask, cast: Cast) -> str:
    with db.organization_context(app, cast.bakery_id):
        campaign = Campaign(
            organization_id=cast.bakery_id,
            name="Spring",
            account_id=queries.get_default_account().id,
            status=OutboundStatus.PAUSED,
            status_reason="The access token is no longer valid (code 190).",
            template_name="welcome",
            template_language="en_US",
            parameter_format="POSITIONAL",
            components=[{"type": "BODY", "text": "Hello"}],
            text=None,
            variables={},
            audience={"all": True},
            priority=1,
            frozen_at=utcnow(),
            created_by="Alice",
        )
        db.session.add(campaign)
        db.session.flush()
        campaign_id = str(campaign.id)
        db.session.commit()
    return campaign_id
