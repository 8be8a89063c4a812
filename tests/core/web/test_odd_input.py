"""Whatever is sent, nobody meets an error of ours: every route, every field it reads, with a list of odd values.

Each field of a form is sent two of them, one on each database: which of the two goes where changes from field to field.
"""

import io
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import BaseModel

from adsapp.integrations.base import Answer
from adsapp.integrations.whatsapp import connection
from adsapp.integrations.whatsapp import views as whatsapp_views
from adsapp.message_templates.studio import service as studio
from tests import doors as known
from tests.campaigns.rehearsal import Willing
from tests.cast import Cast, csrf_token
from tests.doors import Doors, leaves, open_doors, some


@pytest.fixture
def doors(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Doors:
    for asks in (connection, whatsapp_views):
        monkeypatch.setattr(asks, "ask", lambda *_, **__: Answer(display_phone_number="+1 555 0100"))
    monkeypatch.setattr(studio, "channel_of", lambda _: Willing())
    return open_doors(app, cast)


@pytest.fixture
def program(app: Flask) -> FlaskClient:
    return app.test_client()


def _form_or_query(method: str, values: dict[str, str]) -> dict[str, Any]:
    return {"query_string" if method in ("GET", "DELETE") else "data": values}


def test_no_odd_field_of_a_form_or_a_query_is_an_error_of_ours(doors: Doors, program: FlaskClient, shape: str) -> None:
    headers = doors.cast.headers("alice")
    place, turn = itertools.count(), itertools.count(shape == "distributed")
    for rule, method in doors.rules:
        fits = doors.fitting(rule.endpoint)
        for name in fits:
            odd = some(known.ODD_TEXTS, next(place))[next(turn) % 2]
            for value in (odd, *(("x", "\u00b2") if name == "confirmed" else ())):
                sent = _form_or_query(method, fits | {name: value})
                doors.knock(program, method, doors.path(rule), headers=headers, **sent)
    assert doors.failed == []


def test_no_odd_body_of_json_is_an_error_of_ours(doors: Doors, program: FlaskClient) -> None:
    headers = doors.cast.headers("alice")
    for rule, method in doors.rules:
        for body in doors.bodies(rule.endpoint):
            for place, (_, put) in enumerate(leaves(body)):
                for odd in some(known.ODD_VALUES, place):
                    doors.knock(program, method, doors.path(rule), headers=headers, json=put(odd))
        for raw in known.ODD_BODIES if rule.endpoint in known.BODIES else ():
            doors.knock(program, method, doors.path(rule), headers=headers, data=raw, content_type="application/json")
    assert doors.failed == []


def test_no_odd_path_query_or_header_is_an_error_of_ours(doors: Doors, program: FlaskClient) -> None:
    place = itertools.count()
    for rule, method in doors.rules:
        for name, odd in itertools.product(rule.arguments, some(known.ODD_PATHS, next(place))):
            path = doors.path(rule, **{name: odd})
            doors.knock(program, method, path, headers=doors.cast.headers("alice"))
        raw = {"environ_overrides": {"QUERY_STRING": "q=\xe9\xff&cursor=%00", "PATH_INFO": doors.path(rule)}}
        doors.knock(program, method, "/", headers=doors.cast.headers("alice"), **raw)
    for headers, path in itertools.product(
        known.ODD_HEADERS, ("/", "/jobs", "/api/jobs", "/sign-in", "/static/nothing", "/static/css/base.css")
    ):
        doors.knock(program, "GET", path, headers=headers)
        doors.knock(program, "POST", path, headers=headers, data=b"a=\xe9")
    assert doors.failed == []


def test_nobody_meets_an_error_of_ours_at_the_doors(doors: Doors, program: FlaskClient) -> None:
    token = csrf_token(program)
    for odd, name in itertools.product(known.ODD_TEXTS, ("email", "password", "next", "csrf_token")):
        fits = {"email": "alice@example.com", "password": "wrong", "next": "/jobs", "csrf_token": token}
        doors.knock(program, "POST", "/sign-in", data=fits | {name: odd})
        doors.knock(program, "GET", "/sign-in", query_string={name: odd})
    for rule, method in doors.rules:
        doors.knock(program, method, doors.path(rule), data=b"\x00", query_string={"next": "//[::1"})
        doors.knock(program, method, doors.path(rule), environ_overrides={"QUERY_STRING": "q=\xe9\xff"})
    assert doors.failed == []


def test_whoever_signs_in_lands_on_a_page_of_ours(doors: Doors) -> None:
    for odd in ("//[::1", "/\r\nX: y", "/\\evil.example", "//evil.example", "https://evil.example/", "\x00"):
        client = doors.app.test_client()
        token = csrf_token(client)
        data = {"email": "alice@example.com", "password": "correct horse", "csrf_token": token, "next": odd}
        answer = client.post("/sign-in", data=data)
        assert answer.status_code == 422 if "\x00" in odd else answer.headers["Location"] == "/"


def test_a_file_of_any_name_and_content_is_taken_or_refused_in_words(doors: Doors, program: FlaskClient) -> None:
    good = b"name,phone\nAna,+12025550107\n"
    files = [
        *((name, good) for name in ("контакты.csv", "a\x00.csv", "..", "/", "\r\n.csv", "\U0001f600" * 300, '"; x="')),
        *(
            ("people.csv", content)
            for content in (b"", b"\x00", b"\n" * 100_000, b"\xff\xfe", b'"', b"a\n" + b"," * 2000)
        ),
    ]
    headers = doors.cast.headers("alice")
    for (name, content), path in itertools.product(files, ("/imports", "/api/jobs/import-contacts")):
        doors.knock(program, "POST", path, headers=headers, data={"file": (io.BytesIO(content), name)})
    for field, odd in itertools.product(
        ("options", "mapping"), ('{"a": ' * 2000, '{"tags": ["\\u0000"]}', "[]", '{"1": 5}')
    ):
        sent = {"file": (io.BytesIO(good), "people.csv"), field: odd}
        doors.knock(program, "POST", "/api/jobs/import-contacts", headers=headers, data=sent)
    nameless = b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n"
    for path in ("/sign-in", "/imports", "/api/jobs/import-contacts"):
        doors.knock(
            program, "POST", path, headers=headers, data=nameless, content_type="multipart/form-data; boundary=x"
        )
    for job_id in known.jobs_of_imports(doors.app, doors.cast):
        found = program.get(f"/api/jobs/{job_id}", headers=headers).get_json()["subject"].removeprefix("import:")
        for face in ("", "/live", "/rejected.csv"):
            doors.knock(program, "GET", f"/imports/{found}{face}", headers=headers)
    assert doors.failed == []


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_every_route_and_every_field_is_knocked_at(doors: Doors) -> None:
    endpoints = {rule.endpoint for rule, _ in doors.rules}
    assert set(known.READS) | set(known.BODIES) <= endpoints
    tried = set(" ".join(known.READS.values()).split())
    assert known.names_in_the_program() - tried - {"ended"} == set()
    bodies = json.dumps(list(known.BODIES.values()))
    missing = {
        name for model in _models() for name in model.model_fields if f'"{name}"' not in bodies and name not in tried
    }
    assert missing == set()


def _models() -> Iterator[type[BaseModel]]:
    """What programs may send."""
    found = [BaseModel]
    while found:
        model = found.pop()
        found += model.__subclasses__()
        if re.match(r"adsapp\.(?!config|sandbox)", model.__module__):
            yield model
