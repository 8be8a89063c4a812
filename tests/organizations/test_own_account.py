"""Everybody's own account: their name, their password, and where they are signed in."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from adsapp import create_app
from adsapp.config import Settings
from adsapp.organizations.console.browsers import browser_words
from tests.cast import PASSWORD, Cast, csrf_token, use_quick_hashes

GOOD = "four plain unlike words"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
EDGE = f"{CHROME.replace('X11; Linux x86_64', 'Windows NT 10.0; Win64; x64')} Edg/140.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
    "Mobile/15E148 Safari/604.1"
)


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    return client.post(f"/account/{path}", data={"csrf_token": csrf_token(client), **fields})


def change(
    client: FlaskClient, present: str = PASSWORD, password: str = GOOD, again: str | None = None
) -> TestResponse:
    return post(client, "password", present=present, password=password, again=password if again is None else again)


@pytest.mark.parametrize("name", ["alice", "adam", "bob", "vera"])
def test_everybody_sees_their_own_account_whole(cast: Cast, client: FlaskClient, name: str) -> None:
    page = cast.sign_in(client, name).get("/account").text
    assert f"{name}@example.com" in page
    assert "127.0.0.1" in page
    assert 'href="/account"' in client.get("/jobs").text


def test_a_token_has_no_account(cast: Cast, client: FlaskClient) -> None:
    for method, path in (("GET", ""), ("POST", "/name"), ("POST", "/password"), ("POST", "/sessions/end")):
        answer = client.open(f"/account{path}", method=method, headers=cast.headers("alice"))
        assert answer.status_code == 403
        assert "A token has no account" in answer.text


@pytest.mark.both
def test_another_password_ends_all_other_sessions_and_keeps_this_one(
    app: Flask, cast: Cast, client: FlaskClient
) -> None:
    other, bob = cast.sign_in(app.test_client(), "vera"), cast.sign_in(app.test_client(), "bob")
    answer = change(cast.sign_in(client, "vera"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    assert "signed out everywhere else" in client.get("/account").text
    assert (other.get("/jobs").status_code, bob.get("/jobs").status_code) == (302, 200)
    assert cast.attempt(other, "vera").status_code == 422
    assert cast.attempt(other, "vera", GOOD).status_code == 303
    told = client.get("/api/activity?kind=member", headers=cast.headers("alice")).get_json()["activity"][0]
    assert (told["actor"], told["words"], told["count"]) == ("Vera", "Changed their own password", "1")


@pytest.mark.parametrize(
    "present, password, again, said",
    [
        ("wrong", GOOD, None, "This is not your present password"),
        ("", GOOD, None, "This is not your present password"),
        (PASSWORD, "short", None, "It should have at least 8 characters"),
        (PASSWORD, "alice@example.com", None, "It should not be a common one"),
        (PASSWORD, GOOD, "another", "This is not the same as above"),
        (PASSWORD, "", None, "It should have at least 8 characters"),
    ],
)
def test_what_keeps_a_password_from_being_changed_is_said_and_nothing_changes(
    app: Flask, cast: Cast, client: FlaskClient, present: str, password: str, again: str | None, said: str
) -> None:
    other = cast.sign_in(app.test_client(), "alice")
    answer = change(cast.sign_in(client, "alice"), present, password, again)
    assert answer.status_code == 422
    assert said in answer.text
    assert GOOD not in answer.text
    assert other.get("/jobs").status_code == 200
    assert cast.attempt(app.test_client(), "alice").status_code == 303


@pytest.mark.both
def test_wrong_present_passwords_make_one_wait_as_at_the_sign_in(settings: Settings, cast: Cast) -> None:
    app = create_app(settings.model_copy(update={"sign_in_tries": 2}))
    use_quick_hashes(app)
    client = cast.sign_in(app.test_client(), "alice")
    assert [change(client, "wrong").status_code for _ in range(2)] == [422, 422]
    answer = change(client)
    assert (answer.status_code, int(answer.headers["Retry-After"]) <= 5) == (429, True)
    assert "Too many tries. Wait" in answer.text
    assert cast.attempt(app.test_client(), "alice").status_code == 429  # it is the same count
    assert client.get("/account").status_code == 200


def test_a_right_present_password_is_no_try_though_the_new_one_is_refused(settings: Settings, cast: Cast) -> None:
    app = create_app(settings.model_copy(update={"sign_in_tries": 1}))
    use_quick_hashes(app)
    client = cast.sign_in(app.test_client(), "alice")
    assert [change(client, PASSWORD, "short").status_code for _ in range(4)] == [422] * 4


@pytest.mark.both
def test_one_signs_out_everywhere_else(app: Flask, cast: Cast, client: FlaskClient) -> None:
    cast.sign_in(client, "bob")
    assert "you are signed in nowhere else" in client.get("/account").text
    other, alice = cast.sign_in(app.test_client(), "bob"), cast.sign_in(app.test_client(), "alice")
    assert client.get("/account").text.count("127.0.0.1") == 2
    assert post(client, "sessions/end").status_code == 303
    assert [each.get("/jobs").status_code for each in (client, other, alice)] == [200, 302, 200]


def test_another_name_is_seen_at_once_and_in_the_activity(app: Flask, cast: Cast, client: FlaskClient) -> None:
    cast.sign_in(client, "vera")
    assert post(client, "name", name="  Vera <script>  ").status_code == 303
    page = client.get("/account").text
    assert "Vera &lt;script&gt;" in page
    assert "<script>" not in page
    told = client.get("/api/activity?limit=1", headers=cast.headers("alice")).get_json()["activity"][0]
    assert (told["words"], told["change"]) == ("Took another name", "Vera → Vera <script>")


@pytest.mark.parametrize("name", ["", "  ", "a" * 101])
def test_a_name_that_is_none_is_not_taken(cast: Cast, client: FlaskClient, name: str) -> None:
    answer = post(cast.sign_in(client, "alice"), "name", name=name)
    assert answer.status_code == 422
    assert "Give a name of 1 to 100 letters" in answer.text


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_viewer_named_by_their_address_keeps_it_when_they_save(app: Flask, cast: Cast, client: FlaskClient) -> None:
    """It is masked for viewers elsewhere, but not where they would save the mask."""
    cast.sign_in(client, "vera")
    post(client, "name", name="vera@example.com")
    assert 'value="vera@example.com"' in client.get("/account").text


@pytest.mark.parametrize(
    "user_agent, words",
    [
        (CHROME, "Chrome on Linux"),
        (EDGE, "Edge on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Mac"),
        (f"{'x' * 300}", "x" * 60),
        ("", "An unknown browser"),
    ],
)
def test_a_browser_is_called_as_people_call_it(user_agent: str, words: str) -> None:
    assert browser_words(user_agent) == words
