"""PostgreSQL with a login for each: the tables' owner, the job engine, and one that serves and may do neither."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from adsapp import create_app, jobs
from adsapp.cli.readiness import check_database
from adsapp.config import ConfigError, Settings
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.db import ddl, logins, migrations
from adsapp.core.db.rows import refresh_statistics
from adsapp.jobs import Job, Queue
from adsapp.jobs.engine.worker import WorkerProcess
from tests.cast import Cast, use_quick_hashes
from tests.servers import Servers
from tests.waiting import wait_for

pytestmark = pytest.mark.parametrize("shape", ["distributed"], indirect=True)


def _as(url: str, login: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{login}@{rest.partition('@')[2]}"


@pytest.fixture
def separate(app: Flask, settings: Settings, servers: Servers) -> Iterator[Flask]:
    """The application over the same database, with three logins."""
    serving, working = (f"adsapp_{what}_{uuid.uuid4().hex[:8]}" for what in ("web", "jobs"))
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        for login in (serving, working):
            owner.execute(f"create role {login} login")
    urls = {
        "database_owner_url": settings.database_url,
        "database_url": _as(settings.database_url, serving),
        "database_engine_url": _as(settings.database_url, working),
    }
    separate = create_app(settings.model_copy(update=urls))
    use_quick_hashes(separate)
    check_database(separate, schema=False)  # as `adsapp db upgrade` does, before it is let in
    migrations.upgrade(separate)
    check_database(separate, schema=True)
    yield separate
    with separate.app_context():
        db.session.remove()
        for engine in db.db.engines.values():
            engine.dispose()
    with psycopg.connect(settings.database_url, autocommit=True) as owner:
        for login in (serving, working):
            owner.execute(f"drop role {login}")


def test_one_login_for_everything_is_told_what_it_needs_not(app: Flask) -> None:
    with app.app_context(), db.db.engine.connect() as connection:
        found = logins.excesses(connection)
    assert found[0] == "makes roles"
    assert "may take the engine's role" in found
    assert "owns" in found[1]


def test_the_login_that_serves_may_do_no_more_than_it_needs(separate: Flask) -> None:
    with separate.app_context(), db.db.engine.connect() as connection:
        assert logins.excesses(connection) == []


@pytest.mark.parametrize(
    "statement",
    [
        "set role adsapp_engine",
        "alter table contacts disable row level security",
        "drop policy organization on users",
        "alter table job_logs disable trigger freeze_job_logs",
        "create table stolen as select 1",
        "select * from users",  # before it takes a role
    ],
)
def test_the_login_that_serves_is_refused_what_would_open_the_others_rows(separate: Flask, statement: str) -> None:
    refused = pytest.raises(DBAPIError, match=r"permission denied|must be owner")
    with separate.app_context(), db.db.engine.connect() as connection, refused:
        connection.execute(text(statement))


def test_who_may_not_take_a_role_that_an_upgrade_needs_is_told_how_to_get_it(separate: Flask) -> None:
    told = pytest.raises(
        ddl.MissingRole, match=r"create role adsapp_engine nologin; grant adsapp_engine to \"adsapp_web"
    )
    with separate.app_context(), db.db.engine.connect() as connection, told:
        ddl._demand_role(connection, db.ENGINE_ROLE)


def test_people_and_jobs_are_served_all_the_same(separate: Flask, cast: Cast) -> None:
    client = cast.sign_in(separate.test_client(), "alice")
    for path in ("/", "/jobs", "/contacts", "/workers", "/activity", "/readyz"):
        assert client.get(path).status_code == 200
    with db.organization_context(separate, cast.bakery_id):
        db.session.add(Contact(organization_id=cast.bakery_id, phone="+12025550100", person_key="1"))
        job_id = jobs.enqueue("demo", {"mood": "succeeds"}).id
        db.session.commit()
        refresh_statistics(Contact)
    worker = WorkerProcess(separate, list(Queue))
    worker.start()
    try:

        def is_done() -> bool:
            with db.organization_context(separate, cast.bakery_id), db.reading():
                return db.session.get_one(Job, job_id).is_finished

        wait_for(is_done, what="the job ends")
    finally:
        worker.stop()


@pytest.mark.parametrize("name", ["database_owner_url", "database_engine_url"])
def test_another_login_needs_a_database(settings: Settings, name: str) -> None:
    with pytest.raises(ConfigError, match=f"DATABASE_URL should be set, because {name.upper()} is"):
        Settings.load(home=settings.home, **{name: "postgresql://owner@db/adsapp"})
