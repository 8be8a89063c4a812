"""Tables that PostgreSQL keeps in parts of a month each, so that what is old goes by the part: in milliseconds, however
many rows it has, and without a dead row left behind. SQLite keeps them whole; nothing but this module and `parting`,
which migrations use, knows of parts.

A part is called after its month (`job_logs_2026_11`). What was there before the table was parted is one part
(`job_logs_until_2026_12`: all that is older), and rows of a month that has no part yet are in `job_logs_rest`, so that
nothing is ever refused. Parts are made ahead and dropped by `keep`, which any worker calls now and then.

docs/adr/0037 has the reasons, and says which tables are not parted and why.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text

A_MONTH = timedelta(days=31)


@dataclass(frozen=True)
class ByMonth:
    """A table in parts, by a column with a moment in UTC that every row has and keeps."""

    table: str
    column: str


JOB_LOGS = ByMonth("job_logs", "finished_at")


def are_kept(database: Connection | Engine) -> bool:
    """Whether this database has parts."""
    return database.dialect.name == "postgresql"


def keep(connection: Connection, parted: ByMonth, now: datetime, before: datetime) -> int:
    """Make the parts that are soon needed and drop those that ended before; how many were dropped.

    The database has parts, and the connection the job engine's role. OperationalError: somebody has used the table for
    so long just now that others would have had to wait behind us; nothing was changed, and the next call may do it.
    """
    keep_months = text(f"select keep_months_of_{parted.table}(:now, :before)")
    dropped: int = connection.execute(keep_months, {"now": now, "before": before}).scalar_one()
    return dropped


def left_over(database: Engine, before: datetime) -> datetime:
    """If rows from before are to go: from before which moment they still have to be removed one by one.

    A month goes as soon as all of it is old. What is older is in the part of the time before there were parts.
    """
    return before - A_MONTH if are_kept(database) else before
