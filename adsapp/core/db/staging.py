"""Many rows on the shortest way through a database's driver.

They come into a temporary table first, and one statement takes them from there. PostgreSQL refuses COPY into a table
with row-level security: a temporary table has none, and the statement is checked like any other. On SQLite a statement
for each row keeps a copy of every page that it touches if the table has a trigger, which took half of the time; one
statement for all of them keeps each once (docs/adr/0022, 0025).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache
from itertools import repeat
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnClause, Connection, Table, TableClause, column, table, text

from adsapp.core.db.engine import expect_many_rows

Columns = Mapping[str, Sequence[Any]]


_MADE = {
    "postgresql": "create temp table if not exists {0} on commit delete rows as table {1} with no data",
    "sqlite": "create temp table if not exists {0} as select * from {1} where false",
}
_EMPTIED = {"postgresql": "truncate {0}", "sqlite": "delete from {0}"}  # it may have been used in this transaction


def stage(connection: Connection, of: Table, columns: Columns) -> TableClause:
    """Put these rows, given by column, and nothing else into the temporary table of `of`; that table."""
    place, kind = staged(of, tuple(columns)), connection.dialect.name
    expect_many_rows(connection)
    for statement in (_MADE[kind], _EMPTIED[kind]):
        connection.execute(text(statement.format(place.name, of.name)))
    sent = _as_sent(connection, of, columns)
    names = ", ".join(connection.dialect.identifier_preparer.quote(of.c[name].name) for name in columns)
    if kind == "postgresql":
        _copy(connection.connection.driver_connection, f"copy {place.name} ({names}) from stdin", map(_texts, sent))
    else:
        _insert(connection, f"insert into {place.name} ({names})", len(columns), zip(*sent, strict=True))
    return place


def _copy(driver: Any, statement: str, columns: Iterable[list[str]]) -> None:
    lines = "\n".join(map("\t".join, zip(*columns, strict=True)))
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(lines + "\n")


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# The driver's own way asks of each value what it is; a column has one kind of them.
_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "str": str,
    "int": str,
    "float": repr,
    "bool": str,
    "UUID": attrgetter("hex"),
    "datetime": datetime.isoformat,
    "bytes": lambda value: "\\x" + value.hex(),
    "Binary": lambda value: "\\x" + bytes(value.obj).hex(),
    "Jsonb": lambda value: _json(value.obj),
}
_SPECIAL = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_NULL = "\\N"


def _texts(values: Iterable[Any]) -> list[str]:
    """Values of one column as COPY takes them."""
    given = list(values)
    kinds = set(map(type, given)) - {type(None)}
    text_of = {kind: _text_of(kind) for kind in kinds}
    if len(kinds) == 1 and None not in given:
        texts = list(map(text_of[kinds.pop()], given))
    else:
        texts = [_NULL if value is None else text_of[type(value)](value) for value in given]
    whole = "".join(texts)
    if not any(map(whole.__contains__, "\\\n\r\t")):
        return texts
    return [_NULL if value is None else text.translate(_SPECIAL) for value, text in zip(given, texts, strict=True)]


@cache
def _text_of(kind: type) -> Callable[[Any], str]:
    """How values of this kind, or of the nearest one that it is made of, are written. Raises TypeError."""
    for each in kind.__mro__:
        if each.__name__ in _TEXTS:
            return _TEXTS[each.__name__]
    raise TypeError(f"no way to copy {kind.__name__} into PostgreSQL is known here")


@lru_cache(maxsize=1024)
def staged(of: Table, names: tuple[str, ...]) -> TableClause:
    """These columns of the temporary table."""
    return table(f"staged_{of.name}", *(_column(of, name) for name in names))


def _column(of: Table, name: str) -> ColumnClause[Any]:
    """By the name that the database has for it, to be had by ours."""
    found: ColumnClause[Any] = column(of.c[name].name, of.c[name].type)
    found.key = name
    return found


def insert_tuples(
    connection: Connection, of: Table, columns: Columns, same: Mapping[str, Any], *, only_new: bool
) -> None:
    """Insert these few rows, given by column, with what is the same in all of them, on SQLite."""
    names = ", ".join(connection.dialect.identifier_preparer.quote(of.c[name].name) for name in (*columns, *same))
    once = (next(values) for values in _as_sent(connection, of, {name: [value] for name, value in same.items()}))
    rows = zip(*_as_sent(connection, of, columns), *map(repeat, once), strict=False)
    clause = " on conflict do nothing" if only_new else ""
    _insert(connection, f"insert into {of.name} ({names})", len(columns) + len(same), rows, clause)


def _insert(connection: Connection, into: str, width: int, rows: Iterable[tuple[Any, ...]], clause: str = "") -> None:
    marks = ", ".join("?" * width)
    connection.exec_driver_sql(f"{into} values ({marks}){clause}", list(rows))


def _as_sent(connection: Connection, of: Table, columns: Columns) -> Iterator[Iterator[Any]]:
    """Each column's values as the driver wants them; the way there is looked up once."""
    for name, values in columns.items():
        bind = of.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        yield map(bind, values) if bind else iter(values)
