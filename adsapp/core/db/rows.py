"""Many rows in one statement: an import or a campaign writes thousands at a time.

Where they are many, they come into a temporary table first. A few travel on PostgreSQL as one array a column and are
unfolded by the server, and on SQLite through a prepared statement many times over; changes travel there as one JSON
list.
One statement matters for more than speed: on PostgreSQL the triggers that keep counters run once a statement.

These statements pass the tenant filter by, so `organization_id` is put in here and every row belongs to the bound
organization; on PostgreSQL row-level security checks that again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Insert,
    Row,
    String,
    Table,
    TableValuedAlias,
    Text,
    UnaryExpression,
    Update,
    bindparam,
    cast,
    column,
    func,
    insert,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql import SyntaxExtension
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.operators import custom_op

from adsapp.core import db
from adsapp.core.db.constructs import JsonRows, ListOf, add_to_existing, skip_existing
from adsapp.core.db.staging import insert_tuples, stage, staged

T = TypeVar("T")
Values = Mapping[str, Any]
Names = tuple[str, ...]
NOTHING: Values = MappingProxyType({})
SLICE = 1_000
STAGED_FROM = 200  # rows; fewer are through by arrays before the temporary table is empty


class Beside(NamedTuple):
    """A row of another table for each one that is inserted: which of its columns have the value of which column of that
    one, and what is the same in all of them."""

    model: type[DeclarativeBase]
    columns: Mapping[str, str]
    same: Values = NOTHING


def slices(values: Iterable[T]) -> Iterator[list[T]]:
    """Parts small enough for the maximum number of parameters of a statement."""
    rest = iter(values)
    while some := list(islice(rest, SLICE)):
        yield some


def insert_rows(
    model: type[DeclarativeBase], rows: Sequence[Values], same: Values = NOTHING, *, beside: Beside | None = None
) -> None:
    """Insert rows of the bound organization; all have the same keys, and every column without a default in the
    database is among them, or in `same`, what they have in common.
    """
    connection = db.session.connection()
    insert_many(connection, model, rows, same=_owned(same), stage_many=True)
    if rows and beside:
        _insert_beside(connection, _table(model), rows, beside)


def insert_new(model: type[DeclarativeBase], rows: Sequence[Values], *, returning: Names = ()) -> Sequence[Row[Any]]:
    """Insert those of the rows that are not there yet, as `insert_rows` does; their columns named in `returning`."""
    connection = db.session.connection()
    return insert_many(connection, model, rows, same=_owned(), only_new=True, returning=returning, stage_many=True)


def insert_many(
    connection: Connection,
    model: type[DeclarativeBase],
    rows: Sequence[Values],
    *,
    same: Values = NOTHING,
    only_new: bool = False,
    returning: Names = (),
    stage_many: bool = False,
) -> Sequence[Row[Any]]:
    """Insert rows on any connection and for any organization: each names its own, or `same` does, what they share.

    `stage_many`: many go through a temporary table. On PostgreSQL it belongs to the role that made it: the connection
    has no other.
    """
    if not rows:
        return []
    table, same = _table(model), {name: value for name, value in same.items() if name not in rows[0]}
    stage_many = stage_many and len(rows) >= STAGED_FROM
    existing = SKIPPED if only_new else None
    if connection.dialect.name == "postgresql" or stage_many:
        columns, once = _sorted_out(rows, same)
        source, given = _given(connection, table, columns, stage_them=stage_many)
        return _insert_all(connection, table, source, given, once, existing, returning)
    if returning:
        return connection.execute(_insert(table, existing, returning), [{**same, **row} for row in rows]).all()
    insert_tuples(connection, table, _by_column(rows), same, only_new=only_new)
    return []


def add_up_many(
    connection: Connection, model: type[DeclarativeBase], rows: Sequence[Values], *, sums: Names, same: Values = NOTHING
) -> None:
    """Add what the rows have in `sums` to the rows of the table with their primary keys, in this order; those that are
    not there yet are made. No two of the rows have one key, and `same` names nothing that they have."""
    if not rows:
        return
    table = _table(model)
    if connection.dialect.name == "postgresql":
        columns, once = _sorted_out(rows, same)
        source, given = _given(connection, table, columns, stage_them=False)
        _insert_all(connection, table, source, given, once, _added_up(table, sums))
    else:
        connection.execute(_insert(table, _added_up(table, sums)), [{**same, **row} for row in rows])


def _insert_all(
    connection: Connection,
    table: Table,
    source: FromClause,
    given: Values,
    once: Values,
    existing: SyntaxExtension | None = None,
    returning: Names = (),
) -> Sequence[Row[Any]]:
    is_postgresql = connection.dialect.name == "postgresql"
    statement = _insert_from(table, source, tuple(once), existing, returning, is_postgresql)
    result = connection.execute(statement, {**given, **{f"common_{name}": value for name, value in once.items()}})
    return result.all() if returning else []


def _insert_beside(connection: Connection, table: Table, rows: Sequence[Values], beside: Beside) -> None:
    same = _owned(beside.same)
    if len(rows) < STAGED_FROM:
        others = [{name: row[of] for name, of in beside.columns.items()} for row in rows]
        insert_many(connection, beside.model, others, same=same)
    else:  # they are still in the temporary table
        source = _beside(table, tuple(beside.columns.items()))
        _insert_all(connection, _table(beside.model), source, {}, same)


def update_rows(model: type[DeclarativeBase], rows: Sequence[Values], *, key: str = "id") -> None:
    """Set the columns of each row that its `key` names, in the bound organization; all rows have the same keys."""
    if not rows:
        return
    table, names = _table(model), tuple(rows[0])
    connection = db.session.connection()
    owner = db.require_organization_id()
    if connection.dialect.name == "postgresql":
        source, given = _given(connection, table, _by_column(rows), stage_them=len(rows) >= STAGED_FROM)
        connection.execute(_update_from(table, source, key), given | {"owner": owner})
    else:
        connection.execute(_json_update(table, names, key), {"rows": rows, "owner": owner})


def update_many(connection: Connection, model: type[DeclarativeBase], rows: Sequence[Values], *, key: str) -> None:
    """The same on any connection and for any organization: each row is found by its key, `id` or another of one row."""
    if not rows:
        return
    table, names = _table(model), tuple(rows[0])
    if connection.dialect.name == "postgresql":
        source, given = _given(connection, table, _by_column(rows), stage_them=False)
        connection.execute(_update_any(table, source, key), given)
    else:
        given_rows = [{f"new_{name}": value for name, value in row.items()} for row in rows]
        connection.execute(_update_one(table, names, key), given_rows)


def _table(model: type[DeclarativeBase]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _owned(same: Values = NOTHING) -> Values:
    return {"organization_id": db.require_organization_id(), **same}


def _by_column(rows: Sequence[Values]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def _sorted_out(rows: Sequence[Values], same: Values) -> tuple[dict[str, list[Any]], Values]:
    """The columns that differ, and what is the same in all rows and travels once.

    One column must unfold, to say how many rows there are.
    """
    first, *others = (columns := _by_column(rows))
    once = {name: columns[name][0] for name in others if _is_common(columns[name])}
    return {name: columns[name] for name in (first, *others) if name not in once}, {**same, **once}


def _is_common(values: Sequence[Any]) -> bool:
    return values[0] == values[-1] and all(value == values[0] for value in values)


def _given(
    connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]], *, stage_them: bool
) -> tuple[FromClause, dict[str, Any]]:
    """Columns of rows as a table of a statement, and what has to be given to that statement."""
    if stage_them:
        return stage(connection, table, columns), {}
    return _unfold(table, tuple(columns)), {f"all_{name}": values for name, values in columns.items()}


# Statements are made once for each set of columns: to make them takes longer than to run them.


# What `existing` may be, besides None: then a row that is there already is an error.
SKIPPED = skip_existing()


@lru_cache(maxsize=1024)
def _added_up(table: Table, sums: Names) -> SyntaxExtension:
    return add_to_existing(table, [column.name for column in table.primary_key], [table.c[name].name for name in sums])


@lru_cache(maxsize=1024)
def _insert(table: Table, existing: SyntaxExtension | None, returning: Names = ()) -> ReturningInsert[Any] | Insert:
    statement = insert(table).ext(existing) if existing is not None else insert(table)
    return statement.returning(*(table.c[name] for name in returning)) if returning else statement


@lru_cache(maxsize=1024)
def _insert_from(
    table: Table,
    source: FromClause,
    common: Names,
    existing: SyntaxExtension | None,
    returning: Names,
    is_postgresql: bool,
) -> ReturningInsert[Any] | Insert:
    once = (_common(table.c[name], f"common_{name}", is_postgresql) for name in common)
    # SQLite takes ON CONFLICT for part of a join, unless a condition stands before it.
    rows = select(*source.c, *once).where(true())
    # A default of ours would be one for all rows; see `insert_rows` for the columns that must be there.
    statement = insert(table).from_select([*source.c.keys(), *common], rows, include_defaults=False)
    statement = statement.ext(existing) if existing is not None else statement
    return statement.returning(*(table.c[name] for name in returning)) if returning else statement


@lru_cache(maxsize=1024)
def _beside(table: Table, columns: tuple[tuple[str, str], ...]) -> FromClause:
    """Rows of another table out of the temporary one."""
    source = staged(table, tuple(of for _, of in columns))
    return select(*(source.c[of].label(name) for name, of in columns)).subquery("beside")


@lru_cache(maxsize=1024)
def _json_update(table: Table, names: Names, key: str) -> Update:
    each = func.json_each(bindparam("rows", type_=JsonRows(tuple(table.c[name] for name in names)))).table_valued(
        "value"
    )
    values = (func.json_extract(each.c.value, f"$[{place}]").label(name) for place, name in enumerate(names))
    new = select(*values).subquery("given")
    # The plus keeps SQLite from walking all rows of the organization: each row is found by its key.
    owner = UnaryExpression(table.c.organization_id, operator=custom_op("+"), type_=table.c.organization_id.type)
    wanted = (owner == bindparam("owner"), table.c[key] == new.c[key])
    return update(table).where(*wanted).values({name: new.c[name] for name in names if name != key})


@lru_cache(maxsize=1024)
def _update_from(table: Table, source: FromClause, key: str) -> Update:
    wanted = (table.c.organization_id == bindparam("owner"), table.c[key] == source.c[key])
    return update(table).where(*wanted).values({each.key: each for each in source.c if each.key != key})


@lru_cache(maxsize=1024)
def _update_any(table: Table, source: FromClause, key: str) -> Update:
    return update(table).where(table.c[key] == source.c[key]).values({c.key: c for c in source.c if c.key != key})


@lru_cache(maxsize=1024)
def _update_one(table: Table, names: Names, key: str) -> Update:
    new = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    return update(table).where(table.c[key] == new.pop(key)).values(new)


@lru_cache(maxsize=1024)
def _unfold(table: Table, names: Names) -> TableValuedAlias:
    arrays = (bindparam(f"all_{name}", type_=ListOf(table.c[name].type)) for name in names)
    columns = (column(name, table.c[name].type) for name in names)
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


def _common(of: Column[Any], name: str, is_postgresql: bool) -> ColumnElement[Any]:
    value = bindparam(name, type_=of.type)
    # Nothing else tells PostgreSQL what a lone NULL is. A cast to varchar(n) would cut what is too long.
    return cast(value, Text() if isinstance(of.type, String) else of.type) if is_postgresql else value


_OUTGROWN = text(
    "select relname from pg_class where oid = any(cast(:tables as regclass[])) "
    "and pg_relation_size(oid) > 2 * 8192 * greatest(relpages, 1)"
)


def refresh_statistics(*models: type[DeclarativeBase]) -> None:
    """Let PostgreSQL look again at tables that have at least doubled since it last did.

    It plans by its statistics. A table that was just filled for the first time is planned as if it were empty, and
    these plans are kept for as long as the connection: each foreign key to it is then checked by walking the whole
    organization, which makes a large import slower with every row. Its own collection comes a minute late.
    Call it outside a transaction; it has one of its own.
    """
    engine = db.db.engine
    if engine.dialect.name != "postgresql":
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        names = [_table(model).name for model in models]
        for name in connection.scalars(_OUTGROWN, {"tables": names}).all():
            connection.execute(text("select analyze_table(:name)"), {"name": name})
