"""Who goes next: fair turns between organizations, priorities with ageing, paused queues left alone."""

import uuid
from datetime import UTC, datetime, timedelta

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from adsapp.core import db
from adsapp.core.clock import DatabaseClock, utcnow
from adsapp.core.ids import new_id
from adsapp.jobs import Job, Priority, Queue, State, queues
from adsapp.jobs.engine import dispatch
from adsapp.jobs.engine.dispatch import AGEING_SECONDS, aged, in_turns
from adsapp.jobs.engine.limits import Head
from adsapp.organizations.auditing import By
from tests.cast import Cast

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUEUE = Queue.TEMPLATE_PROCESSING

heads = st.builds(
    Head,
    id=st.uuids(),
    organization_id=st.sampled_from([uuid.UUID(int=n) for n in range(1, 5)]),
    priority=st.integers(1, 4),
    run_at=st.integers(0, 100).map(lambda s: NOON + timedelta(seconds=s)),
)


@given(st.lists(heads, max_size=60))
def test_nobody_gets_a_second_turn_before_everybody_had_the_first(jobs: list[Head]) -> None:
    ordered = in_turns(jobs)
    assert sorted(ordered, key=lambda head: head.id) == sorted(jobs, key=lambda head: head.id)
    turns: dict[uuid.UUID, int] = {}
    seen = []
    for head in ordered:
        turns[head.organization_id] = turns.get(head.organization_id, 0) + 1
        seen.append(turns[head.organization_id])
    assert seen == sorted(seen)


@given(st.lists(heads, max_size=60))
def test_one_organization_s_jobs_go_by_priority_then_time(jobs: list[Head]) -> None:
    for organization in {head.organization_id for head in jobs}:
        mine = [(h.priority, h.run_at) for h in in_turns(jobs) if h.organization_id == organization]
        assert mine == sorted(mine)


def test_a_long_wait_lifts_low_work_until_it_is_critical() -> None:
    waits = [aged(Priority.LOW, NOON - timedelta(seconds=n * AGEING_SECONDS), NOON) for n in range(6)]
    assert waits == [4, 3, 2, 1, 1, 1]


def add(organization_id: uuid.UUID, count: int, priority: int = 3, run_at: datetime | None = None) -> None:
    with db.engine_transaction() as connection:
        connection.execute(
            insert(Job),
            [
                {
                    "id": new_id(),
                    "organization_id": organization_id,
                    "queue": QUEUE,
                    "processor": "demo",
                    "title": "a job",
                    "priority": priority,
                    "state": State.WAITING,
                    "payload": db.SecretJson(b""),
                    "run_at": run_at or utcnow() - timedelta(seconds=1),
                    "max_attempts": 3,
                    "timeout_seconds": 60,
                }
                for _ in range(count)
            ],
        )


def test_a_flood_of_one_organization_does_not_keep_another_waiting(app: Flask, cast: Cast) -> None:
    with app.app_context():
        add(cast.bakery_id, 700)
        add(cast.other_id, 3, priority=4)
        with db.engine_transaction() as connection:
            first = dispatch.take_due(connection, QUEUE, utcnow(), 100)
        assert len(first) == 100
        assert sum(head.organization_id == cast.other_id for head in first[:6]) == 3


def test_a_dispatched_job_is_not_dispatched_twice_until_the_broker_has_lost_it(app: Flask, cast: Cast) -> None:
    clock = DatabaseClock()
    with app.app_context():
        add(cast.bakery_id, 2)
        broker = app.extensions["broker"]
        assert dispatch.sweep(db.db.engine, clock, broker, QUEUE) == 2
        assert dispatch.sweep(db.db.engine, clock, broker, QUEUE) == 0
        assert dispatch.dispatch_again(db.db.engine, clock) == 0
        with db.engine_transaction() as connection:
            long_ago = utcnow() - timedelta(seconds=dispatch.DISPATCH_AGAIN_SECONDS + 1)
            connection.execute(update(Job).values(dispatched_at=long_ago))
        assert dispatch.dispatch_again(db.db.engine, clock) == 2
        assert dispatch.sweep(db.db.engine, clock, broker, QUEUE) == 2


def test_what_is_not_due_or_paused_stays(app: Flask, cast: Cast) -> None:
    with app.app_context():
        add(cast.bakery_id, 1, run_at=utcnow() + timedelta(hours=1))
        add(cast.other_id, 1)
    with db.organization_context(app, cast.other_id):
        queues.pause_queue(QUEUE, By("Charlie", "lunch"))
        db.session.commit()
    with app.app_context(), db.engine_transaction() as connection:
        assert dispatch.take_due(connection, QUEUE, utcnow(), 100) == []
