"""The record is kept as long as promised and no longer; the database's own functions say the same as the program."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DatabaseError

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Invalid
from adsapp.core.ids import first_id_of, new_id
from adsapp.jobs import Job, Queue, State, retention
from adsapp.jobs.engine.worker import WorkerProcess, ask_for_upkeep
from adsapp.jobs.models import JobAttempt, JobLog, StatsHour, StatsMinute, StatsSpread
from adsapp.jobs.queries import statistics
from adsapp.jobs.states import Measure
from tests.cast import Cast
from tests.waiting import wait_for

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]


def id_of(moment: datetime) -> uuid.UUID:
    """An id as it would have been made then."""
    return uuid.UUID(int=first_id_of(moment).int | new_id().int & (1 << 62) - 1)


def add_old(cast: Cast, then: datetime, *, subject: str | None = None, queue: Queue = Queue.BULK_MESSAGES) -> Job:
    job = jobs.enqueue("demo", {"mood": "succeeds"}, subject=subject)
    job.id, job.state, job.queue = id_of(then), State.COMPLETED, queue
    job.created_at = job.finished_at = then
    values = {"organization_id": cast.bakery_id, "queue": job.queue, "processor": "demo", "title": "Old"}
    db.session.add(
        JobLog(
            job_id=job.id,
            state=State.COMPLETED,
            priority=3,
            attempts=1,
            created_at=then,
            finished_at=then,
            done=0,
            failed=0,
            **values,
        )
    )
    for model, span in ((StatsMinute, "minute"), (StatsHour, "hour")):
        db.session.add(model(organization_id=cast.bakery_id, queue=queue, completed=1, **{span: then}))
    spread = StatsSpread(organization_id=cast.bakery_id, queue=queue, minute=then, measure=Measure.WAIT, bucket=1)
    db.session.add(spread)
    db.session.flush()
    return job


def ask(app: Flask) -> int:
    return ask_for_upkeep(app, utcnow())


def test_what_is_older_than_promised_goes_and_the_rest_stays(
    app: Flask, cast: Cast, worker: WorkerProcess, finished: Read
) -> None:
    now = utcnow().replace(second=0, microsecond=0)  # a month more than 90 days, as PostgreSQL drops whole months
    with db.organization_context(app, cast.bakery_id):
        add_old(cast, now - timedelta(days=131))
        kept_for_its_import = add_old(cast, now - timedelta(days=132), subject="import:1").id
        add_old(cast, now - timedelta(days=133), subject="account:1")  # a number's job tells nobody's state
        younger = add_old(cast, now - timedelta(days=89)).id
        db.session.commit()
    ask(app)
    with db.organization_context(app, cast.bakery_id):
        upkeep = db.session.scalars(select(Job.id).where(Job.processor == retention.PROCESSOR)).one()
    removed = finished(upkeep).result or {}
    assert {name: count for name, count in removed.items() if count} == {
        "job_logs": 3, "jobs": 2, "minutes": 4, "spreads": 4, "hours": 3,
    }  # fmt: skip
    with db.organization_context(app, cast.bakery_id):
        assert set(db.session.scalars(select(Job.id).where(Job.processor == "demo"))) == {kept_for_its_import, younger}


@pytest.mark.both
def test_upkeep_is_asked_for_once_a_day_however_many_workers_ask(app: Flask, cast: Cast) -> None:
    assert ask(app) == 2  # Harbour Bakery and the other organization
    assert ask(app) == 0
    with db.organization_context(app, cast.bakery_id):
        assert db.session.scalar(select(func.count()).select_from(Job)) == 1


def test_the_history_cannot_be_changed(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        add_old(cast, utcnow())
        db.session.commit()
        with pytest.raises(DatabaseError, match="never changed"):
            db.session.execute(update(JobLog).values(state=State.FAILED))


def test_old_ends_are_cleaned_up_by_days(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        for days in (1, 10, 100):
            add_old(cast, utcnow() - timedelta(days=days, minutes=1))
        db.session.commit()
        assert retention.cleanup_old_job_logs(50) == 1
        assert retention.cleanup_old_job_logs(5) == 1
        with pytest.raises(Invalid, match="1 or more"):
            retention.cleanup_old_job_logs(0)


def test_removing_a_job_takes_its_attempts_along_and_spares_what_runs(
    app: Flask, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    job_id, running = enqueue(), enqueue(run_at=utcnow() + timedelta(days=1))
    finished(job_id)
    with db.organization_context(app, cast.bakery_id):
        assert retention.remove([job_id, running]) == 1
        db.session.commit()
        assert db.session.scalar(select(func.count()).select_from(JobAttempt)) == 0


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_the_functions_of_the_database_say_the_same(
    app: Flask, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    for mood in ("succeeds", "fails_once", "fails_always"):
        finished(enqueue(payload={"mood": mood}))
    enqueue(run_at=utcnow() + timedelta(days=1))
    with db.organization_context(app, cast.bakery_id):
        add_old(cast, utcnow() - timedelta(days=100))
        db.session.commit()
        asked = text("select * from get_organization_job_stats(:id, 7)")
        named = {"names_organization": True}
        rows = db.session.execute(asked, {"id": str(cast.bakery_id)}, execution_options=named).mappings().all()
        assert [dict(row) for row in rows] == [
            {**vars(one), "queue": one.queue.value} for one in statistics.get_organization_job_stats(7, utcnow())
        ]
        assert sum(row["completed"] for row in rows) == 2
        cleaned = db.session.scalar(text("select cleanup_old_job_logs(90)"), execution_options=named)
        assert cleaned == 1
        assert retention.cleanup_old_job_logs(90) == 0


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_the_functions_see_one_organization_only(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        add_old(cast, utcnow() - timedelta(days=100))
        jobs.enqueue("demo", {"mood": "succeeds"})
        db.session.commit()
    with db.organization_context(app, cast.other_id):
        named = {"names_organization": True}
        assert db.session.scalar(text("select cleanup_old_job_logs(90)"), execution_options=named) == 0
        asked = text("select sum(waiting) from get_organization_job_stats(:id, 7)")
        assert db.session.scalar(asked, {"id": str(cast.bakery_id)}, execution_options=named) == 0


def test_a_worker_asks_for_upkeep_by_itself(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adsapp.jobs.engine.worker.UPKEEP_EVERY_SECONDS", 0.05)
    worker = WorkerProcess(app, list(Queue))
    worker.start()
    try:

        def is_done() -> bool:
            with db.organization_context(app, cast.bakery_id), db.reading():
                done = select(Job.id).where(Job.processor == retention.PROCESSOR, Job.state == State.COMPLETED)
                return db.session.scalars(done).first() is not None

        wait_for(is_done, what="today's upkeep")
    finally:
        worker.stop()
