"""Many rows on the shortest way through a database's driver.

PostgreSQL refuses COPY into a table with row-level security. A temporary table has none, and the statement that takes
the rows from it is checked like any other. Arrays cost six times the processor time here (docs/adr/0022). SQLite takes
tuples, one after another, by a statement that it prepares once.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

from sqlalchemy import Connection, Table, TableClause, column, table, text

Columns = Mapping[str, Sequence[Any]]


def copy_rows(connection: Connection, of: Table, columns: Columns) -> None:
    """Put these rows, given by column, and nothing else into the temporary table of `of`."""
    place = staged(of, tuple(columns)).name
    made = f"create temp table if not exists {place} on commit delete rows as table {of.name} with no data"
    connection.execute(text(made))
    connection.execute(text(f"truncate {place}"))  # it may have been used in this transaction
    driver: Any = connection.connection.driver_connection
    names = ", ".join(map(connection.dialect.identifier_preparer.quote, columns))
    with driver.cursor() as cursor, cursor.copy(f"copy {place} ({names}) from stdin") as copy:
        for row in zip(*_as_sent(connection, of, columns), strict=True):
            copy.write_row(row)


@lru_cache(maxsize=1024)
def staged(of: Table, names: tuple[str, ...]) -> TableClause:
    """These columns of the temporary table."""
    return table(f"staged_{of.name}", *(column(name, of.c[name].type) for name in names))


def insert_tuples(
    connection: Connection, of: Table, columns: Columns, same: Mapping[str, Any], *, only_new: bool
) -> None:
    """Insert these rows, given by column, with what is the same in all of them, on SQLite."""
    names = ", ".join(map(connection.dialect.identifier_preparer.quote, (*columns, *same)))
    marks = ", ".join("?" * (len(columns) + len(same)))
    clause = " on conflict do nothing" if only_new else ""
    once = (next(values) for values in _as_sent(connection, of, {name: [value] for name, value in same.items()}))
    rows = list(zip(*_as_sent(connection, of, columns), *map(repeat, once), strict=False))
    statement = f"insert into {of.name} ({names}) values ({marks}){clause}"  # noqa: S608  # names of our own
    connection.exec_driver_sql(statement, rows)


def _as_sent(connection: Connection, of: Table, columns: Columns) -> Iterator[Iterator[Any]]:
    """Each column's values as the driver wants them; the way there is looked up once."""
    for name, values in columns.items():
        bind = of.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        yield map(bind, values) if bind else iter(values)
