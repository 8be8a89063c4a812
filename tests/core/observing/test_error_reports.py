"""Errors of ours reach Sentry with where they happened and for which job, and with nothing that tells of anybody."""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.config import VERSION, Settings
from adsapp.core import db
from adsapp.core.logs import telling_of
from adsapp.core.observing import error_reports
from adsapp.jobs import enqueue
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.states import Queue
from tests.cast import Cast
from tests.waiting import wait_for

PRIVATE = ("Ann Lee", "+14155550123", "ann@example.com", "s3cret", "Harbour St")
WORDS = ", ".join(PRIVATE)


class Stand:
    """Where Sentry would be: what came, by envelope."""

    def __init__(self) -> None:
        self.raw: list[bytes] = []
        stand = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stand.raw.append(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """It says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.server.server_address[1]}/1"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body.split(b"\n")[2]) for body in list(self.raw)]

    def only(self) -> dict[str, Any]:
        """The one event that comes."""
        wait_for(lambda: bool(self.raw), 10, "an envelope comes")
        [event] = self.events
        assert [private for private in PRIVATE if private.encode() in self.raw[0]] == []
        return event


@pytest.fixture
def sentry() -> Iterator[Stand]:
    stand = Stand()
    error_reports.turn_on(Settings(sentry_dsn=stand.dsn, sentry_environment="staging"), "adsapp-test")
    yield stand
    error_reports.turn_off()
    stand.server.shutdown()
    stand.server.server_close()


def test_an_event_full_of_people_is_sent_without_them(sentry: Stand) -> None:
    def break_here(phone: str) -> None:
        address = PRIVATE[2]
        raise LookupError(f"{address} of {phone} in {WORDS}")

    try:
        break_here(PRIVATE[1])
    except LookupError as error:
        with telling_of(organization="org-7", job_id="job-7", request_id="r-7", attempt=2):
            error_reports.report(error, kind="demo")
    event = sentry.only()
    assert event["release"] == f"adsapp@{VERSION}"
    assert event["environment"] == "staging"
    assert event["tags"] == {
        "organization": "org-7", "job_id": "job-7", "request_id": "r-7", "attempt": "2", "kind": "demo",
        "service": "adsapp-test",
    }  # fmt: skip
    [raised] = event["exception"]["values"]
    assert raised["type"] == "LookupError"
    assert raised["stacktrace"]["frames"][-1]["function"] == "break_here"
    assert set(raised["stacktrace"]["frames"][-1]) <= set(error_reports.FRAME)


def test_whatever_else_an_event_has_is_left_out() -> None:
    hostile = {
        "event_id": "e", "level": "error", "message": WORDS, "server_name": WORDS, "transaction": WORDS,
        "user": {"email": WORDS}, "extra": {"x": WORDS}, "modules": {"x": WORDS}, "contexts": {"x": {"y": WORDS}},
        "logentry": {"message": WORDS, "params": [WORDS]}, "breadcrumbs": {"values": [{"message": WORDS}]},
        "request": {"url": WORDS, "data": WORDS, "headers": {"Cookie": WORDS}, "env": {"x": WORDS}},
        "tags": {"job_id": "7", "name": WORDS}, "threads": {"values": [{"name": WORDS}]},
        "exception": {"values": [{"type": "E", "value": WORDS, "mechanism": {"data": WORDS}, "stacktrace": {"frames": [
            {"function": "f", "lineno": 1, "vars": {"x": WORDS}, "context_line": WORDS, "pre_context": [WORDS]},
        ]}}]},
    }  # fmt: skip
    assert error_reports.scrubbed(hostile, "adsapp-web") == {
        "event_id": "e",
        "level": "error",
        "tags": {"job_id": "7", "service": "adsapp-web"},
        "exception": {
            "values": [{"type": "E", "module": None, "stacktrace": {"frames": [{"function": "f", "lineno": 1}]}}]
        },
    }


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_request_that_breaks_is_reported_by_its_route(
    client: FlaskClient, cast: Cast, sentry: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_it(*_: object, **__: object) -> None:
        raise ZeroDivisionError(WORDS)

    monkeypatch.setitem(client.application.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setattr("adsapp.contacts.queries.list_contacts", break_it)
    answer = client.get(f"/api/contacts?search={PRIVATE[2]}", headers=cast.headers("alice") | {"User-Agent": WORDS})
    assert answer.status_code == 500
    event = sentry.only()
    assert event["tags"]["route"] == "/api/contacts"
    assert event["tags"]["organization"] == str(cast.bakery_id)
    assert event["tags"]["request_id"] == answer.headers["X-Request-ID"]


def test_an_attempt_that_breaks_is_reported_with_its_job(
    app: Flask, cast: Cast, sentry: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_it(*_: object) -> None:
        raise ZeroDivisionError(WORDS)

    monkeypatch.setattr("adsapp.jobs.progress.Progress.start", break_it)
    with db.organization_context(app, cast.bakery_id):
        job_id = enqueue("demo", {"mood": "succeeds"}).id
        db.session.commit()
    worker = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING])
    worker.start()
    try:
        wait_for(lambda: bool(sentry.raw), what="an envelope comes")
    finally:
        worker.stop()
    event = sentry.events[0]
    assert event["tags"]["job_id"] == str(job_id)
    assert event["tags"]["organization"] == str(cast.bakery_id)
    assert (event["tags"]["attempt"], event["tags"]["kind"]) == ("1", "demo")
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert [private for private in PRIVATE if private.encode() in b"".join(sentry.raw)] == []
