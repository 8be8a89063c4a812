"""An installation with contacts in it, its worker and its web server, and one import from upload to end."""

import contextlib
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.fernet import Fernet
from flask import Flask

import huey_tasks  # noqa: F401  # registers the processors
from adsapp import create_app
from adsapp.config import ROOT, Settings
from adsapp.contacts.imports import service
from adsapp.contacts.imports.queries import get_import
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.contacts.models import Contact, ImportStatus
from adsapp.core import db
from adsapp.core.db import migrations
from adsapp.core.db.rows import insert_rows, refresh_statistics
from adsapp.demo.http import wait_until
from adsapp.jobs import Queue
from adsapp.organizations import service as organizations
from adsapp.organizations.auditing import NOBODY
from adsapp.organizations.models import Role
from adsapp.processes.supervisor import Child
from bench.lists.people import DEFAULT_COUNTRY, contact
from bench.lists.watching import Watched, watching
from bench.past.scenery import EMAIL, PASSWORD
from bench.past.serving import free_port
from bench.support.harness import environment
from tests.servers import Servers

OVERLAP = 10  # one in so many of those who are known is in the list
GIVE_UP = 1800.0
ENDED = (ImportStatus.COMPLETED, ImportStatus.FAILED, ImportStatus.CANCELLED)


@dataclass(frozen=True)
class Imported:
    """One import."""

    rows: int
    seconds: float
    created: int
    updated: int
    unchanged: int
    duplicate: int
    rejected: int
    watched: Watched

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds


@dataclass(frozen=True)
class Installation:
    """One organization's."""

    app: Flask
    settings: Settings
    organization: uuid.UUID

    @contextlib.contextmanager
    def context(self) -> Iterator[None]:
        """A session of the organization."""
        with db.organization_context(self.app, self.organization):
            yield

    @contextlib.contextmanager
    def worker(self) -> Iterator[int]:
        """A worker for imports; its process id."""
        command = [sys.executable, "-m", "adsapp", "worker", "--queue", Queue.CONTACT_IMPORT.value]
        child = Child("worker", command, environment(self.settings) | {"PYTHONPATH": str(ROOT), "LOG_LEVEL": "ERROR"})
        child.start()
        assert child.process is not None
        try:
            yield child.process.pid
        finally:
            child.process.terminate()
            child.process.wait(timeout=60)


def known_of(rows: int, known: int) -> range:
    """The places of those who are known already: the last of the list, and others."""
    first = max(0, rows - known // OVERLAP)
    return range(first, first + known)


@contextlib.contextmanager
def installation(home: Path, servers: Servers | None, database_url: str, known: range) -> Iterator[Installation]:
    """Migrated, with Alice and so many contacts."""
    home.mkdir()
    place = {"database_url": database_url, **_secrets(servers)} if servers else {}
    settings = Settings(home=home, port=free_port(), log_level="ERROR", max_upload_mb=1000, **place)
    app = create_app(settings)
    migrations.upgrade(app)
    with app.app_context():
        made = organizations.create_organization("harbour", "Harbour", "US")
        organizations.add_member(organizations.create_user(EMAIL, "Alice", PASSWORD), Role.OWNER, NOBODY)
        installed = Installation(app, settings, made.id)
        db.session.commit()
    with installed.context():
        _fill(known)
    yield installed
    with app.app_context():
        db.session.remove()
        db.db.engine.dispose()


def _secrets(servers: Servers) -> dict[str, object]:
    return {
        "redis_url": servers.redis_url,
        "secret_key": "bench",
        "encryption_keys": (Fernet.generate_key().decode(),),
    }


def _fill(known: range) -> None:
    for begin in range(known.start, known.stop, 10_000):
        insert_rows(Contact, [contact(place) for place in range(begin, min(begin + 10_000, known.stop))])
        db.session.commit()
    refresh_statistics(Contact)


def import_file(installed: Installation, file: Path, worker: int) -> Imported:
    """Upload a file as its page does and let the worker import it."""
    with installed.context(), watching(installed.settings, worker) as watched:
        with file.open("rb") as stream:
            batch = service.receive(stream, file.name, by=NOBODY)
        options = ImportOptions(default_country=DEFAULT_COUNTRY)
        service.start_import(batch, service.proposed(batch), options, by=NOBODY)
        import_id = batch.id
        db.session.commit()
        wait_until(partial(_has_ended, import_id), GIVE_UP, "the end of the import")
        return _imported(import_id, watched)


def _imported(import_id: uuid.UUID, watched: Watched) -> Imported:
    with db.read_only():
        batch = get_import(import_id)
        standing, reason = batch.standing, batch.reason
        assert batch.started_at and batch.finished_at, f"the import has ended as {standing}: {reason}"  # noqa: PT018
        seconds = (batch.finished_at - batch.started_at).total_seconds()
        counts = (batch.created, batch.updated, batch.unchanged, batch.duplicate, batch.rejected)
        return Imported(batch.rows_read, seconds, *counts, watched)


def _has_ended(import_id: uuid.UUID) -> bool:
    with db.read_only():  # on SQLite a look that is not told to be one would keep the worker from writing
        return get_import(import_id).standing in ENDED
