"""SQL that the two databases spell differently, under one name: statements that use it are constants of their modules.

SQLAlchemy compiles a construct for the database it is sent to and keeps the result, so no function needs to know which
database that is (https://docs.sqlalchemy.org/en/21/core/compiler.html).
"""

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from sqlalchemy import (
    ARRAY,
    Boolean,
    ClauseElement,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Dialect,
    Insert,
    Interval,
    String,
    Table,
    Text,
    Uuid,
    bindparam,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import SyntaxExtension
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.sql.visitors import InternalTraversal
from sqlalchemy.types import TypeDecorator, TypeEngine, UserDefinedType

from adsapp.core.clock import utcnow
from adsapp.core.db.types import UtcDateTime


class random_uuid(FunctionElement[uuid.UUID]):
    """A new random id for each row that a statement touches."""

    type = Uuid()
    inherit_cache = True


@compiles(random_uuid, "postgresql")
def _random_uuid_on_postgresql(_element: random_uuid, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "gen_random_uuid()"


@compiles(random_uuid, "sqlite")
def _random_uuid_on_sqlite(_element: random_uuid, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "lower(hex(randomblob(16)))"


def text_at(column: ColumnElement[Any] | InstrumentedAttribute[Any], key: str) -> ColumnElement[str]:
    """What an object of JSON has under this key, as text; NULL if there is none."""
    # SQLite's paths have no way to spell some keys: for these all of the object is looked through.
    is_odd = not key.isprintable() or set(key) & {'"', "\\"}
    return _text_among(column, bindparam(None, key)) if is_odd else column[key].as_string()


class _text_among(FunctionElement[str]):
    type = Text()
    inherit_cache = True


@compiles(_text_among, "postgresql")
def _text_among_on_postgresql(element: _text_among, compiler: SQLCompiler, **kw: Any) -> str:
    column, key = (compiler.process(each, **kw) for each in element.clauses)
    return f"({column} ->> {key})"


@compiles(_text_among, "sqlite")
def _text_among_on_sqlite(element: _text_among, compiler: SQLCompiler, **kw: Any) -> str:
    column, key = (compiler.process(each, **kw) for each in element.clauses)
    return f"(select value from json_each({column}) where key = {key})"  # noqa: S608  # parameters, as compiled


class _Ids(UserDefinedType[str]):
    """An array of ids as PostgreSQL writes it; the driver's own way there asks of each id what it is."""

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **_kw: Any) -> str:
        """See UserDefinedType."""
        return "UUID[]"


class ListOf(TypeDecorator[Collection[Any]]):
    """Many values of one type in one parameter: an array on PostgreSQL, a JSON list on SQLite. Ids are UUIDs."""

    impl = Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(Text())
        if isinstance(self.item, Uuid):
            return _Ids()
        # A cast to varchar(n)[] would cut what is too long without a word.
        item = Text() if isinstance(self.item, String) else self.item
        return dialect.type_descriptor(ARRAY(item, dimensions=1))

    def process_bind_param(self, value: Collection[Any] | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        is_array = dialect.name == "postgresql"
        if is_array and isinstance(self.item, Uuid):
            return f"{{{','.join('NULL' if each is None else each.hex for each in value)}}}"
        if is_array and not isinstance(self.item, String):  # the array's own type takes care of its items
            return list(value)
        bind = self.item.dialect_impl(dialect).bind_processor(dialect)
        items = [bind(each) for each in value] if bind else list(value)
        return items if is_array else json.dumps(items)


class JsonRows(TypeDecorator[Sequence[Mapping[str, Any]]]):
    """Rows of these columns in one parameter, for SQLite: a JSON list of lists. JSON carries no bytes."""

    impl = Text
    cache_ok = True

    def __init__(self, columns: tuple[Column[Any], ...]) -> None:
        super().__init__()
        self.columns = columns

    def process_bind_param(self, value: Sequence[Mapping[str, Any]] | None, dialect: Dialect) -> str:
        """By columns, so that each one's way into the database is looked up once."""
        by_column = []
        for column in self.columns:
            bind = column.type.dialect_impl(dialect).bind_processor(dialect)
            values = [row[column.key] for row in value or ()]
            by_column.append([bind(each) for each in values] if bind else values)
        return json.dumps(list(zip(*by_column, strict=True)), ensure_ascii=False)


class any_of(FunctionElement[bool]):
    """`column in values`: one parameter however many the values are, so that the statement and its plan are kept.

    `values` is the name of a parameter that is given later (a list), or the values themselves.
    """

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any] | InstrumentedAttribute[Any], values: str | Collection[Any]) -> None:
        many = ListOf(column.type)
        if isinstance(values, str):
            super().__init__(column, bindparam(values, type_=many))
        else:
            super().__init__(column, bindparam(None, values, type_=many))

    def self_group(self, against: OperatorType | None = None) -> Self:
        """Itself: SQLite, which has no booleans, would get `… = 1` after it and use no index for that."""
        return self


@compiles(any_of, "postgresql")
def _any_of_on_postgresql(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = (compiler.process(each, **kw) for each in element.clauses)
    return f"{column} = any ({values})"


@compiles(any_of, "sqlite")
def _any_of_on_sqlite(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = (compiler.process(each, **kw) for each in element.clauses)
    return f"{column} in (select value from json_each({values}))"  # noqa: S608  # both compiled by SQLAlchemy


class keys_of(FunctionElement[str]):
    """The keys of a JSON object, each as a row: `keys_of(column).table_valued("key", name="key")`."""

    type = Text()
    inherit_cache = True


@compiles(keys_of, "postgresql")
def _keys_of_on_postgresql(element: keys_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"jsonb_object_keys({compiler.process(element.clauses, **kw)})"


@compiles(keys_of, "sqlite")
def _keys_of_on_sqlite(element: keys_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


class _Ago(TypeDecorator[timedelta]):
    """A span of time; SQLite gets the moment so long ago, by the clock of this process."""

    impl = Interval
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Interval() if dialect.name == "postgresql" else DateTime())

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return (utcnow() - value).astimezone(UTC).replace(tzinfo=None)


class database_time(FunctionElement[datetime]):
    """Now, or so long ago as the parameter called `ago` says (a timedelta), by the clock that leases are judged by."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, ago: str | None = None) -> None:
        super().__init__(bindparam(ago, type_=_Ago()) if ago else bindparam(None, timedelta(0), type_=_Ago()))


@compiles(database_time, "postgresql")
def _database_time_on_postgresql(element: database_time, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(clock_timestamp() - {compiler.process(element.clauses, **kw)})"


@compiles(database_time, "sqlite")
def _database_time_on_sqlite(element: database_time, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)  # SQLite lives on this machine


class _OnConflict(SyntaxExtension, ClauseElement):
    """What an INSERT does about rows that are there already; both databases spell it alike."""

    def apply_to_insert(self, insert_stmt: Insert) -> None:
        """Stand behind the values."""
        insert_stmt.apply_syntax_extension_point(self.append_replacing_same_type, "post_values")


class skip_existing(_OnConflict):
    """Pass over rows that are there already: `insert(…).ext(skip_existing())`."""

    _traverse_internals = []
    inherit_cache = True


@compiles(skip_existing)
def _skip_existing(_element: skip_existing, _compiler: SQLCompiler, **_kw: Any) -> str:
    return "ON CONFLICT DO NOTHING"


class add_to_existing(_OnConflict):
    """Add the numbers in `sums` to those of the row with the same `key`: `insert(…).ext(add_to_existing(…))`."""

    _traverse_internals = [
        ("table", InternalTraversal.dp_string),
        ("key", InternalTraversal.dp_string_list),
        ("sums", InternalTraversal.dp_string_list),
    ]
    inherit_cache = True

    def __init__(self, table: Table, key: Sequence[str], sums: Sequence[str]) -> None:
        self.table = table.name
        self.key = list(key)
        self.sums = list(sums)


@compiles(add_to_existing)
def _add_to_existing(element: add_to_existing, compiler: SQLCompiler, **_kw: Any) -> str:
    quote = compiler.preparer.quote
    table = quote(element.table)
    sums = (f"{quote(name)} = {table}.{quote(name)} + excluded.{quote(name)}" for name in element.sums)
    return f"ON CONFLICT ({', '.join(map(quote, element.key))}) DO UPDATE SET {', '.join(sums)}"


class Together:
    """Inserts that need nothing of one another, run as one statement on PostgreSQL: one way to it instead of many.

    SQLite knows no such statement; it is not away, so it loses nothing by running one after another.
    """

    def __init__(self, *inserts: Insert) -> None:
        *others, last = self._each = inserts
        self._all = last.add_cte(*(other.cte(f"other_{place}") for place, other in enumerate(others)))

    def execute(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """Run them all with the same values."""
        for statement in [self._all] if connection.dialect.name == "postgresql" else self._each:
            connection.execute(statement, values)
