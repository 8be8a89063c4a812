"""Signing in: only with the right password, never to another site, one session one person."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp import create_app
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid
from adsapp.organizations import service, throttling
from adsapp.organizations.models import SignInFailures
from adsapp.organizations.throttling import Place, count_try, forget_try
from tests.cast import PASSWORD, Cast, csrf_token, token_on_page, use_quick_hashes


def attempt(client: FlaskClient, email: str, password: str, **more: str) -> tuple[int, str]:
    token = token_on_page(client)
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


@pytest.fixture
def strict(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """Three wrong passwords are let pass, and six from an address."""
    monkeypatch.setattr(throttling, "SHARED_BY", 2)
    app = create_app(settings.model_copy(update={"sign_in_tries": 3}))
    use_quick_hashes(app)
    return app


HOME, ELSEWHERE = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "198.51.100.9"}


def fail(app: Flask, cast: Cast, name: str, times: int, **request: Any) -> list[int]:
    """Wrong passwords from a browser that nobody knows; how each was answered."""
    return [cast.attempt(app.test_client(), name, "wrong", **request).status_code for _ in range(times)]


def test_who_must_wait_is_told_how_long_and_the_right_password_is_not_looked_at(cast: Cast, strict: Flask) -> None:
    with time_machine.travel(utcnow(), tick=False):
        assert fail(strict, cast, "alice", 3) == [422, 422, 422]
        answer = cast.attempt(strict.test_client(), "alice")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    assert "Too many tries from here. Wait 5.0 s, then try again." in answer.text
    assert 'value="alice@example.com"' in answer.text


def test_one_waits_longer_each_time_and_begins_anew_once_one_was_right(
    strict: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "SHARED_BY", 10)
    place, waits = Place.of("alice@example.com", "192.0.2.1", None), []

    def tried() -> float:
        wait = count_try(place).total_seconds()
        db.session.commit()
        return wait

    with strict.app_context(), time_machine.travel(utcnow(), tick=False) as clock:
        assert [tried() for _ in range(3)] == [0, 0, 0]
        for _ in range(10):
            waits.append(tried())
            clock.shift(waits[-1] - 1)
            assert tried() == 1  # to try meanwhile makes it no longer
            clock.shift(1)
            assert tried() == 0
        forget_try(place)
        assert [tried() for _ in range(4)] == [0, 0, 0, 5]
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_a_stranger_makes_nobody_wait_but_those_at_the_same_address(cast: Cast, strict: Flask) -> None:
    assert fail(strict, cast, "alice", 4, environ_base=ELSEWHERE)[-1] == 429
    assert cast.attempt(strict.test_client(), "alice", environ_base=HOME).status_code == 303
    assert fail(strict, cast, "bob", 1, environ_base=ELSEWHERE) == [422]


def test_a_browser_that_knows_a_person_is_not_slowed_down_by_strangers_at_its_address(
    cast: Cast, strict: Flask
) -> None:
    known = cast.sign_in_by_form(strict.test_client(), "alice")
    known.delete_cookie("adsapp")
    assert fail(strict, cast, "alice", 4)[-1] == 429
    assert fail(strict, cast, "nobody", 4)[-1] == 429  # that is six from this address
    assert cast.attempt(known, "alice", "wrong").status_code == 422
    assert cast.attempt(known, "bob").status_code == 429  # whom it does not know
    assert [cast.attempt(known, "alice", "wrong").status_code for _ in range(3)][-1] == 429  # by its own failures


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
@pytest.mark.parametrize("forged", ["", "nonsense", "InsiLCJ4Il0i.AAAA"])
def test_a_forged_cookie_makes_no_browser_known(cast: Cast, strict: Flask, forged: str) -> None:
    assert fail(strict, cast, "alice", 4)[-1] == 429
    client = strict.test_client()
    client.set_cookie("adsapp-known", forged)
    assert cast.attempt(client, "alice").status_code == 429


def test_guesses_at_many_people_from_one_address_are_slowed_down_too(cast: Cast, strict: Flask) -> None:
    for number in range(6):
        assert fail(strict, cast, f"person-{number}", 1, environ_base=ELSEWHERE) == [422]
    assert fail(strict, cast, "bob", 1, environ_base=ELSEWHERE) == [429]
    assert cast.attempt(strict.test_client(), "bob", environ_base=HOME).status_code == 303


def test_an_address_is_the_part_of_it_that_one_customer_has_all_of() -> None:
    one, other, far = (
        Place.of("a@example.com", address, None) for address in ("2001:db8::1", "2001:db8::ffff:2", "2001:db9::1")
    )
    assert one == other != far


def test_what_is_counted_is_forgotten_after_a_day_and_tells_of_nobody(cast: Cast, strict: Flask) -> None:
    with time_machine.travel(utcnow(), tick=False) as clock:
        assert fail(strict, cast, "alice", 4)[-1] == 429
        clock.shift(timedelta(days=1, seconds=1))
        assert fail(strict, cast, "bob", 1) == [422]
    with strict.app_context():
        kept = db.session.scalars(select(SignInFailures)).all()
    assert [row.failures for row in kept] == [1, 1]
    assert all(len(row.key) == 64 for row in kept)


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_one_signs_in_and_looks_around_while_redis_is_away(settings: Settings, cast: Cast) -> None:
    app = create_app(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1"}))
    use_quick_hashes(app)
    client = cast.sign_in_by_form(app.test_client(), "alice")
    for path in ("/", "/jobs", "/campaigns"):
        assert client.get(path).status_code == 200
    assert client.post("/sign-out", data={"csrf_token": csrf_token(client)}).status_code == 303


@pytest.mark.parametrize(
    "password",
    ["short", "password1", "Qwertyuiop", "P@ssw0rd!", "bob@example.com", "aaaaaaaaaaaa", "a" * 3000],
)
def test_a_password_that_is_guessed_first_is_not_taken(app: Flask, password: str) -> None:
    with app.app_context(), pytest.raises(Invalid, match=r"should have at least 8|should not be a common one"):
        service.create_user("bob@example.com", "Bob", password)


def test_pages_carry_the_headers_that_guard_them(client: FlaskClient, cast: Cast) -> None:
    headers = client.get("/sign-in").headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "HX-Request" in headers["Vary"]


@pytest.mark.parametrize(
    "url, name, is_secure", [("", "adsapp", False), ("https://ads.example", "__Host-adsapp", True)]
)
def test_cookies_are_for_the_browser_alone_and_over_https_for_this_host_alone(
    settings: Settings, cast: Cast, url: str, name: str, is_secure: bool
) -> None:
    app = create_app(settings.model_copy(update={"public_url": url}))
    use_quick_hashes(app)
    client = app.test_client()
    https = {"base_url": url or "http://localhost", "headers": {"Referer": url or "http://localhost"}}
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/sign-in", **https).text)
    assert token
    sent = {"email": "alice@example.com", "password": PASSWORD, "csrf_token": token[1]}
    answer = client.post("/sign-in", data=sent, **https)
    assert answer.status_code == 303
    cookies = answer.headers.getlist("Set-Cookie")
    assert sorted(cookie.partition("=")[0] for cookie in cookies) == [name, f"{name}-known"]
    for cookie in cookies:
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert ("Secure" in cookie) == is_secure
        assert "Domain" not in cookie


def test_who_comes_without_https_to_a_console_that_needs_it_is_told_where_it_is(settings: Settings) -> None:
    client = create_app(settings.model_copy(update={"public_url": "https://ads.example"})).test_client()
    answer = client.post("/sign-in", data={"email": "alice@example.com", "password": PASSWORD})
    assert answer.status_code == 400
    assert "https://ads.example" in answer.text
