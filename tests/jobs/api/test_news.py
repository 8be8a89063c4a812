"""Whoever has an answer already gets no second one, and a program can wait for a job instead of asking on."""

import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from adsapp.core import db
from adsapp.core.web import waiting
from adsapp.jobs import Job
from adsapp.jobs.engine.worker import WorkerProcess
from tests.cast import Cast
from tests.live import running_web
from tests.waiting import wait_for

Enqueue = Callable[..., uuid.UUID]


def test_an_answer_that_is_known_is_not_sent_again(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    job_id = enqueue()
    for path in (f"/api/jobs/{job_id}", "/api/jobs", "/api/jobs/stats?days=2", "/api/campaigns"):
        first = client.get(path, headers=cast.headers("alice"))
        tag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "private, no-cache"
        assert "Authorization" in first.headers["Vary"]
        again = client.get(path, headers=cast.headers("alice") | {"If-None-Match": tag})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
        packed = client.get(path, headers=cast.headers("alice") | {"Accept-Encoding": "gzip"})
        known = {"If-None-Match": packed.headers["ETag"], "Accept-Encoding": "gzip"}
        assert client.get(path, headers=cast.headers("alice") | known).status_code == 304


def test_what_has_changed_is_sent_with_another_tag(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    path = f"/api/jobs/{(job_id := enqueue())}"
    tag = client.get(path, headers=cast.headers("alice")).headers["ETag"]
    _change(app, cast, job_id, priority=1)
    news = client.get(path, headers=cast.headers("alice") | {"If-None-Match": tag})
    assert news.status_code == 200
    assert news.headers["ETag"] != tag
    assert news.get_json()["priority"] == 1


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_browser_keeps_nothing_and_another_organization_is_told_nothing(
    client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    path = f"/api/jobs/{enqueue()}"
    tag = client.get(path, headers=cast.headers("alice")).headers["ETag"]
    assert client.get(path, headers=cast.headers("charlie") | {"If-None-Match": tag}).status_code == 404
    signed_in = cast.sign_in(client, "alice").get(path)
    assert signed_in.headers["Cache-Control"] == "no-store"


def test_a_program_waits_until_the_job_has_ended(
    app: Flask, cast: Cast, enqueue: Enqueue, worker: WorkerProcess
) -> None:
    with running_web(app) as address:
        job_id = enqueue(payload={"mood": "succeeds", "steps": 4, "step_seconds": 0.2})
        status, job = _ask(address, cast, job_id, wait=20)
    assert (status, job["state"]) == (200, "completed")


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_it_is_answered_when_its_time_is_over_or_something_has_changed(
    app: Flask, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = enqueue()  # and nobody works
    with running_web(app) as address:
        began = time.monotonic()
        status, job = _ask(address, cast, job_id, wait=1)
        assert (status, job["state"]) == (200, "waiting")
        assert 0.9 < time.monotonic() - began < 10
        tag = _tag(address, cast, job_id)
        assert _ask(address, cast, job_id, wait=1, known=tag)[0] == 304
        threading.Timer(0.3, _change, (app, cast, job_id), {"priority": 1}).start()
        status, job = _ask(address, cast, job_id, wait=20, known=tag)
        assert (status, job["priority"]) == (200, 1)


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_few_wait_at_a_time_and_others_are_answered_at_once(app: Flask, cast: Cast, enqueue: Enqueue) -> None:
    job_id = enqueue()
    seats = app.config["SETTINGS"].web_threads // waiting.SHARE
    turnstile: threading.BoundedSemaphore = app.extensions["waiting"]
    with running_web(app) as address:
        asking = [threading.Thread(target=_ask, args=(address, cast, job_id, 20)) for _ in range(seats)]
        for each in asking:
            each.start()
        wait_for(lambda: turnstile._value == 0, what="all seats are taken")
        began = time.monotonic()
        assert _ask(address, cast, job_id, wait=20)[0] == 200
        assert time.monotonic() - began < 10
        waiting.stopping.set()  # as when the process ends
        try:
            for each in asking:
                each.join(10)
                assert not each.is_alive()
        finally:
            waiting.stopping.clear()
    assert turnstile._value == seats


@pytest.mark.parametrize("wait", ["-1", "21", "soon"])
@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_it_waits_no_longer_than_a_proxy_does(client: FlaskClient, cast: Cast, enqueue: Enqueue, wait: str) -> None:
    refused = client.get(f"/api/jobs/{enqueue()}?wait={wait}", headers=cast.headers("alice"))
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["field"] == "wait"


def _change(app: Flask, cast: Cast, job_id: uuid.UUID, **values: Any) -> None:
    with db.organization_context(app, cast.bakery_id):
        db.session.execute(update(Job).where(Job.id == job_id).values(**values))
        db.session.commit()


def _tag(address: str, cast: Cast, job_id: uuid.UUID) -> str:
    asked = urllib.request.Request(f"{address}/api/jobs/{job_id}", headers=cast.headers("alice"))
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return str(answer.headers["ETag"])


def _ask(address: str, cast: Cast, job_id: uuid.UUID, wait: int, known: str = "") -> tuple[int, Any]:
    headers = cast.headers("alice") | ({"If-None-Match": known} if known else {})
    asked = urllib.request.Request(f"{address}/api/jobs/{job_id}?wait={wait}", headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, None
