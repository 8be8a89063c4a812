"""Who wants to write on SQLite comes to it, whatever else commits back to back."""

import fcntl
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from adsapp.core import db
from adsapp.core.db import turns
from tests.waiting import wait_for

TURNS = 5
A_TURN = 3  # transactions of the other's, at most, to be waited for
SHORT, LONG = 0.02, 0.3  # seconds that one takes: SQLite sleeps between two looks for less, and for more

pytestmark = pytest.mark.parametrize("shape", ["embedded"], indirect=True)


class Busy:
    """Somebody who commits a transaction of so many seconds after another."""

    def __init__(self, engine: Engine, seconds: float) -> None:
        self.committed = 0
        self._seconds = seconds
        self._engine = engine
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "Busy":
        self._thread.start()
        wait_for(lambda: self.committed, what="the first transaction")
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join(30)

    def _work(self) -> None:
        while not self._over.is_set():
            with self._engine.begin() as connection:
                connection.execute(text("insert into written values ('busy')"))
                time.sleep(self._seconds)  # what the transaction takes
            self.committed += 1


@pytest.fixture
def engine(app: Flask) -> Iterator[Engine]:
    with app.app_context():
        with db.db.engine.begin() as connection:
            connection.execute(text("create table written (by_whom text)"))
        yield db.db.engine


def test_a_small_write_waits_for_one_transaction_of_another_who_never_rests(engine: Engine) -> None:
    with Busy(engine, SHORT) as busy:
        before = busy.committed
        for _ in range(TURNS):
            _write(engine)
        assert busy.committed - before <= TURNS * A_TURN


@pytest.mark.parametrize("seconds", [SHORT, LONG])
def test_many_small_writes_come_to_their_turns_too(engine: Engine, seconds: float) -> None:
    with Busy(engine, seconds) as busy:
        before = busy.committed
        several = [threading.Thread(target=_write, args=(engine,)) for _ in range(TURNS)]
        for thread in several:
            thread.start()
        for thread in several:
            thread.join(30)
        assert busy.committed - before <= TURNS * A_TURN
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from written where by_whom = 'small'")) == TURNS


def test_of_a_process_one_thread_looks_for_the_turn_and_the_others_sleep(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, looked = turns._take, list[int]()

    def note(turn: int) -> bool:
        looked.append(threading.get_ident())
        return take(turn)

    monkeypatch.setattr(turns, "_take", note)
    several = [threading.Thread(target=_write, args=(engine,)) for _ in range(TURNS)]
    with _holding_the_turn(engine):
        for thread in several:
            thread.start()
        wait_for(lambda: len(looked) > 100, what="a hundred looks")
        assert len(set(looked)) == 1
    for thread in several:
        thread.join(30)
    assert set(looked) == {thread.ident for thread in several}


def test_who_keeps_the_turn_and_does_not_go_on_stops_nobody(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.05)
    with _holding_the_turn(engine):
        _write(engine)


def test_where_no_turn_can_be_taken_all_write_as_before(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root would open any file: so there is none that could be opened."""
    monkeypatch.setattr(os, "open", _refuse)
    _write(engine)


def test_who_has_little_time_waits_no_longer_for_the_turn(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    monkeypatch.setattr(turns, "_wait_for", lambda _turn, give_up: asked.append(give_up - time.monotonic()))
    with db.brief_session(wait_seconds=0.2) as own:
        own.execute(text("insert into written values ('brief')"))
    _write(engine)
    assert 0 < asked[0] <= 0.2 < asked[1] <= turns.WAIT_SECONDS


@pytest.mark.parametrize("names, expected", [(1, [(1000, 1000)]), (2, [])])
def test_a_file_that_root_made_belongs_to_whom_the_database_does(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, names: int, expected: list[tuple[int, int]]
) -> None:
    """But not one that has another name, too: it may be anybody's."""
    given = _as_root(monkeypatch, names)
    _write(engine)
    assert given == expected


def test_a_root_that_may_give_nothing_away_takes_turns_and_keeps_nothing_open(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    _as_root(monkeypatch, 1)
    monkeypatch.setattr(os, "fchown", _refuse)
    _write(engine)
    before = len(os.listdir("/proc/self/fd"))
    with turns.in_turn(engine.url.database or ""), pytest.raises(BlockingIOError), _holding_the_turn(engine):
        pass
    assert len(os.listdir("/proc/self/fd")) == before


def _as_root(monkeypatch: pytest.MonkeyPatch, names: int) -> list[tuple[int, int]]:
    """Somebody else's database, and a file of root's with so many names; whom it is given to."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    made = SimpleNamespace(st_uid=0, st_mode=stat.S_IFREG, st_nlink=names)
    monkeypatch.setattr(turns, "os", SimpleNamespace(**vars(os)))
    monkeypatch.setattr(turns.os, "fstat", lambda _file: made)  # type: ignore[attr-defined]
    monkeypatch.setattr(turns.os, "stat", lambda _path: SimpleNamespace(st_uid=1000, st_gid=1000))  # type: ignore[attr-defined]
    monkeypatch.setattr(turns.os, "geteuid", lambda: 0)  # type: ignore[attr-defined]
    monkeypatch.setattr(turns.os, "fchown", lambda _file, user, group: given.append((user, group)))  # type: ignore[attr-defined]
    return given


def test_a_failed_beginning_gives_the_turn_back(engine: Engine) -> None:
    database = engine.url.database or ""
    with pytest.raises(RuntimeError, match="no lock"), turns.in_turn(database):
        raise RuntimeError("no lock")
    with _holding_the_turn(engine):
        pass


def _refuse(*_arguments: object, **_more: object) -> int:
    raise PermissionError("this file is somebody else's")


@contextmanager
def _holding_the_turn(engine: Engine) -> Iterator[None]:
    with closing(Path(f"{engine.url.database}-turn").open("w")) as turn:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _write(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("insert into written values ('small')"))
