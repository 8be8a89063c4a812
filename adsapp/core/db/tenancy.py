"""One organization a session: roles on PostgreSQL, a filter on every ORM statement on both databases."""

import contextlib
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

from flask import Flask
from sqlalchemy import ClauseElement, Connection, Engine, TextClause, event, inspect, text
from sqlalchemy.orm import FromStatement, ORMExecuteState, Session, SessionTransaction, with_loader_criteria
from sqlalchemy.sql.util import find_tables

from adsapp.core.db.engine import _reading, reading
from adsapp.core.db.extension import db, job_engine, session
from adsapp.core.db.types import AtTheDoor, Base, Owned, Tenant

APP_ROLE = "adsapp_app"  # sees the rows of one organization
DOOR_ROLE = "adsapp_door"  # sees who comes in by one key, before it is known into which organization
ENGINE_ROLE = "adsapp_engine"  # sees the jobs of all


class UnscopedStatement(Exception):
    """A statement on a tenant's table went past the tenant filter: a bug, never a user's fault."""


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
    owner.info.pop("key", None)
    owner.info["organization_id"] = organization_id
    if owner.in_transaction():
        _take_role(owner, None, owner.connection())


def show_key(key: str) -> None:
    """Let this context's session, which is bound to no organization yet, read whom this key lets in, and no one else.

    A key is what somebody shows at the door: the digest of a cookie or token, an e-mail address, or the slug by which
    the command line names an organization. It opens nothing once the session is bound.
    """
    owner = session()
    if owner.info.get("organization_id") is not None:
        raise UnscopedStatement("this session belongs to an organization already: keys are for those who come in")
    owner.info["key"] = key
    if owner.in_transaction():
        _take_role(owner, None, owner.connection())


@contextlib.contextmanager
def at_the_door(key: str) -> Iterator[Session]:
    """Beside this context's session, which belongs to an organization: another one that reads whom a key lets in."""
    with reading(), Session(db.engine, info={"key": key}) as door:
        yield door


def current_organization_id() -> uuid.UUID | None:
    """The organization of this context's session, or None."""
    bound: uuid.UUID | None = session().info.get("organization_id")
    return bound


def require_organization_id() -> uuid.UUID:
    """The organization of this context's session; UnscopedStatement if there is none."""
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


# Its statements find rows by their ids: how many there are changes no plan, so none needs a new plan.
_KEEP_ROLE = text("select set_config('role', :role, false), set_config('plan_cache_mode', 'force_generic_plan', false)")


@contextlib.contextmanager
def engine_transaction(engine: Engine | None = None) -> Iterator[Connection]:
    """A transaction across organizations, for the job engine and the doors; commits at its end."""
    with (engine or job_engine()).connect() as connection, connection.begin():
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


_TAKE_OWN_ROLE = text(
    "select set_config('role', :role, true), set_config('app.organization_id', :id, true), "
    "set_config('app.key', :key, true)"
)


@event.listens_for(Session, "after_begin")
def _take_role(owner: Session, _transaction: SessionTransaction | None, connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    bound, key = owner.info.get("organization_id"), owner.info.get("key", "")
    own = {"role": APP_ROLE if bound else DOOR_ROLE, "id": str(bound) if bound else "", "key": key}
    connection.execute(_TAKE_OWN_ROLE, own)


@event.listens_for(Session, "do_orm_execute")
def _filter_by_organization(state: ORMExecuteState) -> None:
    bound = state.session.info.get("organization_id")
    if state.is_orm_statement:
        _refuse_what_no_filter_reaches(state, bound)
    elif bound is not None or _touches_tenants(state):
        _refuse_unscoped(state)
    if bound is not None and not state.is_column_load and not state.is_relationship_load:
        state.statement = state.statement.options(_criteria(bound)) if _takes_options(state) else state.statement


def _takes_options(state: ORMExecuteState) -> bool:
    return state.is_orm_statement and not state.is_insert and hasattr(state.statement, "options")


def _criteria(organization_id: uuid.UUID) -> Any:
    return with_loader_criteria(
        Owned,
        lambda table: table.is_of(organization_id),
        include_aliases=True,
        track_closure_variables=True,
    )


def _refuse_what_no_filter_reaches(state: ORMExecuteState, bound: uuid.UUID | None) -> None:
    if not any(issubclass(mapper.class_, Owned) for mapper in state.all_mappers):
        return
    if bound is None:
        _refuse_without_key(state)
        return
    if isinstance(state.statement, FromStatement) or getattr(state.statement, "select", None) is not None:
        _refuse_unscoped(state)
    if state.is_insert or state.is_update:
        _refuse_foreign(bound, *_rows_of(state))


def _refuse_without_key(state: ORMExecuteState) -> None:
    if any(issubclass(mapper.class_, Tenant) for mapper in state.all_mappers):
        raise UnscopedStatement("A tenant's table on a session that is bound to no organization: bind it first")
    if not state.is_select or "key" not in state.session.info:
        raise UnscopedStatement(
            "A table of who may come in, on a session that is bound to no organization: show a key to read it, and "
            "bind an organization to write"
        )


def _rows_of(state: ORMExecuteState) -> Iterator[Mapping[str, Any]]:
    """What an insert or an update writes, as far as it stands in the statement and beside it."""
    given = state.parameters
    yield from given if isinstance(given, Sequence) else [given or {}]
    one, many = getattr(state.statement, "_values", None), getattr(state.statement, "_multi_values", ())
    for written in (one or {}, *(row for rows in many for row in rows)):
        yield {getattr(name, "key", name): getattr(value, "value", value) for name, value in written.items()}


def _touches_tenants(state: ORMExecuteState) -> bool:
    """Whether a Core statement or a text is about a tenant's table."""
    if isinstance(state.statement, TextClause):
        named: set[Any] = {db.metadata.tables.get(word) for word in re.findall(r"\w+", state.statement.text)}
    else:
        statement = cast(ClauseElement, state.statement)
        named = {*find_tables(statement, include_joins=True, include_selects=True, include_crud=True)}
    return any("organization_id" in getattr(table, "c", ()) or table in _at_the_door() for table in named)


@cache
def _at_the_door() -> frozenset[Any]:
    return frozenset(each.local_table for each in Base.registry.mappers if issubclass(each.class_, AtTheDoor))


def _refuse_foreign(bound: uuid.UUID, *rows: Mapping[str, Any]) -> None:
    for row in rows:
        if row.get("organization_id", bound) != bound:
            raise UnscopedStatement("a row of another organization than this session's")


@event.listens_for(Session, "before_flush")
def _refuse_foreign_rows(owner: Session, _context: object, _instances: object) -> None:
    bound = owner.info.get("organization_id")
    for row in (*owner.new, *owner.dirty, *owner.deleted):
        if not isinstance(row, Owned):
            continue
        if bound is None:
            raise UnscopedStatement("A tenant's row on a session that is bound to no organization: bind it first")
        if "organization_id" not in inspect(row).attrs:
            continue
        whose = inspect(row).attrs.organization_id.history
        _refuse_foreign(bound, *({"organization_id": each} for each in (*whose.sum(),) if each is not None))


def _refuse_unscoped(state: ORMExecuteState) -> None:
    # Core statements and text() pass the filter by: they must say that they name the organization themselves.
    if state.execution_options.get("names_organization"):
        return
    raise UnscopedStatement(
        "A Core or text statement, which no filter reaches: bind an organization and use the ORM, or filter by "
        "organization_id in it and say so with execution_options(names_organization=True)"
    )
