"""What an organization allows itself: jobs at once, jobs a minute, jobs that wait. Never more, and nothing is lost."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid, TooMany
from adsapp.jobs import Job, Queue, State, queues
from adsapp.jobs.engine import dispatch, limits
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.queries.limits import get_limit
from adsapp.jobs.wait_reasons import run_conditions, why_waiting
from adsapp.organizations.auditing import By
from tests.cast import Cast

QUEUE = Queue.TEMPLATE_PROCESSING
Read = Callable[[uuid.UUID], Job]


def limit(app: Flask, cast: Cast, **limits: int | None) -> None:
    with db.organization_context(app, cast.bakery_id):
        queues.set_limit(QUEUE, By("Alice"), **limits)
        db.session.commit()


def add(app: Flask, cast: Cast, count: int) -> list[uuid.UUID]:
    with db.organization_context(app, cast.bakery_id):
        ids = jobs.enqueue_many("demo", [{"mood": "succeeds", "steps": 1}] * count)
        db.session.commit()
        return ids


def sweep(app: Flask, now: datetime) -> list[uuid.UUID]:
    with app.app_context(), db.engine_transaction() as connection:
        return [head.id for head in dispatch.take_due(connection, QUEUE, now, 500)]


def test_no_more_run_at_once_than_allowed(app: Flask, cast: Cast) -> None:
    limit(app, cast, at_once=3)
    add(app, cast, 10)
    first = sweep(app, utcnow())
    assert len(first) == 3
    assert sweep(app, utcnow()) == []
    with app.app_context(), db.engine_transaction() as connection:
        connection.execute(update(Job).where(Job.id == first[0]).values(state=State.ACTIVE, dispatched_at=None))
        connection.execute(update(Job).where(Job.id == first[1]).values(state=State.COMPLETED, dispatched_at=None))
    assert len(sweep(app, utcnow())) == 1  # one lies in the broker, one runs, one is done


def test_whoever_waits_for_a_limit_is_told_whose_it_is(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, running = add(app, cast, 2)
    with app.app_context(), db.engine_transaction() as connection:
        connection.execute(update(Job).where(Job.id == running).values(state=State.ACTIVE, dispatched_at=None))
    own, others = "Templates is limited to {} at once", "whoever runs this installation lets this organization run {}"
    assert told(app, cast, waiting) == ("free_worker", "Waits for a free worker")
    limit(app, cast, at_once=2)
    assert told(app, cast, waiting)[0] == "free_worker"
    limit(app, cast, at_once=1)
    assert told(app, cast, waiting) == ("limit", f"Waits for its turn: {own.format('1 job')}")
    with db.organization_context(app, cast.bakery_id):
        queues.cap(QUEUE, 1, By("operator"))
        db.session.commit()
    assert told(app, cast, waiting) == ("limit", f"Waits for its turn: {others.format('1 at once in Templates')}")
    with db.organization_context(app, cast.bakery_id):
        queues.cap(QUEUE, None, By("operator"))
        db.session.commit()
    limit(app, cast, per_minute=6)
    sweep(app, utcnow())
    code, text = told(app, cast, waiting)
    assert (code, text) == ("limit", "Waits for its turn: Templates is limited to 6 jobs a minute; the next begins")


def told(app: Flask, cast: Cast, job_id: uuid.UUID) -> tuple[str, str]:
    """Why it waits, where a worker lives."""
    with db.organization_context(app, cast.bakery_id):
        conditions = replace(run_conditions(), workers={QUEUE: 1})
        reason = why_waiting(db.session.get_one(Job, job_id), conditions)
        assert reason is not None
        return reason.code, reason.text


def test_a_limit_holds_back_its_own_organization_only(app: Flask, cast: Cast) -> None:
    limit(app, cast, at_once=1)
    add(app, cast, 5)
    with db.organization_context(app, cast.other_id):
        theirs = set(jobs.enqueue_many("demo", [{"mood": "succeeds"}] * 5))
        db.session.commit()
    taken = sweep(app, utcnow())
    assert len(taken) == 6
    assert theirs <= set(taken)


def test_all_is_done_in_the_end_under_limits(app: Flask, cast: Cast, worker: WorkerProcess, finished: Read) -> None:
    limit(app, cast, at_once=2, per_minute=3000)
    assert {finished(job_id).state for job_id in add(app, cast, 20)} == {State.COMPLETED}


def test_more_may_not_wait_than_allowed(app: Flask, cast: Cast) -> None:
    limit(app, cast, waiting=5)
    add(app, cast, 4)
    with pytest.raises(TooMany, match="allows itself 5"):
        add(app, cast, 2)
    add(app, cast, 1)
    with db.organization_context(app, cast.bakery_id), pytest.raises(TooMany):
        jobs.enqueue("demo", {"mood": "succeeds"})


def test_limits_are_lifted_one_by_one_or_all(app: Flask, cast: Cast) -> None:
    limit(app, cast, waiting=1, at_once=1)
    limit(app, cast, at_once=1)
    add(app, cast, 3)
    limit(app, cast)
    with db.organization_context(app, cast.bakery_id):
        assert get_limit(QUEUE) is None
    assert len(sweep(app, utcnow())) == 3


def test_a_limit_below_one_is_refused(app: Flask, cast: Cast) -> None:
    for name in ("at_once", "per_minute", "waiting"):
        with pytest.raises(Invalid, match="1 or more"):
            limit(app, cast, **{name: 0})


@settings(max_examples=200)
@given(
    per_minute=st.integers(1, 2000),
    pauses=st.lists(st.floats(0.01, 5.0), min_size=1, max_size=60),
    wanted=st.integers(1, 500),
)
def test_no_sixty_seconds_hold_more_than_the_rate(per_minute: int, pauses: list[float], wanted: int) -> None:
    """However unevenly the sweeps come; begun are always as many as are allowed."""
    now, next_at, begun = utcnow(), None, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        since = limits._since(next_at, now)
        count = min(wanted, limits._slots(per_minute, since, now))
        begun += [now] * count
        if count:
            next_at = limits._after(per_minute, since, count)
    for place, moment in enumerate(begun):
        assert sum(moment <= other < moment + timedelta(seconds=60) for other in begun[place:]) <= per_minute


def test_the_rate_is_used_while_there_is_work() -> None:
    now, next_at, begun = utcnow(), None, 0
    for _ in range(600):
        now += timedelta(seconds=0.1)
        since = limits._since(next_at, now)
        count = limits._slots(1200, since, now)
        begun += count
        next_at = limits._after(1200, since, count)
    assert begun >= 0.95 * 1200


def test_a_rate_is_kept_by_the_sweeps(app: Flask, cast: Cast) -> None:
    limit(app, cast, per_minute=60)
    add(app, cast, 20)
    now = utcnow()
    taken = [len(sweep(app, now + timedelta(seconds=second / 2))) for second in range(10)]
    assert 4 <= sum(taken) <= 6
    assert max(taken) == 1
