"""What ends is added up: by minute, hour and day, and how long it took by bucket, whatever was counted before."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.ids import new_id
from adsapp.jobs import Queue, State
from adsapp.jobs.engine import recording
from adsapp.jobs.engine.spread import bucket_of
from adsapp.jobs.models import StatsDay, StatsHour, StatsMinute, StatsSpread
from adsapp.jobs.states import Measure
from tests.cast import Cast

NOW = datetime(2026, 3, 28, 9, 30, 15, tzinfo=UTC)


def ended(organization: Any, queue: Queue, *, waited: int, ran: int | None, state: State = State.COMPLETED) -> Any:
    """A job that ended now; times in ms, None: it was never begun."""
    began = NOW - timedelta(milliseconds=ran) if ran is not None else None
    due = (began or NOW) - timedelta(milliseconds=waited)
    times = {"created_at": due - timedelta(hours=1), "due_at": due, "started_at": began}
    return SimpleNamespace(id=new_id(), organization_id=organization, queue=queue, state=state, **times)


def rows(app: Flask, model: Any) -> list[dict[str, Any]]:
    """Of all organizations, without the moment."""
    with app.app_context(), db.engine_transaction() as connection:
        found = connection.execute(select(model.__table__)).mappings().all()
    moments = ("minute", "hour", "day")
    return [{name: value for name, value in row.items() if name not in moments} for row in found]


@pytest.mark.both
def test_what_ends_is_added_to_what_ended_before(app: Flask, cast: Cast) -> None:
    ours, theirs, queue, other = cast.bakery_id, cast.other_id, Queue.BULK_MESSAGES, Queue.CONTACT_IMPORT
    first = [
        ended(ours, queue, waited=100, ran=7),
        ended(ours, queue, waited=100, ran=7),
        ended(ours, queue, waited=5, ran=7, state=State.FAILED),
        ended(ours, other, waited=5, ran=0),
        ended(theirs, queue, waited=-3, ran=2_000),  # clocks differ by a little
        ended(theirs, queue, waited=50, ran=None, state=State.CANCELLED),
    ]
    second = [ended(ours, queue, waited=100, ran=9_000_000)]
    with app.app_context(), db.engine_transaction() as connection:
        recording.record(connection, first, NOW, {(ours, queue): 40, (theirs, other): 2})
        recording.record(connection, second, NOW)
        recording.record(connection, [], NOW, {(ours, queue): 2})
    for model in (StatsMinute, StatsHour, StatsDay):
        sums = {(row.pop("organization_id"), row.pop("queue")): row for row in rows(app, model)}
        zero = dict.fromkeys(recording.SUMS, 0)
        assert sums == {
            (ours, queue): zero | {"completed": 3, "failed": 1, "wait_ms": 305, "run_ms": 9_000_021, "items": 42},
            (ours, other): zero | {"completed": 1, "wait_ms": 5},
            (theirs, queue): zero | {"completed": 1, "cancelled": 1, "wait_ms": 50, "run_ms": 2_000},
            (theirs, other): zero | {"items": 2},
        }
    spread = {
        (row["organization_id"], row["queue"], row["measure"], row["bucket"]): row["count"]
        for row in rows(app, StatsSpread)
    }
    assert spread == {
        (ours, queue, Measure.WAIT, bucket_of(100)): 3,
        (ours, queue, Measure.WAIT, bucket_of(5)): 1,
        (ours, queue, Measure.RUN, bucket_of(7)): 3,
        (ours, queue, Measure.RUN, bucket_of(9_000_000)): 1,
        (ours, other, Measure.WAIT, bucket_of(5)): 1,
        (ours, other, Measure.RUN, 0): 1,
        (theirs, queue, Measure.WAIT, 0): 1,
        (theirs, queue, Measure.RUN, bucket_of(2_000)): 1,
    }
