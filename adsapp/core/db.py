"""The database: one Flask-SQLAlchemy extension over our own Base, two shapes, one tenant a session.

A session is bound to one organization (`bind_organization`) and then sees and writes that organization's rows only:
by a filter added to every ORM statement (both databases), and by row-level security on PostgreSQL, where each
transaction takes the role `adsapp_app`. Work that looks across organizations (dispatch, claims, the reaper, the door
that finds the organization of a webhook) uses `engine_transaction` and its role `adsapp_engine`, which sees job
tables only. docs/adr/0003 has the reasons.
"""

import contextlib
import select
import uuid
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Enum,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    Uuid,
    event,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    ORMExecuteState,
    Session,
    SessionTransaction,
    mapped_column,
    registry,
    scoped_session,
    with_loader_criteria,
)
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from adsapp.config import Settings
from adsapp.core.crypto import Vault

APP_ROLE = "adsapp_app"
ENGINE_ROLE = "adsapp_engine"
IDLE_IN_TRANSACTION = "60s"  # far longer than any transaction of ours does nothing

_reading: ContextVar[bool] = ContextVar("reading", default=False)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, always with its zone; SQLite keeps none, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone reached the database")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def text_enum(kind: type[StrEnum]) -> Enum:
    """A column of a StrEnum's values, kept as text: a new member needs no migration."""
    return Enum(kind, native_enum=False, length=40, values_callable=lambda members: [m.value for m in members])


# None is no value at all, not the JSON value null.
Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """Base of all tables: types by annotation, names of constraints by rule."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: UtcDateTime(),
            uuid.UUID: Uuid(),
            str: Text(),
            bytes: LargeBinary(),
            dict[str, Any]: Json,
            list[str]: Json,
        },
    )


class random_uuid(FunctionElement[uuid.UUID]):
    """SQL: a new random id for each row that a statement touches."""

    type = Uuid()
    inherit_cache = True


@compiles(random_uuid, "postgresql")
def _random_uuid_on_postgresql(_element: random_uuid, _compiler: Any, **_kw: Any) -> str:
    return "gen_random_uuid()"


@compiles(random_uuid, "sqlite")
def _random_uuid_on_sqlite(_element: random_uuid, _compiler: Any, **_kw: Any) -> str:
    return "lower(hex(randomblob(16)))"


BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows in INTEGER keys only


class Tenant:
    """Mixin of every table that belongs to one organization."""

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"), sort_order=-10)


ShortText = String(200)

db = SQLAlchemy(model_class=Base, disable_autonaming=True)
session: scoped_session[Session] = db.session  # type: ignore[assignment]  # the extension's own subclass


class UnscopedStatement(Exception):
    """A statement on a tenant's table went past the tenant filter: a bug, never a user's fault."""


def init_db(app: Flask, settings: Settings) -> None:
    """Attach the database and the vault to the application; opens no connection yet."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.sqlalchemy_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.distributed)
    if not settings.distributed:
        settings.home.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    app.extensions["vault"] = Vault(settings.secrets.encryption_keys)
    app.teardown_request(lambda _error: set_reading(False))
    with app.app_context():
        listen(db.engine)


def engine_options(distributed: bool) -> dict[str, Any]:
    """Options of SQLAlchemy's engine for this shape."""
    if distributed:
        return {
            "pool_size": 10,
            "max_overflow": 30,
            "connect_args": {"connect_timeout": 5},
        }
    return {"connect_args": {"timeout": 30}, "pool_size": 10, "max_overflow": 30}


def listen(engine: Engine) -> None:
    """Set connections up. SQLite: write-ahead log, foreign keys, and our own BEGIN. PostgreSQL: no endless waits."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "connect", _set_up_postgresql)
        event.listen(engine, "checkout", _refuse_closed)
        return
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def _set_up_postgresql(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # A process that is frozen in the middle of a transaction must not hold its locks for ever.
    cursor = connection.cursor()
    cursor.execute(f"set idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION}'")
    cursor.close()
    connection.commit()


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
    for pragma in ("journal_mode=wal", "synchronous=normal", "foreign_keys=on", "busy_timeout=30000"):
        cursor.execute(f"pragma {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that first reads and then writes fails at once when another wrote in between, however long the
    # busy timeout. So whoever may write takes the lock first; pure reads (GET) never wait for a writer.
    connection.exec_driver_sql("begin" if _reading.get() else "begin immediate")


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """Within it, transactions on SQLite take no write lock."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def set_reading(value: bool) -> None:
    """For a whole request: a GET reads only."""
    _reading.set(value)


# --- one organization a session ---------------------------------------------------------------------------------


def bind_organization(organization_id: uuid.UUID) -> None:
    """Bind this context's session to an organization, once: a session never changes sides."""
    bound = current_organization_id()
    if bound == organization_id:
        return
    if bound is not None:
        raise UnscopedStatement("this session already belongs to another organization")
    owner = session()
    if not _reading.get():
        owner.rollback()  # on SQLite it holds the write lock, and a body may take long to come
    owner.info["organization_id"] = organization_id
    if owner.in_transaction():
        _name_organization(owner, owner.connection())


def current_organization_id() -> uuid.UUID | None:
    """The organization of this context's session, or None."""
    bound: uuid.UUID | None = session().info.get("organization_id")
    return bound


def require_organization_id() -> uuid.UUID:
    """As `current_organization_id`, for code that makes no sense without one."""
    bound = current_organization_id()
    if bound is None:
        raise UnscopedStatement("no organization is bound to this session")
    return bound


@contextlib.contextmanager
def organization_context(app: Flask, organization_id: uuid.UUID) -> Iterator[None]:
    """An application context whose session belongs to one organization: for workers and commands."""
    with app.app_context():
        bind_organization(organization_id)
        yield


_TAKE_ROLE = text("select set_config('role', :role, true)")
# Its statements find rows by their ids: how many there are changes no plan, so none is planned anew.
_KEEP_ROLE = text("select set_config('role', :role, false), set_config('plan_cache_mode', 'force_generic_plan', false)")


@contextlib.contextmanager
def engine_transaction(engine: Engine | None = None) -> Iterator[Connection]:
    """A transaction across organizations, for the job engine and the doors; commits at its end."""
    with (engine or db.engine).connect() as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(_TAKE_ROLE, {"role": ENGINE_ROLE})
        yield connection


def engine_connection(engine: Engine) -> Connection:
    """A connection for many transactions as `engine_transaction` makes them; end it with `end_engine_connection`."""
    connection = engine.connect()
    if connection.dialect.name == "postgresql":
        with connection.begin():
            connection.execute(_KEEP_ROLE, {"role": ENGINE_ROLE})
    return connection


def end_engine_connection(connection: Connection) -> None:
    """Close it for good: it has a role that nobody else may get from the pool."""
    connection.invalidate()
    connection.close()


def vault() -> Vault:
    """This application's vault for what is secret at rest."""
    opened: Vault = current_app.extensions["vault"]
    return opened


_TAKE_APP_ROLE = text("select set_config('role', :role, true), set_config('app.organization_id', :id, true)")


@event.listens_for(Session, "after_begin")
def _take_role(owner: Session, _transaction: SessionTransaction, connection: Connection) -> None:
    _name_organization(owner, connection)


def _name_organization(owner: Session, connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    bound = owner.info.get("organization_id")
    connection.execute(_TAKE_APP_ROLE, {"role": APP_ROLE, "id": str(bound) if bound else ""})


@event.listens_for(Session, "do_orm_execute")
def _filter_by_organization(state: ORMExecuteState) -> None:
    bound = state.session.info.get("organization_id")
    if bound is not None and not state.is_column_load and not state.is_relationship_load:
        state.statement = state.statement.options(_tenant_criteria(bound)) if _takes_options(state) else state.statement
    if not state.is_orm_statement:
        _refuse_unscoped(state)


def _takes_options(state: ORMExecuteState) -> bool:
    return state.is_orm_statement and not state.is_insert and hasattr(state.statement, "options")


def _tenant_criteria(organization_id: uuid.UUID) -> Any:
    return with_loader_criteria(
        Tenant,
        lambda table: table.organization_id == organization_id,
        include_aliases=True,
        track_closure_variables=True,
    )


def _refuse_unscoped(state: ORMExecuteState) -> None:
    # Core statements and text() pass the filter by: they must say that they name the organization themselves.
    if state.execution_options.get("names_organization") or state.session.info.get("organization_id") is None:
        return
    raise UnscopedStatement(
        "A Core or text statement on a bound session: use the ORM, or filter by organization_id in it and say so "
        "with execution_options(names_organization=True)"
    )


# --- after the commit -------------------------------------------------------------------------------------------
#
# SQLAlchemy's after_commit fires when a savepoint is released too, before the real commit, and a savepoint that is
# rolled back must take only its own hooks along. So hooks belong to the transaction they were added in, move to
# the parent when a savepoint is released, and run when the outermost one has ended with a commit.


def after_commit(hook: Callable[[], None]) -> None:
    """Run `hook` once the running transaction is truly committed; never if it is not."""
    owner = session()
    if not owner.in_transaction():
        owner.begin()
    _hooks(owner, _innermost(owner)).append(hook)


def _innermost(owner: Session) -> SessionTransaction | None:
    return owner.get_nested_transaction() or owner.get_transaction()


def _hooks(owner: Session, transaction: SessionTransaction | None) -> list[Callable[[], None]]:
    by_transaction: dict[SessionTransaction | None, list[Callable[[], None]]]
    by_transaction = owner.info.setdefault("after_commit", {})
    return by_transaction.setdefault(transaction, [])


@event.listens_for(Session, "after_commit")
def _mark_committed(owner: Session) -> None:
    owner.info.setdefault("committed", set()).add(_innermost(owner))


@event.listens_for(Session, "after_transaction_end")
def _hand_on_or_run(owner: Session, transaction: SessionTransaction) -> None:
    committed = owner.info.get("committed", set())
    hooks = owner.info.get("after_commit", {}).pop(transaction, [])
    if transaction not in committed:
        return
    committed.discard(transaction)
    if transaction.parent is not None:
        _hooks(owner, transaction.parent).extend(hooks)
        return
    for hook in hooks:
        hook()
