"""The SQL statements that something needs, as they reach the database."""

import contextlib
from collections.abc import Iterator
from typing import Any

from flask import Flask
from sqlalchemy import event

from adsapp.core.db import db


@contextlib.contextmanager
def recorded(app: Flask) -> Iterator[list[str]]:
    """Within it, every statement is added to the list."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def write_locks(seen: list[str]) -> int:
    """How often SQLite's write lock was asked for."""
    return sum(statement.startswith("begin immediate") for statement in seen)
