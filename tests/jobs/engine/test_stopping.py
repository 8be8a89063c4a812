"""Jobs that stop: cancelled in stages, out of time, or with their worker; and workers that are drained."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.errors import Conflict
from adsapp.jobs import Job, Progress, Queue, State, queues, transitions
from adsapp.jobs.console.timeline import timeline
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import JobAttempt, Worker
from adsapp.organizations.auditing import By
from tests.cast import Cast
from tests.waiting import wait_for

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]


@dataclass(frozen=True)
class Nothing:
    """No parameters."""


def attempts(app: Flask, cast: Cast, job_id: uuid.UUID) -> list[JobAttempt]:
    with db.organization_context(app, cast.bakery_id), db.reading():
        mine = select(JobAttempt).where(JobAttempt.job_id == job_id).order_by(JobAttempt.attempt)
        found = list(db.session.scalars(mine))
        db.session.expunge_all()
        return found


def test_cancelling_goes_through_its_stages_and_says_so(
    app: Flask, cast: Cast, register: Callable[..., None], worker: WorkerProcess, enqueue: Enqueue, read: Read
) -> None:
    may_look = threading.Event()

    def stubborn(params: Nothing, progress: Progress) -> None:
        """Look for a cancellation only when let"""
        may_look.wait(20)
        while True:
            progress.advance()

    register("stubborn", stubborn)
    job_id = enqueue("stubborn", {})
    wait_for(lambda: read(job_id).state == State.ACTIVE)
    with db.organization_context(app, cast.bakery_id):
        transitions.cancel(db.session.get_one(Job, job_id), By("Alice"))
        db.session.commit()
    stopping = read(job_id)
    assert stopping.is_stopping
    assert [event.title for event in timeline(stopping, attempts(app, cast, job_id), [])][-2:] == [
        "Cancel requested",
        "Stopping",
    ]
    may_look.set()
    wait_for(lambda: read(job_id).state == State.CANCELLED, 5, "it stops within five seconds")
    assert attempts(app, cast, job_id)[0].outcome == "cancelled"


def test_a_job_that_looks_at_the_time_is_stopped_at_its_limit_and_tried_again(
    app: Flask,
    cast: Cast,
    register: Callable[..., None],
    worker: WorkerProcess,
    enqueue: Enqueue,
    finished: Read,
) -> None:
    def endless(params: Nothing, progress: Progress) -> None:
        """Work for ever"""
        while True:
            progress.advance()

    register("endless", endless, timeout_seconds=1, attempts=2)
    job = finished(enqueue("endless", {}))
    assert (job.state, job.error_code, job.attempt) == (State.FAILED, "timed_out", 2)
    assert job.error == "The job ran longer than its limit of 1 s and was stopped."
    assert [attempt.outcome for attempt in attempts(app, cast, job.id)] == ["retry", "failed"]


def test_a_job_that_hangs_past_its_limit_loses_its_lease_and_its_late_end_counts_for_nothing(
    app: Flask,
    cast: Cast,
    register: Callable[..., None],
    worker: WorkerProcess,
    enqueue: Enqueue,
    finished: Read,
    read: Read,
) -> None:
    may_end, ended = threading.Event(), threading.Event()

    def hangs(params: Nothing, progress: Progress) -> dict[str, Any]:
        """Hang at the first attempt"""
        if progress.attempt == 1:
            may_end.wait(30)
            ended.set()
        return {"attempt": progress.attempt}

    register("hangs", hangs, timeout_seconds=1)
    job = finished(enqueue("hangs", {}))
    assert (job.state, job.attempt, job.result) == (State.COMPLETED, 2, {"attempt": 2})
    may_end.set()
    wait_for(ended.is_set)
    worker.stop()  # whatever the late attempt had to say has been said now
    assert read(job.id).result == {"attempt": 2}
    first, second = attempts(app, cast, job.id)
    assert (first.outcome, second.outcome) == ("lost", "completed")
    assert "longer than its limit of 1 s" in (first.error or "")


def test_a_drained_worker_ends_what_runs_and_begins_nothing_more(
    app: Flask, cast: Cast, register: Callable[..., None], enqueue: Enqueue, read: Read, finished: Read
) -> None:
    may_end = threading.Event()

    def waits(params: Nothing, progress: Progress) -> None:
        """Wait for the test"""
        may_end.wait(20)

    register("waits", waits)
    first = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    first.start()
    running = enqueue("waits", {})
    wait_for(lambda: read(running).state == State.ACTIVE)
    with db.organization_context(app, cast.bakery_id):
        row = db.session.scalars(select(Worker)).one()
        queues.drain(row, By("Alice"))
        db.session.commit()
    wait_for(lambda: first._stopping.is_set(), what="the worker learns that it is drained")
    assert not first.is_drained
    later = enqueue()
    may_end.set()
    assert finished(running).state == State.COMPLETED
    wait_for(lambda: first.is_drained)
    assert read(later).state == State.WAITING
    first.stop()
    second = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    second.start()
    try:
        assert finished(later).state == State.COMPLETED
    finally:
        second.stop()
    with db.organization_context(app, cast.bakery_id):
        stopped = db.session.scalars(select(Worker).where(Worker.drain_requested_at.is_not(None))).one()
        with pytest.raises(Conflict, match="stopped already"):
            queues.drain(stopped, By("Alice"))


def test_a_released_job_is_taken_up_elsewhere_without_counting_as_failed(
    app: Flask, cast: Cast, enqueue: Enqueue, read: Read, finished: Read
) -> None:
    first = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    first.start()
    job_id = enqueue(payload={"mood": "crawls", "steps": 400, "step_seconds": 0.01})
    wait_for(lambda: read(job_id).state == State.ACTIVE)
    stopping = threading.Thread(target=first.stop)
    stopping.start()
    second = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    second.start()
    try:
        job = finished(job_id)
    finally:
        stopping.join()
        second.stop()
    assert (job.state, job.attempt, job.failures) == (State.COMPLETED, 2, 0)
    assert [attempt.outcome for attempt in attempts(app, cast, job_id)] == ["released", "completed"]


def test_a_result_that_cannot_be_stored_fails_the_job_alone(
    app: Flask, cast: Cast, register: Callable[..., None], worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    def unstorable(params: Nothing, progress: Progress) -> dict[str, Any]:
        """Return what no database takes"""
        return {"thing": object()}

    register("unstorable", unstorable)
    fine, bad = enqueue(), enqueue("unstorable", {})
    assert (finished(bad).state, finished(bad).error_code) == (State.FAILED, "result_not_stored")
    assert finished(fine).state == State.COMPLETED
