"""A worker in this process, and a look at jobs from outside it."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from adsapp import jobs
from adsapp.core import db
from adsapp.jobs import Job, Queue, registry
from adsapp.jobs.engine.worker import WorkerProcess
from tests.cast import Cast
from tests.waiting import wait_for


@pytest.fixture
def worker(app: Flask) -> Iterator[WorkerProcess]:
    """All four queues' consumers, in this process."""
    process = WorkerProcess(app, list(Queue))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def enqueue(app: Flask, cast: Cast) -> Callable[..., uuid.UUID]:
    """Enqueue for Harbour Bakery and commit; the job's id."""

    def call(processor: str = "demo", payload: dict[str, Any] | None = None, **options: Any) -> uuid.UUID:
        with db.organization_context(app, cast.bakery_id):
            job = jobs.enqueue(processor, payload or {"mood": "succeeds"}, **options)
            db.session.commit()
            return job.id

    return call


@pytest.fixture
def read(app: Flask, cast: Cast) -> Callable[[uuid.UUID], Job]:
    """The job as it stands now."""

    def call(job_id: uuid.UUID) -> Job:
        with db.organization_context(app, cast.bakery_id), db.reading():
            job = db.session.get(Job, job_id)
            assert job is not None
            db.session.expunge(job)
            return job

    return call


@pytest.fixture
def finished(read: Callable[[uuid.UUID], Job]) -> Callable[[uuid.UUID], Job]:
    """The job once it is in a final state."""

    def call(job_id: uuid.UUID) -> Job:
        wait_for(lambda: read(job_id).is_finished, what=f"job {job_id} ends")
        return read(job_id)

    return call


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Register a processor for one test; the process forgets it afterwards."""
    monkeypatch.setattr(registry, "_processors", dict(registry._processors))

    def call(name: str, run: Callable[..., Any], **options: Any) -> None:
        registry.processor(name, queue=options.pop("queue", Queue.TEMPLATE_PROCESSING), **options)(run)

    return call
