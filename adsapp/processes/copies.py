"""Copies of a whole database: SQLite by its own online backup, PostgreSQL by pg_dump and pg_restore.

A copy has no schema version: every process refuses a database without one, so nothing can work on what was restored
before it is held (`adsapp.processes.restored`). The restore writes the version last.
"""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path

from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from adsapp.config import Settings
from adsapp.core.db import db, logins
from adsapp.core.db.ddl import make_roles
from adsapp.core.db.searching import search_key_or_null

PAGES = 2000  # of SQLite, copied at a time: writers go on between two
NOT_READ = text("select not (rolsuper or rolbypassrls) from pg_roles where rolname = session_user")


class CopyFailed(Exception):
    """The database could not be copied; the text says why, and what to do."""


def name_of(settings: Settings) -> str:
    """How the copy is called in a backup."""
    return "database.dump" if settings.distributed else "database.db"


def copy_out(settings: Settings, target: Path) -> None:
    """Write a copy of the running database, as it is at one moment. Raises CopyFailed."""
    if settings.distributed:
        url = make_url(settings.backup_url)
        options = ("--format=custom", "--no-owner", "--exclude-table-data=alembic_version", f"--file={target}")
        _run("pg_dump", url, *options)
        return
    source = settings.home.resolve() / "adsapp.db"
    with contextlib.closing(sqlite3.connect(source)) as running, contextlib.closing(sqlite3.connect(target)) as copy:
        running.backup(copy, pages=PAGES)
        copy.create_function("search_key", 1, search_key_or_null, deterministic=True)  # indexes are made of it
        copy.execute("pragma journal_mode=delete")
        if (found := copy.execute("pragma quick_check").fetchone()[0]) != "ok":
            raise CopyFailed(f"the copy is not sound: {found}")
        copy.execute("delete from alembic_version")
        copy.commit()


def is_empty(app: Flask) -> bool:
    """Whether the database has no table yet."""
    settings: Settings = app.config["SETTINGS"]
    with app.app_context(), logins.owner_engine().connect() as connection:
        if settings.distributed:
            tables = (
                "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')"
            )
        else:
            tables = "select count(*) from sqlite_master where type = 'table'"
        return not connection.scalar(text(tables))


def copy_in(app: Flask, source: Path) -> None:
    """Make the empty database what the copy says. Raises CopyFailed; then it is as empty as before."""
    settings: Settings = app.config["SETTINGS"]
    if settings.distributed:
        with app.app_context(), logins.owner_engine().begin() as connection:
            make_roles(connection)
        options = ("--no-owner", "--single-transaction", "--exit-on-error", str(source))
        _run("pg_restore", make_url(settings.owner_url), *options)
        return
    with app.app_context():
        db.engine.dispose()
    home = settings.home.resolve()
    staged = home / "adsapp.db.restored"
    shutil.copyfile(source, staged)
    for rest in ("-wal", "-shm"):
        (home / f"adsapp.db{rest}").unlink(missing_ok=True)
    staged.replace(home / "adsapp.db")


def finish(app: Flask, schema: str) -> None:
    """Let processes work on it: give it its version, and the logins their roles."""
    with app.app_context():
        with logins.owner_engine().begin() as connection:
            connection.execute(text("insert into alembic_version (version_num) values (:schema)"), {"schema": schema})
        logins.admit()


def _run(program: str, url: URL, *options: str) -> None:
    """Run it for this database; the password goes by the environment, where nobody else sees it."""
    if shutil.which(program) is None:
        raise CopyFailed(f"{program} is not on the PATH: install PostgreSQL's client, of the server's version or newer")
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    done = subprocess.run(
        [program, f"--dbname={plain}", *options], env=_with_password(url), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CopyFailed(_why(program, done.stderr))


def _with_password(url: URL) -> Mapping[str, str]:
    return {**os.environ, "PGPASSWORD": str(url.password)} if url.password else dict(os.environ)


def _why(program: str, told: str) -> str:
    lines = [line for line in told.strip().splitlines() if line.strip()]
    first = next((line for line in lines if "error:" in line), lines[0] if lines else "it ended without a word")
    if "row-level security" in told:
        return (
            "the login that makes the backup may not read the rows of all organizations. As a superuser: create role "
            "adsapp_backup login bypassrls password '…'; grant pg_read_all_data to adsapp_backup; then set "
            "DATABASE_BACKUP_URL to it"
        )
    if "server version mismatch" in told:
        return f"{program} is older than the server: put the client of the server's version first on the PATH"
    return first.strip()[:400]
