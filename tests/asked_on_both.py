"""Each function of ours that asks a database is run against both, though most tests take turns between them.

What one database understands can be an error on the other, so it is not enough that a test runs on either. Each process
notes which functions have asked which database; after a whole run a function that asked one alone fails it by name.
What SQLAlchemy writes by itself does not count: it reads a row by its key and writes changed rows alike everywhere.
Functions that only a process of its own runs are not seen, and those of one database are listed here, with a reason.
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
NOT_OURS = {
    *("_flush", "_load_expired", "_load_on_pk_identity"),  # what SQLAlchemy does by itself
    *("check_writes", "hold_key", "hold_keys", "keep", "left_over", "refresh_statistics"),  # differ: see tests/core/db
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

    def __init__(self) -> None:
        self._codes: dict[str, set[CodeType]] = defaultdict(set)
        self._heard: list[Told] = []

    def note(self, connection: Any, _cursor: object, statement: str, *_: object) -> None:
        """For SQLAlchemy's `before_cursor_execute`."""
        if statement.lower().startswith(OPENING):
            return
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_code.co_name not in NOT_OURS:
            file = frame.f_code.co_filename
            if file.startswith(OURS) and not file.startswith(PLUMBING):
                self._codes[connection.dialect.name].add(frame.f_code)
                return
            frame = frame.f_back

    def told(self) -> Told:
        """What this process has noted, for another one."""
        return {database: sorted({*map(_name, codes)}) for database, codes in self._codes.items()}

    def hear(self, told: Told) -> None:
        """What another process has noted."""
        self._heard.append(told)

    def by_one(self) -> Told:
        """The functions that have asked one database alone, by its name."""
        names: dict[str, set[str]] = {"sqlite": {*OF_ONE}, "postgresql": {*OF_ONE}}
        for told in (self.told(), *self._heard):
            for database, more in told.items():
                names[database].update(more)
        lite, postgres = names["sqlite"], names["postgresql"]
        return {"sqlite": sorted(lite - postgres), "postgresql": sorted(postgres - lite)}


def listen() -> Record:
    """From here on, in this process."""
    record = Record()
    event.listen(Engine, "before_cursor_execute", record.note)
    return record


def is_whole(config: pytest.Config) -> bool:
    """True if no test was left out by whoever called."""
    options = ("file_or_dir", "keyword", "markexpr", "lf", "deselect", "ignore", "ignore_glob")
    return not any(config.getoption(option, default=None) for option in options)


def _name(code: CodeType) -> str:
    function, _, _ = code.co_qualname.partition(".<locals>")
    return f"{code.co_filename.removeprefix(OURS)}:{function}"
