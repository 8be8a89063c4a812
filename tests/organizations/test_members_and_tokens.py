"""People and tokens, managed on pages and by programs: by owners and admins alone, and owners by owners alone."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.organizations import queries, service
from adsapp.organizations.auditing import NOBODY
from adsapp.organizations.models import Membership, Role
from tests.cast import PASSWORD, Cast, csrf_token, join_charlies

MANAGED = ("people", "tokens", "organizations_api")
SECRET = re.compile(r'class="copyable"><code>([^<]+)</code>')


def role_of(app: Flask, cast: Cast, name: str) -> str | None:
    """What somebody is at Harbour Bakery; None for no member."""
    with db.organization_context(app, cast.bakery_id), db.reading():
        found = queries.get_member(cast.bakery_id, f"{name}@example.com")
        return found.role.value if found else None


def id_of(app: Flask, cast: Cast, name: str, organization_id: uuid.UUID | None = None) -> str:
    """Somebody's id."""
    here = organization_id or cast.bakery_id
    with db.organization_context(app, here), db.reading():
        found = queries.get_member(here, f"{name}@example.com")
        assert found is not None
        return str(found.user_id)


def token_of(app: Flask, organization_id: uuid.UUID, name: str) -> str:
    """The id of a token."""
    with db.organization_context(app, organization_id), db.reading():
        return next(str(each.id) for each in queries.list_tokens(organization_id) if each.name == name)


class Ways:
    """The same deeds, on pages as somebody signed in (`page`), or with their token (`program`)."""

    def __init__(self, app: Flask, cast: Cast, name: str, way: str) -> None:
        self._app, self._headers, self._is_page = app, cast.headers(name), way == "page"
        self._client = cast.sign_in(app.test_client(), name) if self._is_page else app.test_client()

    def _do(self, form: tuple[str, dict[str, str]], call: tuple[str, str, object]) -> TestResponse:
        if not self._is_page:
            return self._client.open(call[1], method=call[0], json=call[2], headers=self._headers)
        path, fields = form
        return self._client.post(path, data={"csrf_token": csrf_token(self._client), **fields})

    def add(self, email: str, role: str, name: str = "") -> TestResponse:
        body = {"email": email, "role": role, "name": name}
        return self._do(("/settings/people", body), ("POST", "/api/members", body))

    def set_role(self, member_id: str, role: str) -> TestResponse:
        path = f"/settings/people/{member_id}/role"
        return self._do((path, {"role": role}), ("PATCH", f"/api/members/{member_id}", {"role": role}))

    def remove(self, member_id: str) -> TestResponse:
        return self._do((f"/settings/people/{member_id}/removal", {}), ("DELETE", f"/api/members/{member_id}", None))

    def make_token(self, name: str, role: str, days: int | None = None) -> TestResponse:
        body = {"name": name, "role": role}
        form = ("/settings/tokens", {**body, "days": str(days or "")})
        return self._do(form, ("POST", "/api/tokens", {**body, "days": days}))

    def revoke(self, token_id: str) -> TestResponse:
        return self._do((f"/settings/tokens/{token_id}/revocation", {}), ("DELETE", f"/api/tokens/{token_id}", None))


@pytest.fixture(params=["page", "program"])
def ways(request: pytest.FixtureRequest, app: Flask, cast: Cast) -> Callable[[str], Ways]:
    return lambda name: Ways(app, cast, name, request.param)


@pytest.mark.parametrize("name, status", [("bob", {403}), ("vera", {403}), (None, {302, 401, 400})])
def test_nobody_but_owners_and_admins_comes_to_people_and_tokens(
    app: Flask, cast: Cast, client: FlaskClient, name: str | None, status: set[int]
) -> None:
    ids = {"member_id": id_of(app, cast, "vera"), "token_id": token_of(app, cast.bakery_id, "vera")}
    headers = cast.headers(name) if name else {}
    adapter = app.url_map.bind("localhost")
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(MANAGED)]
    assert len(rules) > 15
    for rule in rules:
        path = adapter.build(rule.endpoint, {name: ids[name] for name in rule.arguments})
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert client.open(path, method=method, headers=headers).status_code in status, f"{method} {path}"


@pytest.mark.both
def test_who_is_added_signs_in_with_the_password_that_is_shown_once(
    app: Flask, cast: Cast, client: FlaskClient, ways: Callable[[str], Ways]
) -> None:
    answer = ways("adam").add(" Nora@Example.com ", "agent", "Nora <b>Ness</b>")
    assert answer.status_code == 201
    password = SECRET.findall(answer.text)[0] if not answer.is_json else answer.get_json()["password"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<b>" not in (answer.text if not answer.is_json else "")
    assert cast.attempt(client, "nora", password).status_code == 303
    assert role_of(app, cast, "nora") == "agent"
    listed = cast.sign_in(app.test_client(), "adam").get("/settings/people").text
    assert "Nora &lt;b&gt;Ness&lt;/b&gt;" in listed
    assert password not in listed


@pytest.mark.both
def test_who_is_known_already_keeps_password_and_name(
    app: Flask, cast: Cast, client: FlaskClient, ways: Callable[[str], Ways]
) -> None:
    answer = ways("alice").add("CHARLIE@example.com", "viewer", "Somebody else")
    assert answer.status_code in (303, 201)
    assert not SECRET.search(answer.text)
    if answer.is_json:
        assert (answer.get_json()["password"], answer.get_json()["name"]) == (None, "Charlie")
    assert role_of(app, cast, "charlie") == "viewer"
    assert cast.attempt(client, "charlie").status_code == 303


@pytest.mark.parametrize(
    "email, role, status, said",
    [
        ("bob@example.com", "viewer", 409, "bob@example.com is a member already"),
        ("no address", "agent", 422, "must have an @"),
        ("new@example.com", "king", 422, ""),
        (f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.com", "agent", 422, "at most 200 letters"),
    ],
)
def test_who_cannot_be_added_is_said_beside_the_field(
    app: Flask, cast: Cast, ways: Callable[[str], Ways], email: str, role: str, status: int, said: str
) -> None:
    answer = ways("alice").add(email, role)
    assert answer.status_code == status
    assert said in answer.text
    assert answer.is_json or "Nobody is added yet" in answer.text
    assert role_of(app, cast, "bob") == "agent"


def test_an_admin_neither_makes_nor_changes_nor_removes_an_owner(
    app: Flask, cast: Cast, ways: Callable[[str], Ways]
) -> None:
    adam, alice = ways("adam"), id_of(app, cast, "alice")
    deeds = (
        adam.add("new@example.com", "owner"),
        adam.set_role(alice, "viewer"),
        adam.set_role(alice, "owner"),
        adam.remove(alice),
        adam.set_role(id_of(app, cast, "adam"), "owner"),
        adam.set_role(id_of(app, cast, "bob"), "owner"),
        adam.make_token("mine", "owner"),
    )
    assert [deed.status_code for deed in deeds] == [403] * len(deeds)
    assert "Ask an owner" in deeds[0].text
    assert [role_of(app, cast, name) for name in ("alice", "adam", "bob", "new")] == ["owner", "admin", "agent", None]
    assert adam.set_role(id_of(app, cast, "bob"), "admin").status_code in (200, 303)


def test_an_owner_makes_owners_but_the_last_one_stays(app: Flask, cast: Cast, ways: Callable[[str], Ways]) -> None:
    owner, alice = ways("alice"), id_of(app, cast, "alice")
    for refused in (owner.remove(alice), owner.set_role(alice, "admin")):
        assert refused.status_code == 409
        assert "would have no owner. Make another member owner first" in refused.text
    assert role_of(app, cast, "alice") == "owner"
    assert owner.set_role(id_of(app, cast, "adam"), "owner").status_code in (200, 303)
    assert owner.set_role(alice, "viewer").status_code in (200, 303)
    assert (role_of(app, cast, "adam"), role_of(app, cast, "alice")) == ("owner", "viewer")


def test_a_lower_role_and_a_removal_count_from_the_next_request(
    app: Flask, cast: Cast, client: FlaskClient, ways: Callable[[str], Ways]
) -> None:
    owner, adam = ways("alice"), id_of(app, cast, "adam")
    cast.sign_in(client, "adam")
    assert client.get("/settings/people").status_code == 200
    owner.set_role(adam, "viewer")
    assert client.get("/settings/people").status_code == 403
    assert client.get("/jobs").status_code == 200
    assert owner.remove(adam).status_code in (204, 303)
    assert client.get("/jobs").headers["Location"].startswith("/sign-in")
    assert role_of(app, cast, "adam") is None


def test_who_lowers_their_own_role_lands_where_they_may_be(app: Flask, cast: Cast, client: FlaskClient) -> None:
    cast.sign_in(client, "adam")
    sent = {"csrf_token": csrf_token(client), "role": "viewer"}
    answer = client.post(f"/settings/people/{id_of(app, cast, 'adam')}/role", data=sent)
    assert answer.headers["Location"] == "/"


def test_a_token_is_shown_once_works_with_its_role_and_is_not_known_once_revoked(
    app: Flask, cast: Cast, client: FlaskClient, ways: Callable[[str], Ways]
) -> None:
    made = ways("adam").make_token("Shop <i>one</i>", "viewer", 30)
    assert made.status_code == 201
    text = SECRET.findall(made.text)[0] if not made.is_json else made.get_json()["token"]
    assert "<i>" not in (made.text if not made.is_json else "")
    mine = {"Authorization": f"Bearer {text}"}
    assert client.get("/api/jobs", headers=mine).status_code == 200
    assert client.get("/api/members", headers=mine).status_code == 403
    listed = client.get("/api/tokens", headers=cast.headers("alice")).get_json()["tokens"][-1]
    assert (listed["name"], listed["role"], listed["prefix"]) == ("Shop <i>one</i>", "viewer", text[:8])
    assert listed["last_used_at"] is not None
    page = cast.sign_in(app.test_client(), "adam").get("/settings/tokens").text
    assert "Shop &lt;i&gt;one&lt;/i&gt;" in page
    assert text not in page
    assert ways("adam").revoke(listed["id"]).status_code in (204, 303)
    assert client.get("/api/jobs", headers=mine).status_code == 401
    assert ways("adam").revoke(listed["id"]).status_code == 404


def test_a_token_expires_and_says_so(app: Flask, cast: Cast, client: FlaskClient) -> None:
    made = Ways(app, cast, "alice", "program").make_token("Short", "viewer", 1).get_json()
    mine = {"Authorization": f"Bearer {made['token']}"}
    cast.sign_in(client, "alice")
    assert "expired" not in client.get("/settings/tokens").text
    with time_machine.travel(utcnow() + timedelta(days=1, minutes=1)):
        assert app.test_client().get("/api/jobs", headers=mine).status_code == 401
        assert "expired" in client.get("/settings/tokens").text


@pytest.mark.parametrize("name, days", [("", 1), ("a" * 101, 1), ("Shop", 3651)])
def test_a_token_that_cannot_be_made_is_said_beside_the_field(
    cast: Cast, ways: Callable[[str], Ways], name: str, days: int
) -> None:
    answer = ways("alice").make_token(name, "viewer", days)
    assert answer.status_code == 422
    assert answer.is_json or "No token is made yet" in answer.text


@pytest.mark.both
def test_another_organization_s_people_and_tokens_are_not_found(
    app: Flask, cast: Cast, ways: Callable[[str], Ways]
) -> None:
    owner, charlie = ways("alice"), id_of(app, cast, "charlie", cast.other_id)
    token = token_of(app, cast.other_id, "charlie")
    deeds = (owner.set_role(charlie, "viewer"), owner.remove(charlie), owner.revoke(token), owner.revoke("nonsense"))
    assert [deed.status_code for deed in deeds] == [404] * 4
    assert app.test_client().get("/api/jobs", headers=cast.headers("charlie")).status_code == 200


def renew(client: FlaskClient, member_id: str) -> TestResponse:
    return client.post(f"/settings/people/{member_id}/password", data={"csrf_token": csrf_token(client)})


@pytest.mark.both
def test_who_forgot_their_password_gets_another_and_is_signed_out(app: Flask, cast: Cast, client: FlaskClient) -> None:
    bob = cast.sign_in(app.test_client(), "bob")
    answer = renew(cast.sign_in(client, "adam"), id_of(app, cast, "bob"))
    assert answer.status_code == 201
    assert bob.get("/jobs").status_code == 302
    assert cast.attempt(bob, "bob", PASSWORD).status_code == 422
    assert cast.attempt(bob, "bob", SECRET.findall(answer.text)[0]).status_code == 303


def test_no_admin_comes_by_a_new_password_to_what_is_not_theirs(app: Flask, cast: Cast, client: FlaskClient) -> None:
    """As an owner, into another organization, or past the question for one's present password."""
    join_charlies(app, cast, "bob")
    cast.sign_in(client, "adam")
    refused = {name: renew(client, id_of(app, cast, name)) for name in ("alice", "bob", "adam")}
    assert {name: answer.status_code for name, answer in refused.items()} == {"alice": 403, "bob": 409, "adam": 409}
    assert "belongs to another organization, too" in refused["bob"].text
    assert "under Your account" in refused["adam"].text
    for name in refused:
        assert cast.attempt(app.test_client(), name).status_code == 303


def test_a_page_says_beforehand_what_is_not_possible_and_asks_before_the_rest(
    app: Flask, cast: Cast, client: FlaskClient
) -> None:
    page = cast.sign_in(client, "adam").get("/settings/people").text
    assert "only an owner can change an owner" in page
    own = cast.sign_in(app.test_client(), "alice").get("/settings/people").text
    assert "there must be an owner" in own
    vera = id_of(app, cast, "vera")
    asked = client.get(f"/settings/people/{vera}/role").text
    assert 'value="admin"' in asked
    assert 'value="owner"' not in asked
    assert "Remove Vera?" in client.get(f"/settings/people/{vera}/removal").text
    assert "Leave Harbour Bakery?" in client.get(f"/settings/people/{id_of(app, cast, 'adam')}/removal").text
    assert "forgot theirs" in client.get(f"/settings/people/{vera}/password").text
    token = token_of(app, cast.bakery_id, "vera")
    assert "Revoke “vera”?" in client.get(f"/settings/tokens/{token}/revocation").text


def test_an_organization_without_tokens_is_shown_what_they_are_for(app: Flask, cast: Cast, client: FlaskClient) -> None:
    with db.organization_context(app, cast.bakery_id):
        for token in queries.list_tokens(cast.bakery_id):
            service.revoke_token(token, NOBODY)
        db.session.commit()
    assert "No tokens yet" in cast.sign_in(client, "alice").get("/settings/tokens").text


def test_each_deed_is_in_the_activity_with_who_did_it(app: Flask, cast: Cast, client: FlaskClient) -> None:
    adam = Ways(app, cast, "adam", "page")
    adam.add("nora@example.com", "agent")
    nora = id_of(app, cast, "nora")
    adam.set_role(nora, "viewer")
    adam.remove(nora)
    adam.make_token("Shop", "viewer")
    adam.revoke(token_of(app, cast.bakery_id, "Shop"))
    told = client.get("/api/activity?limit=5", headers=cast.headers("alice")).get_json()["activity"]
    assert {line["actor"] for line in told} == {"Adam"}
    words = [line["words"] for line in reversed(told)]
    assert words == ["Added a member", "Changed a member's role", "Removed a member", "Made a token", "Revoked a token"]


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_owners_can_go_until_there_is_one(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        for name in ("adam", "bob"):
            found = queries.get_member(cast.bakery_id, f"{name}@example.com")
            assert isinstance(found, Membership)
            service.set_role(found, Role.OWNER, NOBODY)
        db.session.commit()
    owner = Ways(app, cast, "alice", "program")
    answers = [owner.remove(id_of(app, cast, name)).status_code for name in ("adam", "bob", "alice")]
    assert answers == [204, 204, 409]
