"""A job's page tells its whole story: each end it has had, who did what to it and why, in the order of time."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, Priority, State, retention, service, transitions
from adsapp.jobs.bulk import operations
from adsapp.jobs.bulk.target import BulkAction
from adsapp.jobs.console.timeline import timeline
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.events import actions_on
from adsapp.jobs.models import JobEvent
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.organizations.auditing import By
from tests.cast import Cast
from tests.statements import recorded
from tests.waiting import wait_for

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]
LATER = timedelta(days=1)


@pytest.fixture
def do(app: Flask, cast: Cast) -> Callable[..., None]:
    """Do something to a job, and commit."""

    def call(job_id: uuid.UUID, what: Callable[[Job], object]) -> None:
        with db.organization_context(app, cast.bakery_id):
            what(db.session.get_one(Job, job_id))
            db.session.commit()

    return call


@pytest.fixture
def told(app: Flask, cast: Cast) -> Callable[[uuid.UUID], list[str]]:
    """The lines of a job's story, each as title and what stands beside it."""

    def call(job_id: uuid.UUID) -> list[str]:
        with db.organization_context(app, cast.bakery_id), db.reading():
            job = db.session.get_one(Job, job_id)
            lines = timeline(job, job_queries.attempts(job), actions_on(job))
            assert [line.at for line in lines if line.at] == sorted(line.at for line in lines if line.at)
            return [re.sub(r"worker \S+,", "", f"{line.title} {line.note} {line.text}").strip(" ,") for line in lines]

    return call


def fail(job: Job) -> None:
    job.state, job.error, job.finished_at, job.failures = State.FAILED, "no such file", utcnow(), 3


def test_earlier_ends_and_whoever_retried_stay_in_the_story(
    worker: WorkerProcess,
    enqueue: Enqueue,
    finished: Read,
    read: Read,
    do: Callable[..., None],
    told: Callable[[uuid.UUID], list[str]],
) -> None:
    job_id = enqueue(payload={"mood": "fails_always"}, created_by="Alice")
    finished(job_id)
    do(job_id, lambda _job: service.act_on(BulkAction.RETRY, [job_id], By("Bob", "The file is there now")))
    wait_for(lambda: read(job_id).attempt == 6 and read(job_id).is_finished)
    lines = told(job_id)
    assert [line.split(" This job was")[0].rstrip() for line in lines] == [
        "Queued by Alice",
        "Attempt 1 failed, tried again",
        "Attempt 2 failed, tried again",
        "Attempt 3 failed",
        "Failed for good",
        "Retried by Bob, “The file is there now”",
        "Attempt 4 failed, tried again",
        "Attempt 5 failed, tried again",
        "Attempt 6 failed",
        "Failed for good  It is not tried again by itself.",
    ]


def test_a_cancellation_that_was_undone_stays_in_the_story(
    enqueue: Enqueue, do: Callable[..., None], told: Callable[[uuid.UUID], list[str]]
) -> None:
    job_id = enqueue(run_at=utcnow() + LATER)
    do(job_id, lambda job: transitions.cancel(job, By("Bob", "Too early")))
    do(job_id, lambda job: transitions.retry(job, By("Alice")))
    do(job_id, lambda job: service.set_priority(job, Priority.CRITICAL, By("Adam")))
    assert told(job_id) == [
        "Queued",
        "Cancel requested by Bob, “Too early”",
        "Cancelled",
        "Retried by Alice",
        "Priority normal → critical by Adam",
    ]


def test_what_cancelled_a_job_is_told_once(
    enqueue: Enqueue, do: Callable[..., None], told: Callable[[uuid.UUID], list[str]]
) -> None:
    job_id = enqueue(run_at=utcnow() + LATER)
    do(job_id, lambda job: service.cancel(job, By("Bob")))
    assert told(job_id) == ["Queued", "Cancel requested by Bob", "Cancelled  It had not begun."]

    def before_events_were_kept(job: Job) -> None:
        now = utcnow()
        job.state, job.cancel_requested_at, job.cancel_requested_by, job.finished_at = State.CANCELLED, now, "Eve", now

    older = enqueue()
    do(older, before_events_were_kept)
    assert told(older) == ["Queued", "Cancel requested by Eve", "Cancelled  It had not begun."]


def test_programs_read_what_people_did(
    client: FlaskClient, cast: Cast, enqueue: Enqueue, do: Callable[..., None]
) -> None:
    job_id = enqueue(run_at=utcnow() + LATER)
    do(job_id, lambda job: transitions.cancel(job, By("Bob", "Too early")))
    do(job_id, lambda job: transitions.retry(job, By("Alice")))
    answer = client.get(f"/api/jobs/{job_id}", headers=cast.headers("vera")).json
    assert answer is not None
    cancelled, retried = answer["events"]
    assert cancelled["at"] <= retried["at"]
    told: dict[str, object] = {"what": "cancel", "by": "Bob", "reason": "Too early", "operation": None, "details": {}}
    assert {name: cancelled[name] for name in told} == told
    assert (retried["what"], retried["reason"]) == ("retry", None)
    assert retried["details"]["ended"]["state"] == "cancelled"


def test_a_job_run_early_says_who_wanted_it(
    enqueue: Enqueue, do: Callable[..., None], told: Callable[[uuid.UUID], list[str]]
) -> None:
    job_id = enqueue(run_at=utcnow() + LATER)
    do(job_id, lambda job: service.run_now(job, By("Bob")))
    assert told(job_id)[-1] == "Told to run now by Bob"


def test_jobs_that_were_ticked_together_say_so(
    enqueue: Enqueue, do: Callable[..., None], told: Callable[[uuid.UUID], list[str]]
) -> None:
    ids = [enqueue() for _ in range(3)]
    do(ids[0], lambda _job: service.act_on(BulkAction.PRIORITIZE, ids, By("Bob", "A person waits"), priority=1))
    for job_id in ids:
        assert told(job_id)[-1] == "Priority normal → critical by Bob with 2 other jobs, “A person waits”"


def test_a_child_that_is_cancelled_with_its_parent_says_so(
    app: Flask, cast: Cast, enqueue: Enqueue, do: Callable[..., None], told: Callable[[uuid.UUID], list[str]]
) -> None:
    parent = enqueue()
    child = enqueue(parent=parent)
    do(parent, lambda job: transitions.cancel(job, By("Bob")))
    assert "Cancel requested by Bob with the job it is a part of" in told(child)
    assert "Cancel requested by Bob" in told(parent)


def test_an_operation_is_named_by_each_job_it_was_for_with_its_reason(
    app: Flask, client: FlaskClient, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    ids = [enqueue(title="Report", run_at=utcnow() + LATER) for _ in range(3)]
    other = enqueue(title="Something else", run_at=utcnow() + LATER)
    with db.organization_context(app, cast.bakery_id):
        filters = JobFilters(State.DELAYED, search="Report")
        operation = operations.start("cancel", by=By("Alice", "Replaced by the new ones"), filters=filters).id
        db.session.commit()
    finished(operation)
    cast.sign_in(client, "vera")
    for job_id in ids:
        page = client.get(f"/jobs/{job_id}").text
        assert "“Replaced by the new ones”" in page
        assert re.search(rf'As one of many: <a href="/jobs/{operation}">Cancel 3 delayed jobs</a>', page)
    assert "Replaced by" not in client.get(f"/jobs/{other}").text


def test_an_operation_that_is_gone_is_no_link(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, do: Callable[..., None]
) -> None:
    job_id, operation = enqueue(), enqueue()
    asked = By("Alice", "A reason", operation)
    do(job_id, lambda job: transitions.cancel_all([job], asked))
    do(operation, fail)
    do(operation, lambda _job: retention.remove([operation]))
    page = cast.sign_in(client, "vera").get(f"/jobs/{job_id}").text
    assert "A reason" in page
    assert str(operation) not in page


def test_what_was_done_to_a_job_goes_with_the_job(
    app: Flask, cast: Cast, enqueue: Enqueue, do: Callable[..., None]
) -> None:
    job_id, kept = enqueue(), enqueue()
    for each in (job_id, kept):
        do(each, lambda job: transitions.cancel(job, By("Bob")))
    do(job_id, lambda _job: retention.remove([job_id]))
    with db.organization_context(app, cast.bakery_id):
        assert db.session.scalars(select(JobEvent.job_id)).all() == [kept]


def test_organizations_never_see_what_was_done_to_each_others_jobs(
    app: Flask, cast: Cast, enqueue: Enqueue, do: Callable[..., None]
) -> None:
    job_id = enqueue()
    do(job_id, lambda job: transitions.cancel(job, By("Bob", "Ours alone")))
    with db.organization_context(app, cast.bakery_id):
        job = db.session.get_one(Job, job_id)
        assert len(actions_on(job)) == 1
        db.session.expunge(job)
    with db.organization_context(app, cast.other_id):
        assert actions_on(job) == []
        assert db.session.scalars(select(JobEvent)).all() == []


def statements_of(app: Flask, client: FlaskClient, path: str) -> list[str]:
    with recorded(app) as seen:
        assert client.get(path).status_code in (200, 204)
    return [statement for statement in seen if "job_events" in statement]


def test_a_story_costs_a_statement_only_where_somebody_did_something_and_none_while_nothing_changes(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, do: Callable[..., None]
) -> None:
    plain, steered = enqueue(run_at=utcnow() + LATER), enqueue(run_at=utcnow() + LATER)
    do(steered, lambda job: service.set_priority(job, 1, By("Bob")))
    cast.sign_in(client, "vera")
    for path in (f"/jobs/{plain}", f"/jobs/{plain}/live"):
        assert statements_of(app, client, path) == []
    assert len(statements_of(app, client, f"/jobs/{steered}")) == 1
    polled = re.search(r'hx-get="([^"]+)" hx-trigger="live"', client.get(f"/jobs/{steered}").text)
    assert polled
    assert statements_of(app, client, polled[1].replace("&amp;", "&")) == []
    do(steered, lambda job: service.set_priority(job, 2, By("Bob")))
    do(steered, lambda job: service.set_priority(job, 1, By("Bob")))
    assert "Priority high → critical" in client.get(polled[1].replace("&amp;", "&")).text
