"""Programs steer the engine: many jobs, pauses, limits, workers; each role its own, nobody another organization's."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.jobs import Job, Queue, State
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import QueueControl
from adsapp.organizations import service as organizations
from adsapp.organizations.auditing import By
from adsapp.organizations.models import AuditEvent, Role
from tests.cast import Cast
from tests.lone_worker import add_lone_worker

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]
Ask = Callable[..., Any]
LATER = timedelta(days=1)
NOBODY = "01a211bc-ff71-757a-9a89-a60933515be6"


@pytest.fixture
def ask(client: FlaskClient, cast: Cast) -> Ask:
    """Ask as somebody; the answer."""

    def call(who: str, method: str, path: str, body: object = None) -> Any:
        return client.open(path, method=method, json=body, headers=cast.headers(who))

    return call


@pytest.fixture
def lone_worker(app: Flask, cast: Cast) -> uuid.UUID:
    """A worker process that lives on without a heartbeat."""
    return add_lone_worker(app, [Queue.TEMPLATE_PROCESSING])


def change(app: Flask, organization_id: uuid.UUID, job_id: uuid.UUID, **values: object) -> None:
    with db.organization_context(app, organization_id):
        job = db.session.get_one(Job, job_id)
        for name, value in values.items():
            setattr(job, name, value)
        db.session.commit()


def fail(app: Flask, cast: Cast, job_id: uuid.UUID) -> str:
    change(app, cast.bakery_id, job_id, state=State.FAILED, error="no", finished_at=utcnow())
    return str(job_id)


def test_many_jobs_are_retried_by_ids_or_filter_in_one_operation(
    app: Flask, cast: Cast, ask: Ask, enqueue: Enqueue, worker: WorkerProcess, finished: Read
) -> None:
    named, other = (fail(app, cast, enqueue()) for _ in range(2))
    first = ask("bob", "POST", "/api/jobs/retries", {"job_ids": [named], "reason": "the number works again"})
    assert (first.status_code, first.json["processor"], first.json["title"]) == (202, "act-on-jobs", "Retry 1 job")
    assert first.headers["Location"] == f"/api/jobs/{first.json['id']}"
    assert finished(uuid.UUID(first.json["id"])).result == {"changed": 1}
    assert finished(uuid.UUID(named)).state == State.COMPLETED
    second = ask("adam", "POST", "/api/jobs/retries", {"filter": {"queue": "template-processing"}})
    assert second.json["title"] == "Retry 1 failed job"
    finished(uuid.UUID(second.json["id"]))
    assert finished(uuid.UUID(other)).state == State.COMPLETED


def test_a_retry_of_all_that_match_leaves_cancelled_jobs_alone(ask: Ask, enqueue: Enqueue) -> None:
    ask("bob", "DELETE", f"/api/jobs/{enqueue()}")
    answer = ask("adam", "POST", "/api/jobs/retries", {"filter": {}})
    assert (answer.status_code, "No job matches" in answer.text) == (409, True)
    assert ask("adam", "POST", "/api/jobs/retries", {"filter": {"state": "cancelled"}}).status_code == 202


def test_many_jobs_are_cancelled(ask: Ask, enqueue: Enqueue, worker: WorkerProcess, finished: Read, read: Read) -> None:
    jobs = [enqueue(run_at=utcnow() + LATER) for _ in range(3)]
    answer = ask("adam", "POST", "/api/jobs/cancellations", {"filter": {"state": "delayed"}})
    assert answer.status_code == 202
    finished(uuid.UUID(answer.json["id"]))
    assert {read(job_id).state for job_id in jobs} == {State.CANCELLED}


def test_finished_jobs_are_removed_by_age(
    app: Flask, cast: Cast, ask: Ask, enqueue: Enqueue, worker: WorkerProcess, finished: Read
) -> None:
    job_id = enqueue()
    finished(job_id)
    young = ask("adam", "POST", "/api/jobs/cleanings", {"state": "completed", "older_than_days": 30})
    assert young.status_code == 409
    answer = ask("adam", "POST", "/api/jobs/cleanings", {"state": "completed", "older_than_days": 0})
    assert answer.status_code == 202
    finished(uuid.UUID(answer.json["id"]))
    with db.organization_context(app, cast.bakery_id):
        assert db.session.get(Job, job_id) is None


@pytest.mark.parametrize(
    "path, body, field",
    [
        ("retries", {}, ""),
        ("retries", {"job_ids": [NOBODY], "filter": {}}, ""),
        ("retries", {"job_ids": []}, "job_ids"),
        ("retries", {"job_ids": ["x"]}, "job_ids[0]"),
        ("retries", {"filter": {"state": "asleep"}}, "state"),
        ("retries", {"filter": {"state": "completed"}}, "state"),
        ("retries", {"filter": {"status": "failed"}}, "filter.status"),
        ("cancellations", {"filter": {"queue": "fax"}}, "queue"),
        ("cleanings", {"state": "active", "older_than_days": 1}, "state"),
        ("cleanings", {"state": "failed"}, "older_than_days"),
        ("cleanings", {"state": "failed", "older_than_days": -1}, "older_than_days"),
        ("cleanings", {"state": "failed", "older_than_days": 10**9}, "older_than_days"),
    ],
)
def test_a_wrong_order_names_its_field(ask: Ask, path: str, body: object, field: str) -> None:
    answer = ask("adam", "POST", f"/api/jobs/{path}", body)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_another_organizations_jobs_are_in_no_operation(
    app: Flask, cast: Cast, ask: Ask, enqueue: Enqueue, read: Read
) -> None:
    job_id = fail(app, cast, enqueue())
    bodies: list[object] = [{"job_ids": [job_id]}, {"filter": {}}]
    for body in bodies:
        assert ask("charlie", "POST", "/api/jobs/retries", body).status_code == 409
    assert read(uuid.UUID(job_id)).state == State.FAILED


def test_a_priority_is_changed_while_it_means_something(ask: Ask, enqueue: Enqueue, read: Read) -> None:
    job_id = enqueue()
    assert ask("bob", "PATCH", f"/api/jobs/{job_id}", {"priority": 2}).json["priority"] == 2
    for body in ({"priority": 9}, {"priority": "2"}, {"priority": 2, "title": "x"}, {}):
        assert ask("bob", "PATCH", f"/api/jobs/{job_id}", body).status_code == 422
    ask("bob", "DELETE", f"/api/jobs/{job_id}")
    assert ask("bob", "PATCH", f"/api/jobs/{job_id}", {"priority": 1}).status_code == 409
    assert read(job_id).priority == 2


def test_a_delayed_job_is_run_now(ask: Ask, enqueue: Enqueue) -> None:
    job_id = enqueue(run_at=utcnow() + LATER)
    answer = ask("bob", "POST", f"/api/jobs/{job_id}/runs")
    assert (answer.status_code, answer.json["state"]) == (202, "waiting")
    assert ask("bob", "POST", f"/api/jobs/{job_id}/runs").status_code == 409


def test_a_queue_is_paused_until_a_moment_and_its_waiting_jobs_are_counted(ask: Ask, enqueue: Enqueue) -> None:
    enqueue()
    until = utcnow().replace(microsecond=0) + LATER
    answer = ask(
        "adam", "PUT", "/api/queues/template-processing/pause", {"reason": "Stock", "until": until.isoformat()}
    )
    assert answer.json["pause"]["reason"] == "Stock"
    queue = ask("adam", "GET", "/api/jobs/stats").json["queues"]["template-processing"]
    assert (queue["waiting"], queue["paused"], queue["pause"]["by"]) == (1, 1, "token adam")
    assert queue["total"] == sum(queue[state.value] for state in State) == 1
    assert queue["pause"]["until"] == f"{until:%Y-%m-%dT%H:%M:%S}.000Z"
    assert ask("adam", "GET", "/api/jobs/stats").json["queues"]["bulk-messages"]["paused"] == 0
    assert ask("adam", "DELETE", "/api/queues/template-processing/pause").status_code == 204
    queue = ask("adam", "GET", "/api/jobs/stats").json["queues"]["template-processing"]
    assert (queue["paused"], queue["pause"]) == (0, None)


def test_one_kind_of_job_is_paused_beside_its_queue(app: Flask, cast: Cast, ask: Ask, enqueue: Enqueue) -> None:
    enqueue()
    path = "/api/queues/template-processing/pause"
    assert ask("adam", "PUT", path, {"reason": "A look", "processor": "demo"}).status_code == 200
    queue = ask("adam", "GET", "/api/jobs/stats").json["queues"]["template-processing"]
    assert (queue["paused"], queue["pause"]) == (1, None)
    assert [(kind["processor"], kind["reason"]) for kind in queue["paused_kinds"]] == [("demo", "A look")]
    ask("adam", "DELETE", path + "?processor=demo")
    with db.organization_context(app, cast.bakery_id):
        assert db.session.scalars(select(QueueControl)).all() == []
        noted = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert noted == ["pause queue", "resume queue"]


@pytest.mark.parametrize(
    "body, field",
    [
        ({"reason": " "}, "reason"),
        ({}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"reason": "x", "until": "2001-01-01T00:00:00Z"}, "until"),
        ({"reason": "x", "until": "2099-01-01T00:00:00"}, "until"),
        ({"reason": "x", "processor": "bulk-message"}, "processor"),
        ({"reason": "x", "processor": "fax"}, "processor"),
    ],
)
def test_a_wrong_pause_names_its_field(ask: Ask, body: object, field: str) -> None:
    answer = ask("adam", "PUT", "/api/queues/template-processing/pause", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]


def test_limits_are_set_as_a_whole_and_told(ask: Ask) -> None:
    path = "/api/queues/bulk-messages/limits"
    none = {"at_once": None, "per_minute": None, "waiting": None}
    assert ask("vera", "GET", path).json == {"queue": "bulk-messages", "limits": none, "changed": None}
    answer = ask("adam", "PUT", path, {"at_once": 2, "waiting": 100})
    assert answer.json["limits"] == none | {"at_once": 2, "waiting": 100}
    assert answer.json["changed"]["by"] == "token adam"
    assert ask("charlie", "GET", path).json["limits"] == none
    for wrong in ({"at_once": 0}, {"at_once": "2"}, {"at_once": 10**12}, {"most": 3}):
        assert ask("adam", "PUT", path, wrong).status_code == 422
    assert ask("adam", "PUT", path, {}).json["limits"] == none


def test_an_unknown_queue_is_not_found(ask: Ask) -> None:
    assert ask("adam", "PUT", "/api/queues/fax/pause", {"reason": "x"}).status_code == 404
    assert ask("adam", "DELETE", "/api/queues/fax/pause").status_code == 404
    assert ask("adam", "GET", "/api/queues/fax/limits").status_code == 404
    assert ask("adam", "PUT", "/api/queues/fax/limits", {}).status_code == 404


def test_workers_show_an_organization_its_own_jobs_only(
    app: Flask, cast: Cast, ask: Ask, enqueue: Enqueue, lone_worker: uuid.UUID
) -> None:
    job_id = enqueue(title="Ours")
    change(app, cast.bakery_id, job_id, state=State.ACTIVE, worker_id=lone_worker, lease_until=utcnow())
    (mine,) = ask("adam", "GET", "/api/workers").json["workers"]
    assert (mine["name"], mine["state"], mine["memory_mb"]) == ("harbour-7", "working", 61)
    assert mine["jobs"] == [{"id": str(job_id), "title": "Ours", "queue": "template-processing"}]
    (theirs,) = ask("charlie", "GET", "/api/workers").json["workers"]
    assert (theirs["state"], theirs["jobs"]) == ("idle", [])


def test_a_worker_that_others_use_too_is_drained_on_the_command_line_only(ask: Ask, lone_worker: uuid.UUID) -> None:
    answer = ask("alice", "POST", f"/api/workers/{lone_worker}/drains")
    assert (answer.status_code, "adsapp jobs drain" in answer.text) == (403, True)
    assert ask("alice", "POST", f"/api/workers/{new_id()}/drains").status_code == 404
    assert ask("alice", "GET", "/api/workers").json["workers"][0]["drain"] is None


def test_where_there_is_one_organization_its_admins_drain_a_worker(app: Flask, client: FlaskClient) -> None:
    worker_id = add_lone_worker(app, ())
    with app.app_context():
        organizations.create_organization("alone", "Alone", "US")
        token = organizations.create_token("adam", Role.ADMIN, by=By())
        db.session.commit()
    headers = {"Authorization": f"Bearer {token}"}
    answer = client.post(f"/api/workers/{worker_id}/drains", headers=headers)
    assert answer.json is not None
    assert (answer.status_code, answer.json["state"], answer.json["drain"]["by"]) == (202, "draining", "token adam")
    assert client.post(f"/api/workers/{worker_id}/drains", headers=headers).status_code == 409


@pytest.mark.parametrize(
    "who, method, path, body",
    [
        ("vera", "POST", "/api/jobs/retries", {"job_ids": [NOBODY]}),
        ("vera", "POST", "/api/jobs/cancellations", {"job_ids": [NOBODY]}),
        ("vera", "PATCH", "/api/jobs/{}", {"priority": 1}),
        ("vera", "POST", "/api/jobs/{}/runs", None),
        ("bob", "POST", "/api/jobs/retries", {"filter": {}}),
        ("bob", "POST", "/api/jobs/cancellations", {"filter": {}}),
        ("bob", "POST", "/api/jobs/cleanings", {"state": "failed", "older_than_days": 1}),
        ("bob", "PUT", "/api/queues/bulk-messages/pause", {"reason": "x"}),
        ("bob", "DELETE", "/api/queues/bulk-messages/pause", None),
        ("bob", "PUT", "/api/queues/bulk-messages/limits", {}),
        ("bob", "GET", "/api/workers", None),
        ("bob", "POST", f"/api/workers/{NOBODY}/drains", None),
    ],
)
def test_each_role_steers_only_what_it_may(
    ask: Ask, enqueue: Enqueue, who: str, method: str, path: str, body: object
) -> None:
    answer = ask(who, method, path.format(enqueue()), body)
    assert answer.status_code == 403
    assert f"As {'viewer' if who == 'vera' else 'agent'} you cannot" in answer.json["detail"]


@pytest.mark.parametrize("method, path, body", [("PATCH", "", {"priority": 1}), ("POST", "/runs", None)])
def test_another_organizations_job_is_not_found(
    ask: Ask, enqueue: Enqueue, method: str, path: str, body: object
) -> None:
    assert ask("charlie", method, f"/api/jobs/{enqueue()}{path}", body).status_code == 404
