"""Isolation in two layers: what a session refuses on both databases, and that tests would notice a missing layer."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, insert, literal, select, text, update
from sqlalchemy.orm import Session

from adsapp.contacts.models import Tag
from adsapp.core import db
from adsapp.core.db import tenancy
from adsapp.core.db.types import Tenant
from tests.cast import Cast


def a_tag(owner: uuid.UUID, name: str) -> dict[str, Any]:
    return {"id": uuid.uuid4(), "organization_id": owner, "name": name}


@pytest.fixture
def tags(app: Flask, cast: Cast) -> tuple[uuid.UUID, uuid.UUID]:
    """One of ours and one of another organization."""
    made = []
    for owner in (cast.bakery_id, cast.other_id):
        with db.organization_context(app, owner):
            db.session.add(tag := Tag(**a_tag(owner, "regulars")))
            db.session.commit()
            made.append(tag.id)
    return made[0], made[1]


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)  # the session refuses before it asks a database
def test_a_session_of_nobody_reaches_no_table_of_an_organization(app: Flask) -> None:
    tables = [mapper.class_ for mapper in db.Base.registry.mappers if issubclass(mapper.class_, Tenant)]
    assert len(tables) > 20
    with app.app_context():
        for table in tables:
            for statement in (select(table), delete(table), insert(table).values(organization_id=uuid.uuid4())):
                with pytest.raises(db.UnscopedStatement, match="bound to no organization"):
                    db.session.execute(statement)


def test_a_session_of_nobody_gets_past_the_filter_by_no_core_statement(app: Flask, cast: Cast) -> None:
    table = db.db.metadata.tables["tags"]
    with app.app_context():
        within = select(literal(1)).where(select(table.c.id).exists())
        for statement in (
            select(table), within, insert(table).values(a_tag(cast.other_id, "x")), text("select * from tags"),
        ):  # fmt: skip
            with pytest.raises(db.UnscopedStatement, match="no filter reaches"):
                db.session.execute(statement)


def test_a_session_of_nobody_adds_no_row(app: Flask, cast: Cast) -> None:
    with app.app_context():
        db.session.add(Tag(**a_tag(cast.bakery_id, "regulars")))
        with pytest.raises(db.UnscopedStatement, match="bound to no organization"):
            db.session.flush()


def _added(theirs: uuid.UUID) -> None:
    db.session.add(Tag(**a_tag(theirs, "foreign")))
    db.session.flush()


def _moved(theirs: uuid.UUID) -> None:
    db.session.scalars(select(Tag)).one().organization_id = theirs
    db.session.flush()


WAYS: dict[str, Callable[[uuid.UUID], object]] = {
    "added": _added,
    "moved": _moved,
    "inserted": lambda theirs: db.session.execute(insert(Tag), [a_tag(theirs, "foreign")]),
    "inserted with values": lambda theirs: db.session.execute(insert(Tag).values(a_tag(theirs, "foreign"))),
    "inserted with several values": lambda theirs: db.session.execute(
        insert(Tag).values([a_tag(theirs, "foreign"), a_tag(theirs, "strange")])
    ),
    "inserted from a select": lambda theirs: db.session.execute(
        insert(Tag).from_select(["id", "organization_id", "name"], select(Tag.id, literal(theirs), Tag.name))
    ),
    "updated": lambda theirs: db.session.execute(update(Tag).values(organization_id=theirs)),
    "read by a text": lambda theirs: db.session.scalars(select(Tag).from_statement(text("select * from tags"))),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.usefixtures("tags")
def test_a_session_writes_no_row_of_another_organization_and_reads_none_past_its_filter(
    app: Flask, cast: Cast, way: str
) -> None:
    with db.organization_context(app, cast.bakery_id), pytest.raises(db.UnscopedStatement):
        WAYS[way](cast.other_id)


def test_what_is_changed_or_deleted_for_all_is_ours_alone(
    app: Flask, cast: Cast, tags: tuple[uuid.UUID, uuid.UUID]
) -> None:
    with db.organization_context(app, cast.bakery_id):
        db.session.execute(update(Tag).values(name="changed"))
        db.session.execute(delete(Tag))
        db.session.commit()
    with db.organization_context(app, cast.other_id):
        assert [(tag.id, tag.name) for tag in db.session.scalars(select(Tag))] == [(tags[1], "regulars")]


@contextmanager
def without(name: str, listener: Callable[..., None]) -> Iterator[None]:
    event.remove(Session, name, listener)
    try:
        yield
    finally:
        event.listen(Session, name, listener)


def seen(app: Flask, owner: uuid.UUID) -> int:
    with db.organization_context(app, owner):
        return len(db.session.scalars(select(Tag)).all())


@pytest.mark.usefixtures("tags")
def test_each_layer_isolates_by_itself_and_the_tests_would_miss_both(app: Flask, cast: Cast, shape: str) -> None:
    layers = 2 if shape == "distributed" else 1
    with without("do_orm_execute", tenancy._filter_by_organization):
        assert seen(app, cast.bakery_id) == (1 if layers == 2 else 2), "row-level security is the second layer"
        with without("after_begin", tenancy._take_role):
            assert seen(app, cast.bakery_id) == 2, "with neither, everybody's rows are seen"
    with without("after_begin", tenancy._take_role):
        assert seen(app, cast.bakery_id) == 1, "the filter is the first"
