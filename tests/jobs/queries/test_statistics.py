"""What is said of a queue and of held jobs: one word and one figure, the same on every page."""

import html
import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.jobs import Job, Queue, State, queues
from adsapp.jobs.models import JobAttempt, StatsMinute
from adsapp.jobs.queries.statistics import MINUTE_LABELS, begins_if_resumed, last_minutes, queue_stats
from adsapp.jobs.registry import kinds_of
from adsapp.organizations.auditing import By
from tests.cast import Cast, csrf_token
from tests.lone_worker import add_lone_worker

Enqueue = Callable[..., uuid.UUID]
IMPORTS = "contact-import"


@pytest.fixture(autouse=True)
def workers(app: Flask, cast: Cast) -> None:
    """One living worker for all four queues; it does nothing, so that everything stays as it is."""
    add_lone_worker(app, Queue)


def pause(app: Flask, cast: Cast, queue: Queue, *kinds: str) -> None:
    with db.organization_context(app, cast.bakery_id):
        for kind in kinds or ("",):
            queues.pause_queue(queue, By("Adam", "A look"), processor=kind)
        db.session.commit()


def words_of(client: FlaskClient, queue: str) -> tuple[str, str]:
    """The word for the queue's state at home and on its own page."""
    card = re.search(rf'id="queue-{queue}".*?class="pill (pill-\w+)".*?</svg>([^<]+)<', client.get("/").text, re.DOTALL)
    head = re.search(
        r"<h1.*?class=\"pill (pill-\w+)\".*?</svg>([^<]+)<", client.get(f"/queues/{queue}").text, re.DOTALL
    )
    assert card
    assert head
    assert card[1] == head[1]
    return card[2], head[2]


def enqueue_import(enqueue: Enqueue) -> uuid.UUID:
    return enqueue("import-contacts", {"import_id": str(new_id())}, title="Import march.csv")


# --- how a queue stands -----------------------------------------------------------------------------------------


def test_a_queue_whose_only_kind_of_job_is_paused_is_called_paused_everywhere(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    enqueue_import(enqueue)
    pause(app, cast, Queue.CONTACT_IMPORT, *kinds_of(Queue.CONTACT_IMPORT))
    cast.sign_in(client, "alice")
    assert words_of(client, IMPORTS) == ("paused", "paused")
    assert "1 held back" in client.get(f"/queues/{IMPORTS}").text


@pytest.mark.parametrize("state, word", [(None, "idle"), (State.WAITING, "waiting"), (State.ACTIVE, "active")])
def test_a_queue_is_called_by_the_same_word_at_home_and_on_its_page(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, state: State | None, word: str
) -> None:
    if state:
        job_id = enqueue_import(enqueue)
        with db.organization_context(app, cast.bakery_id):
            db.session.get_one(Job, job_id).state = state
            db.session.commit()
    cast.sign_in(client, "alice")
    assert words_of(client, IMPORTS) == (word, word)


def test_a_queue_of_which_some_kinds_of_job_are_paused_is_partly_paused(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    pause(app, cast, Queue.TEMPLATE_PROCESSING, "demo")
    cast.sign_in(client, "alice")
    assert words_of(client, "template-processing") == ("partly paused", "partly paused")


def test_a_held_job_is_counted_once_in_the_total(app: Flask, cast: Cast, enqueue: Enqueue) -> None:
    enqueue_import(enqueue)
    enqueue()
    pause(app, cast, Queue.CONTACT_IMPORT, "import-contacts")
    with db.organization_context(app, cast.bakery_id):
        stats = {one.queue: one for one in queue_stats()}
    imports, templates = stats[Queue.CONTACT_IMPORT], stats[Queue.TEMPLATE_PROCESSING]
    assert (imports.of("waiting"), imports.paused_count, imports.total) == (1, 1, 1)
    assert (templates.of("waiting"), templates.paused_count, templates.total) == (1, 0, 1)


def test_the_running_minute_is_counted_and_named(app: Flask, client: FlaskClient, cast: Cast) -> None:
    minute = utcnow().replace(second=0, microsecond=0)
    with db.organization_context(app, cast.bakery_id):
        for ago in (0, 60, 61):
            place = {"organization_id": cast.bakery_id, "queue": Queue.CONTACT_IMPORT}
            db.session.add(StatsMinute(**place, minute=minute - timedelta(minutes=ago), completed=1 + ago))
        db.session.commit()
        ended = last_minutes(minute)[Queue.CONTACT_IMPORT].finished
    assert (len(ended), ended[0], ended[-1], sum(ended)) == (len(MINUTE_LABELS), 61, 1, 62)
    assert (MINUTE_LABELS[0], MINUTE_LABELS[30], MINUTE_LABELS[60]) == (
        "60 min ago",
        "30 min ago",
        "this minute so far",
    )
    cast.sign_in(client, "alice")
    page = client.get(f"/queues/{IMPORTS}").text
    assert "Jobs of this queue that ended in each minute of the last hour" in page
    axis = re.search(r'class="chart-x".*?</div>', page, re.DOTALL)
    assert axis
    assert re.findall(r"<span>([^<]+)", axis[0]) == ["60 min ago", "30 min ago", "this minute so far"]


def test_a_wait_is_told_as_a_span_of_time(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    enqueue()
    cast.sign_in(client, "alice")
    for path in ("/home/queues", "/queues/template-processing"):
        waits = re.findall(r"Oldest wait</dt>\s*<dd[^>]*>(.*?)</dd>", client.get(path).text, re.DOTALL)
        (wait,) = [each for each in waits if each != "–"]
        assert 'data-local="span">since ' in wait


# --- pausing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("queue", Queue)
def test_whoever_pauses_is_told_which_kinds_of_job_stand_still(client: FlaskClient, cast: Cast, queue: Queue) -> None:
    cast.sign_in(client, "adam")
    for path in (f"/queues/{queue.value}", f"/queues/{queue.value}/pause"):
        form = re.search(
            rf'<form[^>]* action="/queues/{queue.value}/pause".*?</form>', client.get(path).text, re.DOTALL
        )
        assert form
        listed = re.search(r'class="pause-kinds">(.*?)</ul>', form[0], re.DOTALL)
        titles = re.findall(r"<li>([^<]+)</li>", listed[1]) if listed else []
        assert [html.unescape(title) for title in titles] == list(kinds_of(queue).values())
        assert titles or "No kind of job goes through this queue yet" in form[0]


def forms_of(page: str) -> list[str]:
    return re.findall(r'<form[^>]* action="/queues/[a-z-]+/(?:pause|resume)".*?</form>', page, re.DOTALL)


def test_every_button_that_pauses_or_resumes_leads_back_to_where_it_stood(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = enqueue_import(enqueue)
    pause(app, cast, Queue.CONTACT_IMPORT)
    pause(app, cast, Queue.TEMPLATE_PROCESSING, "demo")
    cast.sign_in(client, "adam")
    pages = ("/", "/home/attention", "/home/queues", f"/queues/{IMPORTS}", "/queues/template-processing")
    for path in (*pages, f"/jobs/{job_id}", f"/queues/{IMPORTS}/pause"):
        forms = forms_of(client.get(path).text)
        assert forms, path
        stood = "/" if path.startswith("/home") else path.removesuffix("/pause")
        assert {re.search(r'name="back" value="([^"]*)"', form)[1] for form in forms} == {stood}  # type: ignore[index]


def test_the_page_that_asks_to_pause_knows_where_it_was_asked_for(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "adam")
    assert f'href="/queues/{IMPORTS}/pause?back=/"' in client.get("/").text.replace("%2F", "/")
    path = f"/queues/{IMPORTS}/pause"
    assert 'name="back" value="/"' in client.get(f"{path}?back=/").text
    assert "evil" not in client.get(f"{path}?back=//evil.example").text
    token = csrf_token(client)
    refused = client.post(path, data={"csrf_token": token, "reason": " ", "back": "/"})
    assert (refused.status_code, 'name="back" value="/"' in refused.text) == (422, True)


# --- held jobs --------------------------------------------------------------------------------------------------


def test_why_a_job_waits_is_said_with_titles_never_with_the_programs_own_names(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = enqueue_import(enqueue)
    pause(app, cast, Queue.CONTACT_IMPORT, "import-contacts")
    cast.sign_in(client, "vera")
    for path in ("/jobs", f"/jobs/{job_id}"):
        page = client.get(path).text
        assert "“Import contacts” is paused by Adam: A look" in page
        assert ">import-contacts<" not in page
        assert "(import-contacts)" not in page


def test_an_attempt_that_stands_still_is_not_told_as_one_that_runs(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = enqueue_import(enqueue)
    with db.organization_context(app, cast.bakery_id):
        job = db.session.get_one(Job, job_id)
        job.attempt, job.handed_back = 1, True
        attempt = JobAttempt(organization_id=cast.bakery_id, job_id=job_id, attempt=1, worker_id=new_id())
        attempt.worker, attempt.started_at = "harbour-7", utcnow()
        db.session.add(attempt)
        db.session.commit()
    cast.sign_in(client, "vera")
    assert "Attempt 1 waits to go on" in client.get(f"/jobs/{job_id}").text
    pause(app, cast, Queue.CONTACT_IMPORT)
    page = client.get(f"/jobs/{job_id}").text
    assert "Attempt 1 is paused" in page
    assert "worker harbour-7, since" not in page
    with db.organization_context(app, cast.bakery_id):
        job = db.session.get_one(Job, job_id)
        job.state, job.lease_until = State.ACTIVE, utcnow() + timedelta(hours=1)
        db.session.commit()
    assert "worker harbour-7, since" in client.get(f"/jobs/{job_id}").text


# --- what begins if a pause is lifted ---------------------------------------------------------------------------


def begins(app: Flask, cast: Cast, kind: str = "") -> int:
    with db.organization_context(app, cast.bakery_id), db.reading():
        return begins_if_resumed(Queue.TEMPLATE_PROCESSING, kind)


def test_who_resumes_is_asked_about_the_jobs_that_begin_then_and_no_others(
    app: Flask, cast: Cast, enqueue: Enqueue
) -> None:
    enqueue()
    enqueue("sync-templates", {"account_id": str(new_id())})
    assert (begins(app, cast), begins(app, cast, "demo")) == (0, 0), "nothing is paused"
    pause(app, cast, Queue.TEMPLATE_PROCESSING, "demo")
    assert (begins(app, cast), begins(app, cast, "demo")) == (0, 1)
    pause(app, cast, Queue.TEMPLATE_PROCESSING)
    assert begins(app, cast) == 1, "the demo job is still held by the pause of its own kind"
    assert begins(app, cast, "demo") == 0, "it is still held by the pause of its queue"
