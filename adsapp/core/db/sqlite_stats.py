"""What SQLite's planner believes about sizes, written down once instead of measured.

Every statement names its organization, and without figures SQLite takes an organization for ten rows, so that it reads
all of one (600,000 jobs, 0.6 s) where another index would find three. `ANALYZE` would measure that, but an empty
database has nothing to measure and a grown one would change its plans overnight. So sqlite_stat1 holds what a large
installation has, from the first day (https://www.sqlite.org/optoverview.html, "manual control"). PostgreSQL measures.
"""

from sqlalchemy import Connection, text

ROWS = 1_000_000
FEW = ROWS // 100  # rows in an index of what is open, asked for or otherwise out of the ordinary
VALUES = {"organization_id": 5, "kind": 8, "state": 6, "status": 6, "queue": 4, "priority": 4, "processor": 10}
OTHERWISE = 1000  # different values of any other column
WHOLE = "not routine"  # an index with this condition leaves next to nothing out


def expect_sizes(connection: Connection) -> None:
    """Tell SQLite about every index of every tenant's table; again after a migration that has rebuilt one."""
    if connection.dialect.name != "sqlite":
        return
    connection.execute(text("analyze organizations"))  # makes sqlite_stat1
    for table in connection.execute(text("select name from sqlite_schema where type = 'table'")).scalars().all():
        if "organization_id" in _names(connection, "table_info", table):
            _expect(connection, table)


def _expect(connection: Connection, table: str) -> None:
    connection.execute(text("delete from sqlite_stat1 where tbl = :table"), {"table": table})
    for index in connection.exec_driver_sql(f"pragma index_list('{table}')").mappings().all():
        rows = FEW if index["partial"] and WHOLE not in _definition(connection, index["name"]) else ROWS
        columns = _names(connection, "index_info", index["name"])
        figures = " ".join(str(figure) for figure in _figures(rows, columns, is_unique=bool(index["unique"])))
        connection.execute(
            text("insert into sqlite_stat1 (tbl, idx, stat) values (:table, :index, :figures)"),
            {"table": table, "index": index["name"], "figures": figures},
        )


def _figures(rows: int, columns: list[str], *, is_unique: bool) -> list[int]:
    """Rows of the index, then how many share the first column, the first two, and so on."""
    figures = [rows]
    for column in columns:
        figures.append(1 if column == "id" else max(1, figures[-1] // VALUES.get(column, OTHERWISE)))
    return [*figures[:-1], 1] if is_unique else figures


def _names(connection: Connection, pragma: str, of: str) -> list[str]:
    return [row["name"] for row in connection.exec_driver_sql(f"pragma {pragma}('{of}')").mappings()]


def _definition(connection: Connection, index: str) -> str:
    found = connection.execute(text("select sql from sqlite_schema where name = :index"), {"index": index})
    return found.scalar_one() or ""
