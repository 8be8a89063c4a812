"""E-mail accounts: sealed secrets, errors that name the field, removal that keeps what was sent."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid, NotFound
from adsapp.core.ids import new_id
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.models import AccountStatus
from adsapp.integrations.resend.service import (
    EmailAccountChanges,
    EmailAccountIn,
    change_account,
    connect_account,
    remove_account,
)
from adsapp.organizations.auditing import NOBODY
from tests.cast import Cast

BAKERY = EmailAccountIn("re_the-key", "hello@bakery.example", sender_name="Harbour Bakery")
WRONG: dict[str, Any] = {
    "api_key": " ",
    "name": "",
    "sender_address": "nobody",
    "reply_to": "a@b.example, c@d.example",
    "sender_name": "Bakery\r\nBcc: all@example.com",
    "webhook_secret": "secret",
    "emails_per_second": 0.0,
    "batch_size": 101,
}


@pytest.fixture(autouse=True)
def organization(app: Flask, cast: Cast) -> Iterator[None]:
    with db.organization_context(app, cast.bakery_id):
        yield


def test_secrets_are_sealed_and_never_printed() -> None:
    account = connect_account(replace(BAKERY, webhook_secret="whsec_the-secret"), by=NOBODY)
    assert account.webhook_secret is not None
    assert b"the-" not in account.api_key.sealed + account.webhook_secret.sealed
    assert (account.api_key.open(), account.webhook_secret.open()) == ("re_the-key", "whsec_the-secret")
    assert "the-" not in repr(account.api_key) + repr(BAKERY) + repr(EmailAccountChanges(api_key="re_the-key"))
    assert account.sender == "Harbour Bakery <hello@bakery.example>"


@pytest.mark.parametrize("name", WRONG)
def test_each_field_that_is_wrong_is_named_and_its_value_is_not_repeated(name: str) -> None:
    with pytest.raises(Invalid) as told:
        connect_account(replace(BAKERY, **{name: WRONG[name]}), by=NOBODY)
    assert [field.field for field in told.value.fields] == [name]
    assert name == "batch_size" or "secret" not in told.value.detail.partition(": ")[2]


def test_a_new_key_lets_a_refused_account_send_again_and_the_rest_stays() -> None:
    account = connect_account(BAKERY, by=NOBODY)
    account.status, account.status_reason = AccountStatus.REFUSED, "The key was withdrawn"
    with pytest.raises(Conflict, match=r"withdrawn\. Then check the connection under Settings → E-mail"):
        accounts.refuse_refused_email_account(account)
    change_account(account, EmailAccountChanges(api_key="re_another", reply_to="shop@bakery.example"), by=NOBODY)
    accounts.refuse_refused_email_account(account)
    assert (account.api_key.open(), account.reply_to) == ("re_another", "shop@bakery.example")
    assert account.sender_address == "hello@bakery.example"


def test_two_accounts_have_two_names() -> None:
    other = connect_account(replace(BAKERY, name="News"), by=NOBODY)
    connect_account(BAKERY, by=NOBODY)
    with pytest.raises(Conflict, match="There is an e-mail account “E-mail” already"):
        connect_account(BAKERY, by=NOBODY)
    with pytest.raises(Conflict, match="another name"):
        change_account(other, EmailAccountChanges(name="E-mail"), by=NOBODY)


def test_a_removed_account_keeps_no_secret_sends_nothing_and_gives_its_name_back() -> None:
    account = connect_account(BAKERY, by=NOBODY)
    remove_account(account, by=NOBODY)
    assert "re_the-key" not in account.api_key.open()
    assert accounts.list_email_accounts() == []
    assert accounts.get_email_account(account.id) is account
    with pytest.raises(Conflict, match="was removed"):
        accounts.refuse_refused_email_account(account)
    assert connect_account(BAKERY, by=NOBODY).name == account.name.partition(" (")[0]


def test_the_oldest_account_is_the_one_that_sends_if_none_is_named() -> None:
    with pytest.raises(Conflict, match="No e-mail account is connected yet"):
        accounts.get_default_email_account()
    first = connect_account(BAKERY, by=NOBODY)
    second = connect_account(replace(BAKERY, name="News"), by=NOBODY)
    assert accounts.get_default_email_account() is first
    assert accounts.list_email_accounts() == [first, second]


def test_another_organizations_account_is_not_found(app: Flask, cast: Cast) -> None:
    account_id = connect_account(BAKERY, by=NOBODY).id
    db.session.commit()
    with db.organization_context(app, cast.other_id):
        assert accounts.list_email_accounts() == []
        for wanted in (account_id, new_id()):
            with pytest.raises(NotFound):
                accounts.get_email_account(wanted)
