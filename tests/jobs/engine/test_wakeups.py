"""Wake-ups: a worker at rest asks for nothing, yet starts a job at once, and a lost wake-up costs only time."""

import os
import stat
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from adsapp import jobs
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import DatabaseClock, utcnow
from adsapp.jobs import Job, Progress, Queue, State, queues
from adsapp.jobs.broker import Bell
from adsapp.jobs.engine import dispatch, worker
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.wakeups import ABANDONED_SECONDS, DUE, MESSAGE, Fifos
from adsapp.organizations.auditing import By
from tests.cast import Cast
from tests.waiting import wait_for

QUEUE = Queue.TEMPLATE_PROCESSING
QUICK = {"mood": "succeeds", "steps": 0}
FAR = 600.0  # so long a worker looks by itself for nothing: what happens sooner, it was woken for

Read = Callable[[uuid.UUID], Job]


@dataclass(frozen=True)
class Nothing:
    """No parameters."""


@pytest.fixture
def nobody_looks_by_himself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow fallback is so slow that it cannot be what made the test pass."""
    monkeypatch.setattr(worker, "IDLE_SECONDS", FAR)


@contextmanager
def working(app: Flask, *served: Queue) -> Iterator[WorkerProcess]:
    process = WorkerProcess(app, served or [QUEUE])
    process.start()
    try:
        wait_for(lambda: process._patience > 1, 10, "the worker rests")
        yield process
    finally:
        process.stop()


def add(app: Flask, cast: Cast, **options: Any) -> uuid.UUID:
    with db.organization_context(app, cast.bakery_id):
        job = jobs.enqueue("demo", QUICK, **options)
        db.session.commit()
        return job.id


def is_completed(read: Read, job_id: uuid.UUID) -> bool:
    return read(job_id).state == State.COMPLETED


# Jobs start although nobody looks by himself


@pytest.mark.usefixtures("nobody_looks_by_himself")
def test_a_job_that_another_process_commits_starts_at_once(
    app: Flask, cast: Cast, settings: Settings, read: Read
) -> None:
    add_one = (
        "import sys, uuid; from adsapp import create_core, jobs; from adsapp.config import Settings\n"
        "from adsapp.core import db; import huey_tasks.demo\n"
        "with db.organization_context(create_core(Settings.load()), uuid.UUID(sys.argv[1])):\n"
        "    job = jobs.enqueue('demo', {'mood': 'succeeds', 'steps': 0}); db.session.commit(); print(job.id)"
    )
    environment = {
        **os.environ,
        "ADSAPP_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
    }
    with working(app):
        command = [sys.executable, "-c", add_one, str(cast.bakery_id)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        wait_for(lambda: is_completed(read, uuid.UUID(done.stdout.split()[-1])))


@pytest.mark.usefixtures("nobody_looks_by_himself")
def test_a_delayed_job_begins_on_time(app: Flask, cast: Cast, read: Read) -> None:
    with working(app):
        due = utcnow() + timedelta(seconds=1.5)
        job_id = add(app, cast, run_at=due)
        wait_for(lambda: is_completed(read, job_id))
        began = read(job_id).started_at
        assert began is not None
        assert began >= due


@pytest.mark.usefixtures("nobody_looks_by_himself")
def test_many_that_are_added_together_are_all_begun(app: Flask, cast: Cast, read: Read) -> None:
    with working(app), db.organization_context(app, cast.bakery_id):
        ids = jobs.enqueue_many("demo", [QUICK] * 60)
        db.session.commit()
        wait_for(lambda: all(is_completed(read, job_id) for job_id in ids), 30)


@pytest.mark.usefixtures("nobody_looks_by_himself")
def test_a_retry_begins_by_itself(app: Flask, cast: Cast, register: Callable[..., None], read: Read) -> None:
    def fails_once(params: Nothing, progress: Progress) -> None:
        """Fail at the first attempt"""
        if progress.attempt == 1:
            raise RuntimeError("once")

    register("fails_once", fails_once)
    with working(app):
        with db.organization_context(app, cast.bakery_id):
            job_id = jobs.enqueue("fails_once", {}).id
            db.session.commit()
        wait_for(lambda: is_completed(read, job_id))
        assert read(job_id).attempt == 2


@pytest.mark.usefixtures("nobody_looks_by_himself")
def test_a_job_that_waited_for_one_of_another_process_begins(
    app: Flask, cast: Cast, register: Callable[..., None], read: Read
) -> None:
    def elsewhere(params: Nothing, progress: Progress) -> None:
        """Something of another queue"""

    register("elsewhere", elsewhere, queue=Queue.CONTACT_IMPORT)
    with working(app), working(app, Queue.CONTACT_IMPORT):
        with db.organization_context(app, cast.bakery_id):
            needed = jobs.enqueue("elsewhere", {})
            waits = jobs.enqueue("demo", QUICK, after=[jobs.After(needed.id)]).id
            db.session.commit()
        wait_for(lambda: is_completed(read, waits))


@pytest.mark.usefixtures("nobody_looks_by_himself")
def test_a_queue_goes_on_when_it_is_resumed_and_when_its_pause_ends(app: Flask, cast: Cast, read: Read) -> None:
    with working(app):
        with db.organization_context(app, cast.bakery_id):
            queues.pause_queue(QUEUE, by=By("Alice", "a look"))
            db.session.commit()
        held = add(app, cast)
        with db.organization_context(app, cast.bakery_id):
            queues.resume_queue(QUEUE)
            db.session.commit()
        wait_for(lambda: is_completed(read, held))
        with db.organization_context(app, cast.bakery_id):
            queues.pause_queue(QUEUE, by=By("Alice", "a moment"), until=utcnow() + timedelta(seconds=1))
            db.session.commit()
        held = add(app, cast)
        wait_for(lambda: is_completed(read, held))


def test_a_lost_wake_up_costs_only_time(app: Flask, cast: Cast, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    with working(app):
        monkeypatch.setattr(type(app.extensions["broker"]), "push_below", lambda *_: None)
        job_id = add(app, cast)
        wait_for(lambda: is_completed(read, job_id))


# When the next look is due


@pytest.mark.parametrize("shape", ["embedded", "distributed"], indirect=True)
def test_the_next_look_is_when_the_first_job_may_begin(app: Flask, cast: Cast) -> None:
    clock, engine = DatabaseClock(), None
    with app.app_context():
        engine = db.db.engine

    def next_due() -> datetime | None:
        return dispatch.next_due(engine, clock, QUEUE)

    assert next_due() is None
    later, sooner = utcnow() + timedelta(hours=2), utcnow() + timedelta(hours=1)
    add(app, cast, run_at=later)
    add(app, cast, run_at=sooner, priority=4)
    assert next_due() == sooner
    with db.organization_context(app, cast.bakery_id):
        queues.pause_queue(QUEUE, by=By("Alice", "a look"), until=later)
        db.session.commit()
    assert next_due() == later
    with db.organization_context(app, cast.bakery_id):
        queues.pause_queue(QUEUE, by=By("Alice", "a look"))
        db.session.commit()
    assert next_due() is None


# FIFOs


def endpoints(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def test_only_workers_of_the_queue_are_woken_and_told_what_for(tmp_path: Path) -> None:
    fifos = Fifos(tmp_path / "wake")
    ours, others = fifos.listen([QUEUE, Queue.CONTACT_IMPORT]), fifos.listen([Queue.BULK_MESSAGES])
    try:
        fifos.ring(QUEUE, MESSAGE)
        assert not ours.wait()
        fifos.ring(QUEUE, MESSAGE)
        fifos.ring(Queue.CONTACT_IMPORT, DUE)
        assert ours.wait(), "dispatch should look"
        others.interrupt()
        assert not others.wait(), "nothing but the interruption was there"
    finally:
        ours.close()
        others.close()
    assert endpoints(tmp_path / "wake") == []
    fifos.ring(QUEUE, DUE)  # nobody listens: nothing happens


def test_a_fifo_is_the_owners_alone(tmp_path: Path) -> None:
    listener = Fifos(tmp_path / "wake").listen([QUEUE])
    try:
        assert stat.S_IMODE((tmp_path / "wake").stat().st_mode) == 0o700
        (fifo,) = endpoints(tmp_path / "wake")
        assert stat.S_IMODE(fifo.stat().st_mode) == 0o600
    finally:
        listener.close()


def test_a_fifo_whose_worker_was_killed_harms_nobody_and_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "wake"
    folder.mkdir()
    stale = folder / f"{QUEUE.value}.killed"
    os.mkfifo(stale, 0o600)
    fifos = Fifos(folder)
    listener = fifos.listen([QUEUE])
    try:
        fifos.ring(QUEUE, DUE)
        assert listener.wait()
        assert stale.exists(), "it may be one that is just being made"
        os.utime(stale, (time.time(), time.time() - ABANDONED_SECONDS - 1))
        fifos.ring(QUEUE, DUE)
        assert listener.wait()
        assert not stale.exists()
    finally:
        listener.close()


def test_a_worker_that_does_not_read_holds_nobody_up(tmp_path: Path) -> None:
    fifos = Fifos(tmp_path / "wake")
    listener = fifos.listen([QUEUE])
    try:
        for _ in range(70_000):  # more than the FIFO holds
            fifos.ring(QUEUE, DUE)
        assert listener.wait()
    finally:
        listener.close()


def test_a_home_with_a_long_name_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("h" * 120) / "wake"
    fifos = Fifos(folder)
    listener = fifos.listen(list(Queue))
    try:
        fifos.ring(QUEUE, DUE)
        assert listener.wait()
    finally:
        listener.close()


def test_where_there_are_no_fifos_the_worker_polls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError("this file system has none")

    monkeypatch.setattr(os, "mkfifo", refused)
    listener = Fifos(tmp_path / "wake").listen([QUEUE])
    assert listener.wait(), "it returns by itself, and dispatch looks"


# Many threads, one poller


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_threads_at_rest_ask_for_nothing(app: Flask, cast: Cast, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    with working(app):
        asked = []
        storage = app.extensions["broker"]._huey(QUEUE).storage
        dequeue = storage.dequeue

        def counting() -> Any:
            asked.append(threading.current_thread().name)
            return dequeue()

        monkeypatch.setattr(storage, "dequeue", counting)
        job_id = add(app, cast)
        wait_for(lambda: is_completed(read, job_id))
        assert len(asked) < 10, (
            "one took it, one or two looked whether there was more; ten threads would all have asked"
        )


def test_a_bell_that_rang_while_nobody_waited_spares_the_next_its_wait() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    bell.wait()  # returns at once
    ended = threading.Thread(target=bell.wait)
    ended.start()
    bell.end()
    ended.join(10)
    assert not ended.is_alive()
