"""Isolation in two layers: what a session refuses on both databases, and that tests would notice a missing layer."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, insert, literal, select, text, update
from sqlalchemy.orm import Session

from adsapp.contacts.models import Tag
from adsapp.core import db
from adsapp.core.crypto import digest
from adsapp.core.db import tenancy
from adsapp.core.db.types import Owned
from adsapp.organizations.models import ApiToken, Membership, Organization, Role, User, UserSession
from tests.cast import Cast


def a_tag(owner: uuid.UUID, name: str) -> dict[str, Any]:
    return {"id": uuid.uuid4(), "organization_id": owner, "name": name}


@pytest.fixture
def tags(app: Flask, cast: Cast) -> tuple[uuid.UUID, uuid.UUID]:
    """One of ours and one of another organization."""
    made = []
    for owner in (cast.bakery_id, cast.other_id):
        with db.organization_context(app, owner):
            db.session.add(tag := Tag(**a_tag(owner, "regulars")))
            db.session.commit()
            made.append(tag.id)
    return made[0], made[1]


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)  # the session refuses before it asks a database
def test_a_session_of_nobody_reaches_no_table_of_an_organization(app: Flask) -> None:
    tables = [mapper.class_ for mapper in db.Base.registry.mappers if issubclass(mapper.class_, Owned)]
    assert len(tables) > 25
    with app.app_context():
        for table in tables:
            for statement in (select(table), delete(table), insert(table).values(organization_id=uuid.uuid4())):
                with pytest.raises(db.UnscopedStatement, match="bound to no organization"):
                    db.session.execute(statement)


def test_a_session_of_nobody_gets_past_the_filter_by_no_core_statement(app: Flask, cast: Cast) -> None:
    table = db.db.metadata.tables["tags"]
    with app.app_context():
        within = select(literal(1)).where(select(table.c.id).exists())
        for statement in (
            select(table), within, insert(table).values(a_tag(cast.other_id, "x")), text("select * from tags"),
        ):  # fmt: skip
            with pytest.raises(db.UnscopedStatement, match="no filter reaches"):
                db.session.execute(statement)


@pytest.mark.parametrize("table", [Tag, Organization, User, Membership, UserSession, ApiToken])
def test_a_session_of_nobody_adds_no_row(app: Flask, table: type[db.Base]) -> None:
    with app.app_context():
        db.show_key("alice@example.com")  # a key lets one look, not write
        db.session.add(table())
        with pytest.raises(db.UnscopedStatement, match="bound to no organization"):
            db.session.flush()


def _added(theirs: uuid.UUID) -> None:
    db.session.add(Tag(**a_tag(theirs, "foreign")))
    db.session.flush()


def _let_in(theirs: uuid.UUID) -> None:
    person = db.session.scalars(select(User).limit(1)).one()
    db.session.add(Membership(organization_id=theirs, user_id=person.id, role=Role.OWNER))
    db.session.flush()


def _moved(theirs: uuid.UUID) -> None:
    db.session.scalars(select(Tag)).one().organization_id = theirs
    db.session.flush()


WAYS: dict[str, Callable[[uuid.UUID], object]] = {
    "added": _added,
    "let in elsewhere": _let_in,
    "moved": _moved,
    "inserted": lambda theirs: db.session.execute(insert(Tag), [a_tag(theirs, "foreign")]),
    "inserted with values": lambda theirs: db.session.execute(insert(Tag).values(a_tag(theirs, "foreign"))),
    "inserted with several values": lambda theirs: db.session.execute(
        insert(Tag).values([a_tag(theirs, "foreign"), a_tag(theirs, "strange")])
    ),
    "inserted from a select": lambda theirs: db.session.execute(
        insert(Tag).from_select(["id", "organization_id", "name"], select(Tag.id, literal(theirs), Tag.name))
    ),
    "updated": lambda theirs: db.session.execute(update(Tag).values(organization_id=theirs)),
    "read by a text": lambda theirs: db.session.scalars(select(Tag).from_statement(text("select * from tags"))),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.usefixtures("tags")
def test_a_session_writes_no_row_of_another_organization_and_reads_none_past_its_filter(
    app: Flask, cast: Cast, way: str
) -> None:
    with db.organization_context(app, cast.bakery_id), pytest.raises(db.UnscopedStatement):
        WAYS[way](cast.other_id)


def test_what_is_changed_or_deleted_for_all_is_ours_alone(
    app: Flask, cast: Cast, tags: tuple[uuid.UUID, uuid.UUID]
) -> None:
    with db.organization_context(app, cast.bakery_id):
        db.session.execute(update(Tag).values(name="changed"))
        db.session.execute(delete(Tag))
        db.session.commit()
    with db.organization_context(app, cast.other_id):
        assert [(tag.id, tag.name) for tag in db.session.scalars(select(Tag))] == [(tags[1], "regulars")]


@contextmanager
def without(name: str, listener: Callable[..., None]) -> Iterator[None]:
    event.remove(Session, name, listener)
    try:
        yield
    finally:
        event.listen(Session, name, listener)


GUARDED = sorted({*db.Base.metadata.tables} - {"sign_in_failures", "workers"})  # which are of all organizations


@pytest.fixture
def populated(app: Flask, cast: Cast, tags: tuple[uuid.UUID, uuid.UUID]) -> Cast:
    """There is something in each table of those who may come in, in both organizations."""
    for name in ("alice", "charlie"):
        cast.sign_in(app.test_client(), name)
    return cast


def seen(app: Flask, owner: uuid.UUID, table: type[db.Base]) -> int:
    with db.organization_context(app, owner):
        return len(db.session.scalars(select(table)).unique().all())


@pytest.mark.parametrize("table", [Tag, Organization, User, Membership, UserSession, ApiToken])
def test_each_layer_isolates_by_itself_and_the_tests_would_miss_it(
    app: Flask, populated: Cast, shape: str, table: type[db.Base]
) -> None:
    ours, theirs = (seen(app, owner, table) for owner in (populated.bakery_id, populated.other_id))
    assert ours
    assert theirs
    with without("do_orm_execute", tenancy._filter_by_organization):
        # Where there is row-level security, it is the second layer; where not, everybody's rows are seen.
        assert seen(app, populated.bakery_id, table) == (ours if shape == "distributed" else ours + theirs)


@pytest.mark.usefixtures("tags")
def test_the_filter_isolates_without_row_level_security(app: Flask, cast: Cast) -> None:
    with without("after_begin", tenancy._take_role):
        assert seen(app, cast.bakery_id, Tag) == 1
        with without("do_orm_execute", tenancy._filter_by_organization):
            assert seen(app, cast.bakery_id, Tag) == 2, "with neither, everybody's rows are seen"


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
@pytest.mark.parametrize("table", GUARDED)
def test_every_table_is_guarded_by_the_database_and_the_tests_would_miss_it(app: Flask, table: str) -> None:
    with app.app_context(), db.db.engine.connect() as connection:

        def is_filtered() -> bool:
            connection.execute(text(f"set local role {db.APP_ROLE}"))
            plan = "\n".join(connection.execute(text(f"explain select * from {table}")).scalars())
            connection.execute(text("reset role"))
            return "app.organization_id" in plan

        assert is_filtered()
        connection.execute(text(f"alter table {table} disable row level security"))
        assert not is_filtered()
        connection.rollback()


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_the_engine_reads_jobs_and_of_all_else_only_whose_it_is(app: Flask) -> None:
    readable = text(
        "select c.relname, array_agg(a.attname::text order by a.attname) as readable from pg_class c "
        "join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
        "where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' "
        "and has_column_privilege(:engine, c.oid, a.attnum, 'select') group by c.relname"
    )
    with app.app_context(), db.db.engine.connect() as connection:
        rows = connection.execute(readable, {"engine": db.ENGINE_ROLE}).all()
    found: dict[str, list[str]] = {row.relname: row.readable for row in rows}
    jobs = {
        table.name for table in db.Base.metadata.sorted_tables if table.name.startswith(("job", "queue_", "stats_"))
    }
    accounts = {"whatsapp_accounts", "email_accounts"}
    clocks = {"schedule_fires", "alert_watches"}  # what goes by the clock is looked for among all organizations
    assert set(found) - jobs - {"alembic_version"} == {"workers", "organizations"} | accounts | clocks
    assert found["organizations"] == ["id", "slug"]
    assert found["whatsapp_accounts"] == found["email_accounts"] == ["id", "organization_id"]


EMAIL, COOKIE, TOKEN, SLUG = "an e-mail", "a cookie", "a token", "a slug"


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
@pytest.mark.parametrize(
    "key, opened",
    [
        (EMAIL, {User: 1, Membership: 1, Organization: 1}),
        (COOKIE, {User: 1, Membership: 1, Organization: 1, UserSession: 1}),
        (TOKEN, {ApiToken: 1, Organization: 1}),
        (SLUG, {Organization: 1}),
        ("something else", {}),
        ("", {}),
    ],
)
def test_a_key_opens_the_door_for_its_owner_alone_whatever_is_asked(
    app: Flask, populated: Cast, key: str, opened: dict[type[db.Base], int]
) -> None:
    client = populated.sign_in(app.test_client(), "vera")
    with client.session_transaction() as cookie:
        keys = {COOKIE: digest(cookie["_user_id"]), TOKEN: digest(populated.tokens["bob"])}
    keys |= {EMAIL: "vera@example.com", SLUG: "charlies"}
    with app.app_context():
        db.show_key(keys.get(key, key))
        found = {
            table: len(db.session.scalars(select(table).execution_options(populate_existing=True)).unique().all())
            for table in (User, Membership, Organization, UserSession, ApiToken)
        }
    assert {table: count for table, count in found.items() if count} == opened


def test_a_session_that_belongs_to_an_organization_takes_no_key(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id), pytest.raises(db.UnscopedStatement, match="already"):
        db.show_key("charlie@example.com")
