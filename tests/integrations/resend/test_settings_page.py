"""Settings → E-mail: what is missing is said at its place, and a secret never comes out again."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from adsapp.core import db
from adsapp.integrations import email_queries as queries
from adsapp.integrations.models import AccountStatus, EmailAccount
from tests.cast import Cast, csrf_token
from tests.integrations.resend.provider import DOMAIN, KEY, SECRET, SENDING_KEY, UNVERIFIED, at, running_resend

HERE = "/settings/email"
TYPED = {"name": "News", "sender_name": "Bakery", "sender_address": f"hello@{DOMAIN}", "emails_per_second": "10"}

Post = Callable[..., TestResponse]


@pytest.fixture
def alice(app: Flask, cast: Cast) -> Iterator[FlaskClient]:
    before = app.config["SETTINGS"]
    with running_resend() as url:
        app.config["SETTINGS"] = at(before, url)
        yield cast.sign_in(app.test_client(), "alice")
    app.config["SETTINGS"] = before


@pytest.fixture
def post(alice: FlaskClient) -> Post:
    def send(path: str, **fields: Any) -> TestResponse:
        token = csrf_token(alice)
        return alice.post(path, data={"csrf_token": token, **fields}, follow_redirects=True)

    return send


@pytest.fixture
def account(app: Flask, cast: Cast) -> Callable[[], EmailAccount]:
    def find() -> EmailAccount:
        with db.organization_context(app, cast.bakery_id), db.reading():
            return queries.get_default_email_account()

    return find


def test_an_account_is_connected_and_its_webhook_is_told_to_be_missing(post: Post, account: Any) -> None:
    shown = post(HERE, api_key=KEY, **TYPED).text
    for told in (
        "Resend accepts the key.",
        f"The domain {DOMAIN} is verified.",
        "it has no webhook to us",
        "It can send",
    ):
        assert told in shown
    assert f"/webhooks/resend/{account().id}" in shown
    assert KEY not in shown


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"api_key": "re_withdrawn"}, "The API key is no longer valid"),
        ({"sender_address": "nobody"}, "should be one e-mail address"),
        ({"emails_per_second": "fast"}, "should be a number such as 10"),
        ({"batch_size": "101"}, "should be 1 to 100"),
        ({"name": ""}, "The name should not be empty"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_saved(
    post: Post, alice: FlaskClient, wrong: dict[str, str], said: str
) -> None:
    answer = post(HERE, **{"api_key": KEY, **TYPED, **wrong})
    (name,) = wrong
    assert answer.status_code == 422
    assert f'id="field-{name}-error"' in answer.text
    assert said in answer.text
    assert "No account is connected yet" in alice.get(HERE).text


def test_a_sender_whose_domain_is_not_verified_cannot_send_until_it_is(post: Post, account: Any) -> None:
    shown = post(HERE, api_key=KEY, **{**TYPED, "sender_address": f"hello@{UNVERIFIED}"}).text
    assert "It cannot send yet" in shown
    assert account().status is AccountStatus.REFUSED
    assert "It can send" in post(f"{HERE}/{account().id}", **TYPED).text
    assert account().status is AccountStatus.ACTIVE


def test_a_key_that_may_only_send_is_taken(post: Post) -> None:
    assert "The key may send and nothing else" in post(HERE, api_key=SENDING_KEY, **TYPED).text


def test_changes_are_saved_and_secrets_left_empty_stay(app: Flask, post: Post, account: Any) -> None:
    post(HERE, api_key=KEY, **TYPED)
    here = f"{HERE}/{account().id}"
    post(here, **{**TYPED, "name": "Shop", "tracks_opens": "1"}, webhook_secret=SECRET)
    post(here, **{**TYPED, "name": "Shop", "tracks_opens": "1"})
    found = account()
    assert (found.name, found.tracks_opens, found.tracks_clicks) == ("Shop", True, False)
    with app.app_context():
        assert (found.api_key.open(), found.webhook_secret.open()) == (KEY, SECRET)
    assert 'id="findings"' in post(f"{here}/check").text


def test_two_accounts_stand_beside_each_other_and_one_is_removed(post: Post, alice: FlaskClient, account: Any) -> None:
    post(HERE, api_key=KEY, **TYPED)
    assert "There is an e-mail account “News” already" in post(HERE, api_key=KEY, **TYPED).text
    assert 'aria-label="Accounts"' in post(HERE, api_key=KEY, **{**TYPED, "name": "Shop"}).text
    removal = f"{HERE}/{account().id}/removal"
    assert "Remove “News”?" in alice.get(removal).text
    assert "“News” is removed" in post(removal).text
    assert account().name == "Shop"
    assert alice.get(removal).status_code == 404


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_only_those_who_administer_see_it(app: Flask, cast: Cast, who: str) -> None:
    assert cast.sign_in(app.test_client(), who).get(HERE).status_code == 403
