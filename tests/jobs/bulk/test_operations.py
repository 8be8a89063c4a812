"""Verbs over many jobs: what matches is fixed when it is asked for, a killed operation goes on with what is left."""

import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.ids import first_id_of
from adsapp.jobs import Job, Priority, Queue, State, service, transitions
from adsapp.jobs.bulk import operations
from adsapp.jobs.bulk import run as bulk_run
from adsapp.jobs.bulk.target import MatchCount
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import JobLog
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.organizations.auditing import By
from tests.cast import Cast
from tests.statements import recorded

Add = Callable[..., list[uuid.UUID]]
Read = Callable[[uuid.UUID], Job]
FAILED = JobFilters(state=State.FAILED)


@pytest.fixture
def add(app: Flask, cast: Cast) -> Callable[..., list[uuid.UUID]]:
    """Jobs of Harbour Bakery as they would stand after `days_ago` days in this state."""

    def call(state: State, count: int, days_ago: int = 0, **changes: Any) -> list[uuid.UUID]:
        with db.organization_context(app, cast.bakery_id):
            ids = jobs.enqueue_many("demo", [{"mood": "succeeds", "steps": 1}] * count)
            then = utcnow() - timedelta(days=days_ago)
            values = {"state": state, "created_at": then, **changes}
            if state in (State.FAILED, State.COMPLETED, State.CANCELLED):
                values["finished_at"] = then
            db.session.execute(update(Job).where(Job.id.in_(ids)).values(**values))
            for job in db.session.scalars(select(Job).where(Job.id.in_(ids))).all() if days_ago else ():
                job.id = uuid.UUID(int=first_id_of(then).int | job.id.int & (1 << 62) - 1)  # made then, too
            db.session.commit()
            return ids

    return call


def start(app: Flask, cast: Cast, verb: str, **options: Any) -> uuid.UUID:
    with db.organization_context(app, cast.bakery_id):
        job = operations.start(verb, by=By("Alice"), **options)
        db.session.commit()
        return job.id


def states(app: Flask, cast: Cast, ids: Sequence[uuid.UUID]) -> list[State]:
    with db.organization_context(app, cast.bakery_id), db.reading():
        found = db.session.execute(select(Job.id, Job.state).where(Job.id.in_(ids))).all()
        return [row.state for row in sorted(found)]


def test_all_failed_jobs_are_retried_in_the_background(
    app: Flask,
    cast: Cast,
    add: Callable[..., list[uuid.UUID]],
    worker: WorkerProcess,
    finished: Read,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk_run, "BATCH", 7)
    failed, completed = add(State.FAILED, 30), add(State.COMPLETED, 3)
    operation = finished(start(app, cast, "retry", filters=FAILED))
    assert (operation.state, operation.title, operation.result) == (
        State.COMPLETED,
        "Retry 30 failed jobs",
        {"changed": 30},
    )
    assert (operation.progress_done, operation.progress_total) == (30, 30)
    assert {finished(job_id).state for job_id in failed} == {State.COMPLETED}
    assert states(app, cast, completed) == [State.COMPLETED] * 3


def test_a_job_that_fails_again_is_not_retried_twice(
    app: Flask, cast: Cast, add: Callable[..., list[uuid.UUID]], worker: WorkerProcess, finished: Read
) -> None:
    with db.organization_context(app, cast.bakery_id):
        job_id = jobs.enqueue("demo", {"mood": "fails_always"}).id
        db.session.commit()
    attempts = finished(job_id).attempt
    finished(start(app, cast, "retry", filters=FAILED))
    assert finished(job_id).attempt == 2 * attempts


def test_ticked_jobs_alone_are_retried(
    app: Flask, cast: Cast, add: Callable[..., list[uuid.UUID]], worker: WorkerProcess, finished: Read
) -> None:
    failed = add(State.FAILED, 4)
    finished(start(app, cast, "retry", job_ids=failed[:2]))
    assert {finished(job_id).state for job_id in failed[:2]} == {State.COMPLETED}
    assert states(app, cast, failed[2:]) == [State.FAILED] * 2


def test_waiting_jobs_are_cancelled_but_not_the_operation_itself(
    app: Flask, cast: Cast, add: Callable[..., list[uuid.UUID]], worker: WorkerProcess, finished: Read
) -> None:
    delayed = add(State.DELAYED, 5, run_at=utcnow() + timedelta(days=1))
    operation = finished(start(app, cast, "cancel", filters=JobFilters(queue=Queue.TEMPLATE_PROCESSING)))
    assert (operation.state, operation.result) == (State.COMPLETED, {"changed": 5})
    assert states(app, cast, delayed) == [State.CANCELLED] * 5


def test_old_finished_jobs_are_removed_and_their_history_stays(
    app: Flask, cast: Cast, add: Callable[..., list[uuid.UUID]], worker: WorkerProcess, finished: Read
) -> None:
    with db.organization_context(app, cast.bakery_id):
        job_id = jobs.enqueue("demo", {"mood": "succeeds"}).id
        db.session.commit()
    finished(job_id)
    add(State.COMPLETED, 6, days_ago=40)
    with db.organization_context(app, cast.bakery_id):
        assert str(operations.preview("clean", older_than_days=30)) == "6"
    finished(start(app, cast, "clean", older_than_days=30))
    with db.organization_context(app, cast.bakery_id):
        assert db.session.scalar(select(func.count()).select_from(Job).where(Job.processor == "demo")) == 1
    finished(start(app, cast, "clean", older_than_days=0, filters=JobFilters(state=State.COMPLETED)))
    with db.organization_context(app, cast.bakery_id):
        assert db.session.get(Job, job_id) is None
        assert db.session.scalars(select(JobLog.job_id).where(JobLog.job_id == job_id)).all() == [job_id]


def test_cleaning_says_how_many_it_removed_and_what_it_left_and_why(
    app: Flask,
    cast: Cast,
    client: FlaskClient,
    add: Callable[..., list[uuid.UUID]],
    worker: WorkerProcess,
    finished: Read,
) -> None:
    completed = JobFilters(state=State.COMPLETED)
    add(State.COMPLETED, 6, days_ago=40)
    routine = add(State.COMPLETED, 2, days_ago=40, routine=True)
    kept = add(State.COMPLETED, 1, days_ago=40, subject="import:1")
    stays = (
        "2 jobs of routine work stay, as it was not asked for. "
        "1 job of campaigns, e-mails and imports stays as long as those."
    )
    cast.sign_in(client, "adam")
    assert stays in client.get("/jobs/clean?state=completed").text
    operation = finished(start(app, cast, "clean", older_than_days=30, filters=completed))
    assert operation.result == {"removed": 6, "left": {"routine": 2, "kept": 1}}
    assert f"6 jobs removed. {stays}" in client.get(f"/jobs/{operation.id}").text
    nothing = client.get("/jobs/clean?state=completed").text
    assert "Nothing to remove" in nothing
    assert stays in nothing
    asked = client.get("/jobs/clean?state=completed&routine=1").text
    assert "Remove 2 jobs</span>" in asked
    assert 'name="routine" value="1"' in asked
    with_routine = JobFilters(state=State.COMPLETED, routine=True)
    operation = finished(start(app, cast, "clean", older_than_days=30, filters=with_routine))
    assert operation.result == {"removed": 2, "left": {"routine": 0, "kept": 1}}
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert db.session.scalars(select(Job.id).where(Job.id.in_(routine))).all() == []
        assert db.session.scalar(select(func.count()).where(Job.subject == "import:1")) == len(kept)


def test_an_operation_that_is_done_says_it_in_words(
    app: Flask,
    cast: Cast,
    client: FlaskClient,
    add: Callable[..., list[uuid.UUID]],
    worker: WorkerProcess,
    finished: Read,
) -> None:
    add(State.FAILED, 1)
    operation = finished(start(app, cast, "retry", filters=FAILED))
    assert "<p>1 job changed.</p>" in cast.sign_in(client, "vera").get(f"/jobs/{operation.id}").text


def test_words_of_the_title_are_counted_among_the_newest_jobs_and_all_that_match_are_meant(
    app: Flask,
    cast: Cast,
    client: FlaskClient,
    add: Callable[..., list[uuid.UUID]],
    worker: WorkerProcess,
    finished: Read,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(job_queries, "WINDOW", 5)
    march = add(State.FAILED, 4, title="Import march.csv")
    add(State.FAILED, 3, title="Import april.csv")
    page = cast.sign_in(client, "alice").get("/jobs/actions?verb=retry&scope=all&state=failed&q=march").text
    assert "Retry 2+ failed jobs?" in page
    assert "2 are among the newest 5 jobs; further back was not counted." in page
    wanted = JobFilters(state=State.FAILED, search="march")
    with db.organization_context(app, cast.bakery_id):
        assert operations.preview("retry", filters=wanted) == MatchCount(2, more=True, newest=5)
        assert operations.preview("retry", filters=wanted, job_ids=march[:1]) == MatchCount(1)
    operation = finished(start(app, cast, "retry", filters=wanted))
    assert (operation.title, operation.result) == ("Retry 2+ failed jobs", {"changed": 4})


def test_what_matches_beyond_the_newest_jobs_is_not_called_nothing(
    app: Flask, cast: Cast, client: FlaskClient, add: Callable[..., list[uuid.UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_queries, "WINDOW", 2)
    add(State.FAILED, 1, title="Import march.csv")
    add(State.FAILED, 2, title="Import april.csv")
    page = cast.sign_in(client, "alice").get("/jobs/actions?verb=retry&scope=all&state=failed&q=march").text
    assert "Retry any failed jobs?" in page
    assert "0 are among the newest 2 jobs" in page


def test_a_search_that_reaches_all_jobs_counts_exactly(
    app: Flask, cast: Cast, add: Callable[..., list[uuid.UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_queries, "WINDOW", 9)
    add(State.FAILED, 2, title="Import march.csv")
    with db.organization_context(app, cast.bakery_id):
        for words, count in (("march", 2), ("april", 0)):
            found = operations.preview("retry", filters=JobFilters(state=State.FAILED, search=words))
            assert found == MatchCount(count)


def test_the_priority_of_all_that_wait_is_changed(
    app: Flask, cast: Cast, add: Callable[..., list[uuid.UUID]], worker: WorkerProcess, finished: Read, read: Read
) -> None:
    delayed = add(State.DELAYED, 3, run_at=utcnow() + timedelta(days=1))
    finished(start(app, cast, "prioritize", filters=JobFilters(state=State.DELAYED), priority=1))
    assert {read(job_id).priority for job_id in delayed} == {1}


ACTS: dict[str, tuple[State, Callable[[Sequence[Job], By], object]]] = {
    "retry": (State.FAILED, service.retry_those_allowed),
    "cancel": (State.WAITING, transitions.cancel_all),
    "prioritize": (State.WAITING, lambda batch, by: transitions.prioritize_all(batch, Priority.HIGH, by)),
}


@pytest.mark.both
@pytest.mark.parametrize("verb", ACTS)
def test_a_larger_batch_needs_no_more_statements(app: Flask, cast: Cast, add: Add, verb: str) -> None:
    state, act = ACTS[verb]

    def statements(count: int) -> int:
        ids = add(state, count)
        with recorded(app) as seen, db.organization_context(app, cast.bakery_id):
            batch = db.session.scalars(select(Job).where(Job.id.in_(ids))).all()
            act(batch, By("Alice"))
            assert len({job.steered_at for job in batch}) == 1  # whoever looks at one afterwards
            db.session.commit()
        return len(seen)

    assert statements(120) == statements(40)


def test_a_wrong_request_is_refused_with_its_field(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        for field, verb, options in (
            ("verb", "explode", {}),
            ("state", "retry", {"filters": JobFilters(state=State.COMPLETED)}),
            ("job_ids", "retry", {"job_ids": []}),
            ("older_than_days", "clean", {"older_than_days": -1}),
            ("priority", "prioritize", {"priority": 9}),
        ):
            with pytest.raises(Invalid) as refused:
                operations.start(verb, by=By("Alice"), **options)
            assert refused.value.fields[0].field == field
        with pytest.raises(Conflict, match="No job matches"):
            operations.start("retry", by=By("Alice"), filters=FAILED)
