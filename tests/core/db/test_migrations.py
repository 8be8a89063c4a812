"""What a migration makes of rows that are there already."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import Migrate, upgrade
from sqlalchemy import bindparam, column, insert, select, table, text, update
from sqlalchemy.exc import DBAPIError

from adsapp import create_app
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.organizations.models import AuditEvent, Organization
from tests import servers as throwaway
from tests.servers import Servers

EVENTS = [
    ("retry job", "job:1", {"title": "Import march.csv"}, ("job", "Import march.csv", "")),
    ("retry jobs", "jobs", {"jobs": ["1"], "reason": "Mended"}, ("job", "", "Mended")),
    ("pause queue", "queue:bulk-messages", {"reason": "Zürich, “now”"}, ("queue", "", "Zürich, “now”")),
    ("check WhatsApp number", "account:2", {"result": "accepted"}, ("account", "", "")),
]


@pytest.fixture
def app(settings: Settings, servers: Servers, tmp_path: Path) -> Iterator[Flask]:
    """The application over an empty database."""
    name, home = f"adsapp_{uuid.uuid4().hex[:12]}", tmp_path / "empty"
    home.mkdir()
    changes: dict[str, object] = {"home": home}
    if settings.distributed:
        changes["database_url"] = throwaway.create_database(servers, name, "template1")
    app = create_app(settings.model_copy(update=changes))
    Migrate(app, db.db, directory=str(Path(app.root_path) / "migrations"))
    yield app
    with app.app_context():
        db.session.remove()
        db.db.engine.dispose()
    throwaway.drop_database(servers, name)


def migrate(app: Flask, revision: str) -> None:
    with app.app_context():
        upgrade(revision=revision)


def add_organization_as_it_was(app: Flask, organization_id: uuid.UUID) -> None:
    """With the columns that it had from the beginning."""
    with db.organization_context(app, organization_id):
        slug = f"bakery-{organization_id}"
        values = {"id": organization_id, "slug": slug, "name": "Bakery", "default_country": "US"}
        now = Organization.__table__
        as_it_was = table("organizations", *(column(name, now.c[name].type) for name in (*values, "created_at")))
        made = insert(as_it_was).values(**values, created_at=utcnow())
        db.session.execute(made, execution_options={"names_organization": True})
        db.session.commit()


def add_events(app: Flask, organization_id: uuid.UUID) -> None:
    """As the version before noted them."""
    add_organization_as_it_was(app, organization_id)
    events = AuditEvent.__table__
    names = ("organization_id", "at", "actor", "action", "subject", "details")
    with db.organization_context(app, organization_id):
        for action, subject, details, _ in EVENTS:
            row = {"organization_id": organization_id, "at": utcnow(), "actor": "Alice"}
            row |= {"action": action, "subject": subject, "details": details}
            columns = ", ".join(names)
            marks = ", ".join(f":{name}" for name in names)
            statement = text(f"insert into audit_events ({columns}) values ({marks})")  # our own names
            typed = statement.bindparams(*(bindparam(name, type_=events.c[name].type) for name in names))
            db.session.execute(typed, row, execution_options={"names_organization": True})
        db.session.commit()


def test_older_activity_gets_its_kind_title_and_reason_and_is_never_changed_again(app: Flask) -> None:
    migrate(app, "0005")
    organization_id = new_id()
    add_events(app, organization_id)
    migrate(app, "head")
    with db.organization_context(app, organization_id):
        kept = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
        assert [(each.kind, each.title, each.reason) for each in kept] == [event[3] for event in EVENTS]
        assert [each.details for each in kept] == [event[2] for event in EVENTS]
        with pytest.raises(DBAPIError, match="never changed"):
            db.session.execute(update(AuditEvent).values(actor="Nobody"))
