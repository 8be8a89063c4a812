"""Time. Everything is stored and compared in UTC; leases are compared with the database's clock."""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text


def utcnow() -> datetime:
    """Now, in UTC, with its zone."""
    return datetime.now(UTC)


def iso(moment: datetime | None) -> str | None:
    """`2026-03-28T09:00:00.000Z`, or None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class DatabaseClock:
    """The database's time, without a query for each use.

    Machines' clocks differ, so leases are written and compared in the database's time. The offset is measured at the
    start and with each heartbeat (`synchronize`); SQLite uses this machine's clock, so it has no offset.
    """

    def __init__(self) -> None:
        self._offset = timedelta(0)

    def now(self) -> datetime:
        """The database's time, in UTC."""
        return utcnow() + self._offset

    def synchronize(self, connection: Connection) -> None:
        """Measure the offset."""
        if connection.dialect.name != "postgresql":
            return
        before = time.monotonic()
        theirs: datetime = connection.execute(text("select clock_timestamp()")).scalar_one()
        travel = timedelta(seconds=(time.monotonic() - before) / 2)
        self._offset = theirs.astimezone(UTC) + travel - utcnow()
