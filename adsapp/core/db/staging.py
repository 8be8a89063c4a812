"""Many rows on their way into PostgreSQL: copied into a temporary table, from which one statement takes them.

PostgreSQL refuses COPY into a table with row-level security. A temporary table has none, and the statement that takes
the rows from it is checked like any other. Arrays cost six times the processor time here (docs/adr/0022).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table, TableClause, column, table, text


def copy_rows(connection: Connection, of: Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Put these columns of the rows, and nothing else, into the temporary table of `of`."""
    place = staged(of, tuple(names)).name
    connection.execute(
        text(f"create temp table if not exists {place} on commit delete rows as table {of.name} with no data")
    )
    connection.execute(text(f"truncate {place}"))  # it may have been used in this transaction
    columns = ", ".join(map(connection.dialect.identifier_preparer.quote, names))
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"copy {place} ({columns}) from stdin") as copy:
        for row in _as_sent(connection, of, names, rows):
            copy.write_row(row)


@lru_cache(maxsize=1024)
def staged(of: Table, names: tuple[str, ...]) -> TableClause:
    """These columns of the temporary table."""
    return table(f"staged_{of.name}", *(column(name, of.c[name].type) for name in names))


def _as_sent(
    connection: Connection, of: Table, names: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Any, ...]]:
    """By columns, so that each one's way into the database is looked up once."""
    by_column = []
    for name in names:
        bind = of.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
        values = [row[name] for row in rows]
        by_column.append(map(bind, values) if bind else values)
    return zip(*by_column, strict=True)
