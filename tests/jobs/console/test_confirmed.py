"""What was confirmed is what is done (N11): jobs that came or changed after one looked are left alone, and it is said
how many were no longer there. What is answered is still true a moment later."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, State, service
from adsapp.jobs.bulk.run import run_operation
from adsapp.jobs.bulk.target import BulkParams
from adsapp.jobs.console.presenter import tries
from adsapp.jobs.events import actions_on
from adsapp.jobs.models import JobAttempt
from adsapp.jobs.registry import get_processor
from adsapp.organizations.auditing import By
from adsapp.organizations.models import AuditEvent
from tests.cast import Cast
from tests.jobs.steering import LATER, Enqueue, Read, change, confirm, fail

CarryOut = Callable[[str], dict[str, Any]]


class ByHand:
    """The progress of an operation without a job engine."""

    job_id = uuid.uuid4()
    is_draining = False
    done = 0

    def commit(self) -> None:
        db.session.commit()

    def advance(self, done: int = 1) -> None:
        self.done += done


@pytest.fixture
def carry_out(app: Flask, cast: Cast, read: Read) -> CarryOut:
    """Run the operation whose page this is, here and now; its result."""

    def call(page: str) -> dict[str, Any]:
        with db.organization_context(app, cast.bakery_id):
            params = get_processor("act-on-jobs").parse(read(uuid.UUID(page.rpartition("/")[2])).payload.open())
            assert isinstance(params, BulkParams)
            return run_operation(params, ByHand())  # type: ignore[arg-type]

    return call


def ended(app: Flask, cast: Cast, job_id: uuid.UUID) -> uuid.UUID:
    return change(app, cast, job_id, state=State.COMPLETED, finished_at=utcnow())


VERBS = {
    "cancel": ("/jobs/actions?verb=cancel&scope=all&state=delayed&q=Probe", {}),
    "prioritize": ("/jobs/actions?verb=prioritize&scope=all&state=delayed&q=Probe", {"priority": "1"}),
    "retry": ("/jobs/actions?verb=retry&scope=all&state=failed&q=Probe", {}),
    "clean": ("/jobs/clean?state=completed&older_than_days=0", {}),
}


@pytest.mark.parametrize("verb", list(VERBS))
def test_all_that_match_are_those_that_one_saw(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, carry_out: CarryOut, verb: str
) -> None:
    def add() -> uuid.UUID:
        job_id = enqueue(title="Probe batch", run_at=utcnow() + LATER)
        if verb == "retry":
            return fail(app, cast, job_id)
        return ended(app, cast, job_id) if verb == "clean" else job_id

    seen = [add(), add()]
    address, typed = VERBS[verb]
    cast.sign_in(client, "adam")
    question = client.get(address).text
    later = add()
    done = confirm(client, question, **typed)
    assert done.status_code == 303
    result = carry_out(done.headers["Location"])
    assert result.get("changed", result.get("removed")) == 2
    assert "gone" not in result
    with db.organization_context(app, cast.bakery_id), db.reading():
        left = {job.id: job for job in db.session.scalars(select(Job).where(Job.id.in_([*seen, later])))}
        title = db.session.get_one(Job, uuid.UUID(done.headers["Location"].rpartition("/")[2])).title
    assert " 2 " in title
    untouched = {"cancel": State.DELAYED, "prioritize": State.DELAYED, "retry": State.FAILED, "clean": State.COMPLETED}
    assert (left[later].state, left[later].priority) == (untouched[verb], 3)


def test_what_came_into_the_state_by_itself_is_left_alone_or_asked_about(
    app: Flask,
    client: FlaskClient,
    cast: Cast,
    enqueue: Enqueue,
    read: Read,
    carry_out: CarryOut,
) -> None:
    """A campaign that was being sent when one looked waits for its number a moment later."""
    seen, running = enqueue(run_at=utcnow() + LATER), enqueue()
    change(app, cast, running, state=State.ACTIVE, claimed_at=utcnow())
    question = cast.sign_in(client, "adam").get("/jobs/actions?verb=cancel&scope=all&state=delayed").text
    change(app, cast, running, state=State.DELAYED, progress_at=utcnow(), run_at=utcnow() + LATER, handed_back=True)
    assert carry_out(confirm(client, question).headers["Location"]) == {"changed": 1}
    assert (read(seen).state, read(running).state) == (State.CANCELLED, State.DELAYED)


def test_what_somebody_brought_back_is_left_alone(
    app: Flask,
    client: FlaskClient,
    cast: Cast,
    enqueue: Enqueue,
    read: Read,
    carry_out: CarryOut,
) -> None:
    enqueue()
    failed = fail(app, cast, enqueue())
    question = cast.sign_in(client, "adam").get("/jobs/actions?verb=cancel&scope=all").text
    with db.organization_context(app, cast.bakery_id):
        service.retry(db.session.get_one(Job, failed), By("Alice"))
        db.session.commit()
    assert carry_out(confirm(client, question).headers["Location"]) == {"changed": 1}
    assert read(failed).state is State.WAITING


def test_it_is_said_how_many_were_no_longer_there(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, carry_out: CarryOut
) -> None:
    jobs = [enqueue(run_at=utcnow() + LATER) for _ in range(3)]
    question = cast.sign_in(client, "adam").get("/jobs/actions?verb=cancel&scope=all&state=delayed").text
    ended(app, cast, jobs[0])
    page = confirm(client, question).headers["Location"]
    result = carry_out(page)
    assert result == {"changed": 2, "gone": 1}
    change(app, cast, uuid.UUID(page.rpartition("/")[2]), state=State.COMPLETED, result=result, finished_at=utcnow())
    assert "2 jobs changed. 1 of those confirmed was no longer there." in client.get(page).text


def test_ticked_jobs_that_changed_meanwhile_stay_and_are_counted(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read
) -> None:
    jobs = [fail(app, cast, enqueue(title=f"Job {number}")) for number in range(2)]
    ticked = "&".join(f"job={job_id}" for job_id in jobs)
    question = cast.sign_in(client, "bob").get(f"/jobs/actions?verb=retry&{ticked}").text
    fail(app, cast, jobs[0])  # somebody retried it, and it failed once more
    done = confirm(client, question)
    assert "1 job begins again. 1 was no longer as you saw it and stays." in client.get(done.headers["Location"]).text
    assert (read(jobs[0]).state, read(jobs[1]).state) == (State.FAILED, State.WAITING)


@pytest.mark.parametrize(
    "path, sent", [("actions", {"verb": "cancel", "scope": "all"}), ("clean", {"state": "failed"})]
)
def test_nothing_is_done_that_nobody_was_asked_about(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, path: str, sent: dict[str, str]
) -> None:
    waiting, failed = enqueue(), fail(app, cast, enqueue())
    page = cast.sign_in(client, "adam").get("/jobs").text
    token = page.split('name="csrf-token" content="')[1].split('"')[0]
    answer = client.post(f"/jobs/{path}", data={"csrf_token": token, "older_than_days": "0", **sent})
    assert (answer.status_code, 'name="confirmed" value="1"' in answer.text) == (200, True)
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert {job.id for job in db.session.scalars(select(Job))} == {waiting, failed}


# --- answers that are true a moment later -----------------------------------------------------------------------


def test_a_second_click_on_cancel_changes_nothing_and_names_who_asked_first(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read
) -> None:
    job_id = enqueue(title="Probe")
    change(app, cast, job_id, state=State.ACTIVE)
    path = f"/api/jobs/{job_id}"
    assert client.delete(path, headers=cast.headers("bob")).status_code == 202
    asked_at = read(job_id).cancel_requested_at
    for name in ("adam", "bob"):
        again = client.delete(path, headers=cast.headers(name))
        assert (again.status_code, (again.json or {})["stopping"]) == (202, True)
    job = read(job_id)
    assert (job.cancel_requested_by, job.cancel_requested_at) == ("token bob", asked_at)
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert [(each.what, each.by) for each in actions_on(job)] == [("cancel", "token bob")]
        assert [each.actor for each in db.session.scalars(select(AuditEvent))] == ["token bob"]


def test_a_cancel_near_the_end_promises_no_more_than_is_true(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    running, waiting = enqueue(title="Running"), enqueue(title="Waiting")
    change(app, cast, running, state=State.ACTIVE)
    cast.sign_in(client, "bob")
    done = confirm(client, f"/jobs/actions?verb=cancel&job={running}&job={waiting}")
    said = client.get(done.headers["Location"]).text
    assert "1 job is cancelled. 1 job is asked to stop; it may end first." in said
    ended(app, cast, running)
    assert "It was asked to stop, and ended first." in client.get(f"/jobs/{running}").text
    with db.organization_context(app, cast.bakery_id):
        done = service.cancel(db.session.get_one(Job, change(app, cast, enqueue(), state=State.ACTIVE)), By("Bob"))
        assert (done.ended, done.stopping) == (0, 1)


def attempts(app: Flask, cast: Cast, job_id: uuid.UUID, *outcomes: str) -> None:
    with db.organization_context(app, cast.bakery_id):
        for number, outcome in enumerate(outcomes, 1):
            row = JobAttempt(job_id=job_id, attempt=number, worker_id=uuid.uuid4(), worker="w", started_at=utcnow())
            row.organization_id, row.outcome, row.ended_at = cast.bakery_id, outcome, utcnow()
            db.session.add(row)
        db.session.commit()


def test_the_last_lost_attempt_was_not_taken_up_again(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = fail(app, cast, enqueue())
    attempts(app, cast, job_id, "lost", "lost", "lost")
    page = cast.sign_in(client, "bob").get(f"/jobs/{job_id}").text
    assert page.count("The job was taken up again from its last commit.") == 2
    assert page.count("It is not tried again by itself.") == 1


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("attempt, failures", [(6, 3), (6, 0), (4, 1), (9, 2)])
def test_no_job_is_at_an_attempt_beyond_the_last(
    app: Flask, cast: Cast, client: FlaskClient, enqueue: Enqueue, read: Read, state: State, attempt: int, failures: int
) -> None:
    job_id = change(app, cast, enqueue(), state=state, attempt=attempt, failures=failures, max_attempts=3)
    words = tries(read(job_id))
    number, _, of = words.partition(" of ")
    assert int(number) <= int(of or number)
    shown = client.get(f"/api/jobs/{job_id}", headers=cast.headers("bob")).json or {}
    assert shown["attempt"] <= shown["attempts_granted"]
