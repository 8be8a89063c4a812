"""Each function of ours that asks a database is run against both, though most tests take turns between them.

What one database understands can be an error on the other, so it is not enough that a test runs on either. Each process
notes which functions have asked which database; after a whole run a function that asked one alone fails it by name.
What SQLAlchemy writes by itself does not count: it reads a row by its key and writes changed rows alike everywhere.
Nor does what a test does that one of ours calls back. Functions that only a process of its own runs are not seen, and
those of one database are listed here, with a reason.
"""

import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from sqlalchemy import Engine, event

import adsapp

OURS = str(Path(adsapp.__file__).parent) + "/"
PLUMBING = OURS + "core/db/"  # asks for others
TESTS = str(Path(__file__).parent) + "/"
BY_ITSELF = {  # of SQLAlchemy and of our plumbing: what they do unasked, or do on one database alone
    *("_flush", "_load_expired", "_load_on_pk_identity"),
    *("check_writes", "hold_key", "hold_keys", "keep", "left_over", "refresh_statistics"),  # see tests/core/db
}
OPENING = ("begin", "set ", "select set_config")  # how a transaction starts
OF_ONE: Mapping[str, str] = {
    "cli/admin.py:check": "SQLite has no logins",
    "core/clock.py:DatabaseClock.synchronize": "SQLite has this machine's clock",
    "processes/copies.py:copy_in": "roles are made before a restore",
    "processes/doctor.py:_logins": "SQLite has no logins",
}

Told = dict[str, list[str]]  # by the name of the database: names of functions


class Record:
    """Who asked which database."""

    def __init__(self, ours: str = OURS) -> None:
        self._ours = ours
        self._codes: dict[str, set[CodeType]] = defaultdict(set)
        self._heard: list[Told] = []

    def note(self, connection: Any, _cursor: object, statement: str, *_: object) -> None:
        """For SQLAlchemy's `before_cursor_execute`."""
        if statement.lower().startswith(OPENING):
            return
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and not frame.f_code.co_filename.startswith(TESTS):
            file = frame.f_code.co_filename
            if file.startswith(self._ours) and not file.startswith(PLUMBING):
                self._codes[connection.dialect.name].add(frame.f_code)
                return
            if frame.f_code.co_name in BY_ITSELF:
                return
            frame = frame.f_back

    def told(self) -> Told:
        """What this process has noted, for another one."""
        return {database: sorted({*map(_name, tuple(codes))}) for database, codes in self._codes.items()}

    def hear(self, told: Told) -> None:
        """What another process has noted."""
        self._heard.append(told)

    def by_one(self) -> Told:
        """The functions that have asked one database alone, by its name; under "both" what is excepted for nothing."""
        names: dict[str, set[str]] = defaultdict(set)
        for told in (self.told(), *self._heard):
            for database, more in told.items():
                names[database].update(more)
        lite, postgres = names["sqlite"], names["postgresql"]
        return {
            "sqlite": sorted(lite - postgres - {*OF_ONE}),
            "postgresql": sorted(postgres - lite - {*OF_ONE}),
            "both": sorted(lite & postgres & {*OF_ONE}),
        }


def listen() -> Record:
    """From here on, in this process."""
    record = Record()
    event.listen(Engine, "before_cursor_execute", record.note)
    return record


def is_whole(config: pytest.Config) -> bool:
    """True if no test was left out by whoever called."""
    options = ("keyword", "markexpr", "lf", "stepwise", "deselect", "ignore", "ignore_glob")
    all_paths = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return all_paths and not any(config.getoption(option, default=None) for option in options)


def _name(code: CodeType) -> str:
    function, _, _ = code.co_qualname.partition(".<locals>")
    return f"{code.co_filename.removeprefix(OURS)}:{function}"
