"""Connections of both databases: pool, pragmas, time-outs, and who takes SQLite's write lock."""

import contextlib
import json
import select
import sqlite3
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    event,
    text,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from adsapp.core.db.searching import search_key_or_null
from adsapp.core.db.turns import in_turn

BUSY_SECONDS = 30.0  # for which a transaction waits for SQLite's write lock
IDLE_IN_TRANSACTION = "60s"  # far longer than any transaction of ours does nothing
# A connection whose other end is silent, because a machine or the way to it is gone, ends after some twenty seconds:
# else whoever waits there would wait for ever. While a long statement runs, the other machine's kernel answers.
UNANSWERED = {"keepalives_idle": 10, "keepalives_interval": 4, "keepalives_count": 3, "tcp_user_timeout": 20_000}
MANY_ROWS_KB = 64 << 10
_reading: ContextVar[bool] = ContextVar("reading", default=False)


def engine_options(distributed: bool) -> dict[str, Any]:
    """Options of SQLAlchemy's engine for this shape."""
    if distributed:
        return {
            "pool_size": 10,
            "max_overflow": 30,
            "connect_args": {"connect_timeout": 5, **UNANSWERED},
            "hide_parameters": True,
        }
    return {
        "connect_args": {"timeout": BUSY_SECONDS},
        "pool_size": 10,
        "max_overflow": 30,
        "json_serializer": _write_json,
        "hide_parameters": True,  # an error goes into logs and to pages; what people entered does not belong there
    }


# Letters as they are: SQLite finds a key by its text, and to it an escaped letter is another text.
_write_json = json.JSONEncoder(ensure_ascii=False).encode


def listen(engine: Engine) -> None:
    """Set connections up. SQLite: write-ahead log, foreign keys, and our own BEGIN. PostgreSQL: no endless waits."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "connect", _set_up_postgresql)
        event.listen(engine, "checkout", _refuse_closed)
        engine.dialect.do_rollback = _roll_back  # type: ignore[method-assign,assignment]
        return
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _set_up_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    # A process that is frozen in the middle of a transaction must not hold its locks for ever.
    cursor.execute(f"set idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}'")
    # Whatever the server's zone is: moments then come as ours are, and need not be put into another zone one by one.
    cursor.execute("set timezone = 'UTC'")
    cursor.close()
    connection.commit()


def _roll_back(connection: Any) -> None:
    """End a transaction, as every request that only reads does, and keep what the connection has prepared.

    psycopg's own rollback forgets it, for fear that it names a table that was never made; we make none. Without that
    all statements of the next request would be parsed and planned again, policies included.
    """
    from psycopg.pq import TransactionStatus  # the other shape needs nothing of it

    if connection.pgconn.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        with connection.lock:
            connection.pgconn.exec_(b"ROLLBACK")
    connection.rollback()  # has nothing left to do, unless that failed


def _refuse_closed(connection: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """A server that went away has closed its connections, and a closed one has something to read: that it ended.

    The pool then makes another. To ask the server itself ("pre-ping") costs each request and each job a round trip.
    """
    if connection.closed or _has_news(connection.fileno()):
        raise DisconnectionError("the server closed this connection")


def _has_news(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin by itself
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"pragma {pragma}")
    cursor.close()
    connection.create_function("search_key", 1, search_key_or_null, deterministic=True)


def expect_many_rows(connection: Connection) -> None:
    """Let this connection to SQLite keep the pages that a transaction touches in memory, instead of writing each to the
    log whenever it needs the room. PostgreSQL has a memory of its own."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"pragma cache_size=-{MANY_ROWS_KB}")


def set_busy_timeout(connection: Connection, seconds: float) -> None:
    """For how long the transactions to come wait for SQLite's write lock, and for their turn to wait for it as long
    again; PostgreSQL has none."""
    connection.info["busy_seconds"] = seconds
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        driver.execute(f"pragma {_busy_timeout(seconds)}")


def _busy_timeout(seconds: float) -> str:
    return f"busy_timeout={int(seconds * 1000)}"


# Where many rows are written, the log grows by megabytes with each transaction; at 4,000 pages (16 MB) a page that was
# written many times goes back into the database once.
_PRAGMAS = (
    "journal_mode=wal",
    "synchronous=normal",
    "foreign_keys=on",
    "wal_autocheckpoint=4000",
    _busy_timeout(BUSY_SECONDS),
)


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that first reads and then writes fails at once when another wrote in between, however long the
    # busy timeout. So whoever may write takes the lock first; pure reads (GET) never wait for a writer.
    if _reading.get():
        connection.exec_driver_sql("begin")
        return
    with in_turn(connection.engine.url.database or "", connection.info.get("busy_seconds", BUSY_SECONDS)):
        connection.exec_driver_sql("begin immediate")


def has_one_writer(engine: Engine) -> bool:
    """Whether one transaction at a time may write to the whole database, as on SQLite."""
    return engine.dialect.name == "sqlite"


def set_isolation_level(connection: Connection, level: str) -> None:
    """For the transactions to come on PostgreSQL; SQLite has one writer and always the same level."""
    if connection.dialect.name == "postgresql":
        connection.execution_options(isolation_level=level)


def hold_key(connection: Connection, key: bytes) -> None:
    """Let nobody else hold this key (eight bytes) until the transaction ends; SQLite has one writer anyway."""
    hold_keys(connection, [key])


def hold_keys(connection: Connection, keys: Iterable[bytes]) -> None:
    """The same for some hundred at once (PostgreSQL has room for thousands, in all transactions together)."""
    if connection.dialect.name == "postgresql":
        numbers = sorted({int.from_bytes(key[:8], signed=True) for key in keys})  # in one order, so that none deadlock
        connection.execute(
            text("select pg_advisory_xact_lock(key) from unnest(cast(:keys as bigint[])) key"), {"keys": numbers}
        )


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Within it, transactions on SQLite take no write lock."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Within it, transactions on SQLite take the write lock, although the request reads."""
    token = _reading.set(False)
    try:
        yield
    finally:
        _reading.reset(token)


def set_reading(value: bool) -> None:
    """For a whole request: a GET reads only."""
    _reading.set(value)
