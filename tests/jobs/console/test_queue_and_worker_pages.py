"""Acting on jobs in a browser without JavaScript: one job, queues, limits, workers."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.jobs import After, On, Priority, Queue, State, queues
from adsapp.jobs.models import JobAttempt, QueueControl, QueueLimit, Worker
from adsapp.organizations import service as organizations
from adsapp.organizations.auditing import By
from adsapp.organizations.models import Role
from tests.cast import Cast, csrf_token
from tests.jobs.steering import (
    LATER,
    QUEUE,
    Enqueue,
    Read,
    add_worker,
    change,
    confirm,
    fail,
    live_url,
    post,
    without_clock,
)
from tests.statements import recorded

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
    asked = post(client, f"/queues/{QUEUE}/resume", processor="demo", back=back)
    assert (asked.status_code, "1 job that waits will begin at once" in asked.text) == (200, True)
    with db.organization_context(app, cast.bakery_id):
        assert len(db.session.scalars(select(QueueControl)).all()) == 1
    sure = confirm(client, asked.text)
    assert sure.headers["Location"] == back
    with db.organization_context(app, cast.bakery_id):
        assert db.session.scalars(select(QueueControl)).all() == []


# --- queues -----------------------------------------------------------------------------------------------------


def test_a_queue_in_which_nothing_waits_is_resumed_without_a_question(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    with db.organization_context(app, cast.bakery_id):
        queues.pause_queue(Queue.BULK_MESSAGES, By("Alice", "Stocktaking"))
        db.session.commit()
    cast.sign_in(client, "adam")
    assert post(client, "/queues/bulk-messages/resume", back="/").headers["Location"] == "/"


def test_campaigns_that_would_go_out_are_named_before_a_queue_is_resumed(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    for _ in range(2):
        enqueue("bulk-message", {"campaign_id": str(new_id())})
    with db.organization_context(app, cast.bakery_id):
        queues.pause_queue(Queue.BULK_MESSAGES, By("Alice", "Flour recall"))
        db.session.commit()
    asked = post(cast.sign_in(client, "adam"), "/queues/bulk-messages/resume", back="/").text
    assert "2 jobs that wait will begin at once: campaigns among them go out" in asked


def test_a_queue_shows_how_it_stands_and_what_holds_it_back(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    enqueue()
    fail(app, cast, enqueue(title="Render week 9"))
    with db.organization_context(app, cast.bakery_id):
        queues.pause_queue(Queue.TEMPLATE_PROCESSING, By("Alice", "Stocktaking"), until=utcnow() + LATER)
        queues.pause_queue(Queue.TEMPLATE_PROCESSING, By("Bob", "Odd numbers"), processor="demo")
        queues.set_limit(Queue.TEMPLATE_PROCESSING, By("Alice"), at_once=8, waiting=1200)
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
        alone = Cast(organizations.create_organization("alone", "Alone", "US").id, new_id())
        alone.add("adam", Role.ADMIN)
        db.session.commit()
    alone.sign_in(client, "adam")
    assert f'href="/workers/{worker_id}/drain"' in client.get("/workers").text
    assert "Drain harbour-7?" in client.get(f"/workers/{worker_id}/drain").text
    token = csrf_token(client)
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
