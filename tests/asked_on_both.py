"""Each function of ours that asks a database is run against both, though most tests take turns between them.

What one database understands can be an error on the other, so it is not enough that a test runs on either. Each process
notes which functions have asked which database; after a whole run a function that asked one alone fails it by name.
What SQLAlchemy writes by itself does not count: it reads a row by its key and writes changed rows alike everywhere.
Functions that only a process of its own runs are not seen, and those of one database are listed here, with a reason.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
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

Asked = dict[str, list[str]]  # by the name of the database: names of functions
_codes: dict[str, set[CodeType]] = defaultdict(set)
_from_workers: list[Asked] = []


def listen() -> None:
    """From here on, in this process."""
    event.listen(Engine, "before_cursor_execute", _note)


def asked() -> Asked:
    """What this process has noted."""
    return {database: sorted(map(_name, codes)) for database, codes in _codes.items()}


def add(told: Asked) -> None:
    """What another process has noted."""
    _from_workers.append(told)


def asked_by_one() -> Asked:
    """The functions that have asked one database alone, by its name."""
    by: dict[str, set[str]] = defaultdict(set)
    for told in (asked(), *_from_workers):
        for database, names in told.items():
            by[database].update(names)
    lite, postgres = by["sqlite"], by["postgresql"]
    return {
        "sqlite": _unknown(lite - postgres),
        "postgresql": _unknown(postgres - lite),
    }


def is_whole(config: pytest.Config) -> bool:
    """True if no test was left out by whoever called."""
    options = ("file_or_dir", "keyword", "markexpr", "lf", "deselect", "ignore", "ignore_glob")
    return not any(config.getoption(option, default=None) for option in options)


def _unknown(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name not in OF_ONE)


def _note(connection: Any, _cursor: object, statement: str, *_: object) -> None:
    if statement.lower().startswith(OPENING):
        return
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_name not in NOT_OURS:
        file = frame.f_code.co_filename
        if file.startswith(OURS) and not file.startswith(PLUMBING):
            _codes[connection.dialect.name].add(frame.f_code)
            return
        frame = frame.f_back


def _name(code: CodeType) -> str:
    function, _, _ = code.co_qualname.partition(".<locals>")
    return f"{code.co_filename.removeprefix(OURS)}:{function}"
