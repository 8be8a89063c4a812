"""The log has a line for how each attempt begins, goes on and ends, with what it belongs to; figures count the same."""

import logging
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from adsapp.config import Settings
from adsapp.core import db, logs
from adsapp.core.clock import DatabaseClock, utcnow
from adsapp.core.ids import new_id
from adsapp.core.logs import telling_of
from adsapp.core.observing import metrics
from adsapp.jobs import Job, Queue, State, progress
from adsapp.jobs.engine import claims, counting, job_lines, reaper
from adsapp.jobs.engine.claims import WorkerIdentity
from adsapp.jobs.engine.outcomes import Completed, Completion, Failed
from adsapp.jobs.engine.worker import WorkerProcess
from tests.cast import Cast
from tests.core.observing.test_metrics import value
from tests.waiting import wait_for

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]

CLOCK = DatabaseClock()


class Told:
    """The lines, each with what was bound when it was written."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def __getattr__(self, level: str) -> Callable[..., None]:
        return lambda event, **fields: self.lines.append(
            {"level": level, "event": event, **logs._bound.get(), **fields}
        )

    def is_enabled_for(self, _level: int) -> bool:
        """Every level is told."""
        return True

    def log(self, level: int, event: str, **fields: Any) -> None:
        """See structlog."""
        getattr(self, logging.getLevelName(level).lower())(event, **fields)

    def of(self, job_id: uuid.UUID) -> list[dict[str, Any]]:
        """Those of one job."""
        return [line for line in self.lines if line.get("job_id") == job_id]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    lines = Told()
    for module in (job_lines, progress, reaper):
        monkeypatch.setattr(module, "log", lines)
    return lines


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A line of progress every ten things, however quick they are."""
    return settings.model_copy(update={"log_progress_items": 10, "log_progress_seconds": 0.0})


@pytest.fixture
def counting_here() -> Iterator[None]:
    metrics.turn_on(Settings())
    yield
    metrics.turn_off()


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_an_attempt_is_told_from_its_start_to_its_end(
    cast: Cast, told: Told, worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    with telling_of(request_id="r-1"):
        job = enqueue(payload={"mood": "fails_once", "steps": 25}, total=25)
    finished(job)
    broken = enqueue(payload={"mood": "fails_always"})
    finished(broken)
    started, retries, again, *counted, completed = told.of(job)
    assert (started["event"], started["total"], started["kind"]) == ("job_started", 25, "demo")
    assert started["queue"] == "template-processing"
    assert (retries["level"], retries["event"], retries["code"]) == ("warning", "job_retries", "demo")
    assert retries["at"].startswith("huey_tasks/demo.py:")
    assert (again["event"], again["attempt"]) == ("job_started", 2)
    assert [(line["event"], line["done"], line["total"]) for line in counted] == [
        ("job_progress", done, 25) for done in (0, 10, 20)
    ]
    assert (completed["event"], completed["done"], completed["failed"]) == ("job_completed", 25, 0)
    assert completed["seconds"] >= 0
    assert {line["organization"] for line in told.of(job)} == {cast.bakery_id}
    assert {line["request_id"] for line in told.of(job)} == {"r-1"}
    assert [line["attempt"] for line in (started, retries, again, *counted, completed)] == [1, 1, 2, 2, 2, 2, 2]
    # A job's line follows its state by a moment.
    wait_for(lambda: told.of(broken)[-1]["event"] == "job_failed", what="the line of the failure")
    assert told.of(broken)[-1]["level"] == "error"


def test_between_two_lines_of_progress_lie_so_many_things_and_so_many_seconds(told: Told) -> None:
    for pace, lines in ((progress.LinePace(10, 0.0), [10, 20]), (progress.LinePace(10, 1000.0), [])):
        told.lines.clear()
        one = progress.Progress(None, CLOCK, _claim(), progress.Control(1e12), pace)  # type: ignore[arg-type]
        one._written_at = float("inf")  # nothing goes into a database
        for _ in range(25):
            one.advance()
        assert [line["done"] for line in told.lines] == lines


def test_a_worker_that_is_silent_is_told_and_counted(
    app: Flask, told: Told, counting_here: None, enqueue: Enqueue
) -> None:
    job = enqueue()
    with app.app_context():
        engine = db.job_engine()
    assert claims.claim(engine, CLOCK, WorkerIdentity(new_id(), "gone"), job, -1.0) is not None
    assert reaper.reap(engine, CLOCK, 1.0) == 1
    [line] = told.of(job)
    assert (line["level"], line["event"], line["attempt"]) == ("warning", "worker_lost", 1)
    assert value(metrics.exposition([]), "adsapp_job_leases_lost_total", kind="demo") == 1


def test_an_attempt_that_ended_too_late_is_told_with_where_it_broke(told: Told) -> None:
    claim = _claim()
    trace = 'File "/opt/adsapp/campaigns/service.py", line 3, in create'
    job_lines.ended(Completion(claim, Failed("demo", "It broke.", f"  {trace}"), done=3, failed=1), None)
    [line] = told.of(claim.job_id)
    assert (line["level"], line["event"], line["done"], line["failed"]) == ("warning", "late_finish", 3, 1)
    assert (line["code"], line["at"]) == ("demo", "adsapp/campaigns/service.py:3")


def test_what_nobody_wants_to_read_is_not_told(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "is_enabled_for", lambda level: level > logging.INFO)
    claim = _claim()
    job_lines.began(claim)
    job_lines.ended(Completion(claim, Completed(None)), State.COMPLETED)
    assert told.lines == []


def test_how_late_a_job_began_is_counted_for_those_with_a_set_time(counting_here: None) -> None:
    now = utcnow()
    row = {
        "queue": Queue.CONTACT_IMPORT, "processor": "demo", "state": State.COMPLETED, "organization_id": new_id(),
        "created_at": now - timedelta(seconds=60), "started_at": now - timedelta(seconds=1),
    }  # fmt: skip
    at_once = SimpleNamespace(**row, due_at=now - timedelta(seconds=60))
    later = SimpleNamespace(**row, due_at=now - timedelta(seconds=3))
    never = SimpleNamespace(**row | {"started_at": None, "state": State.CANCELLED}, due_at=None)
    counting.count_ended([at_once, later, later, never], now)
    text = metrics.exposition([])
    assert value(text, "adsapp_job_lateness_seconds_count", queue="contact-import") == 2
    assert value(text, "adsapp_job_lateness_seconds_sum") == pytest.approx(4)
    assert value(text, "adsapp_job_wait_seconds_count") == 3
    assert value(text, "adsapp_job_run_seconds_sum", kind="demo") == pytest.approx(3)
    assert value(text, "adsapp_jobs_total", state="completed") == 3
    assert value(text, "adsapp_jobs_total", state="cancelled") == 1


def _claim() -> progress.Claim:
    payload = db.SecretJson(b"")
    return progress.Claim(new_id(), new_id(), "demo", payload, 1, 0, 3, 60, new_id(), "", None, 0, 0)
