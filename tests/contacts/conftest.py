"""Imports as a person would make them, and what came of them."""

import io
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from adsapp.contacts.imports import queries as import_queries
from adsapp.contacts.imports import service as import_service
from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.contacts.models import Contact, Import
from adsapp.core import db
from adsapp.jobs import Job
from adsapp.organizations.auditing import By
from tests.cast import Cast
from tests.jobs.conftest import enqueue, finished, read, worker  # noqa: F401  # fixtures
from tests.waiting import wait_for

COUNTS = ("created", "updated", "unchanged", "duplicate", "rejected")


@pytest.fixture
def inside(app: Flask, cast: Cast) -> Iterator[None]:
    """Within Harbour Bakery: a session of its own for tests that call services."""
    with db.organization_context(app, cast.bakery_id):
        yield


@pytest.fixture
def start(app: Flask, cast: Cast) -> Callable[..., uuid.UUID]:
    """Upload this content and begin its import; the import's id."""

    def call(
        content: bytes | str, name: str = "people.csv", mapping: dict[str, Any] | None = None, **options: Any
    ) -> uuid.UUID:
        data = content if isinstance(content, bytes) else content.encode()
        with db.organization_context(app, cast.bakery_id):
            batch = import_service.receive(io.BytesIO(data), name, by=By("Alice"))
            chosen = import_service.proposed(batch)
            if mapping is not None:
                chosen = Mapping.from_json(mapping, chosen.header)
            import_service.start_import(batch, chosen, ImportOptions(default_country="US", **options), by=By("Alice"))
            db.session.commit()
            return batch.id

    return call


@pytest.fixture
def look(app: Flask, cast: Cast) -> Callable[[uuid.UUID], Import]:
    """The import as it stands now, with its job."""

    def call(import_id: uuid.UUID) -> Import:
        with db.organization_context(app, cast.bakery_id), db.reading():
            batch = import_queries.get_import(import_id)
            db.session.expunge_all()
            return batch

    return call


@pytest.fixture
def ended(look: Callable[[uuid.UUID], Import]) -> Callable[[uuid.UUID], Import]:
    """The import once its job is in a final state."""

    def call(import_id: uuid.UUID) -> Import:
        def is_over() -> bool:
            job: Job | None = look(import_id).job
            return job is not None and job.is_finished

        wait_for(is_over, what=f"import {import_id} ends")
        return look(import_id)

    return call


@pytest.fixture
def people(app: Flask, cast: Cast) -> Callable[[], dict[str, Contact]]:
    """Harbour Bakery's contacts by number."""

    def call() -> dict[str, Contact]:
        with db.organization_context(app, cast.bakery_id), db.reading():
            found = db.session.scalars(select(Contact)).all()
            db.session.expunge_all()
            return {contact.phone: contact for contact in found}

    return call


def counts(batch: Import) -> dict[str, int]:
    """The five outcomes that are not zero; they must add up to the rows read."""
    found = {name: getattr(batch, name) for name in COUNTS}
    assert sum(found.values()) == batch.rows_read
    return {name: count for name, count in found.items() if count}
