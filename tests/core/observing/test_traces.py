"""Traces go to a collector, if there is one; a collector that hangs, or is gone, costs nobody a moment."""

import socket
import time
import uuid
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp import jobs
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.observing import traces
from adsapp.integrations.call_spans import route_of
from adsapp.jobs import Job, Queue
from adsapp.jobs.engine import job_spans
from adsapp.jobs.engine.outcomes import Failed
from adsapp.jobs.engine.worker import WorkerProcess
from tests.cast import Cast
from tests.collector import Collector, collecting
from tests.waiting import wait_for

ELSEWHERE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PERSON = "Ann Lee, +14155550123, ann@example.com"


def turned_on(address: str) -> None:
    traces.turn_on(Settings(otel_exporter_otlp_endpoint=address), "adsapp-test")


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        turned_on(found.address)
        yield found
        traces.turn_off()


@pytest.fixture
def silence() -> Iterator[str]:
    """The address of a collector that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        traces.turn_off()


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_collector_that_hangs_delays_neither_a_request_nor_the_end(
    client: FlaskClient, cast: Cast, silence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "EXPORT_SECONDS", 3600.0)  # whoever waited for it would wait for an hour
    turned_on(silence)
    began = time.monotonic()
    for _ in range(4_000):  # twice what its queue holds
        traces.span("x").end()
    assert client.get("/api/contacts", headers=cast.headers("alice")).status_code == 200
    traces.turn_off()
    assert client.get("/api/contacts", headers=cast.headers("alice")).status_code == 200
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_request_goes_on_with_the_trace_of_a_proxy_of_ours_alone(
    app: Flask, client: FlaskClient, cast: Cast, collector: Collector, settings: Settings
) -> None:
    headers = cast.headers("alice") | {"traceparent": ELSEWHERE}
    client.get("/api/contacts?search=Ann", headers=headers)
    app.config["SETTINGS"] = settings.model_copy(update={"trusted_proxies": 1})
    client.get("/api/contacts", headers=headers)
    client.get("/nowhere/ann@example.com", headers=headers)
    client.get("/healthz")
    tagged = client.get("/api/jobs", headers=headers).headers["ETag"]
    client.get("/api/jobs", headers=headers | {"If-None-Match": tagged})
    traces.flush()
    strange, known, nowhere, asked = collector.spans
    assert strange.trace not in ELSEWHERE
    assert known.trace in ELSEWHERE
    assert known.parent in ELSEWHERE
    assert known.about["adsapp.organization"] == str(cast.bakery_id)
    assert (nowhere.name, nowhere.about["http.response.status_code"]) == ("GET", 404)
    assert asked.name == "GET /api/jobs"
    assert traces.current() is traces.NOTHING
    assert b"ann" not in b"".join(collector.bodies).lower()


def test_jobs_go_on_with_the_trace_in_which_they_were_added(app: Flask, cast: Cast, collector: Collector) -> None:
    with db.organization_context(app, cast.bakery_id), traces.span("click"):
        alone = jobs.enqueue("demo", {"mood": "fails_once"}).id
        many = jobs.enqueue_many("demo", [{"mood": "succeeds", "steps": 2}] * 2)
        db.session.commit()
    with db.organization_context(app, cast.bakery_id):
        job = jobs.enqueue("demo", {"mood": "succeeds"})
        job.traceparent, lost = "what is this?", job.id
        db.session.commit()
    worker = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    worker.start()
    try:
        for job_id in (alone, *many, lost):
            wait_for(lambda job_id=job_id: _has_ended(app, cast, job_id), what="the job ends")  # type: ignore[misc]
    finally:
        worker.stop()
    traces.flush()
    [click] = collector.named("click")
    one, several, apart = collector.named("enqueue demo")
    attempts = {
        (span.about["adsapp.job.id"], span.about["adsapp.job.attempt"]): span for span in collector.named("run demo")
    }
    assert (one.parent, several.parent, several.about["adsapp.job.count"]) == (click.id, click.id, 2)
    failed, again = attempts[str(alone), 1], attempts[str(alone), 2]
    assert {(span.trace, span.parent) for span in (failed, again)} == {(click.trace, one.id)}
    assert (failed.failed, failed.about["error.type"], failed.about["adsapp.job.outcome"]) == (True, "demo", "failed")
    assert (again.failed, again.about["adsapp.done"]) == (False, 10)
    assert {attempts[str(job_id), 1].parent for job_id in many} == {several.id}
    assert again.about["adsapp.organization"] == str(cast.bakery_id)
    assert attempts[str(lost), 1].trace not in (click.trace, apart.trace)


def test_what_is_many_is_told_of_a_hundred_times_and_what_fails_besides(collector: Collector) -> None:
    with traces.span("attempt"):
        for _ in range(traces.ROOM + 5):
            traces.record("call", traces.now(), {})
            traces.record("broken", traces.now(), {}, failed="503")
    traces.flush()
    assert len(collector.named("call")) == traces.ROOM
    assert len(collector.named("broken")) == traces.ROOM
    assert {span.parent for span in collector.named("call")} == {collector.named("attempt")[0].id}


def test_an_error_is_told_by_its_class_or_its_code_and_not_in_its_words(collector: Collector) -> None:
    with pytest.raises(LookupError), traces.span("work"):
        raise LookupError(PERSON)
    with traces.span("attempt") as attempt:
        job_spans.ended(attempt, Failed("odd", PERSON, PERSON), 1, 1)
    traces.flush()
    assert [span.about["error.type"] for span in collector.spans] == ["LookupError", "odd"]
    assert b"Ann Lee" not in b"".join(collector.bodies)


def test_while_nobody_wants_them_nothing_is_told_and_jobs_keep_nothing(app: Flask, cast: Cast) -> None:
    assert traces.span("x") is traces.NOTHING
    with db.organization_context(app, cast.bakery_id), traces.span("x"):
        assert jobs.enqueue("demo", {"mood": "succeeds"}).traceparent is None


def test_the_address_of_a_request_to_a_provider_names_nobody() -> None:
    assert route_of("/v25.0/106540352242922/messages") == "/v25.0/{id}/messages"
    assert route_of("/resend/suppressions/ann@example.com") == "/resend/suppressions/{id}"


def _has_ended(app: Flask, cast: Cast, job_id: uuid.UUID) -> bool:
    with db.organization_context(app, cast.bakery_id), db.reading():
        return db.session.get_one(Job, job_id).is_finished
