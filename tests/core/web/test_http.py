"""What HTTP asks of an answer (RFC 9110), and what the API takes: bodies of its kind and size, parameters it knows."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from adsapp.core.web import limits
from tests.cast import Cast

ANY_ID = "0192f0c0-0000-7000-8000-000000000000"
WRITING = ("POST", "PUT", "PATCH")
JSON_ROUTES = (
    ("POST", "/api/campaigns"),
    ("POST", "/api/contacts"),
    ("POST", "/api/jobs/bulk-message"),
    ("POST", "/api/jobs/cancellations"),
    ("POST", "/api/jobs/cleanings"),
    ("POST", "/api/jobs/import-contacts"),
    ("POST", "/api/jobs/retries"),
    ("PUT", "/api/queues/bulk-messages/limits"),
    ("PUT", "/api/queues/bulk-messages/pause"),
)


def path_of(rule: Rule) -> str:
    """An address of this rule; of what it names nothing need exist."""
    values = {"filename": "css/app.css", "name": "bulk-messages", "provider": "whatsapp", "verb": "pause", "code": "1"}
    given = {name: values.get(name, ANY_ID) for name in rule.arguments}
    return "".join(given[part] if is_argument else part for is_argument, part in rule._trace).partition("|")[2]


def routes(app: Flask, *methods: str, under: str = "/") -> Iterator[tuple[str, str]]:
    """Method and address of every route that takes one of these methods."""
    for rule in app.url_map.iter_rules():
        for method in set(methods) & (rule.methods or set()):
            if rule.rule.startswith(under):
                yield method, path_of(rule)


def test_a_method_that_is_not_taken_is_answered_with_those_that_are(client: FlaskClient, cast: Cast) -> None:
    program = client.post("/api/workers", headers=cast.headers("alice"))
    assert (program.status_code, program.mimetype) == (405, "application/problem+json")
    assert "GET" in program.headers["Allow"]
    assert "POST" in client.get("/sign-out").headers["Allow"]


def test_a_program_without_a_token_is_told_how_to_send_one(client: FlaskClient) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        answer = client.get("/api/jobs", headers=headers)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="adsapp"')


def test_who_is_to_come_again_is_told_when(client: FlaskClient, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adsapp.core.db.migrations.current", lambda _: "0001")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    monkeypatch.setattr("adsapp.core.db.migrations.current", lambda _: "9999")  # its successor's, in an upgrade
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", ""])
def test_a_body_that_does_not_say_it_is_json_is_refused(client: FlaskClient, cast: Cast, kind: str) -> None:
    for method, path in JSON_ROUTES:
        sent: dict[str, Any] = {"data": b'{"reason": "x"}', "content_type": kind, "headers": cast.headers("alice")}
        answer = client.open(path, method=method, **sent)
        assert (path, answer.status_code) == (path, 415)
        assert "Content-Type: application/json" in answer.get_json()["detail"]


def test_an_unknown_parameter_is_named_by_every_call_of_the_api(app: Flask, client: FlaskClient, cast: Cast) -> None:
    asked = list(routes(app, "GET", "DELETE", *WRITING, under="/api/"))
    assert len(asked) > 20
    for method, path in asked:
        answer = client.open(f"{path}?limit=1&colour=red", method=method, headers=cast.headers("alice"))
        assert (path, answer.status_code) == (path, 422)
        assert "colour" in [error["field"] for error in answer.get_json()["errors"]]


class Untouched(io.RawIOBase):
    """A body that nobody may read."""

    def readable(self) -> bool:
        """It could be."""
        return True

    def readinto(self, _buffer: Any) -> int:
        """It must not be."""
        raise AssertionError("the body was read")


def test_no_route_reads_more_than_it_takes(app: Flask, client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "alice")
    asked = list(routes(app, *WRITING))
    assert len(asked) >= 50
    largest = app.config["MAX_CONTENT_LENGTH"]
    for method, path in asked:
        view = app.view_functions[app.url_map.bind("localhost").match(path, method)[0]]
        is_upload = getattr(view, "takes_upload", False)
        most = largest if is_upload else getattr(view, "takes", limits.SMALL)
        told = {"CONTENT_LENGTH": str(most + 1), "wsgi.input": Untouched()}
        for kind in ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            if kind == "application/json" and is_upload:
                told["CONTENT_LENGTH"] = str(largest + 1)
            answer = client.open(path, method=method, content_type=kind, environ_overrides=told)
            assert (path, kind, answer.status_code) == (path, kind, 413)
        assert most <= 4 * limits.MB or is_upload
