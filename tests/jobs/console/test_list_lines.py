"""A line of the list is kept once it is drawn: never for another job, state or role."""

import html
import re
import uuid
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from tests.cast import Cast

Enqueue = Callable[..., uuid.UUID]


def test_a_line_that_was_drawn_for_one_is_not_what_another_role_sees(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    job_id = enqueue(title="Only <one>")
    ticks = re.compile(f'name="job" value="{job_id}"')
    assert ticks.search(cast.sign_in(client, "bob").get("/jobs").text)
    seen = cast.sign_in(app.test_client(), "vera").get("/jobs").text
    assert html.escape("Only <one>") in seen
    assert not ticks.search(seen)


def test_a_line_changes_with_its_job(client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    job_id = enqueue(title="Changes")
    page = cast.sign_in(client, "bob").get("/jobs").text
    assert "waiting</span>" in page
    client.delete(f"/api/jobs/{job_id}", headers=cast.headers("bob"))
    assert "cancelled</span>" in client.get("/jobs").text
