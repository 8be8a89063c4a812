"""Who may do what, and where one organization ends."""

import html
import re
import uuid

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select, text
from sqlalchemy.exc import ProgrammingError

from adsapp import jobs
from adsapp.core import db
from adsapp.core.errors import Forbidden
from adsapp.core.ids import new_id
from adsapp.jobs import Job
from adsapp.organizations.models import Role
from adsapp.organizations.policy import Permission, allows, demand
from tests.cast import PASSWORD, Cast, csrf_token, join_charlies, token_on_page

TABLE = {
    Permission.SEE: {Role.OWNER, Role.ADMIN, Role.AGENT, Role.VIEWER},
    Permission.SEE_NUMBERS: {Role.OWNER, Role.ADMIN, Role.AGENT},
    Permission.SEND: {Role.OWNER, Role.ADMIN, Role.AGENT},
    Permission.MANAGE: {Role.OWNER, Role.ADMIN},
    Permission.ADMINISTER: {Role.OWNER, Role.ADMIN},
}


@pytest.mark.parametrize("permission", Permission)
@pytest.mark.parametrize("role", Role)
def test_the_table_of_roles_holds(permission: Permission, role: Role) -> None:
    assert allows(role, permission) == (role in TABLE[permission])


def test_a_refusal_says_who_can_help() -> None:
    with pytest.raises(
        Forbidden, match=r"As viewer you cannot do this; it needs the right to send messages.*Ask an owner or admin"
    ):
        demand(Role.VIEWER, Permission.SEND)
    with pytest.raises(Forbidden, match=r"As agent you cannot export contacts\. Ask an owner or admin"):
        demand(Role.AGENT, Permission.MANAGE, "export contacts")


def make_job(app: Flask, organization_id: uuid.UUID) -> uuid.UUID:
    with db.organization_context(app, organization_id):
        job = jobs.enqueue("demo", {"mood": "succeeds"})
        db.session.commit()
        return job.id


def test_another_organization_s_job_is_not_found(app: Flask, cast: Cast, client: FlaskClient) -> None:
    theirs = make_job(app, cast.other_id)
    assert client.get(f"/api/jobs/{theirs}", headers=cast.headers("alice")).status_code == 404
    assert client.delete(f"/api/jobs/{theirs}", headers=cast.headers("alice")).status_code == 404
    assert client.get(f"/api/jobs/{theirs}", headers=cast.headers("charlie")).status_code == 200
    cast.sign_in(client, "alice")
    assert client.get(f"/jobs/{theirs}").status_code == 404


def test_an_unknown_token_is_told_what_to_do(cast: Cast, client: FlaskClient) -> None:
    answer = client.get("/api/jobs", headers={"Authorization": "Bearer ads_nothing"})
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert "adsapp token create" in answer.json["detail"]  # type: ignore[index]


def test_no_token_at_all_is_401_for_programs(cast: Cast, client: FlaskClient) -> None:
    assert client.get("/api/jobs").status_code == 401


def test_a_session_needs_the_form_token_for_the_api_and_a_bearer_does_not(
    app: Flask, cast: Cast, client: FlaskClient
) -> None:
    mine = make_job(app, cast.bakery_id)
    cast.sign_in(client, "alice")
    assert client.delete(f"/api/jobs/{mine}").status_code == 400
    token = token_on_page(client, "/jobs")
    assert client.delete(f"/api/jobs/{mine}", headers={"X-CSRFToken": token}).status_code == 200


def test_a_person_works_in_the_organization_they_chose(app: Flask, cast: Cast, client: FlaskClient) -> None:
    join_charlies(app, cast, "alice")
    cast.sign_in(client, "alice")
    switch = {"organization_id": str(cast.other_id), "csrf_token": csrf_token(client)}
    assert client.post("/organizations/current", data=switch).status_code == 303
    assert client.get(f"/jobs/{make_job(app, cast.other_id)}").status_code == 200
    assert client.get(f"/jobs/{make_job(app, cast.bakery_id)}").status_code == 404
    switch["organization_id"] = str(uuid.uuid4())
    assert client.post("/organizations/current", data=switch).status_code == 404


def test_a_session_sees_its_organization_only(app: Flask, cast: Cast) -> None:
    mine, theirs = make_job(app, cast.bakery_id), make_job(app, cast.other_id)
    with db.organization_context(app, cast.bakery_id):
        assert db.session.scalars(select(Job.id)).all() == [mine]
        assert db.session.get(Job, theirs) is None


def test_a_session_never_changes_sides(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id), pytest.raises(db.UnscopedStatement):
        db.bind_organization(cast.other_id)


def test_textual_statements_must_say_that_they_name_the_organization(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id), pytest.raises(db.UnscopedStatement):
        db.session.execute(text("select * from jobs"))


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_postgresql_hides_and_refuses_other_organizations_rows_from_raw_sql(app: Flask, cast: Cast) -> None:
    make_job(app, cast.other_id)
    said = {"names_organization": True}
    with db.organization_context(app, cast.bakery_id):
        assert db.session.execute(text("select count(*) from jobs"), execution_options=said).scalar_one() == 0
        changed = db.session.execute(text("update jobs set title = 'x'"), execution_options=said)
        assert changed.rowcount == 0  # type: ignore[attr-defined]
        with pytest.raises(Exception, match="row-level security"):
            db.session.connection().execute(
                insert(Job).values(
                    id=new_id(), organization_id=cast.other_id, queue="bulk-messages", processor="demo", title="x",
                    priority=1, state="waiting", payload=db.SecretJson(b""), max_attempts=1, timeout_seconds=1,
                )
            )  # fmt: skip


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_a_session_without_an_organization_sees_no_rows(app: Flask, cast: Cast) -> None:
    make_job(app, cast.bakery_id)
    with app.app_context():
        said = {"names_organization": True}
        with pytest.raises(ProgrammingError, match="permission denied for table jobs"):
            db.session.execute(text("select count(*) from jobs"), execution_options=said)


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_no_role_of_ours_is_stronger_than_the_policies(app: Flask) -> None:
    with app.app_context(), db.db.engine.connect() as connection:
        strong = connection.execute(
            text("select rolname from pg_roles where rolname like 'adsapp_%' and (rolsuper or rolbypassrls)")
        ).scalars()
        assert list(strong) == []


@pytest.mark.parametrize("page", ["/campaigns", "/jobs?state=failed&q=Probe", "/"])
def test_a_part_that_asks_for_itself_sends_who_is_signed_out_to_sign_in_and_back(
    client: FlaskClient, cast: Cast, page: str
) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://localhost{page}"}
    answer = client.get("/campaigns/list", headers=headers)
    assert answer.status_code == 401
    sign_in = answer.headers["HX-Redirect"]
    shown = client.get(sign_in).text
    assert "You were signed out" in shown
    back = html.unescape(re.search(r'name="next" value="([^"]*)"', shown)[1])  # type: ignore[index]
    assert back == page
    token = csrf_token(client)
    sent = {"email": "bob@example.com", "password": PASSWORD, "csrf_token": token, "next": back}
    assert client.post("/sign-in", data=sent).headers["Location"] == page
    assert client.get(sign_in).headers["Location"] == page  # who signed in elsewhere is not asked again


def test_the_way_back_leads_to_no_other_site(client: FlaskClient, cast: Cast) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "https://evil.example//evil.example/x"}
    sign_in = client.get("/campaigns/list", headers=headers).headers["HX-Redirect"]
    cast.sign_in(client, "bob")
    assert client.get(sign_in).headers["Location"] == "/"
