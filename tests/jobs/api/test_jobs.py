"""The API of jobs: what programs read and do, with the rights of their token."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.core.pagination import Page
from adsapp.jobs import ItemRow, Job, Progress, State
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import JobItem
from adsapp.jobs.queries import jobs as job_queries
from huey_tasks.demo import DemoParams
from tests.cast import Cast
from tests.waiting import wait_for

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]


def test_jobs_are_listed_newest_first_and_paged_without_gaps(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    ids = [str(enqueue(title=f"Job {number}")) for number in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        answer = client.get(f"/api/jobs?limit=2&cursor={cursor}", headers=cast.headers("vera")).json
        assert answer is not None
        seen += [job["id"] for job in answer["jobs"]]
        cursor = answer["next"] or ""
        if not cursor:
            break
    assert seen == ids[::-1]


def test_jobs_are_narrowed_by_state_queue_and_words_of_the_title(
    client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    later = utcnow() + timedelta(days=1)
    wanted = str(enqueue(title="Import 100%_march.csv", run_at=later))
    enqueue(title="Import april.csv", run_at=later)
    enqueue(title="Import 100%_march.csv")
    query = "state=delayed&queue=template-processing&q=100%25_MARCH"
    answer = client.get(f"/api/jobs?{query}", headers=cast.headers("vera")).json
    assert answer is not None
    assert [job["id"] for job in answer["jobs"]] == [wanted]


def test_a_search_goes_on_through_older_jobs_where_its_window_ended(
    client: FlaskClient, cast: Cast, enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_queries, "WINDOW", 3)
    needle = str(enqueue(title="needle"))
    for _ in range(4):
        enqueue(title="hay")
    first = client.get("/api/jobs?q=needle", headers=cast.headers("vera")).json
    assert first is not None
    assert first["jobs"] == []
    assert first["next"]
    second = client.get(f"/api/jobs?q=needle&cursor={first['next']}", headers=cast.headers("vera")).json
    assert second is not None
    assert ([job["id"] for job in second["jobs"]], second["next"]) == ([needle], None)


@pytest.mark.parametrize(
    "query, status, words",
    [
        ("state=asleep", 422, "There is no state asleep; there are delayed, waiting"),
        ("queue=fax", 422, "There is no queue fax; there are bulk-messages"),
        ("limit=0", 422, "limit"),
        ("limit=many", 422, "limit"),
        ("cursor=nowhere", 404, "begin at the first one"),
    ],
)
def test_a_wrong_filter_says_what_there_is(
    client: FlaskClient, cast: Cast, query: str, status: int, words: str
) -> None:
    answer = client.get(f"/api/jobs?{query}", headers=cast.headers("vera"))
    assert answer.status_code == status
    assert words in answer.text


def test_a_job_tells_its_state_attempts_and_why_it_waits(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    job_id = enqueue(run_at=utcnow() + timedelta(hours=1), title="Later", total=5, created_by="Bob")
    job = client.get(f"/api/jobs/{job_id}", headers=cast.headers("vera")).json
    assert job is not None
    assert job["state"] == "delayed"
    assert job["progress"] == {"total": 5, "done": 0, "failed": 0, "percent": 0}
    assert job["waits_because"]["code"] == "later"
    assert job["attempts"] == []


def test_a_job_that_no_worker_can_take_says_so(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    job = client.get(f"/api/jobs/{enqueue()}", headers=cast.headers("vera")).json
    assert job is not None
    assert job["waits_because"]["code"] == "no_worker"


def test_a_completed_job_is_at_100_percent_and_a_failed_one_never(
    client: FlaskClient, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    good, bad = enqueue(payload={"mood": "succeeds"}), enqueue(payload={"mood": "fails_always"}, total=3)
    finished(good), finished(bad)
    done = client.get(f"/api/jobs/{good}", headers=cast.headers("vera")).json
    failed = client.get(f"/api/jobs/{bad}", headers=cast.headers("vera")).json
    assert done is not None
    assert failed is not None
    assert (done["progress"]["percent"], failed["progress"]["percent"]) == (100, 0)
    assert [attempt["outcome"] for attempt in failed["attempts"]] == ["retry", "retry", "failed"]
    assert failed["error"]["code"] == "demo"
    assert "trace" not in failed["attempts"][0]


def test_a_waiting_job_is_cancelled_at_once_and_only_once(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    job_id = enqueue()
    first = client.delete(f"/api/jobs/{job_id}", headers=cast.headers("bob"))
    assert (first.status_code, first.json and first.json["state"]) == (200, "cancelled")
    assert client.delete(f"/api/jobs/{job_id}", headers=cast.headers("bob")).status_code == 409


def test_a_running_job_is_asked_to_stop(
    client: FlaskClient, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, read: Read, finished: Read
) -> None:
    job_id = enqueue(payload={"mood": "crawls", "steps": 10_000, "step_seconds": 0.01})
    wait_for(lambda: read(job_id).state == State.ACTIVE)
    answer = client.delete(f"/api/jobs/{job_id}", headers=cast.headers("bob"))
    assert (answer.status_code, answer.json and answer.json["stopping"]) == (202, True)
    assert finished(job_id).state == State.CANCELLED


def test_a_cancelled_job_is_retried_and_a_waiting_one_cannot_be(
    client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = enqueue()
    assert client.post(f"/api/jobs/{job_id}/retries", headers=cast.headers("bob")).status_code == 409
    client.delete(f"/api/jobs/{job_id}", headers=cast.headers("bob"))
    answer = client.post(f"/api/jobs/{job_id}/retries", headers=cast.headers("bob"))
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/jobs/{job_id}")
    assert answer.json is not None
    assert answer.json["state"] == "waiting"


def note_items(app: Flask, cast: Cast, job_id: uuid.UUID) -> None:
    with db.organization_context(app, cast.bakery_id):
        for number, status in enumerate(["failed", "failed", "skipped"]):
            item = JobItem(
                organization_id=cast.bakery_id, job_id=job_id, attempt=1, key=f"+1555010000{number}", status=status
            )
            item.code, item.message = "131026", "This number has no WhatsApp"
            db.session.add(item)
        db.session.commit()


def test_items_are_paged_by_status_and_their_numbers_masked_for_viewers(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = enqueue()
    note_items(app, cast, job_id)
    first = client.get(f"/api/jobs/{job_id}/items?status=failed&limit=1", headers=cast.headers("bob")).json
    assert first is not None
    assert first["items"] == [
        {"key": "+15550100000", "status": "failed", "code": "131026", "message": "This number has no WhatsApp"}
    ]
    rest = client.get(
        f"/api/jobs/{job_id}/items?status=failed&cursor={first['next']}", headers=cast.headers("vera")
    ).json
    assert rest is not None
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert "0100" not in rest["items"][0]["key"]
    wrong = client.get(f"/api/jobs/{job_id}/items?cursor=x", headers=cast.headers("bob"))
    assert wrong.status_code == 404


def test_a_feature_lends_its_own_rows_as_items(
    client: FlaskClient, cast: Cast, enqueue: Enqueue, register: Callable[..., None]
) -> None:
    def rows(job: Job, status: str, cursor: str, limit: int) -> Page[ItemRow]:
        return Page([ItemRow(job.title, status, cursor, str(limit))], "more")

    def lend(params: DemoParams, progress: Progress) -> None:
        """Lend rows"""

    register("lender", lend, items=rows)
    with pytest.raises(ValueError, match="two processors"):
        register("lender", lend, items=lambda *_: Page([], None))
    job_id = enqueue("lender", title="Mine")
    answer = client.get(f"/api/jobs/{job_id}/items?status=a&cursor=b&limit=7", headers=cast.headers("bob")).json
    assert answer == {"items": [{"key": "Mine", "status": "a", "code": "b", "message": "7"}], "next": "more"}


def test_statistics_show_queues_history_and_recent_jobs(
    client: FlaskClient, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    for mood in ("succeeds", "fails_always"):
        finished(enqueue(payload={"mood": mood}))
    answer = client.get("/api/jobs/stats?days=7", headers=cast.headers("adam")).json
    assert answer is not None
    queue = answer["queues"]["template-processing"]
    assert (queue["completed"], queue["failed"], queue["failed_24h"], queue["waiting"]) == (1, 1, 1, 0)
    assert queue["workers"] == 1
    assert len(queue["finished_per_minute"]) == 60
    assert answer["queues_without_worker"] == []
    assert sum(day["completed"] for day in answer["history"]) == 1
    assert sum(day["failed"] for day in answer["history"]) == 1
    assert answer["history"][-1]["day"] == f"{utcnow():%Y-%m-%d}"
    assert len(answer["recent"]) == 2
    assert client.get("/api/jobs/stats?days=0", headers=cast.headers("adam")).status_code == 422


def test_health_is_503_with_the_reason_until_workers_are_there(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, request: pytest.FixtureRequest
) -> None:
    enqueue(run_at=utcnow() - timedelta(seconds=30))
    answer = client.get("/api/health", headers=cast.headers("vera"))
    assert (answer.status_code, answer.json and answer.json["healthy"]) == (503, False)
    assert answer.json is not None
    assert "No worker is running for template-processing" in answer.json["reasons"]
    assert answer.json["queues"]["template-processing"]["oldest_wait_seconds"] >= 30
    request.getfixturevalue("worker")
    # A heartbeat may come late on a busy machine; then it is said, and a moment later it is well again.
    wait_for(lambda: client.get("/api/health", headers=cast.headers("vera")).status_code == 200, what="it is healthy")


def test_health_says_when_the_broker_does_not_answer(
    app: Flask, client: FlaskClient, cast: Cast, worker: WorkerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_queue: object) -> int:
        raise ConnectionError

    monkeypatch.setattr(app.extensions["broker"], "pending", silent)
    answer = client.get("/api/health", headers=cast.headers("vera"))
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["broker"] == {"ok": False, "error": "ConnectionError"}


@pytest.mark.parametrize(
    "method, path",
    [("get", ""), ("delete", ""), ("get", "/items"), ("post", "/retries")],
)
def test_another_organizations_job_is_not_found(
    client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read, method: str, path: str
) -> None:
    job_id = enqueue()
    answer = getattr(client, method)(f"/api/jobs/{job_id}{path}", headers=cast.headers("charlie"))
    assert answer.status_code == 404
    assert read(job_id).state == State.WAITING
    unknown = getattr(client, method)(f"/api/jobs/{new_id()}{path}", headers=cast.headers("charlie"))
    assert unknown.json == answer.json


def test_lists_and_statistics_hold_nothing_of_another_organization(
    client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    enqueue()
    jobs = client.get("/api/jobs", headers=cast.headers("charlie")).json
    stats = client.get("/api/jobs/stats", headers=cast.headers("charlie")).json
    assert stats is not None
    assert jobs == {"jobs": [], "next": None}
    assert stats["queues"]["template-processing"]["waiting"] == 0
    assert stats["recent"] == []


@pytest.mark.parametrize(
    "who, method, path",
    [
        ("vera", "delete", "/api/jobs/{}"),
        ("vera", "post", "/api/jobs/{}/retries"),
        ("vera", "patch", "/api/jobs/{}"),
        ("bob", "post", "/api/jobs/cleanings"),
    ],
)
def test_each_role_may_do_only_its_own(
    client: FlaskClient, cast: Cast, enqueue: Enqueue, read: Read, who: str, method: str, path: str
) -> None:
    job_id = enqueue()
    answer = getattr(client, method)(path.format(job_id), headers=cast.headers(who))
    assert answer.status_code == 403
    assert f"As {'viewer' if who == 'vera' else 'agent'} you cannot" in answer.text
    assert read(job_id).state == State.WAITING


def test_without_a_token_nothing_is_told(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    for path in ("/api/jobs", f"/api/jobs/{enqueue()}", "/api/jobs/stats", "/api/health"):
        assert client.get(path).status_code == 401
