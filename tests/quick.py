"""What the applications of one test process share, though each has a database of its own: nothing that can hold data.

The routes are the same in each, and so are the statements. To compile them anew takes longer than most tests.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from werkzeug.routing import Rule

from adsapp.core.db import db, has_one_writer

Builder = Callable[..., tuple[str, str]]
_builders: dict[tuple[Any, ...], Builder] = {}
_first: list[Engine] = []  # the first engine of SQLite in this process


class KnownRule(Rule):
    """A route. What builds its URLs is compiled by the first application that has it."""

    def _compile_builder(self, append_unknown: bool = True) -> Builder:
        key = (self.rule, *self._trace, *(self.defaults or {}).items(), append_unknown)
        if key not in _builders:
            _builders[key] = super()._compile_builder(append_unknown)
        return _builders[key]


def share_routes() -> None:
    """From here on."""
    Flask.url_rule_class = KnownRule


def share_statements(app: Flask) -> None:
    """What an earlier application compiled for SQLite serves this one. PostgreSQL's application is shared itself."""
    with app.app_context():
        engine = db.engine
    if not has_one_writer(engine):
        return
    if not _first:
        engine.connect().close()  # its dialect asks the database once what it can do
        _first.append(engine)
    engine.dialect, engine._compiled_cache = _first[0].dialect, _first[0]._compiled_cache
