"""What Harbour Bakery's people are told: the jobs that tell them, and the letters that would leave."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from adsapp.core import db
from adsapp.jobs import Job
from adsapp.organizations import queries
from adsapp.organizations.models import Membership
from tests.campaigns.conftest import rehearsal  # noqa: F401  # a fixture
from tests.cast import Cast
from tests.jobs.conftest import worker  # noqa: F401  # a fixture


@pytest.fixture
def told(app: Flask, cast: Cast) -> Callable[[], list[dict[str, Any]]]:
    """The payloads of all jobs that tell somebody something, oldest first."""

    def call() -> list[dict[str, Any]]:
        with db.organization_context(app, cast.bakery_id), db.reading():
            jobs = db.session.scalars(select(Job).where(Job.processor == "notify").order_by(Job.id))
            return [job.payload.open() for job in jobs]

    return call


def member(cast: Cast, name: str) -> Membership:
    """In the session of an organization: this person's membership of Harbour Bakery."""
    found = queries.get_member(cast.bakery_id, f"{name}@example.com")
    assert found is not None
    return found
