"""Many rows in one statement: an import or a campaign writes thousands at a time.

On PostgreSQL the rows travel as one array a column and are unfolded by the server. One statement matters there for
more than speed: the triggers that keep counters run once a statement, not once a row. SQLite takes a prepared
statement many times over, which is its fastest way.

These statements pass the tenant filter by, so `organization_id` is put in here and every row belongs to the bound
organization; on PostgreSQL row-level security checks that again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Dialect, Table, TextClause, any_, bindparam, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase

from adsapp.core import db

Row = Mapping[str, Any]


def insert_rows(model: type[DeclarativeBase], rows: Sequence[Row], *, ignore_conflicts: bool = False) -> None:
    """Insert rows of the bound organization; all have the same keys, and every column without a default in the
    database is among them.

    With `ignore_conflicts`, rows that are there already are passed over.
    """
    owned = [{"organization_id": db.require_organization_id(), **row} for row in rows]
    insert_many(db.session.connection(), model, owned, ignore_conflicts=ignore_conflicts)


def insert_many(
    connection: Connection, model: type[DeclarativeBase], rows: Sequence[Row], *, ignore_conflicts: bool = False
) -> None:
    """As `insert_rows`, on any connection and for any organization: each row names its own."""
    if not rows:
        return
    table = _table(model)
    if connection.dialect.name == "postgresql":
        _insert_unfolded(connection, table, rows, ignore_conflicts)
        return
    statement = sqlite.insert(table)
    connection.execute(statement.on_conflict_do_nothing() if ignore_conflicts else statement, list(rows))


def one_of(connection: Connection, column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """`column in values`, with one parameter on PostgreSQL, so that its plan is kept however many there are."""
    if connection.dialect.name == "postgresql":
        array: ColumnElement[Any] = bindparam(None, list(values), type_=ARRAY(column.type))
        return column == any_(array)
    return column.in_(values)


def one_of_named(dialect: str, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """As `one_of`, for a statement that is built once: the values come as the parameter of this name (a list)."""
    if dialect == "postgresql":
        array: ColumnElement[Any] = bindparam(name, type_=ARRAY(column.type))
        return column == any_(array)
    return column.in_(bindparam(name, expanding=True))


def update_rows(model: type[DeclarativeBase], rows: Sequence[Row], *, key: str = "id") -> None:
    """Set the columns of each row that its `key` names, in the bound organization; all rows have the same keys."""
    if not rows:
        return
    table = _table(model)
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        _update_unfolded(connection, table, rows, key)
        return
    changed: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != key}
    statement = (
        table.update()
        .where(table.c.organization_id == db.require_organization_id(), table.c[key] == bindparam(f"new_{key}"))
        .values(changed)
    )
    connection.execute(statement, [{f"new_{name}": value for name, value in row.items()} for row in rows])


def _table(model: type[DeclarativeBase]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _insert_unfolded(connection: Connection, table: Table, rows: Sequence[Row], ignore_conflicts: bool) -> None:
    names = tuple(rows[0])
    # What is the same in all rows travels once. One column must unfold, to say how many rows there are.
    common = frozenset(name for name in names[1:] if _is_common([row[name] for row in rows]))
    statement = _insertion(connection.dialect, table, names, common, ignore_conflicts)
    arrays = _arrays(connection, [table.c[name] for name in names if name not in common], rows)
    once = _arrays(connection, [table.c[name] for name in common], rows[:1], "c")
    connection.execute(statement, arrays | {name: values[0] for name, values in once.items()})


def _is_common(values: Sequence[Any]) -> bool:
    return values[0] == values[-1] and all(value == values[0] for value in values)


@lru_cache(maxsize=1024)
def _insertion(
    dialect: Dialect, table: Table, names: tuple[str, ...], common: frozenset[str], ignore_conflicts: bool
) -> TextClause:
    unfolded = [table.c[name] for name in names if name not in common]
    once = [table.c[name] for name in common]
    listed = ", ".join(_quoted(dialect, column) for column in [*unfolded, *once])
    scalars = "".join(f", cast(:c{place} as {_type(dialect, column)})" for place, column in enumerate(once))
    ending = " on conflict do nothing" if ignore_conflicts else ""
    return text(
        f"insert into {table.name} ({listed}) "  # noqa: S608  # names of our own tables
        f"select u.*{scalars} from {_unfold(dialect, unfolded)} as u{ending}"
    )


def _update_unfolded(connection: Connection, table: Table, rows: Sequence[Row], key: str) -> None:
    columns = [table.c[name] for name in rows[0]]
    names = [_quoted(connection.dialect, column) for column in columns]
    changes = ", ".join(f"{name} = u.{name}" for name in names if name != key)
    connection.execute(
        text(
            f"update {table.name} as t set {changes} "  # noqa: S608  # names of our own tables
            f"from {_unfold(connection.dialect, columns)} as u({', '.join(names)}) "
            f"where t.organization_id = :organization_id and t.{key} = u.{key}"
        ),
        {"organization_id": db.require_organization_id(), **_arrays(connection, columns, rows)},
    )


def _quoted(dialect: Dialect, column: Column[Any]) -> str:
    return dialect.identifier_preparer.quote(column.name)


def _unfold(dialect: Dialect, columns: Sequence[Column[Any]]) -> str:
    arrays = ", ".join(f"cast(:a{place} as {_type(dialect, c)}[])" for place, c in enumerate(columns))
    return f"unnest({arrays})"


def _type(dialect: Dialect, column: Column[Any]) -> str:
    name = column.type.compile(dialect=dialect)
    # A cast to varchar(n) would cut what is too long without a word; the column itself refuses it.
    return "text" if name.startswith("VARCHAR") else name


def _arrays(
    connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[Row], prefix: str = "a"
) -> dict[str, list[Any]]:
    arrays = {}
    for place, column in enumerate(columns):
        values = [row[column.name] for row in rows]
        bind = _binder(connection, column)
        arrays[f"{prefix}{place}"] = [bind(value) for value in values] if bind else values
    return arrays


def _binder(connection: Connection, column: Column[Any]) -> Callable[[Any], Any] | None:
    bind: Callable[[Any], Any] | None = column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return bind


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
            connection.execute(text(f"analyze {name}"))
