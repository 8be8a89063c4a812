"""Many jobs in a browser without JavaScript: those ticked, all that match, cleaning."""

import re
import uuid

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, Priority, State
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.organizations.models import AuditEvent
from tests.cast import Cast
from tests.jobs.steering import LATER, QUEUE, Enqueue, Read, change, confirm, fail, post, question


def test_ticked_jobs_are_retried_at_once_after_a_question(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read
) -> None:
    first, second, other = (fail(app, cast, enqueue(title=f"Job {number}")) for number in range(3))
    page = cast.sign_in(client, "bob").get("/jobs?state=failed").text
    assert f'name="job" value="{first}"' in page
    assert 'name="verb" value="retry"' in page
    assert 'name="verb" value="cancel"' not in page
    asked = client.get(f"/jobs/actions?verb=retry&scope=ticked&state=failed&job={first}&job={second}").text
    for words in ("Retry 2 jobs?", "Job 0", "Job 1", "Retry 2 jobs</span>"):
        assert words in asked
    assert "Job 2" not in asked
    done = confirm(client, f"/jobs/actions?verb=retry&scope=ticked&state=failed&job={first}&job={second}")
    assert (done.status_code, done.headers["Location"]) == (303, "/jobs?state=failed")
    assert [read(job_id).state for job_id in (first, second, other)] == [State.WAITING, State.WAITING, State.FAILED]
    with db.organization_context(app, cast.bakery_id):
        event = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc()).limit(1)).one()
    assert (event.action, event.details["changed"]) == ("retry jobs", 2)


def test_what_does_not_fit_is_named_and_left_as_it_is(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read
) -> None:
    waiting, failed = enqueue(), fail(app, cast, enqueue())
    cast.sign_in(client, "bob")
    asked = client.get(f"/jobs/actions?verb=cancel&job={waiting}&job={failed}").text
    assert "Cancel 1 job?" in asked
    assert "1 of the ticked jobs stays as it is" in asked
    action, sent = question(asked)
    assert client.post(action, data={**sent, "job": [str(waiting), str(failed)]}).status_code == 303
    assert (read(waiting).state, read(failed).state) == (State.CANCELLED, State.FAILED)
    assert client.post(action, data={**sent, "job": str(failed)}).status_code == 409


def test_the_priority_of_ticked_jobs_is_changed(client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read) -> None:
    job_id = enqueue()
    cast.sign_in(client, "bob")
    asked = f"/jobs/actions?verb=prioritize&job={job_id}"
    assert "New priority" in client.get(asked).text
    assert confirm(client, asked, priority="1").status_code == 303
    assert read(job_id).priority == Priority.CRITICAL
    assert confirm(client, asked, priority="7").status_code == 422


def test_nothing_ticked_says_so_and_unknown_verbs_are_not_found(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "bob")
    answer = client.get("/jobs/actions?verb=retry&job=nonsense")
    assert (answer.status_code, "No job is ticked" in answer.text) == (422, True)
    assert "or choose all that match" not in answer.text  # which agents may not
    assert client.get("/jobs/actions?verb=explode").status_code == 404
    assert client.get("/jobs/actions?verb=clean").status_code == 404
    assert post(client, "/jobs/actions", verb="retry").status_code == 422


def test_nothing_ticked_brings_the_same_list_back_with_what_to_do(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    failed, _ = fail(app, cast, enqueue(title="Read week 9")), enqueue(title="Read week 10")
    cast.sign_in(client, "adam")
    page = client.get("/jobs/actions?verb=retry&scope=ticked&state=failed&q=week").text
    for words in ("No job is ticked", "Tick some first, or choose all that match", "Read week 9", f'value="{failed}"'):
        assert words in page
    assert "Read week 10" not in page
    assert 'name="state" value="failed"' in page
    assert "/jobs/rows?state=failed&amp;q=week" in page
    for number in range(51):
        fail(app, cast, enqueue(title=f"Later {number}"))
    older = re.search(r'rel="next" href="[^"]*cursor=([^"&]+)', client.get("/jobs?state=failed").text)
    assert older
    second = client.get(f"/jobs?state=failed&cursor={older[1]}").text
    assert f'name="cursor" value="{older[1]}"' in second
    again = client.get(f"/jobs/actions?verb=retry&scope=ticked&state=failed&cursor={older[1]}").text
    assert "Read week 9" in again
    asked = client.get(f"/jobs/actions?verb=retry&scope=ticked&state=failed&cursor={older[1]}&job={failed}").text
    assert f"/jobs?state=failed&amp;cursor={older[1]}" in asked
    done = confirm(client, asked)
    assert done.headers["Location"] == f"/jobs?state=failed&cursor={older[1]}"


def test_only_what_some_verb_fits_can_be_ticked_whichever_list_shows_it(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    jobs = {state: change(app, cast, enqueue(title=f"A {state} job"), state=state) for state in State}
    cast.sign_in(client, "bob")

    def tickable(query: str) -> set[State]:
        page = client.get(f"/jobs{query}").text
        return {state for state, job_id in jobs.items() if f'name="job" value="{job_id}"' in page}

    everything = set(State) - {State.COMPLETED}
    assert tickable("") == tickable("?q=job") == tickable(f"?queue={QUEUE}") == everything
    for state in State:
        assert tickable(f"?state={state}") == {state} & everything
    assert "tick-form" not in client.get("/jobs?state=completed").text


def test_a_page_of_completed_jobs_offers_an_agent_nothing_to_tick(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    change(app, cast, enqueue(), state=State.COMPLETED)
    assert "tick-form" not in cast.sign_in(client, "bob").get("/jobs").text
    assert "tick-form" in cast.sign_in(app.test_client(), "adam").get("/jobs").text  # all that match can be chosen


def test_all_that_match_become_an_operation_with_its_own_page(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, worker: WorkerProcess, finished: Read
) -> None:
    jobs = [fail(app, cast, enqueue(run_at=utcnow() + LATER)) for _ in range(3)]
    page = cast.sign_in(client, "adam").get("/jobs?state=failed").text
    assert "all 3 that match" in page
    assert "/jobs/actions?state=failed&amp;verb=retry&amp;scope=all" in page
    assert "Retry 3 failed jobs?" in client.get("/jobs/actions?verb=retry&scope=all").text
    asked = client.get("/jobs/actions?verb=retry&scope=all&state=failed").text
    done = confirm(client, asked, reason="fixed")
    assert done.status_code == 303
    operation = finished(uuid.UUID(done.headers["Location"].removeprefix("/jobs/")))
    assert (operation.title, operation.result) == ("Retry 3 failed jobs", {"changed": 3})
    assert {finished(job_id).state for job_id in jobs} == {State.COMPLETED}
    assert "3 of 3" in client.get(done.headers["Location"]).text
    assert confirm(client, asked).status_code == 409


def test_a_verb_that_fits_no_job_of_the_list_is_not_offered(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    enqueue()
    page = cast.sign_in(client, "bob").get("/jobs?state=waiting").text
    assert re.findall(r'name="verb" value="(\w+)"', page) == ["cancel", "prioritize"]
    assert 'name="scope"' not in page  # agents act on what they tick
    assert "tick-form" not in cast.sign_in(app.test_client(), "vera").get("/jobs").text


def test_a_state_that_the_verb_does_not_fit_is_refused(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    assert client.get("/jobs/actions?verb=retry&scope=all&state=completed").status_code == 422
    assert "Nothing to do" in client.get("/jobs/actions?verb=cancel&scope=all").text


def test_finished_jobs_are_counted_before_they_are_removed(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, worker: WorkerProcess, finished: Read
) -> None:
    job_id = enqueue()
    finished(job_id)
    cast.sign_in(client, "adam")
    assert "No completed job is that old" in client.get("/jobs/clean").text
    asked = client.get("/jobs/clean?state=completed&older_than_days=0").text
    assert "Remove 1 job</span>" in asked
    wrong = client.get("/jobs/clean?older_than_days=soon")
    assert (wrong.status_code, "Enter a whole number" in wrong.text, 'value="soon"' in wrong.text) == (422, True, True)
    done = confirm(client, asked)
    assert done.status_code == 303
    finished(uuid.UUID(done.headers["Location"].removeprefix("/jobs/")))
    with db.organization_context(app, cast.bakery_id):
        assert db.session.get(Job, job_id) is None
