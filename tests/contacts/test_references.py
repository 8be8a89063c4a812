"""What many rows name is there, stays while they are written, and takes them along: on PostgreSQL by statement."""

import uuid
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from adsapp.contacts import service, tags
from adsapp.contacts.models import Contact, ContactImport, ContactTag, Import, ImportRow, ImportStatus
from adsapp.contacts.schemas import ContactIn
from adsapp.core import db
from adsapp.core.db.brief import brief_session
from adsapp.core.db.rows import insert_rows
from adsapp.core.ids import new_id
from adsapp.organizations.auditing import NOBODY

pytestmark = pytest.mark.usefixtures("inside")
MODELS = (ContactTag, ContactImport, ImportRow)


@pytest.fixture
def named() -> Mapping[str, uuid.UUID]:
    """A contact, a tag and an import, as rows name them."""
    contact = service.create_contact(ContactIn(phone="+12025550181"), by=NOBODY)
    batch = Import(status=ImportStatus.MAPPING, file_name="a.csv", path="a.csv", sha256="", size_bytes=1)
    batch.organization_id = db.require_organization_id()
    db.session.add(batch)
    db.session.flush()
    return {"contact_id": contact.id, "import_id": batch.id, "tag_id": tags.ensure_tags(["vip"])["vip"]}


def rows_of(named: Mapping[str, uuid.UUID]) -> dict[Any, dict[str, Any]]:
    """A row of each table that names them."""
    told = {"row_no": 2, "outcome": "noted", "code": "x", "message": "", "column": "", "suggestion": "", "cells": []}
    return {
        ContactTag: {name: named[name] for name in ("tag_id", "contact_id")},
        ContactImport: {"import_id": named["import_id"], "contact_id": named["contact_id"], "outcome": "created"},
        ImportRow: {"import_id": named["import_id"], **told},
    }


def refused(statement: Any) -> None:
    """The database refuses it, and the transaction goes on."""
    with pytest.raises(IntegrityError), db.session.begin_nested():
        statement()


def counts() -> list[int]:
    return [db.session.scalar(select(func.count()).select_from(model)) or 0 for model in MODELS]


def test_nothing_names_what_is_not_there(named: Mapping[str, uuid.UUID]) -> None:
    for model, row in rows_of(named).items():
        for name in named.keys() & row.keys():
            refused(lambda model=model, row=row, name=name: insert_rows(model, [row, row | {name: new_id()}]))
        insert_rows(model, [row])
        for name in named.keys() & row.keys():
            refused(lambda model=model, name=name: db.session.execute(update(model).values({name: new_id()})))
    refused(lambda: db.session.execute(update(Contact).values(id=new_id())))
    assert counts() == [1, 1, 1]


def test_what_names_a_row_goes_with_it(named: Mapping[str, uuid.UUID]) -> None:
    for model, row in rows_of(named).items():
        insert_rows(model, [row])
    db.session.execute(delete(Contact))
    assert counts() == [0, 0, 1]
    db.session.execute(delete(Import))
    assert counts() == [0, 0, 0]


def test_nobody_deletes_what_is_being_named(named: Mapping[str, uuid.UUID]) -> None:
    db.session.commit()
    for model, row in rows_of(named).items():
        insert_rows(model, [row])
    for model in (Contact, Import):
        with (
            pytest.raises(OperationalError),
            brief_session(db.require_organization_id(), wait_seconds=0.1) as other,
        ):
            other.execute(delete(model))
