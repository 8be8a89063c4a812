"""Claiming ahead: short jobs share a claim's transaction, and nothing waits behind a long one."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from adsapp import jobs
from adsapp.config import Settings
from adsapp.core import db
from adsapp.jobs import Job, Progress, Queue, State
from adsapp.jobs.engine import claims, prefetch
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import JobAttempt
from tests.cast import Cast
from tests.waiting import wait_for

Read = Callable[[uuid.UUID], Job]
QUICK = {"mood": "succeeds", "steps": 0}


@dataclass(frozen=True)
class Nothing:
    """No parameters."""


@pytest.fixture(autouse=True)
def jobs_count_as_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine of the test is."""
    monkeypatch.setattr(prefetch, "AHEAD_SECONDS", 100.0)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Two threads."""
    return settings.model_copy(update={"workers_template_processing": 2})


def start(app: Flask) -> WorkerProcess:
    process = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    process.start()
    return process


def add(app: Flask, cast: Cast, count: int, processor: str = "demo", priority: int = 3) -> list[uuid.UUID]:
    with db.organization_context(app, cast.bakery_id):
        payload = QUICK if processor == "demo" else {}
        ids = jobs.enqueue_many(processor, [payload] * count, priority=priority)
        db.session.commit()
        return ids


def completed(app: Flask, cast: Cast) -> int:
    with db.organization_context(app, cast.bakery_id), db.reading():
        return db.session.scalar(select(func.count()).select_from(Job).where(Job.state == State.COMPLETED)) or 0


def test_many_short_jobs_share_few_transactions(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    claim_many = claims.claim_many

    def counting(connection: Any, now: Any, worker: Any, ids: list[uuid.UUID], lease: float) -> Any:
        sizes.append(len(ids))
        return claim_many(connection, now, worker, ids, lease)

    monkeypatch.setattr(claims, "claim_many", counting)
    add(app, cast, 100)
    worker = start(app)
    try:
        wait_for(lambda: completed(app, cast) == 100, 60)
    finally:
        worker.stop()
    assert max(sizes) > 2, "more were claimed together than there are threads"


def test_what_was_claimed_ahead_goes_back_while_all_threads_are_busy(
    app: Flask, cast: Cast, register: Callable[..., None], read: Read
) -> None:
    may_end = threading.Event()

    def blocks(params: Nothing, progress: Progress) -> None:
        """Hold a thread until the test lets go"""
        may_end.wait(60)

    register("blocks", blocks)
    first = start(app)
    second = None
    try:
        add(app, cast, 60)
        wait_for(lambda: completed(app, cast) == 60, 60)
        blockers, quick = add(app, cast, 2, "blocks", priority=1), add(app, cast, 10)
        wait_for(lambda: all(read(job_id).state == State.ACTIVE for job_id in blockers))
        second = start(app)
        wait_for(lambda: all(read(job_id).state == State.COMPLETED for job_id in quick), 30, "others run them")
        assert {read(job_id).failures for job_id in quick} == {0}
        may_end.set()
        wait_for(lambda: all(read(job_id).state == State.COMPLETED for job_id in blockers))
    finally:
        may_end.set()
        first.stop()
        if second is not None:
            second.stop()


def test_a_worker_that_stops_leaves_nothing_claimed(app: Flask, cast: Cast) -> None:
    add(app, cast, 150)
    worker = start(app)
    wait_for(lambda: completed(app, cast) > 20)
    worker.stop()
    with db.organization_context(app, cast.bakery_id):
        assert db.session.scalar(select(func.count()).select_from(Job).where(Job.state == State.ACTIVE)) == 0
        still_open = select(func.count()).select_from(JobAttempt).where(JobAttempt.ended_at.is_(None))
        assert db.session.scalar(still_open) == 0
    worker = start(app)
    try:
        wait_for(lambda: completed(app, cast) == 150, 60)
    finally:
        worker.stop()
