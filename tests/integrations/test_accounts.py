"""WhatsApp accounts: sealed secrets, errors that name the field, a new token that heals a refused account."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid, NotFound
from adsapp.core.ids import new_id
from adsapp.integrations import queries
from adsapp.integrations.models import AccountStatus
from adsapp.integrations.service import refuse
from adsapp.integrations.whatsapp.service import AccountChanges, AccountIn, api_address, create_account, update_account
from adsapp.organizations.auditing import NOBODY
from tests.cast import Cast

BAKERY = AccountIn("100000000000001", "200000000000001", "the-token", "the-secret", "the-verify-token")


@pytest.fixture(autouse=True)
def organization(app: Flask, cast: Cast) -> Iterator[None]:
    with db.organization_context(app, cast.bakery_id):
        yield


def test_secrets_are_sealed_and_never_printed() -> None:
    account = create_account(BAKERY, by=NOBODY)
    assert b"the-token" not in account.token.sealed
    assert account.token.open() == "the-token"
    assert "the-" not in repr(account.token) + repr(BAKERY) + repr(AccountChanges(token="the-token"))


def test_the_pace_is_the_settings_where_none_is_given() -> None:
    assert create_account(BAKERY, by=NOBODY).messages_per_second == 12.5


def test_each_empty_field_is_named() -> None:
    with pytest.raises(Invalid) as told:
        create_account(replace(BAKERY, token=" ", app_secret=""), by=NOBODY)
    assert {field.field for field in told.value.fields} == {"token", "app_secret"}


def test_a_pace_out_of_range_is_refused() -> None:
    with pytest.raises(Invalid, match=r"0\.01 to 10,000"):
        create_account(replace(BAKERY, messages_per_second=0.001), by=NOBODY)


def test_a_number_is_connected_once() -> None:
    create_account(BAKERY, by=NOBODY)
    with pytest.raises(Conflict, match="connected already"):
        create_account(BAKERY, by=NOBODY)


def test_a_new_token_lets_a_refused_account_send_again() -> None:
    account = create_account(BAKERY, by=NOBODY)
    refuse(account, "The access token is no longer valid")
    update_account(account, AccountChanges(token="another", name="Bakery", messages_per_second=80), by=NOBODY)
    assert (account.status, account.status_reason) == (AccountStatus.ACTIVE, None)
    assert (account.name, account.messages_per_second) == ("Bakery", 80)
    assert account.token.open() == "another"


def test_a_number_connected_to_the_sandbox_stays_with_it(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"sandbox_url": "http://127.0.0.1:5001"})
    tried = create_account(BAKERY, by=NOBODY)
    assert api_address(tried) == api_address(None) == "http://127.0.0.1:5001"
    app.config["SETTINGS"] = settings
    real = create_account(replace(BAKERY, phone_number_id="100000000000002"), by=NOBODY)
    assert api_address(tried) == "http://127.0.0.1:5001"
    assert api_address(real) == api_address(None) == "https://graph.facebook.com"


def test_under_the_demo_nothing_goes_to_whatsapp_whoever_connected_the_number(app: Flask) -> None:
    real = create_account(BAKERY, by=NOBODY)
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"sandbox_url": "http://127.0.0.1:5001"})
    assert api_address(real) == "http://127.0.0.1:5001"


def test_an_empty_change_is_refused() -> None:
    with pytest.raises(Invalid) as told:
        update_account(create_account(BAKERY, by=NOBODY), AccountChanges(token=" "), by=NOBODY)
    assert told.value.fields[0].field == "token"


def test_without_an_account_the_next_step_is_named() -> None:
    with pytest.raises(Conflict, match="No WhatsApp account is connected yet"):
        queries.get_default_account()


def test_another_organizations_account_is_not_found(app: Flask, cast: Cast) -> None:
    account_id = create_account(BAKERY, by=NOBODY).id
    db.session.commit()
    assert queries.organization_of(account_id) == cast.bakery_id
    assert queries.organization_of(new_id()) is None
    with db.organization_context(app, cast.other_id):
        assert queries.list_accounts() == []
        with pytest.raises(NotFound):
            queries.get_account(account_id)
