"""The schema: which one this code needs, which one the database has, and the way from one to the other.

Alembic is loaded only if something is to be migrated: a worker needs none of it.
"""

from pathlib import Path

from flask import Flask
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError

from adsapp.core.db import db, logins


def needed(app: Flask) -> str:
    """The revision of this code: the files of `migrations/versions` are numbered in their order."""
    return max(path.name.partition("_")[0] for path in (_directory(app) / "versions").glob("[0-9]*_*.py"))


def current(connection: Connection) -> str | None:
    """The revision the database has; None if it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()
    return found


def mismatch(app: Flask, connection: Connection) -> str:
    """What is wrong with the database's schema, as a clause; empty if it is the one that this code needs."""
    found, wanted = current(connection), needed(app)
    return "" if found == wanted else f"the database has schema {found or 'none'}, this version needs {wanted}"


def is_behind(app: Flask, connection: Connection) -> str:
    """The same for a process that works already: it goes on upon a newer schema, which keeps what it needs."""
    found = current(connection)
    return mismatch(app, connection) if found is None or found < needed(app) else ""


def upgrade(app: Flask) -> None:
    """Bring the database to what this code needs. Raises `ddl.MissingRole` and `ddl.InUse`."""
    from flask_migrate import Migrate
    from flask_migrate import upgrade as migrate

    from adsapp.core.db.ddl import LOCK_NOT_AVAILABLE, InUse

    Migrate(app, db, directory=str(_directory(app)))
    with app.app_context():
        try:
            migrate()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
                raise
            raise InUse(
                "somebody uses a table that is to be changed, and the upgrade does not let others wait behind it for "
                "long: nothing is half done, run it again"
            ) from error
        logins.admit()


def _directory(app: Flask) -> Path:
    return Path(app.root_path) / "migrations"
