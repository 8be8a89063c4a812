"""A small write beside a request: in a transaction of its own, which waits for others a moment only."""

import contextlib
import uuid
from collections.abc import Iterator

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from adsapp.core.db.engine import BUSY_SECONDS, set_busy_timeout, writing
from adsapp.core.db.extension import db

WAIT_SECONDS = 2.0  # for locks of others; a transaction of ours takes far less


@contextlib.contextmanager
def brief_session(organization_id: uuid.UUID | None = None, *, wait_seconds: float | None = None) -> Iterator[Session]:
    """A session that commits at its end. Raises OperationalError if others hold what it needs for longer than that; on
    SQLite it may have waited as long before for its turn.

    For what a request that only reads has to write down, and for the question whether writes go through at all.
    """
    wait_seconds = WAIT_SECONDS if wait_seconds is None else wait_seconds
    with writing(), db.engine.connect() as connection:
        set_busy_timeout(connection, wait_seconds)
        try:
            with Session(connection, info={"organization_id": organization_id}) as own, own.begin():
                _limit_locks(own.connection(), wait_seconds)
                yield own
        finally:
            set_busy_timeout(connection, BUSY_SECONDS)


def check_writes() -> None:
    """Raise OperationalError if a write would have to wait, or the database takes none."""
    with brief_session() as own:  # on SQLite its beginning takes the write lock
        if own.connection().dialect.name == "postgresql":
            own.execute(text("select pg_current_xact_id()"))  # a server that only follows another has none to give


def _limit_locks(connection: Connection, seconds: float) -> None:
    if connection.dialect.name == "postgresql":
        limit = f"{int(seconds * 1000)}ms"
        connection.execute(text("select set_config('lock_timeout', :limit, true)"), {"limit": limit})
