"""What was granted can be taken away: a session, a role, a membership, a token; the next request knows."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from adsapp import create_app
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.crypto import digest
from adsapp.core.errors import Conflict
from adsapp.organizations import queries, service, sessions
from adsapp.organizations.auditing import NOBODY, By
from adsapp.organizations.models import ApiToken, Membership, Role, User, UserSession
from tests.cast import PASSWORD, Cast, csrf_token, join_charlies
from tests.statements import recorded

ADAM = By("Adam")


def member(cast: Cast, name: str) -> Membership:
    """Somebody of Harbour Bakery."""
    found = queries.get_member(cast.bakery_id, f"{name}@example.com")
    assert found is not None
    return found


def people_signed_in(app: Flask, organization_id: uuid.UUID) -> list[str]:
    """Their addresses, once a session, those that ran out too."""
    with db.organization_context(app, organization_id):
        return list(db.session.scalars(select(User.email).join(UserSession, UserSession.user_id == User.id)))


def of_user(change: Callable[[User, By], object]) -> Callable[[Membership], None]:
    def call(membership: Membership) -> None:
        change(membership.user, ADAM)

    return call


def one_session(membership: Membership) -> None:
    (session,) = (session for session, user in sessions.list_sessions(membership.organization_id))
    service.end_session(session, membership.user, ADAM)


ENDS: dict[str, Callable[[Membership], object]] = {
    "remove member": lambda membership: service.remove_member(membership, ADAM),
    "reset password": of_user(lambda user, by: service.set_password(user, "four plain unlike words", by)),
    "end session": one_session,
    "end all sessions": of_user(service.end_all_sessions),
}


@pytest.mark.parametrize("how", ENDS)
def test_whoever_is_signed_out_by_others_is_led_to_the_sign_in_by_page_and_poll(
    app: Flask, cast: Cast, client: FlaskClient, how: str
) -> None:
    cast.sign_in_by_form(client, "bob")
    assert client.get("/campaigns").status_code == 200
    with db.organization_context(app, cast.bakery_id):
        ENDS[how](member(cast, "bob"))
        db.session.commit()
    page = client.get("/campaigns")
    assert (page.status_code, page.headers["Location"]) == (302, "/sign-in?next=/campaigns")
    poll = client.get("/campaigns/list", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/campaigns"})
    assert (poll.status_code, poll.headers["HX-Redirect"]) == (401, "/sign-in?next=/campaigns&ended=1")
    told = client.get("/api/activity?limit=1", headers=cast.headers("alice")).get_json()["activity"][0]
    assert told["action"] == how.replace(" all sessions", " session")
    assert told["subjects"][0]["title"] == "bob@example.com"


def test_a_lower_role_holds_from_the_next_request_of_the_open_session(
    app: Flask, cast: Cast, client: FlaskClient
) -> None:
    cast.sign_in_by_form(client, "bob")
    assert client.get("/campaigns/new").status_code == 200
    with db.organization_context(app, cast.bakery_id):
        service.set_role(member(cast, "bob"), Role.VIEWER, ADAM)
        db.session.commit()
    assert client.get("/campaigns/new").status_code == 403
    assert client.get("/campaigns").status_code == 200
    told = client.get("/api/activity?kind=member", headers=cast.headers("alice")).get_json()["activity"]
    assert [(line["words"], line["change"]) for line in told] == [("Changed a member's role", "agent → viewer")]


def test_a_revoked_token_is_refused_from_the_next_request(app: Flask, cast: Cast, client: FlaskClient) -> None:
    assert client.get("/api/jobs", headers=cast.headers("bob")).status_code == 200
    with db.organization_context(app, cast.bakery_id):
        (token,) = (each for each in queries.list_tokens(cast.bakery_id) if each.name == "bob")
        assert token.last_used_at is not None
        service.revoke_token(token, ADAM)
        db.session.commit()
    assert client.get("/api/jobs", headers=cast.headers("bob")).status_code == 401
    told = client.get("/api/activity?kind=token", headers=cast.headers("alice")).get_json()["activity"]
    assert [(line["words"], line["change"]) for line in told] == [("Revoked a token", "as agent")]


def test_the_last_owner_stays_owner(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        alice, adam = member(cast, "alice"), member(cast, "adam")
        for take in (
            lambda: service.set_role(alice, Role.ADMIN, by=NOBODY),
            lambda: service.remove_member(alice, by=NOBODY),
        ):
            with pytest.raises(Conflict, match=r"alice@example\.com cannot .*: Harbour Bakery would have no owner"):
                take()
        service.set_role(adam, Role.OWNER, by=NOBODY)
        service.remove_member(alice, by=NOBODY)
        with pytest.raises(Conflict):
            service.add_member(adam.user, Role.ADMIN, by=NOBODY)


def test_a_copy_of_the_cookie_is_worth_nothing_after_signing_out(app: Flask, cast: Cast, client: FlaskClient) -> None:
    cast.sign_in_by_form(client, "alice")
    kept = client.get_cookie("adsapp")
    assert kept is not None
    token = csrf_token(client)
    assert client.post("/sign-out", data={"csrf_token": token}).status_code == 303
    thief = app.test_client()
    thief.set_cookie("adsapp", kept.value)
    assert thief.get("/").status_code == 302


def test_the_table_does_not_hold_what_the_cookie_holds(app: Flask, cast: Cast, client: FlaskClient) -> None:
    cast.sign_in_by_form(client, "alice")
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    with db.organization_context(app, cast.bakery_id):
        kept = db.session.scalars(select(UserSession)).one()
        assert kept.token_hash == digest(token)
        assert token not in str(vars(kept))


@pytest.mark.both
def test_who_signs_in_again_has_one_session_in_this_browser(app: Flask, cast: Cast, client: FlaskClient) -> None:
    cast.sign_in_by_form(client, "alice")
    token = csrf_token(client)
    other = {"email": "charlie@example.com", "password": PASSWORD, "csrf_token": token}  # of another organization
    assert client.post("/sign-in", data=other).status_code == 303
    assert people_signed_in(app, cast.other_id) == ["charlie@example.com"]
    assert people_signed_in(app, cast.bakery_id) == []


@pytest.mark.parametrize(
    "settings_of, begun, seen, is_in",
    [
        ({}, timedelta(days=29), timedelta(days=6), True),
        ({}, timedelta(days=31), timedelta(0), False),
        ({}, timedelta(days=8), timedelta(days=8), False),
        ({"session_idle_hours": 1}, timedelta(hours=2), timedelta(hours=2), False),
        ({"session_days": 1}, timedelta(days=2), timedelta(0), False),
    ],
)
def test_a_session_ends_by_age_and_by_idleness_and_is_then_swept(
    settings: Settings, cast: Cast, settings_of: dict[str, float], begun: timedelta, seen: timedelta, is_in: bool
) -> None:
    app = create_app(settings.model_copy(update=settings_of))
    client = cast.sign_in_by_form(app.test_client(), "alice")
    with db.organization_context(app, cast.bakery_id):
        then = {"created_at": utcnow() - begun, "last_seen_at": utcnow() - seen}
        db.session.execute(update(UserSession).values(**then))
        db.session.commit()
    with db.organization_context(app, cast.bakery_id):
        assert len(sessions.list_sessions(cast.bakery_id)) == is_in
    assert (client.get("/").status_code == 200) == is_in
    cast.sign_in_by_form(app.test_client(), "bob")
    assert len(people_signed_in(app, cast.bakery_id)) == 1 + is_in


def seen_at(app: Flask, cast: Cast) -> object:
    with db.organization_context(app, cast.bakery_id):
        return db.session.scalars(select(UserSession.last_seen_at)).first()


def test_a_person_is_noted_as_seen_now_and_then_and_an_open_page_is_no_person(
    app: Flask, cast: Cast, client: FlaskClient
) -> None:
    cast.sign_in_by_form(client, "alice")
    first = seen_at(app, cast)
    client.get("/")
    assert seen_at(app, cast) == first
    with time_machine.travel(utcnow() + sessions.SEEN_EVERY * 2, tick=False):
        assert client.get("/campaigns/list", headers={"HX-Request": "true"}).status_code == 200
        assert seen_at(app, cast) == first
        assert client.get("/campaigns").status_code == 200
        assert seen_at(app, cast) == utcnow()


def test_a_token_s_use_is_noted_now_and_then(app: Flask, cast: Cast, client: FlaskClient) -> None:
    used = select(ApiToken.last_used_at).where(ApiToken.name == "alice", ApiToken.organization_id == cast.bakery_id)

    def ask() -> object:
        assert client.get("/api/jobs", headers=cast.headers("alice")).status_code == 200
        with db.organization_context(app, cast.bakery_id):
            return db.session.scalars(used).one()

    first = ask()
    assert first is not None
    assert ask() == first


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_pages_are_served_while_nothing_can_be_written_down(
    app: Flask, cast: Cast, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SEEN_WAIT", 0.01)
    cast.sign_in_by_form(client, "alice")
    with app.app_context():
        engine = db.db.engine
    with engine.connect() as frozen, frozen.begin():  # which takes the lock
        with time_machine.travel(utcnow() + sessions.SEEN_EVERY * 2, tick=False):
            assert client.get("/campaigns").status_code == 200
        assert client.get("/api/jobs", headers=cast.headers("bob")).status_code == 200


def test_who_asks_is_one_statement(app: Flask, cast: Cast, client: FlaskClient) -> None:
    cast.sign_in_by_form(client, "alice")
    client.get("/campaigns")
    with recorded(app) as seen:
        client.get("/campaigns")
    assert len([each for each in seen if "sessions" in each or "memberships" in each or "users" in each]) == 1


def test_whoever_belongs_nowhere_any_more_is_told_so(app: Flask, cast: Cast, client: FlaskClient) -> None:
    with db.organization_context(app, cast.bakery_id):
        service.remove_member(member(cast, "bob"), by=NOBODY)
        db.session.commit()
    answer = cast.attempt(client, "bob")
    assert answer.status_code == 422
    assert "You belong to no organization any more" in answer.text


def test_a_session_of_one_s_own_is_told_with_where_it_was(app: Flask, cast: Cast, client: FlaskClient) -> None:
    address = {"REMOTE_ADDR": "192.0.2.7"}
    assert cast.attempt(client, "alice", environ_base=address).status_code == 303
    token = csrf_token(client)
    client.post("/sign-out", data={"csrf_token": token}, environ_base=address)
    told = client.get("/api/activity?kind=session", headers=cast.headers("adam")).get_json()["activity"]
    assert [(line["actor"], line["words"], line["address"]) for line in told] == [
        ("Alice", "Signed out", "192.0.2.7"),
        ("Alice", "Signed in", "192.0.2.7"),
    ]
    theirs = client.get("/api/activity?kind=session", headers=cast.headers("charlie")).get_json()["activity"]
    assert theirs == []


def test_who_comes_over_from_another_organization_is_in_that_one_s_activity(
    app: Flask, cast: Cast, client: FlaskClient
) -> None:
    join_charlies(app, cast, "alice")
    cast.sign_in_by_form(client, "alice")
    chosen = {"organization_id": str(cast.other_id), "csrf_token": csrf_token(client)}
    assert client.post("/organizations/current", data=chosen).status_code == 303
    told = client.get("/api/activity?limit=1", headers=cast.headers("charlie")).get_json()["activity"]
    assert [(line["actor"], line["words"]) for line in told] == [("Alice", "Came over from another organization")]
