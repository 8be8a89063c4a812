"""`adsapp jobs list|show`: what the list of jobs and a job's page show, on a terminal and for programs."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, Queue, queues, service
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.organizations.auditing import By
from tests.cast import Cast
from tests.cli.conftest import Command, Done
from tests.installation import Installation
from tests.jobs.conftest import enqueue, finished, read, worker

__all__ = ["enqueue", "finished", "read", "worker"]

Run = Callable[..., Done]
Enqueue = Callable[..., uuid.UUID]
LATER = timedelta(days=1)


@pytest.fixture
def run(settings: Settings, command: Command, cast: Cast) -> Run:
    """Run `adsapp jobs … --organization harbour-bakery`."""
    told = Installation(settings).environment
    return lambda *words: command(told, ("jobs", *map(str, words), "--organization", "harbour-bakery"))


def for_programs(done: Done) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_list_names_each_job_with_what_stands_in_its_way(
    app: Flask, cast: Cast, run: Run, enqueue: Enqueue, finished: Callable[[uuid.UUID], Job], worker: WorkerProcess
) -> None:
    failed = enqueue(payload={"mood": "fails_always"}, title="Bad luck")
    with db.organization_context(app, cast.bakery_id):
        queues.pause_queue(Queue.EMAIL_NOTIFICATION, By("Alice", "Holidays"))
        db.session.commit()
    enqueue(title="Tomorrow", run_at=utcnow() + LATER)
    finished(failed)
    text = run("list").stdout
    assert text.index("Tomorrow") < text.index("Bad luck")
    assert "Due later" in text
    assert "This job was asked to fail" in text
    only = for_programs(run("list", "--state", "failed", "--queue", "template-processing", "--json"))
    assert [job["id"] for job in only["jobs"]] == [str(failed)]
    assert run("list", "--search", "nobody calls a job so").stdout == "No job matches.\n"


def test_a_page_says_how_to_go_on(run: Run, enqueue: Enqueue) -> None:
    jobs = [enqueue(title=f"Job {number}") for number in range(3)]
    first = for_programs(run("list", "--limit", 2, "--json"))
    assert [job["id"] for job in first["jobs"]] == [str(jobs[2]), str(jobs[1])]
    assert f"--cursor {first['next']}" in run("list", "--limit", 2).stdout
    rest = for_programs(run("list", "--cursor", first["next"], "--json"))
    assert [job["id"] for job in rest["jobs"]] == [str(jobs[0])]


def test_one_job_tells_its_whole_story(
    app: Flask, cast: Cast, run: Run, enqueue: Enqueue, finished: Callable[[uuid.UUID], Job], worker: WorkerProcess
) -> None:
    job_id = enqueue(payload={"mood": "fails_always"}, title="Bad luck", created_by="Bob")
    finished(job_id)
    with db.organization_context(app, cast.bakery_id):
        service.retry(db.session.get_one(Job, job_id), By("Alice"))
        db.session.commit()
    finished(job_id)
    text = run("show", job_id).stdout
    places = [text.index(words) for words in ("Queued", "Attempt 1", "Retried, by Alice")]
    assert places == sorted(places)
    assert text.count("Failed for good") == 2
    shown = for_programs(run("show", job_id, "--json"))
    assert (shown["state"], len(shown["attempts"])) == ("failed", 6)


@pytest.mark.parametrize(
    "words, says", [(("--state", "odd"), "there are delayed, waiting"), (("--queue", "odd"), "there are bulk-messages")]
)
def test_what_is_not_known_is_refused_with_what_there_is(run: Run, words: tuple[str, ...], says: str) -> None:
    done = run("list", *words)
    assert (done.returncode, says in done.stderr) == (1, True), done.stderr


def test_a_job_that_is_not_there_is_said_to_be_so(run: Run) -> None:
    done = run("show", uuid.uuid4())
    assert done.returncode == 1
    assert "no" in done.stderr.lower()
