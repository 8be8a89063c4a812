"""Many rows at once are stored as few are, whatever kinds of values they hold."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from adsapp.campaigns.models import ParkedStatus
from adsapp.core import db
from adsapp.core.db.rows import STAGED_FROM, insert_new, insert_rows, update_rows
from adsapp.jobs import Job, Priority, Queue, State
from adsapp.jobs.models import JobItem
from tests.cast import Cast

NOON = datetime(2027, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
DEFAULTS = {
    each.key: each.default.arg for each in Job.__table__.columns if each.default is not None and each.default.is_scalar
}
ODD = ("", "a\tb\\c\nd\re", "\\N", "ä — 漢字 🙂", "x" * 5_000)


def _job(place: int) -> dict[str, Any]:
    """A row with a value of every kind that our tables hold: secret bytes, JSON, moments, enumerations, nothing."""
    return DEFAULTS | {
        "id": uuid.UUID(int=place),
        "queue": Queue.BULK_MESSAGES,
        "processor": "demo",
        "title": ODD[place % len(ODD)][:200],
        "payload": db.SecretJson.of({"place": place}),
        "max_attempts": 3,
        "timeout_seconds": 60,
        "state": State.DELAYED,
        "priority": Priority(1 + place % 4),
        "routine": place % 2 == 0,
        "run_at": NOON + timedelta(microseconds=place),
        "created_at": NOON,
        "error": None if place % 3 else ODD[place % len(ODD)],
        "result": {"odd": ODD[place % len(ODD)], "none": None} if place % 5 else None,
    }


@pytest.mark.parametrize("insert", [insert_rows, insert_new])
@pytest.mark.parametrize("count", [STAGED_FROM - 1, STAGED_FROM + 50])
def test_every_kind_of_value_comes_back_as_it_went_in(app: Flask, cast: Cast, insert: Any, count: int) -> None:
    with db.organization_context(app, cast.bakery_id):
        rows = [_job(place) for place in range(1, count + 1)]
        insert(Job, rows)
        db.session.commit()
        stored = {job.id: job for job in db.session.scalars(select(Job))}
        assert len(stored) == count
        for row in rows:
            job = stored[row["id"]]
            told = {name: getattr(job, name) for name in row if name != "payload"}
            assert told == {name: value for name, value in row.items() if name != "payload"}
            assert job.payload.open() == row["payload"].open()


def test_a_kind_that_is_not_known_is_named(app: Flask, cast: Cast) -> None:
    odd = [{"job_id": uuid.UUID(int=1), "attempt": 1, "key": object(), "status": "failed"} for _ in range(STAGED_FROM)]
    with db.organization_context(app, cast.bakery_id), pytest.raises(Exception, match="object"):
        insert_rows(JobItem, odd)


@pytest.mark.parametrize("insert", [insert_rows, insert_new])
@pytest.mark.parametrize("count", [STAGED_FROM - 1, STAGED_FROM + 50])
def test_a_column_that_the_database_calls_otherwise_is_written_like_any_other(
    app: Flask, cast: Cast, insert: Any, count: int
) -> None:
    """`provider_id` is `wamid` there: 200 results of messages at once failed on it."""
    with db.organization_context(app, cast.bakery_id):
        account = uuid.UUID(int=7)
        same = {"account_id": account, "event": {"is": "sent"}, "received_at": NOON}
        insert(ParkedStatus, [{"provider_id": f"old-{place}", **same} for place in range(count)])
        ids = db.session.scalars(select(ParkedStatus.id).order_by(ParkedStatus.id)).all()
        update_rows(ParkedStatus, [{"id": each, "provider_id": f"new-{each}"} for each in ids])
        db.session.commit()
        stored = {row.id: row.provider_id for row in db.session.scalars(select(ParkedStatus))}
    assert len(stored) == count
    assert stored == {each: f"new-{each}" for each in ids}
