"""Steering in a browser without JavaScript: ticked jobs, all that match, cleaning, queues, limits, workers."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.jobs import service
from adsapp.jobs.dependencies import After
from adsapp.jobs.models import Job, JobAttempt, QueueControl, QueueLimit, Worker
from adsapp.jobs.states import On, Priority, Queue, State
from adsapp.jobs.worker import WorkerProcess
from adsapp.organizations import service as organizations
from adsapp.organizations.models import AuditEvent, Organization, Role
from tests.cast import PASSWORD, Cast, csrf_token
from tests.statements import recorded

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]
LATER = timedelta(days=1)
QUEUE = "template-processing"


def post(client: FlaskClient, path: str, **fields: Any) -> Any:
    """Send a form; the answer."""
    return client.post(path, data={"csrf_token": csrf_token(client, "/jobs"), **fields})


def change(app: Flask, cast: Cast, job_id: uuid.UUID, **values: object) -> uuid.UUID:
    with db.organization_context(app, cast.bakery_id):
        job = db.session.get_one(Job, job_id)
        for name, value in values.items():
            setattr(job, name, value)
        db.session.commit()
    return job_id


def fail(app: Flask, cast: Cast, job_id: uuid.UUID) -> uuid.UUID:
    return change(app, cast, job_id, state=State.FAILED, error="no", attempt=3, failures=3, finished_at=utcnow())


def add_worker(app: Flask, host: str = "harbour", **changes: object) -> uuid.UUID:
    """A worker process that lives on without a heartbeat, unless the changes say otherwise."""
    worker_id, now = new_id(), utcnow() + timedelta(hours=1)
    row: dict[str, object] = {"id": worker_id, "host": host, "pid": 7, "version": "0.1", "memory_mb": 61}
    row |= {"queues": [queue.value for queue in Queue], "started_at": now, "heartbeat_at": now}
    with app.app_context(), db.engine_transaction() as connection:
        connection.execute(insert(Worker).values(**row | changes))
    return worker_id


def live_url(page: str) -> str:
    found = re.search(r'hx-get="([^"]+)"', page)
    assert found
    return found[1].replace("&amp;", "&")


def without_clock(html: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", re.sub(r"<time[^>]*>[^<]*</time>", "", html))


# --- many jobs --------------------------------------------------------------------------------------------------


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
    done = post(client, "/jobs/actions", verb="retry", scope="ticked", state="failed", job=[str(first), str(second)])
    assert (done.status_code, done.headers["Location"]) == (303, "/jobs?state=failed")
    assert [read(job_id).state for job_id in (first, second, other)] == [State.WAITING, State.WAITING, State.FAILED]
    with db.organization_context(app, cast.bakery_id):
        event = db.session.scalars(select(AuditEvent)).one()
    assert (event.action, event.details["changed"]) == ("retry jobs", 2)


def test_what_does_not_fit_is_named_and_left_as_it_is(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read
) -> None:
    waiting, failed = enqueue(), fail(app, cast, enqueue())
    cast.sign_in(client, "bob")
    asked = client.get(f"/jobs/actions?verb=cancel&job={waiting}&job={failed}").text
    assert "Cancel 1 job?" in asked
    assert "1 of the ticked jobs stays as it is" in asked
    assert post(client, "/jobs/actions", verb="cancel", job=[str(waiting), str(failed)]).status_code == 303
    assert (read(waiting).state, read(failed).state) == (State.CANCELLED, State.FAILED)
    assert post(client, "/jobs/actions", verb="cancel", job=str(failed)).status_code == 409


def test_the_priority_of_ticked_jobs_is_changed(client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read) -> None:
    job_id = enqueue()
    cast.sign_in(client, "bob")
    assert "New priority" in client.get(f"/jobs/actions?verb=prioritize&job={job_id}").text
    assert post(client, "/jobs/actions", verb="prioritize", job=str(job_id), priority="1").status_code == 303
    assert read(job_id).priority == Priority.CRITICAL
    assert post(client, "/jobs/actions", verb="prioritize", job=str(job_id), priority="7").status_code == 422


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
    done = post(client, "/jobs/actions", verb="retry", scope="ticked", state="failed", cursor=older[1], job=str(failed))
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
    done = post(client, "/jobs/actions", verb="retry", scope="all", state="failed", reason="fixed")
    assert done.status_code == 303
    operation = finished(uuid.UUID(done.headers["Location"].removeprefix("/jobs/")))
    assert (operation.title, operation.result) == ("Retry 3 failed jobs", {"changed": 3})
    assert {finished(job_id).state for job_id in jobs} == {State.COMPLETED}
    assert "3 of 3" in client.get(done.headers["Location"]).text
    assert post(client, "/jobs/actions", verb="retry", scope="all", state="failed").status_code == 409


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
    done = post(client, "/jobs/clean", state="completed", older_than_days="0", queue="")
    assert done.status_code == 303
    finished(uuid.UUID(done.headers["Location"].removeprefix("/jobs/")))
    with db.organization_context(app, cast.bakery_id):
        assert db.session.get(Job, job_id) is None


# --- one job ----------------------------------------------------------------------------------------------------


def test_a_job_shows_what_it_waits_for_and_what_waits_for_it(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    first = enqueue(title="Read the list")
    second = enqueue(title="Send the mail", after=[After(first)])
    third = enqueue(title="Tidy up", after=[After(second, On.ALWAYS)])
    page = cast.sign_in(client, "vera").get(f"/jobs/{second}").text
    for words in ("Waits for 1 other job", "has to complete", "begins once this one has ended"):
        assert words in page
    assert page.count(f'href="/jobs/{first}"') == 2  # where it says why it waits, and among those that it needs
    assert f'href="/jobs/{third}"' in page
    assert client.post(f"/jobs/{second}/run").status_code in (400, 403)


def test_a_job_shows_its_parts_and_what_it_is_part_of(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    parent = change(app, cast, enqueue(title="Render all"), state=State.ACTIVE)
    child = enqueue(title="Render one", parent=parent)
    cast.sign_in(client, "vera")
    page = client.get(f"/jobs/{parent}").text
    assert "Its parts" in page
    assert f'href="/jobs/{child}"' in page
    assert "It waited for" not in page
    assert f'href="/jobs/{parent}"' in client.get(f"/jobs/{child}").text


def test_a_priority_is_changed_on_the_jobs_page(client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read) -> None:
    job_id = enqueue(title="Digest")
    cast.sign_in(client, "bob")
    assert f'href="/jobs/{job_id}/priority"' in client.get(f"/jobs/{job_id}").text
    assert "Change the priority" in client.get(f"/jobs/{job_id}/priority").text
    assert post(client, f"/jobs/{job_id}/priority", priority="2").status_code == 303
    assert "Digest: priority normal → high" in client.get("/jobs").text
    for wrong in ("12", "", "x"):
        assert post(client, f"/jobs/{job_id}/priority", priority=wrong).status_code == 422
    assert read(job_id).priority == Priority.HIGH


def test_a_retry_says_what_it_grants(app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    job_id = fail(app, cast, enqueue())
    page = cast.sign_in(client, "bob").get(f"/jobs/{job_id}").text
    assert "It failed at attempt 3 of 3" in page
    assert "Retry, 3 more attempts" in page
    post(client, f"/jobs/{job_id}/retries")
    assert "3 of 6" in client.get(f"/jobs/{job_id}").text


def test_a_trace_is_shown_to_those_who_manage(app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    job_id = fail(app, cast, enqueue())
    with db.organization_context(app, cast.bakery_id):
        attempt = JobAttempt(organization_id=cast.bakery_id, job_id=job_id, attempt=1, worker_id=new_id())
        attempt.worker, attempt.started_at, attempt.ended_at = "harbour-7", utcnow(), utcnow()
        attempt.outcome, attempt.error, attempt.trace = "failed", "no", "Traceback <of> it"
        db.session.add(attempt)
        db.session.commit()
    assert "Traceback &lt;of&gt; it" in cast.sign_in(client, "adam").get(f"/jobs/{job_id}").text
    assert "Traceback" not in cast.sign_in(app.test_client(), "bob").get(f"/jobs/{job_id}").text


def test_a_paused_kind_of_job_is_resumed_from_the_job_that_waits(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = enqueue()
    cast.sign_in(client, "adam")
    paused = post(
        client, f"/queues/{QUEUE}/pause", reason="A look", processor="demo", hours="4", back=f"/queues/{QUEUE}"
    )
    assert (paused.status_code, paused.headers["Location"]) == (303, f"/queues/{QUEUE}")
    page = client.get(f"/jobs/{job_id}").text
    assert "“A demo job” is paused by Adam: A look" in page
    assert 'name="processor" value="demo"' in page
    back = f"/jobs/{job_id}"
    assert post(client, f"/queues/{QUEUE}/resume", processor="demo", back=back).headers["Location"] == back
    with db.organization_context(app, cast.bakery_id):
        assert db.session.scalars(select(QueueControl)).all() == []


# --- queues -----------------------------------------------------------------------------------------------------


def test_a_queue_shows_how_it_stands_and_what_holds_it_back(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    enqueue()
    fail(app, cast, enqueue(title="Render week 9"))
    with db.organization_context(app, cast.bakery_id):
        service.pause_queue(Queue.TEMPLATE_PROCESSING, by="Alice", reason="Stocktaking", until=utcnow() + LATER)
        service.pause_queue(Queue.TEMPLATE_PROCESSING, by="Bob", reason="Odd numbers", processor="demo")
        service.set_limit(Queue.TEMPLATE_PROCESSING, by="Alice", at_once=8, waiting=1200)
        db.session.commit()
    page = cast.sign_in(client, "vera").get(f"/queues/{QUEUE}").text
    for words in ("Stocktaking", "1 job is held back", "It ends", "“A demo job” is paused", "Odd numbers"):
        assert words in page
    for words in ("Render week 9", "at most 1,200", f"/jobs?queue={QUEUE}&amp;state=waiting"):
        assert words in page
    for manages_only in ("/pause", "/limits", "/resume", "All workers"):
        assert manages_only not in page
    assert f'href="/queues/{QUEUE}"' in client.get("/").text
    assert client.get("/queues/fax").status_code == 404


def test_a_queues_page_is_a_fragment_that_is_204_while_nothing_changes(
    client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    page = cast.sign_in(client, "alice").get(f"/queues/{QUEUE}").text
    polled = live_url(page)
    assert client.get(polled).status_code == 204
    assert without_clock(client.get(f"/queues/{QUEUE}/live").text).strip() in without_clock(page)
    enqueue()
    assert client.get(polled).status_code == 200


def test_a_queues_workers_are_shown_with_the_organizations_own_jobs(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    worker_id = add_worker(app)
    change(app, cast, enqueue(title="Ours"), state=State.ACTIVE, worker_id=worker_id, lease_until=utcnow())
    assert "harbour-7" not in cast.sign_in(app.test_client(), "bob").get(f"/queues/{QUEUE}").text
    page = cast.sign_in(client, "adam").get(f"/queues/{QUEUE}").text
    assert "harbour-7" in page
    assert "Ours" in page
    theirs = cast.sign_in(app.test_client(), "charlie").get(f"/queues/{QUEUE}").text
    assert "runs no job of yours" in theirs
    assert "Ours" not in theirs


def test_a_pause_ends_by_itself_and_a_wrong_one_keeps_what_was_typed(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    cast.sign_in(client, "adam")
    assert "Read the templates from WhatsApp" in client.get(f"/queues/{QUEUE}/pause").text
    for field, value, says in (
        ("reason", " ", "Say why"),
        ("hours", "soon", "Choose how long"),
        ("hours", "inf", "Choose how long"),
        ("processor", "bulk-message", "belongs to the queue bulk-messages"),
    ):
        fields = {"reason": "Kept words", field: value}
        refused = post(client, f"/queues/{QUEUE}/pause", **fields)
        assert (refused.status_code, says in refused.text) == (422, True), refused.text
        assert field == "reason" or "Kept words" in refused.text
    assert post(client, f"/queues/{QUEUE}/pause", reason="A look", hours="1").status_code == 303
    with db.organization_context(app, cast.bakery_id):
        control = db.session.scalars(select(QueueControl)).one()
    assert control.paused_until
    assert control.paused_until - utcnow() < timedelta(hours=1)


def test_limits_are_set_with_before_and_after(app: Flask, client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    assert "Now no limit" in client.get(f"/queues/{QUEUE}/limits").text
    done = post(client, f"/queues/{QUEUE}/limits", at_once="5", per_minute="", waiting="1,000")
    assert (done.status_code, done.headers["Location"]) == (303, f"/queues/{QUEUE}")
    assert "Templates: at once no limit → 5, waiting no limit → 1,000" in client.get(done.headers["Location"]).text
    for wrong in ("0", "-1", "many", "9" * 13):
        refused = post(client, f"/queues/{QUEUE}/limits", at_once=wrong, waiting="7")
        assert (refused.status_code, f'value="{wrong}"' in refused.text, 'value="7"' in refused.text) == (
            422,
            True,
            True,
        )
    with db.organization_context(app, cast.bakery_id):
        limit = db.session.scalars(select(QueueLimit)).one()
        assert (limit.at_once, limit.per_minute, limit.waiting) == (5, None, 1000)


# --- workers ----------------------------------------------------------------------------------------------------


def test_workers_are_shown_to_those_who_manage(app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    lost = add_worker(app, "quay", heartbeat_at=utcnow() - timedelta(hours=1))
    add_worker(app, "gone", stopped_at=utcnow())
    worker_id = add_worker(app, drain_requested_at=utcnow(), drain_requested_by="Olga")
    change(app, cast, enqueue(title="Ours"), state=State.ACTIVE, worker_id=worker_id, lease_until=utcnow())
    page = cast.sign_in(client, "adam").get("/workers").text
    for words in ("harbour-7", "draining", "by Olga", "Ours", "61 MB", f"worker-{lost}", "lost", "2 processes"):
        assert words in page
    assert "gone-7" not in page
    assert "adsapp jobs drain" in page  # it serves other organizations too
    assert f"/workers/{worker_id}/drain" not in page
    assert 'href="/workers"' in page
    assert "Ours" not in cast.sign_in(app.test_client(), "charlie").get("/workers").text


def test_the_workers_page_is_204_while_nothing_changes_and_says_who_is_missing(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    page = cast.sign_in(client, "adam").get("/workers").text
    assert "No worker is running" in page
    assert "No worker serves Bulk messages, Contact import, Templates, E-mail" in page
    polled = live_url(page)
    assert client.get(polled).status_code == 204
    add_worker(app)
    assert "harbour-7" in client.get(polled).text


def test_where_there_is_one_organization_its_admin_drains_a_worker(app: Flask, client: FlaskClient) -> None:
    worker_id = add_worker(app)
    with app.app_context():
        alone = organizations.create_organization("alone", "Alone", "US")
        person = organizations.create_user("adam@example.com", "Adam", PASSWORD)
        organizations.add_member(alone, person, Role.ADMIN)
        db.session.commit()
    Cast(new_id(), new_id()).sign_in(client, "adam")
    assert f'href="/workers/{worker_id}/drain"' in client.get("/workers").text
    assert "Drain harbour-7?" in client.get(f"/workers/{worker_id}/drain").text
    token = csrf_token(client, "/workers")
    done = client.post(f"/workers/{worker_id}/drain", data={"csrf_token": token})
    assert (done.status_code, done.headers["Location"]) == (303, "/workers")
    assert "by Adam" in client.get("/workers").text
    assert client.post(f"/workers/{worker_id}/drain", data={"csrf_token": token}).status_code == 409


def test_a_worker_that_others_use_too_is_not_drained_in_the_console(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    worker_id = add_worker(app)
    cast.sign_in(client, "alice")
    assert client.get(f"/workers/{worker_id}/drain").status_code == 403
    assert post(client, f"/workers/{worker_id}/drain").status_code == 403
    assert client.get(f"/workers/{new_id()}/drain").status_code == 404
    with app.app_context():
        assert db.session.get_one(Worker, worker_id).drain_requested_at is None
        assert len(db.session.scalars(select(Organization)).all()) == 2


# --- who may, and at what cost ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "who, method, path",
    [
        ("vera", "get", "/jobs/actions?verb=retry"),
        ("vera", "post", "/jobs/actions"),
        ("vera", "get", "/jobs/{}/priority"),
        ("vera", "post", "/jobs/{}/priority"),
        ("bob", "get", "/jobs/actions?verb=retry&scope=all"),
        ("bob", "get", "/jobs/clean"),
        ("bob", "post", "/jobs/clean"),
        ("bob", "get", f"/queues/{QUEUE}/limits"),
        ("bob", "post", f"/queues/{QUEUE}/limits"),
        ("bob", "post", f"/queues/{QUEUE}/pause"),
        ("bob", "post", f"/queues/{QUEUE}/resume"),
        ("bob", "get", "/workers"),
        ("bob", "get", "/workers/live"),
    ],
)
def test_each_role_steers_only_what_it_may(
    client: FlaskClient, cast: Cast, enqueue: Enqueue, who: str, method: str, path: str
) -> None:
    address = path.format(enqueue())
    cast.sign_in(client, who)
    answer = client.get(address) if method == "get" else post(client, address, reason="x", verb="retry", state="failed")
    assert answer.status_code == 403


def test_an_agent_cannot_turn_ticked_into_all(app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    fail(app, cast, enqueue())
    cast.sign_in(client, "bob")
    assert post(client, "/jobs/actions", verb="retry", scope="all", state="failed").status_code == 403


def test_another_organizations_jobs_are_not_found(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read
) -> None:
    job_id = fail(app, cast, enqueue(title="Secret plan"))
    cast.sign_in(client, "charlie")
    assert client.get(f"/jobs/actions?verb=retry&job={job_id}").status_code == 404
    assert post(client, "/jobs/actions", verb="retry", job=str(job_id)).status_code == 404
    assert client.get(f"/jobs/{job_id}/priority").status_code == 404
    assert post(client, f"/jobs/{job_id}/priority", priority="1").status_code == 404
    assert "Secret plan" not in client.get(f"/queues/{QUEUE}").text
    assert (read(job_id).state, read(job_id).priority) == (State.FAILED, Priority.NORMAL)


HISTORY = ("jobs", "job_logs", "job_attempts", "job_dependencies")


@pytest.mark.parametrize("path", [f"/queues/{QUEUE}", f"/queues/{QUEUE}/live", "/workers", "/jobs?state=failed"])
def test_a_page_costs_the_same_whatever_lies_behind(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, path: str
) -> None:
    add_worker(app)
    fail(app, cast, enqueue())
    cast.sign_in(client, "alice").get(path)

    def statements() -> list[str]:
        with recorded(app) as seen:
            assert client.get(path).status_code == 200
        return seen

    few = statements()
    for _ in range(12):
        fail(app, cast, enqueue())
    many = statements()
    assert len(many) == len(few)
    for statement in many:
        assert not re.search(r"\bcount\(", statement, re.IGNORECASE), statement
        for table in HISTORY:
            reads = re.search(rf"\bfrom {table}\b", statement, re.IGNORECASE)
            is_short = re.search(r"\blimit\b|state = 'active'", statement, re.IGNORECASE)
            assert not reads or is_short, statement
