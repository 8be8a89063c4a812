"""Something to read: what people did, as it was noted."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from adsapp.core import db
from adsapp.organizations.auditing import By
from adsapp.organizations.models import AuditEvent
from tests.cast import Cast
from tests.jobs.conftest import enqueue

__all__ = ["enqueue"]

Note = Callable[..., int]


@pytest.fixture
def note(app: Flask, cast: Cast) -> Note:
    """Note what somebody of Harbour Bakery did, `at` another time or in another organization; the event's id."""

    def call(
        actor: str = "Alice",
        action: str = "pause queue",
        subject: str = "queue:bulk-messages",
        *,
        at: datetime | None = None,
        organization_id: uuid.UUID | None = None,
        **details: Any,
    ) -> int:
        with db.organization_context(app, organization_id or cast.bakery_id):
            By(actor, details.pop("reason", "")).audit(action, subject, **details)
            event = next(each for each in db.session.new if isinstance(each, AuditEvent))
            if at:
                event.at = at
            db.session.commit()
            return event.id

    return call
