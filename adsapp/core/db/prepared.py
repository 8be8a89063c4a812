"""Reads that every poll of every open page makes: statements made once, and read past the ORM.

For so few rows the ORM takes longer than the database. It also adds the organization to what it runs; a statement
here names it itself, by `own_rows`, and row-level security stands behind it as behind any other.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Executable, bindparam

from adsapp.core import db


def own_rows(columns: Any) -> ColumnElement[bool]:
    """The condition that a row of the table with these columns belongs to the organization that asks."""
    own: ColumnElement[bool] = columns.organization_id == bindparam(
        "organization_id", type_=columns.organization_id.type
    )
    return own


def fetch(statement: Executable, **values: Any) -> Sequence[Any]:
    """The rows of a Core statement that has `own_rows` for every tenant's table in it; its other values by name."""
    db.session.flush()  # as the ORM does: what was changed and not written yet is seen
    given = {"organization_id": db.require_organization_id(), **values}
    return db.session.execute(statement, given, execution_options={"names_organization": True}).all()
