"""Pages of jobs in a browser without JavaScript, and the fragments that one with it polls."""

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
from adsapp.core.ids import new_id
from adsapp.jobs import Job, Queue, State, queues
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import JobItem, QueueControl
from adsapp.organizations.auditing import By
from adsapp.organizations.models import AuditEvent
from tests.cast import Cast, csrf_token
from tests.jobs.steering import confirm
from tests.waiting import wait_for

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]


def post(client: FlaskClient, path: str, **fields: str) -> tuple[int, str]:
    """Send a form; the status and where it leads."""
    answer = client.post(path, data={"csrf_token": csrf_token(client), **fields})
    return answer.status_code, answer.headers.get("Location", "")


def live_url(page: str) -> str:
    """The address the page's fragment polls."""
    found = re.search(r'hx-get="([^"]+)" hx-trigger="live"', page)
    assert found
    return found[1].replace("&amp;", "&")


def test_the_list_says_what_each_job_is_in_business_words(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    enqueue(title="Import contacts_march.csv", created_by="Bob", total=200)
    page = cast.sign_in(client, "vera").get("/jobs").text
    for words in ("Import contacts_march.csv", "Templates", "Bob", "0 of 200", "waiting 1", "No worker is running"):
        assert words in page


def test_an_empty_list_says_what_to_do(client: FlaskClient, cast: Cast) -> None:
    assert "No jobs yet" in cast.sign_in(client, "vera").get("/jobs").text
    assert "No failed jobs" in client.get("/jobs?state=failed").text
    assert "No job fits" in client.get("/jobs?state=failed&queue=bulk-messages").text


def test_filters_stay_in_the_url_and_narrow_the_list(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    enqueue(title="Now")
    enqueue(title="Tomorrow", run_at=utcnow() + timedelta(days=1))
    page = cast.sign_in(client, "vera").get("/jobs?state=delayed&queue=template-processing").text
    assert "Tomorrow" in page
    assert ">Now<" not in page
    assert 'name="state" value="delayed"' in page
    assert "queue=template-processing" in live_url(page)
    assert client.get("/jobs?state=asleep").status_code == 422


def test_the_fragment_stands_in_the_page_byte_for_byte_and_is_204_while_nothing_changes(
    client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = enqueue(title="Only one")
    page = cast.sign_in(client, "vera").get("/jobs").text
    polled = live_url(page)
    assert client.get(polled).status_code == 204
    fragment = client.get(polled.partition("version=")[0]).text
    assert without_clock(fragment).strip() in without_clock(page)
    client.delete(f"/api/jobs/{job_id}", headers=cast.headers("bob"))
    assert client.get(polled).status_code == 200


def without_clock(html: str) -> str:
    """HTML without the seconds of "as of", which go on."""
    return re.sub(r"<time[^>]*>[^<]*</time>", "", html)


def test_new_jobs_are_announced_and_do_not_push_what_one_reads(
    client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    enqueue(title="First")
    polled = live_url(cast.sign_in(client, "vera").get("/jobs").text)
    enqueue(title="Second")
    fragment = client.get(polled).text
    assert "1 new, show it" in fragment
    assert "Second" not in fragment
    assert "Second" in client.get("/jobs").text


def test_older_jobs_are_on_the_next_page(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    for number in range(51):
        enqueue(title=f"Job number {number}.")
    page = cast.sign_in(client, "vera").get("/jobs").text
    assert "Job number 0." not in page
    older = re.search(r'rel="next" href="([^"]+)"', page)
    assert older
    assert "Job number 0." in client.get(older[1]).text
    assert client.get("/jobs?cursor=nowhere").status_code == 404


def test_a_finished_job_polls_no_more(
    client: FlaskClient, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    job_id = enqueue(payload={"mood": "fails_once", "steps": 3})
    finished(job_id)
    page = cast.sign_in(client, "vera").get(f"/jobs/{job_id}").text
    assert 'hx-trigger="live"' not in page
    for words in ("3 of 3", "Attempt 1 failed, tried again", "Attempt 2 completed", "asked to fail (attempt 1)"):
        assert words in page


@pytest.mark.parametrize(("done", "cards"), [(0, 0), (3, 1)])
def test_a_finished_job_that_counted_nothing_shows_no_empty_bar(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, done: int, cards: int
) -> None:
    job_id = enqueue(title="Only one")
    with db.organization_context(app, cast.bakery_id):
        job = db.session.get_one(Job, job_id)
        job.state, job.progress_done, job.progress_total = State.COMPLETED, done, None
        db.session.commit()
    page = cast.sign_in(client, "vera").get(f"/jobs/{job_id}").text
    assert page.count('aria-label="Progress"') == cards
    assert "Nothing to count" not in page


def test_a_failed_job_says_why_and_begins_again(
    client: FlaskClient, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, read: Read, finished: Read
) -> None:
    job_id = enqueue(payload={"mood": "fails_always"})
    finished(job_id)
    page = cast.sign_in(client, "bob").get(f"/jobs/{job_id}").text
    assert "It failed at attempt 3" in page
    assert post(client, f"/jobs/{job_id}/retries") == (303, f"/jobs/{job_id}")
    wait_for(lambda: read(job_id).attempt > 3)


def test_a_running_job_is_cancelled_in_stages(
    client: FlaskClient, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, read: Read, finished: Read
) -> None:
    job_id = enqueue(payload={"mood": "crawls", "steps": 10_000, "step_seconds": 0.01})
    wait_for(lambda: read(job_id).state == State.ACTIVE)
    page = cast.sign_in(client, "bob").get(f"/jobs/{job_id}").text
    assert f'href="/jobs/{job_id}/cancel"' in page
    assert "Cancel the job" in client.get(f"/jobs/{job_id}/cancel").text
    assert post(client, f"/jobs/{job_id}/cancel", back="/jobs?state=active", reason="Not today") == (
        303,
        "/jobs?state=active",
    )
    finished(job_id)
    page = client.get(f"/jobs/{job_id}").text
    assert "Cancel requested" in page
    assert "“Not today”" in page
    assert "Cancelled" in page
    assert post(client, f"/jobs/{job_id}/cancel")[0] == 409


def test_a_form_leads_back_to_our_own_pages_only(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    cast.sign_in(client, "bob")
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "jobs"):
        job_id = enqueue()
        assert post(client, f"/jobs/{job_id}/cancel", back=elsewhere) == (303, f"/jobs/{job_id}")


def test_a_delayed_job_runs_now_but_one_that_waits_for_a_decision_does_not(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read
) -> None:
    cast.sign_in(client, "bob")
    later, undecided = (enqueue(run_at=utcnow() + timedelta(days=1)) for _ in range(2))
    with db.organization_context(app, cast.bakery_id):
        job = db.session.get_one(Job, undecided)
        job.run_at, job.wait_reason = None, "the campaign is paused"
        db.session.commit()
    assert "Run now" in client.get(f"/jobs/{later}").text
    assert post(client, f"/jobs/{later}/run")[0] == 303
    assert read(later).state == State.WAITING
    page = client.get(f"/jobs/{undecided}").text
    assert "Run now" not in page
    assert "the campaign is paused" in page
    assert post(client, f"/jobs/{undecided}/run")[0] == 409


def test_a_job_leads_to_what_it_works_on(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    cast.sign_in(client, "vera")
    assert 'href="/campaigns/17"' in client.get(f"/jobs/{enqueue(subject='campaign:17')}").text
    assert 'href="/imports/18"' in client.get(f"/jobs/{enqueue(subject='import:18')}").text


@pytest.mark.parametrize(
    "processor, kind, link", [("bulk-message", "campaign", "/campaigns/"), ("import-contacts", "import", "/imports/")]
)
def test_a_job_whose_campaign_or_import_is_gone_is_shown_all_the_same(
    client: FlaskClient, cast: Cast, enqueue: Enqueue, processor: str, kind: str, link: str
) -> None:
    gone = new_id()
    job_id = enqueue(processor, {f"{kind}_id": str(gone)}, subject=f"{kind}:{gone}", title="What became of it")
    cast.sign_in(client, "bob")
    for path in (f"/jobs/{job_id}", f"/jobs/{job_id}/live"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "What became of it" in answer.text
        assert f"{link}{gone}" not in answer.text
    assert client.get(f"/api/jobs/{job_id}/items", headers=cast.headers("bob")).status_code == 404


def test_items_and_data_are_shown_without_secrets_and_without_numbers_for_viewers(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = enqueue()
    with db.organization_context(app, cast.bakery_id):
        payload = {"to": "+15550100001", "api_token": "s3cret", "note": "n" * 300}
        db.session.get_one(Job, job_id).payload = db.SecretJson.of(payload)
        item = JobItem(organization_id=cast.bakery_id, job_id=job_id, attempt=1, key="+15550100001", status="failed")
        item.code, item.message = "131026", "This number has no WhatsApp"
        db.session.add(item)
        db.session.commit()
    agent = cast.sign_in(client, "bob").get(f"/jobs/{job_id}").text
    assert "This number has no WhatsApp" in agent
    assert "+15550100001" in agent
    assert "300 characters, not shown" in agent
    viewer = cast.sign_in(app.test_client(), "vera").get(f"/jobs/{job_id}").text
    assert "hidden from your role" in viewer
    for page, hidden in ((agent, "s3cret"), (viewer, "s3cret"), (viewer, "+15550100001"), (viewer, "nnnn")):
        assert hidden not in page


def test_a_viewer_sees_the_verbs_refused_with_the_reason(
    client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read
) -> None:
    job_id = enqueue()
    page = cast.sign_in(client, "vera").get(f"/jobs/{job_id}").text
    assert "your role can only look" in page
    assert f"/jobs/{job_id}/cancel" not in page
    for verb in ("cancel", "retries", "run"):
        assert post(client, f"/jobs/{job_id}/{verb}")[0] == 403
    assert read(job_id).state == State.WAITING


def test_another_organizations_job_is_not_found(client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read) -> None:
    job_id = enqueue(title="Secret plan")
    cast.sign_in(client, "charlie")
    for path in ("", "/live", "/cancel"):
        assert client.get(f"/jobs/{job_id}{path}").status_code == 404
    for verb in ("cancel", "retries", "run"):
        assert post(client, f"/jobs/{job_id}/{verb}")[0] == 404
    assert "Secret plan" not in client.get("/jobs").text
    assert read(job_id).state == State.WAITING


def test_a_queue_is_paused_with_a_reason_that_its_jobs_name(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = enqueue()
    cast.sign_in(client, "adam")
    form = client.get("/queues/template-processing/pause").text
    assert "Pause Templates?" in form
    token = csrf_token(client)
    refused = client.post("/queues/template-processing/pause", data={"csrf_token": token, "reason": " "})
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert post(client, "/queues/template-processing/pause", reason="A new template") == (
        303,
        "/queues/template-processing",
    )
    assert "The queue Templates is paused by Adam: A new template" in client.get(f"/jobs/{job_id}").text
    home = client.get("/").text
    assert "A new template" in home
    held = client.post("/queues/template-processing/resume", data={"csrf_token": csrf_token(client)}).text
    done = confirm(client, held)
    assert (done.status_code, done.headers["Location"]) == (303, "/queues/template-processing")
    assert "is paused by" not in client.get(f"/jobs/{job_id}").text
    with db.organization_context(app, cast.bakery_id):
        noted = [event.action for event in db.session.scalars(select(AuditEvent).order_by(AuditEvent.id))]
    assert noted == ["sign in", "pause queue", "resume queue"]


@pytest.mark.parametrize("who", ["bob", "vera"])
def test_only_admins_pause_a_queue(app: Flask, client: FlaskClient, cast: Cast, who: str) -> None:
    cast.sign_in(client, who)
    assert client.get("/queues/bulk-messages/pause").status_code == 403
    assert post(client, "/queues/bulk-messages/pause", reason="no")[0] == 403
    with db.organization_context(app, cast.bakery_id):
        assert db.session.scalars(select(QueueControl)).all() == []


def test_a_pause_is_the_organizations_own(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with db.organization_context(app, cast.other_id):
        queues.pause_queue(Queue.BULK_MESSAGES, By("Charlie", "Our own business"))
        db.session.commit()
    home = cast.sign_in(client, "alice").get("/").text
    assert "Our own business" not in home
    assert client.get("/queues/fax/pause").status_code == 404
