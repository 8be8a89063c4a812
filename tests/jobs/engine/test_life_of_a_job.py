"""Life of a job: it ends as its mood demands, on both shapes."""

import io
import itertools
import pickle
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import DatabaseClock, utcnow
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.ids import new_id
from adsapp.jobs import Job, Progress, Queue, State, queues, transitions
from adsapp.jobs.engine import claims, completion, dispatch, outcomes, reaper
from adsapp.jobs.engine.claims import WorkerIdentity
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import JobAttempt, JobLog
from adsapp.jobs.progress import Claim
from adsapp.jobs.queries.statistics import counted
from adsapp.organizations.auditing import By
from tests.cast import Cast
from tests.waiting import wait_for

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]

CLOCK = DatabaseClock()
WORKER = WorkerIdentity(new_id(), "by-hand")


@dataclass(frozen=True)
class Nothing:
    """No parameters."""


def test_a_job_runs_to_its_end(worker: WorkerProcess, enqueue: Enqueue, finished: Read) -> None:
    job = finished(enqueue(payload={"mood": "succeeds", "steps": 7}))
    assert (job.state, job.attempt, job.progress_done, job.progress_total) == (State.COMPLETED, 1, 7, 7)
    assert job.result == {"steps": 7}


def test_a_job_that_fails_once_succeeds_at_the_second_attempt(
    worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    job = finished(enqueue(payload={"mood": "fails_once"}))
    assert (job.state, job.attempt, job.error) == (State.COMPLETED, 2, None)


def test_a_job_that_always_fails_ends_failed_with_its_reason(
    app: Flask, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    job = finished(enqueue(payload={"mood": "fails_always"}))
    assert (job.state, job.attempt, job.error_code) == (State.FAILED, 3, "demo")
    assert "asked to fail (attempt 3)" in (job.error or "")
    with db.organization_context(app, cast.bakery_id):
        attempts = db.session.scalars(select(JobAttempt).order_by(JobAttempt.attempt)).all()
        assert [attempt.outcome for attempt in attempts] == ["retry", "retry", "failed"]
        assert db.session.scalars(select(JobLog)).one().attempts == 3


def test_a_running_job_stops_when_it_is_cancelled(
    app: Flask, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, read: Read, finished: Read
) -> None:
    job_id = enqueue(payload={"mood": "crawls", "steps": 10_000, "step_seconds": 0.01})
    wait_for(lambda: read(job_id).state == State.ACTIVE)
    with db.organization_context(app, cast.bakery_id):
        transitions.cancel(db.session.get_one(Job, job_id), By("Alice"))
        db.session.commit()
    job = finished(job_id)
    assert (job.state, job.cancel_requested_by) == (State.CANCELLED, "Alice")
    assert job.progress_done < 10_000


def test_a_waiting_job_is_cancelled_at_once_and_a_finished_one_says_so(
    app: Flask, cast: Cast, enqueue: Enqueue, read: Read
) -> None:
    job_id = enqueue()
    with db.organization_context(app, cast.bakery_id):
        transitions.cancel(db.session.get_one(Job, job_id), By("Alice"))
        db.session.commit()
        with pytest.raises(Conflict, match="cancelled already"):
            transitions.cancel(db.session.get_one(Job, job_id), By("Alice"))
    assert read(job_id).state == State.CANCELLED


def test_a_lost_nudge_costs_nothing_but_time(
    app: Flask, enqueue: Enqueue, worker: WorkerProcess, finished: Read
) -> None:
    app.extensions["broker"].flush()
    ids = [enqueue() for _ in range(5)]
    app.extensions["broker"].flush()
    assert {finished(job_id).state for job_id in ids} == {State.COMPLETED}


def test_garbage_in_the_broker_is_dropped_and_never_unpickled(
    app: Flask, enqueue: Enqueue, worker: WorkerProcess, finished: Read
) -> None:
    storage = app.extensions["broker"]._huey(Queue.TEMPLATE_PROCESSING).storage
    for junk in (pickle.dumps(_Bomb()), b"{}", b"\xff\xfe", b'["not a uuid", 1]', b"[]"):
        storage.enqueue(junk, 4)
    assert finished(enqueue()).state == State.COMPLETED
    assert not _Bomb.exploded


class _Bomb:
    exploded = False

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (setattr, (_Bomb, "exploded", True))


def claim(app: Flask, job_id: uuid.UUID, lease: float = 60) -> Claim | None:
    with app.app_context():
        return claims.claim(db.db.engine, CLOCK, WORKER, job_id, lease)


def test_a_job_is_claimed_once(app: Flask, enqueue: Enqueue) -> None:
    job_id = enqueue()
    assert claim(app, job_id) is not None
    assert claim(app, job_id) is None


def test_a_late_worker_overwrites_nothing(app: Flask, enqueue: Enqueue, read: Read) -> None:
    job_id = enqueue()
    late = claim(app, job_id, lease=-1)
    assert late is not None
    with app.app_context():
        engine = db.db.engine
        assert reaper.reap(engine, CLOCK, retry_seconds=0) == 1
        dispatch.sweep(engine, CLOCK, app.extensions["broker"], Queue.TEMPLATE_PROCESSING)
        second = claims.claim(engine, CLOCK, WORKER, job_id, 60)
        assert second is not None
        assert second.attempt == 2
        assert completion.finish(engine, CLOCK, late, outcomes.Completed({"late": True}), 1) is None
        assert read(job_id).state == State.ACTIVE
        assert completion.finish(engine, CLOCK, second, outcomes.Completed({"late": False}), 1) == State.COMPLETED
    assert read(job_id).result == {"late": False}


def test_a_job_lost_at_every_attempt_fails_with_the_reason(app: Flask, enqueue: Enqueue, read: Read) -> None:
    job_id = enqueue()
    with app.app_context():
        engine = db.db.engine
        for _ in range(3):
            dispatch.sweep(engine, CLOCK, app.extensions["broker"], Queue.TEMPLATE_PROCESSING)
            assert claims.claim(engine, CLOCK, WORKER, job_id, -1)
            reaper.reap(engine, CLOCK, retry_seconds=0)
    job = read(job_id)
    assert (job.state, job.error_code) == (State.FAILED, "worker_lost")


def test_of_two_that_add_a_job_of_one_key_at_the_same_moment_both_get_it(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    adding = sys.modules["adsapp.jobs.enqueue"]  # the function has its name
    look, looks = adding._not_begun, itertools.count()
    monkeypatch.setattr(adding, "_not_begun", lambda key: look(key) if next(looks) > 1 else None)
    with db.organization_context(app, cast.bakery_id):
        found = [jobs.enqueue("demo", {"mood": "succeeds"}, dedupe_key="once").id for _ in range(2)]
        db.session.commit()
    assert found[0] == found[1]


def test_one_that_goes_back_stands_beside_a_newer_one_of_its_key(app: Flask, cast: Cast, read: Read) -> None:
    def add() -> uuid.UUID:
        with db.organization_context(app, cast.bakery_id):
            job_id = jobs.enqueue("demo", {"mood": "succeeds"}, dedupe_key="of all").id
            db.session.commit()
            return job_id

    with app.app_context():
        engine = db.db.engine
    back: list[uuid.UUID] = []
    endings = (
        outcomes.Failed("broke", "It broke.", ""),
        outcomes.Released("its worker was busy"),
        outcomes.Snoozed(utcnow(), "it waits"),
        None,  # its worker was lost
    )
    for ending in endings:
        back.append(add())
        assert back[-1] not in back[:-1], "the one before had begun, so this is another"
        begun = claim(app, back[-1], lease=-1 if ending is None else 60)
        assert begun is not None
        newer = add()
        assert newer != back[-1]
        with app.app_context():
            if ending is None:
                assert reaper.reap(engine, CLOCK, retry_seconds=0) == 1
            else:
                assert completion.finish(engine, CLOCK, begun, ending, 1) in (State.WAITING, State.DELAYED)
        assert read(back[-1]).state in (State.WAITING, State.DELAYED)
        with db.organization_context(app, cast.bakery_id):
            transitions.cancel(db.session.get_one(Job, newer), By("Alice"))
            db.session.commit()
            later = add()
            transitions.retry(db.session.get_one(Job, newer), By("Alice"))
            db.session.commit()
            transitions.cancel(db.session.get_one(Job, later), By("Alice"))
            db.session.commit()
        assert read(newer).state is State.WAITING


def test_a_paused_queue_begins_nothing_and_goes_on_when_resumed(
    app: Flask, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, read: Read, finished: Read
) -> None:
    with db.organization_context(app, cast.bakery_id):
        queues.pause_queue(Queue.TEMPLATE_PROCESSING, By("Alice", "new template"))
        db.session.commit()
    paused = enqueue()
    other_queue = enqueue()  # same queue: also held; a broker message alone starts nothing
    app.extensions["broker"].push(Queue.TEMPLATE_PROCESSING, paused, 1)
    wait_for(lambda: app.extensions["broker"].pending(Queue.TEMPLATE_PROCESSING) == 0)
    assert {read(paused).state, read(other_queue).state} == {State.WAITING}
    with db.organization_context(app, cast.bakery_id):
        queues.resume_queue(Queue.TEMPLATE_PROCESSING)
        db.session.commit()
    assert finished(paused).state == State.COMPLETED
    assert finished(other_queue).state == State.COMPLETED


def test_an_unknown_processor_in_a_row_fails_the_job_and_the_consumer_lives(
    app: Flask, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    strange = enqueue(run_at=utcnow().replace(year=2099))
    with db.organization_context(app, cast.bakery_id):
        db.session.execute(update(Job).where(Job.id == strange).values(processor="from-the-future", run_at=utcnow()))
        db.session.commit()
    job = finished(strange)
    assert (job.state, job.error_code, job.attempt) == (State.FAILED, "unknown_processor", 1)
    assert finished(enqueue()).state == State.COMPLETED


class Mute(Exception):
    """Cannot say what went wrong."""

    def __str__(self) -> str:
        raise RuntimeError


def a_closed_log() -> TextIO:
    stream = io.StringIO()
    stream.close()
    return stream


def a_full_disk() -> TextIO:
    return open("/dev/full", "w")  # the worker writes there while the test goes on


ERRORS: list[tuple[BaseException, Callable[[], TextIO]]] = [
    (RuntimeError("boom"), a_closed_log),
    (RuntimeError("boom"), a_full_disk),
    (Mute(), io.StringIO),
    (SystemExit(3), io.StringIO),
]


@pytest.mark.parametrize("error, log", ERRORS, ids=lambda each: getattr(each, "__name__", type(each).__name__))
def test_whatever_an_attempt_raises_and_wherever_the_log_goes_the_job_ends_and_the_thread_lives(
    worker: WorkerProcess,
    enqueue: Enqueue,
    finished: Read,
    register: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    log: Callable[[], TextIO],
) -> None:
    def raises(params: Nothing, progress: Progress) -> None:
        """Raise what it is told"""
        raise error

    register("raises", raises)
    monkeypatch.setattr(sys, "stderr", log())
    job = finished(enqueue("raises", {}))
    assert (job.state, job.attempt, job.error_code) == (State.FAILED, 3, type(error).__name__)
    assert finished(enqueue()).state == State.COMPLETED


@pytest.mark.parametrize(
    "processor, payload, options, place",
    [
        ("nope", {}, {}, "processor"),
        ("demo", {"mood": "sulks"}, {}, "mood"),
        ("demo", {"mood": "succeeds", "steps": "many"}, {}, "steps"),
        ("demo", {}, {"priority": 7}, "priority"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(
    app: Flask, cast: Cast, processor: str, payload: dict[str, object], options: dict[str, int], place: str
) -> None:
    with db.organization_context(app, cast.bakery_id), pytest.raises(Invalid) as refused:
        jobs.enqueue(processor, payload or {"mood": "succeeds"}, **options)  # type: ignore[arg-type]
    assert place in refused.value.field_messages


def test_counters_equal_the_rows_whatever_happened(
    app: Flask, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    for mood in ("succeeds", "fails_always", "fails_once"):
        finished(enqueue(payload={"mood": mood}))
    with db.organization_context(app, cast.bakery_id):
        rows = db.session.execute(
            text("select state, count(*) from jobs group by state"), execution_options={"names_organization": True}
        ).all()
        by_state = {state: count for (_, state), count in counted().items()}
    assert by_state == {State(state): count for state, count in rows}


def test_a_stopped_worker_hands_its_jobs_on(app: Flask, enqueue: Enqueue, read: Read, finished: Read) -> None:
    first = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    first.start()
    job_id = enqueue(payload={"mood": "crawls", "steps": 1000, "step_seconds": 0.01})
    wait_for(lambda: read(job_id).state == State.ACTIVE)
    first.stop()  # its grace is shorter than the job
    released = read(job_id)
    assert (released.state, released.failures) == (State.WAITING, 0)
