"""One application of each shape and its database for all tests of a process, put back to the start before each test.

To make an application takes a tenth of a second, to make a database in PostgreSQL as long, and both are slow while
they are new: no statement is compiled yet, no template loaded, no connection open. A test that asks for `app` gets the
shared one of its shape; one of no application gets a database that nobody had before it.
"""

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import psycopg
from flask import Flask
from psycopg import sql

from adsapp import create_app
from adsapp.config import Settings
from adsapp.core.db import db
from adsapp.integrations.extension import init_integrations
from adsapp.jobs.broker import init_jobs
from tests import servers as throwaway
from tests.servers import Servers

LARGE = 2_000_000  # bytes of tables and their dead rows: a new database is quicker from then on
THREADS_END_WITHIN = 2.0


class Database(Protocol):
    """What an application stands on."""

    def put_back(self, *, peopled: bool) -> None:
        """As a fresh copy of the template, with the cast or without. Nobody may be at work in it."""

    def is_worn(self) -> bool:
        """True if a new one is better."""

    def drop(self) -> None:
        """Nobody needs it any more."""


class SharedFile:
    """SQLite's: a file is copied sooner than it is emptied."""

    def __init__(self, servers: Servers, home: Path) -> None:
        self._servers, self._file = servers, home / "adsapp.db"

    def put_back(self, *, peopled: bool) -> None:
        """The home is empty but for what the application had at its start."""
        shutil.copy(self._servers.cast_sqlite if peopled else self._servers.template_sqlite, self._file)

    def is_worn(self) -> bool:
        """It is a new file each time."""
        return False

    def drop(self) -> None:
        """It goes with the home."""


class SharedDatabase:
    """A database that a superuser empties past triggers and policies, in one statement that looks at sizes first.

    A table that no test has touched has no page, and costs a look.
    """

    def __init__(self, servers: Servers, name: str) -> None:
        self._servers, self._name = servers, name
        throwaway.create_database(servers, name, servers.cast_database)
        self._connection = psycopg.connect(throwaway.with_database(servers.admin_url, name), autocommit=True)
        self._connection.execute("set session_replication_role = replica")  # no triggers, no foreign keys
        self._connection.execute("set lock_timeout = '3s'")
        self._tables = self._names(
            "select relname from pg_class where relkind in ('r', 'p') and not relispartition "
            "and relnamespace = 'public'::regnamespace"
        )
        self._tables = [table for table in self._tables if table != "alembic_version"]
        self._in_parts = self._names("select partrelid::regclass::text from pg_partitioned_table")
        self._prepare()
        self._analyzed = self._rows_analyzed()

    def put_back(self, *, peopled: bool) -> None:
        """As a fresh copy of the template, with the cast or without, in one round trip. Nobody may be at work in it."""
        self._connection.execute("select pg_temp.put_back(%s)", (peopled,))

    def is_worn(self) -> bool:
        """True if a new one is better: dead rows stay, and so does what a test had analyzed."""
        size = self._value(f"select {self._sizes()}")
        return bool(size > LARGE) or self._rows_analyzed() != self._analyzed

    def drop(self) -> None:
        """Whoever is still connected."""
        self._connection.close()
        throwaway.drop_database(self._servers, self._name)

    def _prepare(self) -> None:
        body = "".join(f"if {self._size(table)} > 0 then delete from {table}; end if; " for table in self._tables)
        sequences = self._names("select sequencename from pg_sequences where schemaname = 'public'")
        starts = "".join(f"perform setval('{name}', {self._start(name)}); " for name in sequences)
        people = "".join(map(self._rows, self._tables))
        self._connection.execute(
            "create function pg_temp.put_back(peopled boolean) returns void language plpgsql as $put_back$ "
            f"begin {body} {starts} if peopled then {people} end if; end $put_back$"
        )

    def _start(self, sequence: str) -> str:
        start: str = self._value(f"select last_value || ', ' || is_called from {sequence}")
        return start

    def _rows(self, table: str) -> str:
        rows = self._value(f"select json_agg(t) from {table} t")
        if not rows:
            return ""
        literal = sql.Literal(json.dumps(rows)).as_string(self._connection)
        return f"insert into {table} select * from json_populate_recordset(null::{table}, {literal}); "

    def _sizes(self) -> str:
        return " + ".join(map(self._size, self._tables))

    def _size(self, table: str) -> str:
        if table in self._in_parts:
            return f"(select sum(pg_relation_size(relid)) from pg_partition_tree('{table}'))"
        return f"pg_relation_size('{table}')"

    def _rows_analyzed(self) -> float:
        return float(self._value("select sum(reltuples) from pg_class where relnamespace = 'public'::regnamespace"))

    def _names(self, statement: str) -> list[str]:
        return [name for (name,) in self._connection.execute(statement)]

    def _value(self, statement: str) -> Any:
        row = self._connection.execute(statement).fetchone()
        assert row
        return row[0]


class Shared:
    """The application, its home and its database."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings, self._database = settings, database
        self.app = create_app(settings)
        self.app.testing = True
        self._config, self._extensions = dict(self.app.config), dict(self.app.extensions)
        self._kept = {path: path.read_bytes() for path in settings.home.iterdir() if path.is_file()}
        self._threads: set[threading.Thread] = set()

    def put_back(self, *, peopled: bool) -> None:
        """Before a test: as if nobody had been here."""
        self._put_back_application()
        self._put_back_home()
        self._database.put_back(peopled=peopled)
        self._threads = set(threading.enumerate())

    def may_stay(self) -> bool:
        """After a test: False if it left something running, or a database that has grown."""
        with self.app.app_context():
            db.session.remove()
        return self._threads_ended() and not self._database.is_worn()

    def end(self) -> None:
        """No test gets it any more."""
        with self.app.app_context():
            db.engine.dispose()
        self._database.drop()

    def _put_back_application(self) -> None:
        self.app.config.clear()
        self.app.config.update(self._config)
        self.app.extensions.clear()
        self.app.extensions.update(self._extensions)
        init_jobs(self.app, self.settings)
        init_integrations(self.app, self.settings)

    def _put_back_home(self) -> None:
        home = self.settings.home
        if not self.settings.distributed:  # an open file would outlive its name
            with self.app.app_context():
                db.engine.dispose()
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(exist_ok=True)
        for path, content in self._kept.items():
            path.write_bytes(content)

    def _threads_ended(self) -> bool:
        deadline = time.monotonic() + THREADS_END_WITHIN
        for thread in set(threading.enumerate()) - self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                return False
        return True


class Sharing:
    """What the tests of one process share; `make` makes it when it is asked for first, or again."""

    def __init__(self, make: Callable[[], Shared]) -> None:
        self._make = make
        self._shared: Shared | None = None

    def take(self, *, peopled: bool) -> Shared:
        """For one test, as if nobody had had it before."""
        if self._shared is None:
            self._shared = self._make()
        self._shared.put_back(peopled=peopled)
        return self._shared

    def give_back(self) -> None:
        """After the test; what cannot serve another one is thrown away."""
        if self._shared is not None and not self._shared.may_stay():
            self.end()

    def application_of(self, settings: Settings) -> Flask | None:
        """The application over just these settings, if it is the shared one."""
        return self._shared.app if self._shared is not None and self._shared.settings is settings else None

    def end(self) -> None:
        """No test gets it any more."""
        if self._shared is not None:
            self._shared.end()
            self._shared = None
