"""Pacing in one small SQLite file, for all processes of one machine (they share its clock).

Write-ahead log without syncing: after a power cut the last second may be forgotten, which costs less than the restart
took.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from adsapp.integrations.pacing.last_second import LastSecond, Report
from adsapp.integrations.pacing.pacer import Admission, admit
from adsapp.integrations.pacing.spacing import Spacing, check_rate, check_slow_down, slowed_down

BUSY_TIMEOUT: Final = 10.0
_CREATE = """
create table if not exists pace (
    key text primary key, last_at integer not null, slow_until integer not null, factor real not null
) without rowid;
create table if not exists last_second (key text primary key, state text not null) without rowid;
"""
_READ = "select last_at, slow_until, factor from pace where key = ?"
_WRITE = "insert or replace into pace (key, last_at, slow_until, factor) values (?, ?, ?, ?)"

_READ_LAST_SECOND = "select state from last_second where key = ?"
_WRITE_LAST_SECOND = "insert or replace into last_second (key, state) values (?, ?)"


def _clock() -> int:
    return time.time_ns() // 1_000


class SqlitePacer:
    """A `Pacer` over the file `path`, made when missing. Safe to share between threads and across a fork.

    `clock` (microseconds) is for tests. Raises `sqlite3.OperationalError` if the file cannot be written.
    """

    def __init__(self, path: Path | str, clock: Callable[[], int] = _clock) -> None:
        self._path = str(path)
        self._clock = clock
        self._local = threading.local()
        self._connection()

    def admit(self, key: str, report: Report) -> Admission:
        check_rate(report.rate)
        with self._transaction() as connection:
            # The clock is read under the lock: a time read while waiting for it would be another caller's past.
            spaced, counted, now = _read(connection, key), _read_last_second(connection, key), self._clock()
            spaced, counted, admission = admit(spaced, counted, report, now)
            if admission.count:
                _write(connection, key, spaced)
            connection.execute(_WRITE_LAST_SECOND, (key, counted.as_text()))
        return admission

    def slow_down(self, key: str, seconds: float, factor: float) -> None:
        check_slow_down(seconds, factor)
        with self._transaction() as connection:
            state = _read(connection, key)
            _write(connection, key, slowed_down(state, seconds, factor, self._clock()))

    def close(self) -> None:
        """Close this thread's connection; others close when their threads end."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
        self._local.__dict__.clear()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = self._connection()
        connection.execute("begin immediate")
        try:
            yield connection
        except BaseException:
            connection.execute("rollback")
            raise
        connection.execute("commit")

    def _connection(self) -> sqlite3.Connection:
        """One connection for each thread of each process: SQLite connections must not cross a fork."""
        if getattr(self._local, "pid", None) != os.getpid():
            self._local.connection = _open(self._path)
            self._local.pid = os.getpid()
        connection: sqlite3.Connection = self._local.connection
        return connection


def _open(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
    _write_ahead(connection)
    connection.execute("pragma synchronous = off")
    connection.executescript(_CREATE)
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    # The change of mode needs the file for itself and fails at once if another process is at the same thing, however
    # long the busy timeout; once the file is in that mode, asking for it again takes no lock.
    give_up = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def _read(connection: sqlite3.Connection, key: str) -> Spacing:
    row = connection.execute(_READ, (key,)).fetchone()
    return Spacing(*row) if row else Spacing()


def _write(connection: sqlite3.Connection, key: str, state: Spacing) -> None:
    connection.execute(_WRITE, (key, state.last_at, state.slow_until, state.factor))


def _read_last_second(connection: sqlite3.Connection, key: str) -> LastSecond:
    row = connection.execute(_READ_LAST_SECOND, (key,)).fetchone()
    return LastSecond.from_text(row[0]) if row else LastSecond()
