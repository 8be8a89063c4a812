"""Signing in: only with the right password, never to another site, one session one person."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp import create_app
from adsapp.config import Settings
from tests.cast import PASSWORD, Cast, csrf_token, make_cast


def attempt(client: FlaskClient, email: str, password: str, **more: str) -> tuple[int, str]:
    token = csrf_token(client)
    answer = client.post("/sign-in", data={"email": email, "password": password, "csrf_token": token, **more})
    return answer.status_code, answer.headers.get("Location", answer.text)


def test_the_right_password_leads_home(cast: Cast, client: FlaskClient) -> None:
    assert attempt(client, "  Alice@Example.com ", PASSWORD) == (303, "/")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("email, password", [("alice@example.com", "wrong"), ("nobody@example.com", PASSWORD)])
def test_a_wrong_pair_keeps_the_email_and_tells_nothing_more(
    cast: Cast, client: FlaskClient, email: str, password: str
) -> None:
    status, page = attempt(client, email, password)
    assert status == 422
    assert email in page
    assert "do not belong together" in page
    assert password not in page.replace(email, "")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site(cast: Cast, client: FlaskClient, target: str) -> None:
    assert attempt(client, "alice@example.com", PASSWORD, next=target) == (303, "/")


def test_the_page_one_wanted_comes_after_signing_in(cast: Cast, client: FlaskClient) -> None:
    answer = client.get("/jobs?state=failed")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in?next=/jobs?state%3Dfailed"
    assert attempt(client, "alice@example.com", PASSWORD, next="/jobs?state=failed") == (303, "/jobs?state=failed")


def test_a_form_without_its_token_is_refused(cast: Cast, client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"email": "alice@example.com", "password": PASSWORD})
    assert answer.status_code == 400
    assert "open too long" in answer.text


def test_signing_out_ends_the_session(cast: Cast, client: FlaskClient) -> None:
    cast.sign_in(client, "alice")
    assert client.post("/sign-out", data={"csrf_token": csrf_token(client, "/")}).status_code == 303
    assert client.get("/").status_code == 302


def test_too_many_tries_are_slowed_down(settings: Settings) -> None:
    app = create_app(settings.model_copy(update={"sign_in_limit": "3 per minute"}))
    make_cast(app)
    client = app.test_client()
    answers = [attempt(client, "alice@example.com", "wrong")[0] for _ in range(4)]
    assert answers == [422, 422, 422, 429]


def test_pages_carry_the_headers_that_guard_them(client: FlaskClient, cast: Cast) -> None:
    headers = client.get("/sign-in").headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "HX-Request" in headers["Vary"]


def test_the_session_cookie_is_for_the_browser_alone(app: Flask, cast: Cast) -> None:
    client = app.test_client()
    answer = client.get("/sign-in")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
