"""A migration keeps what the version before needs, so that it goes on upon the new schema until it is replaced.

It may add what has a default, and take nothing away. What nobody needs any more goes with a later version; such a thing
is written down here, with the version that stopped using it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import inspect

from adsapp.config import ROOT
from adsapp.core import db
from tests.core.db.test_migrations import app, migrate

__all__ = ["app"]  # a database of its own

SINCE = "0031"  # before it nobody had another version at work
TAKEN_AWAY: frozenset[str] = frozenset()  # "table.column is gone": and no version that may be at work uses it

Table = Mapping[str, "ColumnSeen"]


@dataclass(frozen=True)
class ColumnSeen:
    """A column as the database has it; `length` of a text that has one."""

    kind: str
    length: int | None
    is_needed: bool  # who adds a row has to give it


def revisions() -> list[str]:
    found = sorted(path.name.partition("_")[0] for path in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))
    return [each for each in found if each > SINCE]


def tables(app: Flask) -> dict[str, Table]:
    with app.app_context(), db.db.engine.connect() as connection:
        seen = inspect(connection)
        return {name: {c["name"]: _seen(c) for c in seen.get_columns(name)} for name in seen.get_table_names()}


def _seen(column: Any) -> ColumnSeen:
    given = column["nullable"] or column["default"] is not None or bool(column.get("identity"))
    is_key = column.get("autoincrement", False) is True or column.get("primary_key") == 1
    kind = column["type"]
    return ColumnSeen(type(kind).__name__, getattr(kind, "length", None), not given and not is_key)


def what_breaks(before: Mapping[str, Table], after: Mapping[str, Table]) -> Iterator[str]:
    """What the version before misses, or cannot give."""
    for name, columns in before.items():
        if name not in after:
            yield f"{name} is gone"
            continue
        for column, was in columns.items():
            yield from (f"{name}.{column} {what}" for what in _changes(was, after[name].get(column)))
        for column in after[name].keys() - columns.keys():
            if after[name][column].is_needed:
                yield f"{name}.{column} is new, has no default and may not be empty"


def _changes(was: ColumnSeen, now: ColumnSeen | None) -> Iterator[str]:
    if now is None:
        yield "is gone"
        return
    if now.kind != was.kind:
        yield f"was {was.kind} and is {now.kind}"
    if now.length and (was.length is None or was.length > now.length):
        yield "is shorter"
    if now.is_needed and not was.is_needed:
        yield "may not be empty any more"


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)  # the other is stopped to be upgraded
def test_no_migration_takes_away_what_the_version_before_needs(app: Flask) -> None:
    migrate(app, SINCE)
    before = tables(app)
    assert len(before) > 50
    for revision in revisions():
        migrate(app, revision)
        after = tables(app)
        assert set(what_breaks(before, after)) - TAKEN_AWAY == set(), revision
        before = after


A = ColumnSeen("VARCHAR", 20, is_needed=True)


@pytest.mark.parametrize(
    "after, says",
    [
        ({}, "people is gone"),
        ({"people": {}}, "people.name is gone"),
        ({"people": {"called": A}}, "people.name is gone"),
        ({"people": {"name": A, "age": ColumnSeen("INTEGER", None, is_needed=True)}}, "people.age is new"),
        ({"people": {"name": ColumnSeen("VARCHAR", 10, is_needed=True)}}, "people.name is shorter"),
        ({"people": {"name": ColumnSeen("INTEGER", None, is_needed=True)}}, "people.name was VARCHAR and is INTEGER"),
        ({"people": {"name": A, "age": ColumnSeen("INTEGER", None, is_needed=False)}}, ""),
        ({"people": {"name": ColumnSeen("VARCHAR", 40, is_needed=True)}, "pets": {}}, ""),
    ],
)
def test_a_migration_that_did_would_be_found(after: dict[str, Table], says: str) -> None:
    found = list(what_breaks({"people": {"name": A}}, after))
    assert bool(found) == bool(says)
    assert says in "; ".join(found)


def test_what_was_optional_may_not_become_needed() -> None:
    optional = ColumnSeen("VARCHAR", 20, is_needed=False)
    assert list(what_breaks({"people": {"name": optional}}, {"people": {"name": A}})) == [
        "people.name may not be empty any more"
    ]
