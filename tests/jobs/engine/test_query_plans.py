"""Jobs whose ids are known are found by them: never by walking an index of one state, which holds the past too."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, event

from adsapp.core import db
from adsapp.core.clock import DatabaseClock
from adsapp.jobs import Queue
from adsapp.jobs.engine import claims, dispatch
from adsapp.jobs.engine.claims import WorkerIdentity
from adsapp.jobs.engine.completion import finish_many
from adsapp.jobs.engine.outcomes import Completed, Completion
from tests.cast import Cast
from tests.jobs.engine.test_dispatch import add

QUEUE = Queue.TEMPLATE_PROCESSING
OF_ONE_STATE = ("ix_jobs_open", "ix_jobs_dispatched", "ix_jobs_lease", "ix_jobs_by_state")


@contextmanager
def plans_of_updates(engine: Engine) -> Iterator[list[str]]:
    """The plans of all statements that change jobs meanwhile."""
    plans: list[str] = []
    explain = "explain query plan" if engine.dialect.name == "sqlite" else "explain"

    def look(_connection: Connection, cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "UPDATE jobs" not in statement:
            return
        cursor.execute(f"{explain} {statement}", parameters)
        plans.append(" ".join(str(column) for row in cursor.fetchall() for column in row))

    event.listen(engine, "before_cursor_execute", look)
    try:
        yield plans
    finally:
        event.remove(engine, "before_cursor_execute", look)


def test_a_job_on_its_way_is_found_by_its_id(app: Flask, cast: Cast) -> None:
    clock, worker = DatabaseClock(), WorkerIdentity(uuid.uuid4(), "w")
    with app.app_context():
        add(cast.bakery_id, 60)
    with app.app_context(), plans_of_updates(db.db.engine) as plans, db.engine_transaction() as connection:
        heads = dispatch.take_due(connection, QUEUE, clock.now(), 50)
        dispatch.undispatch(connection, [head.id for head in heads[:10]])
        claimed = claims.claim_many(connection, clock.now(), worker, [head.id for head in heads[10:]], 30)
        finish_many(connection, clock, [Completion(claim, Completed(None)) for claim in claimed.values()], 1)
    assert len(claimed) == 40
    assert len(plans) == 4
    assert [name for name in OF_ONE_STATE if any(name in plan for plan in plans)] == []
    assert not [plan for plan in plans if "SCAN jobs" in plan]  # SQLite's word for walking the whole table
