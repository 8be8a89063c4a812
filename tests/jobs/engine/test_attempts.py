"""Case Q03: "max attempts 3" means that a job is begun three times at most, and the screen counts from one."""

import dataclasses
import math
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from adsapp.config import ConfigError, Settings
from adsapp.core import db
from adsapp.core.clock import DatabaseClock, utcnow
from adsapp.core.crypto import Vault
from adsapp.core.ids import new_id
from adsapp.jobs import Job, Progress, Queue, State, registry, transitions
from adsapp.jobs.engine import claims
from adsapp.jobs.engine.claims import WorkerIdentity
from adsapp.jobs.engine.spread import bucket_of, percentile
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import JobLog, StatsMinute
from adsapp.jobs.queries.statistics import counted
from adsapp.organizations.auditing import NOBODY, By
from tests.cast import Cast
from tests.waiting import wait_for

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]
DEAD = WorkerIdentity(new_id(), "killed")


@pytest.fixture
def attempts() -> int:
    """The setting JOB_ATTEMPTS of the test."""
    return 3


@pytest.fixture
def retry_seconds() -> float:
    """The setting RETRY_SECONDS of the test."""
    return 0.05


@pytest.fixture
def settings(settings: Settings, attempts: int, retry_seconds: float) -> Settings:
    """As everywhere, with these two."""
    return settings.model_copy(update={"job_attempts": attempts, "retry_seconds": retry_seconds})


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The attempts in which the demo processor was really called."""
    calls: list[int] = []
    known = registry.get_processor("demo")

    def run(params: Any, progress: Progress) -> Any:
        calls.append(progress.attempt)
        return known.run(params, progress)

    monkeypatch.setitem(registry._processors, "demo", dataclasses.replace(known, run=run))
    return calls


@contextmanager
def worker(app: Flask) -> Iterator[WorkerProcess]:
    """A worker that begins only now."""
    process = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    process.start()
    try:
        yield process
    finally:
        process.stop()


def lose_the_first_attempt(app: Flask, job_id: uuid.UUID) -> None:
    """A worker takes the job and is heard of no more."""
    with app.app_context():
        assert claims.claim(db.db.engine, DatabaseClock(), DEAD, job_id, lease=-1) is not None


def shown(client: FlaskClient, cast: Cast, job_id: uuid.UUID) -> dict[str, Any]:
    """The job as programs see it."""
    answer = client.get(f"/api/jobs/{job_id}", headers=cast.headers("alice")).json
    assert answer is not None
    return dict(answer)


def on_the_page(client: FlaskClient, job_id: uuid.UUID) -> str:
    """What the job's page says of attempts."""
    text = re.sub(r"<[^>]+>", " ", client.get(f"/jobs/{job_id}").text)
    found = re.search(r"Attempts\s+(\d+ of \d+)", text)
    assert found, "the page does not tell the attempts"
    return found.group(1)


@pytest.mark.parametrize(
    "attempts, mood, is_lost, executions, state, words",
    [
        (3, "fails_always", False, [1, 2, 3], State.FAILED, "3 of 3"),
        (1, "fails_always", False, [1], State.FAILED, "1 of 1"),
        (3, "fails_once", False, [1, 2], State.COMPLETED, "2 of 3"),
        (3, "fails_always", True, [2, 3], State.FAILED, "3 of 3"),  # with the one that was killed, three
        (1, "succeeds", True, [], State.FAILED, "1 of 1"),
        (2, "succeeds", True, [2], State.COMPLETED, "2 of 2"),
    ],
)
def test_max_attempts_is_how_often_a_job_is_begun(
    app: Flask,
    cast: Cast,
    client: FlaskClient,
    begun: list[int],
    enqueue: Enqueue,
    finished: Read,
    mood: str,
    is_lost: bool,
    executions: list[int],
    state: State,
    words: str,
) -> None:
    job_id = enqueue(payload={"mood": mood})
    if is_lost:
        lose_the_first_attempt(app, job_id)
    with worker(app):
        job = finished(job_id)
    last, most = map(int, words.split(" of "))
    assert begun == executions
    assert (job.state, job.attempt, job.max_attempts) == (state, last, most)
    api = shown(client, cast, job_id)
    assert (api["attempt"], api["max_attempts"]) == (last, most)
    assert on_the_page(cast.sign_in(client, "alice"), job_id) == words


def test_the_history_keeps_each_attempt_with_its_error_and_times(
    app: Flask, cast: Cast, client: FlaskClient, enqueue: Enqueue, finished: Read
) -> None:
    job_id = enqueue(payload={"mood": "fails_always"})
    lose_the_first_attempt(app, job_id)
    with worker(app):
        finished(job_id)
    history = shown(client, cast, job_id)["attempts"]
    assert [(each["attempt"], each["outcome"]) for each in history] == [(1, "lost"), (2, "retry"), (3, "failed")]
    assert [each["error"] for each in history] == [
        "The worker stopped without a word, and its lease ended.",
        "This job was asked to fail (attempt 2).",
        "This job was asked to fail (attempt 3).",
    ]
    times = [moment for each in history for moment in (each["started_at"], each["ended_at"])]
    assert times == sorted(times)


@pytest.mark.parametrize("retry_seconds", [1200.0])
def test_the_wait_doubles_and_the_next_attempt_s_time_is_shown(
    app: Flask, cast: Cast, client: FlaskClient, enqueue: Enqueue, read: Read
) -> None:
    job_id = enqueue(payload={"mood": "fails_always"})
    with worker(app):
        for failures, minutes in ((1, 20), (2, 40)):
            wait_for(lambda n=failures: (read(job_id).failures, read(job_id).state) == (n, State.DELAYED))  # type: ignore[misc]
            api = shown(client, cast, job_id)
            ended = datetime.fromisoformat(api["attempts"][-1]["ended_at"])
            assert datetime.fromisoformat(api["run_at"]) - ended == timedelta(minutes=minutes)
            due = datetime.fromisoformat(api["run_at"])
            assert api["waits_because"]["code"] == "retry"
            assert (
                f"Attempt {failures} failed; tried again; due at {due:%Y-%m-%d %H:%M}"
                in api["waits_because"]["message"]
            )
            with db.organization_context(app, cast.bakery_id):
                transitions.promote(db.session.get_one(Job, job_id), by=NOBODY)
                db.session.commit()
        wait_for(lambda: read(job_id).state == State.FAILED)


def test_a_retry_by_hand_grants_all_attempts_anew_and_erases_none(
    app: Flask, cast: Cast, client: FlaskClient, begun: list[int], enqueue: Enqueue, finished: Read
) -> None:
    job_id = enqueue(payload={"mood": "fails_always"})
    with worker(app):
        finished(job_id)
        assert begun == [1, 2, 3]
        answer = client.post(f"/api/jobs/{job_id}/retries", headers=cast.headers("alice"))
        assert answer.status_code == 202
        job = finished(job_id)
    assert begun == [1, 2, 3, 4, 5, 6]
    assert (job.state, job.attempt, job.failures) == (State.FAILED, 6, 3)
    history = shown(client, cast, job_id)["attempts"]
    assert [each["outcome"] for each in history] == ["retry", "retry", "failed"] * 2
    assert on_the_page(cast.sign_in(client, "alice"), job_id) == "6 of 6"


def test_figures_count_jobs_not_attempts(app: Flask, cast: Cast, enqueue: Enqueue, finished: Read) -> None:
    ids = [enqueue(payload={"mood": mood}) for mood in ("fails_always", "fails_always", "fails_once")]
    with worker(app):
        for job_id in ids:
            finished(job_id)
    with db.organization_context(app, cast.bakery_id), db.reading():
        by_state = {state: count for (_, state), count in counted().items()}
        summed = db.session.execute(select(func.sum(StatsMinute.failed), func.sum(StatsMinute.completed))).one()
        logs = sorted((log.state.value, log.attempts) for log in db.session.scalars(select(JobLog)))
    assert by_state == {State.FAILED: 2, State.COMPLETED: 1}
    assert tuple(summed) == (2, 1)
    assert logs == [("completed", 2), ("failed", 3), ("failed", 3)]


def test_what_jobs_did_and_how_long_they_took_is_counted_as_it_happens(
    app: Flask, cast: Cast, client: FlaskClient, enqueue: Enqueue, finished: Read
) -> None:
    long_ago = utcnow() - timedelta(days=2)
    ids = [enqueue(payload={"mood": "succeeds", "steps": 7}) for _ in range(3)]
    with db.organization_context(app, cast.bakery_id):  # one was planned two days ago, for now
        db.session.execute(update(Job).where(Job.id == ids[0]).values(created_at=long_ago))
        db.session.commit()
    with worker(app):
        for job_id in ids:
            finished(job_id)
    headers = cast.headers("adam")
    answer = client.get("/api/jobs/stats", headers=headers).json
    assert answer is not None
    queue, history = answer["queues"]["template-processing"], answer["history"]
    assert sum(day["items"] for day in history) == 21
    assert 0 <= queue["wait_ms"]["p50"] <= queue["wait_ms"]["p95"] < 3_600_000
    assert 0 <= queue["run_ms"]["p50"] <= queue["run_ms"]["p95"] < 3_600_000
    assert answer["queues"]["bulk-messages"]["wait_ms"] == {"p50": None, "p95": None}
    page = cast.sign_in(client, "alice").get("/queues/template-processing").text
    assert "21 in the last hour" in page
    assert "95 % within" in page


@pytest.mark.parametrize("share", [0.5, 0.95])
@pytest.mark.parametrize("times", [[0], [40], list(range(1, 400, 7)), [3, 3, 3, 9_000_000]])
def test_a_percentile_is_told_to_within_a_tenth(times: list[int], share: float) -> None:
    exact = sorted(times)[math.ceil(len(times) * share) - 1]
    assert percentile(Counter(map(bucket_of, times)), share) == pytest.approx(exact, rel=0.1, abs=0.5)


@pytest.mark.parametrize("value", ["0", "-1", "abc", "1000000000", "1.5"])
def test_a_number_of_attempts_that_makes_no_sense_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("JOB_ATTEMPTS", value)
    with pytest.raises(ConfigError, match="JOB_ATTEMPTS is wrong"):
        Settings.load()


@pytest.mark.parametrize("value", [1, 100])
def test_a_number_of_attempts_that_does_is_taken(monkeypatch: pytest.MonkeyPatch, value: int) -> None:
    monkeypatch.setenv("JOB_ATTEMPTS", str(value))
    assert Settings.load().job_attempts == value


@pytest.mark.parametrize("attempts, retry_seconds", [(100, 3600.0)])
def test_the_longest_wait_is_an_hour_however_often_it_failed(
    app: Flask, cast: Cast, enqueue: Enqueue, read: Read
) -> None:
    job_id = enqueue(payload={"mood": "fails_always"})
    with db.organization_context(app, cast.bakery_id):
        db.session.get_one(Job, job_id).failures = 80
        db.session.commit()
    with worker(app):
        wait_for(lambda: read(job_id).failures == 81)
    waits = read(job_id).run_at
    assert waits is not None
    assert waits - utcnow() <= timedelta(hours=1)


def test_a_payload_whose_key_is_lost_fails_at_once_and_says_what_to_do(
    app: Flask, cast: Cast, client: FlaskClient, enqueue: Enqueue, finished: Read, begun: list[int]
) -> None:
    job_id = enqueue()
    with db.organization_context(app, cast.bakery_id):
        lost = Vault((Fernet.generate_key().decode(),))
        db.session.get_one(Job, job_id).payload = db.SecretJson(lost.seal_json({"mood": "succeeds"}))
        db.session.commit()
    with worker(app):
        job = finished(job_id)
    assert (job.state, job.error_code, job.attempt, job.failures) == (State.FAILED, "unreadable_secret", 1, 1)
    assert begun == []
    page = cast.sign_in(client, "bob").get(f"/jobs/{job_id}").text
    assert "ENCRYPTION_KEYS lacks the key it was written with. Put that key back" in page
    with db.organization_context(app, cast.bakery_id):
        mended = db.session.get_one(Job, job_id)
        mended.payload = db.SecretJson.of({"mood": "succeeds"})
        transitions.retry(mended, By("Bob"))
        db.session.commit()
    with worker(app):
        assert finished(job_id).state == State.COMPLETED
