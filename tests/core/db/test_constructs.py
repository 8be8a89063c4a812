"""Constructs mean the same on both databases, are compiled once, and keep what passes through them as it was."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Uuid,
    and_,
    bindparam,
    event,
    insert,
    not_,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import StatementError

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.crypto import UnreadableSecret, Vault
from adsapp.core.db import SecretJson, SecretText, UtcDateTime
from adsapp.core.db.constructs import Together, add_to_existing, any_of, database_time, random_uuid, skip_existing
from adsapp.core.db.types import BigId, Json, text_enum
from adsapp.jobs import State

THINGS = Table(
    "constructs_things",
    MetaData(),
    Column("id", Uuid(), primary_key=True),
    Column("number", BigId),
    Column("name", String(3)),
    Column("state", text_enum(State)),
    Column("at", UtcDateTime()),
    Column("data", Json),
    Column("sum", Integer, nullable=False, default=0),
)
OTHERS = Table("constructs_others", THINGS.metadata, Column("id", Uuid(), primary_key=True), Column("sum", Integer))
SECRETS = Table(
    "constructs_secrets",
    THINGS.metadata,
    Column("text", db.Sealed(SecretText)),
    Column("data", db.Sealed(SecretJson)),
)
AT = datetime(2026, 3, 1, 12, 30, 15, 250_000, UTC)
ROWS: list[dict[str, Any]] = [
    {"id": uuid.UUID(int=n), "number": n, "name": f"n{n}", "state": state, "at": AT + timedelta(days=n), "sum": n}
    for n, state in enumerate((State.WAITING, State.ACTIVE, State.FAILED), start=1)
]


@pytest.fixture
def connection(app: Flask) -> Iterator[Connection]:
    """A transaction in which the tables are there, with three things."""
    with app.app_context(), db.db.engine.connect() as open_connection:
        THINGS.metadata.create_all(open_connection)
        open_connection.execute(insert(THINGS), ROWS)
        yield open_connection
        open_connection.rollback()


@pytest.mark.parametrize("name", ["id", "number", "name", "state", "at"])
def test_any_of_finds_values_of_every_type(connection: Connection, name: str) -> None:
    column = THINGS.c[name]
    wanted = [ROWS[0][name], ROWS[2][name]]
    found = select(THINGS.c.number).order_by(THINGS.c.number)
    given = connection.execute(found.where(any_of(column, wanted))).scalars().all()
    named = connection.execute(found.where(any_of(column, "wanted")), {"wanted": set(wanted)}).scalars().all()
    others = connection.execute(found.where(not_(any_of(column, wanted)))).scalars().all()
    assert (given, named, others) == ([1, 3], [1, 3], [2])
    assert connection.execute(found.where(any_of(column, []))).all() == []


def test_any_of_never_cuts_a_value_to_the_length_of_the_column(connection: Connection) -> None:
    assert connection.execute(select(THINGS).where(any_of(THINGS.c.name, ["n1 and more", "n12 "]))).all() == []


def test_any_of_is_one_statement_however_many_values_there_are(connection: Connection) -> None:
    sent: set[str] = set()
    engine = connection.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_rest: sent.add(statement))
    before = _kept(connection)
    for count in (1, 2, 50, 0):
        connection.execute(select(THINGS.c.id).where(any_of(THINGS.c.id, [uuid.uuid4() for _ in range(count)])))
    assert len(sent) == 1
    assert _kept(connection) == before + 1


def _kept(connection: Connection) -> int:
    cache = connection.engine._compiled_cache
    assert cache is not None
    return len(cache)


def test_constructs_with_other_columns_or_names_are_other_statements() -> None:
    keys = {
        select(THINGS.c.id).where(condition)._generate_cache_key().key  # type: ignore[union-attr]
        for condition in (
            any_of(THINGS.c.id, "a"),
            any_of(THINGS.c.id, "b"),
            any_of(THINGS.c.number, "a"),
            THINGS.c.at > database_time(),
            THINGS.c.at > database_time(ago="a"),
        )
    }
    adds = {
        insert(THINGS).ext(each)._generate_cache_key().key  # type: ignore[union-attr]
        for each in (
            skip_existing(),
            add_to_existing(THINGS, ["id"], ["sum"]),
            add_to_existing(THINGS, ["id"], ["number"]),
            add_to_existing(THINGS, ["number"], ["sum"]),
        )
    }
    assert (len(keys), len(adds)) == (5, 4)


def test_the_database_tells_the_time_and_what_it_was(connection: Connection) -> None:
    before = utcnow()
    now, then = connection.execute(
        select(database_time(), database_time(ago="ago")), {"ago": timedelta(seconds=90)}
    ).one()
    assert now.tzinfo is not None
    assert abs(now - before) < timedelta(seconds=30)
    assert timedelta(seconds=90) <= now - then + timedelta(seconds=1) < timedelta(seconds=92)
    late = select(THINGS.c.number).where(THINGS.c.at < database_time(ago="ago")).order_by(THINGS.c.number)
    assert connection.execute(late, {"ago": utcnow() - AT - timedelta(days=2, seconds=60)}).scalars().all() == [1, 2]


def test_each_row_gets_a_random_id_of_its_own(connection: Connection) -> None:
    ids = connection.execute(select(random_uuid()).select_from(THINGS)).scalars().all()
    assert len(set(ids)) == 3
    assert all(isinstance(each, uuid.UUID) for each in ids)


def test_what_exists_is_skipped_or_added_to(connection: Connection) -> None:
    again = {**ROWS[0], "name": "new", "sum": 40}
    skipped = insert(THINGS).ext(skip_existing()).returning(THINGS.c.id)
    assert connection.execute(skipped, again).all() == []
    assert connection.execute(skipped, {**again, "id": uuid.UUID(int=9)}).scalars().all() == [uuid.UUID(int=9)]
    connection.execute(insert(THINGS).ext(add_to_existing(THINGS, ["id"], ["sum", "number"])), again)
    row = connection.execute(select(THINGS).where(THINGS.c.id == ROWS[0]["id"])).one()
    assert (row.name, row.sum, row.number) == ("n1", 41, 2)


def test_together_runs_every_insert_with_the_same_values(connection: Connection) -> None:
    new = {"id": bindparam("which", type_=Uuid()), "sum": bindparam("more", type_=Integer())}
    tables = (THINGS, OTHERS)
    both = Together(*(insert(each).values(new).ext(add_to_existing(each, ["id"], ["sum"])) for each in tables))
    for more in (3, 4):
        both.execute(connection, {"which": ROWS[1]["id"], "more": more})
    sums = [connection.scalar(select(table.c.sum).where(table.c.id == ROWS[1]["id"])) for table in tables]
    assert sums == [2 + 7, 7]


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        (postgresql.dialect(), "constructs_things.id = any (%(ids)s::UUID[])"),  # type: ignore[no-untyped-call]
        (sqlite.dialect(), "constructs_things.id in (select value from json_each(?))"),
    ],
    ids=["postgresql", "sqlite"],
)
def test_any_of_is_spelled_as_each_database_plans_it_best(dialect: Any, expected: str) -> None:
    for condition in (any_of(THINGS.c.id, "ids"), and_(any_of(THINGS.c.id, "ids"), THINGS.c.sum == 1)):
        statement = str(select(THINGS.c.id).where(condition).compile(dialect=dialect))
        assert statement.partition("WHERE ")[2].partition(" AND ")[0] == expected


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_any_of_finds_rows_by_their_key(connection: Connection) -> None:
    wanted = and_(any_of(THINGS.c.id, "ids"), THINGS.c.sum > 0)
    sql = str(select(THINGS.c.id).where(wanted).compile(connection))
    plan = " ".join(row[3] for row in connection.exec_driver_sql(f"explain query plan {sql}", ("[]", 0)))
    assert "SEARCH constructs_things" in plan


def test_a_secret_is_stored_encrypted_and_opened_only_when_asked(connection: Connection) -> None:
    secret = {"text": SecretText.of("the-token"), "data": SecretJson.of({"to": ["Ana"], "n": 1})}
    connection.execute(insert(SECRETS), secret)
    row = connection.execute(select(SECRETS)).one()
    assert (row.text.open(), row.data.open()) == ("the-token", {"to": ["Ana"], "n": 1})
    assert (row.text, row.data) == (secret["text"], secret["data"])
    stored = connection.execute(select(*(type_coerce(column, LargeBinary) for column in SECRETS.c))).one()
    for each in stored:
        assert b"the-token" not in bytes(each)
        assert b"Ana" not in bytes(each)
    assert "the-" not in repr(row)
    assert stored[0].decode() not in repr(row)


def test_nothing_in_clear_gets_into_a_sealed_column(connection: Connection) -> None:
    with pytest.raises(StatementError):
        connection.execute(insert(SECRETS), {"text": "the-token", "data": None})


def test_a_secret_whose_key_is_lost_fails_where_it_is_opened(app: Flask) -> None:
    with app.app_context():
        lost = SecretText(Vault((Fernet.generate_key().decode(),)).seal_text("x"))
        assert lost == SecretText(lost.sealed)
        with pytest.raises(UnreadableSecret, match="lacks the key"):
            lost.open()


def test_reading_only_ends_its_transaction_also_after_an_error(app: Flask) -> None:
    with app.app_context():
        with db.read_only():
            assert db.session.scalar(text("select 1")) == 1
            assert db.session().in_transaction()
        assert not db.session().in_transaction()
        with pytest.raises(LookupError):
            _fail_while_reading()
        assert not db.session().in_transaction()


def _fail_while_reading() -> None:
    with db.read_only():
        db.session.scalar(text("select 1"))
        raise LookupError
