"""A search of jobs looks through a window, and the chips of the states count in it."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.jobs.queries import jobs as job_queries
from tests.cast import Cast
from tests.statements import recorded

Enqueue = Callable[..., uuid.UUID]


def test_the_chips_count_what_is_searched_for(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for title in ("Import march.csv", "Import april.csv", "Sync"):
        enqueue(title=title)
    enqueue(title="Import may.csv", run_at=utcnow() + timedelta(days=1))
    enqueue("sync-templates", {"account_id": str(new_id())}, title="Import of templates")

    def chips(query: str) -> list[str]:
        page = cast.sign_in(app.test_client(), "vera").get(f"/jobs{query}").text
        return re.findall(r'<a class="pill[^>]*>((?:waiting|delayed|failed)[^<]*)<', page)

    assert chips("?q=IMPORT") == ["waiting 3", "delayed 1", "failed 0"]
    assert chips("?q=import&state=delayed") == ["waiting 3", "delayed 1", "failed 0"]
    assert chips("?q=import&queue=bulk-messages") == ["waiting 0", "delayed 0", "failed 0"]
    assert chips("?q=april&routine=1&queue=template-processing") == ["waiting 1", "delayed 0", "failed 0"]
    assert chips("?q=april&routine=1&queue=bulk-messages") == ["waiting 0", "delayed 0", "failed 0"]
    monkeypatch.setattr(job_queries, "WINDOW", 3)
    assert chips("?q=import") == ["waiting 1+", "delayed 1+", "failed"]
    assert "counted among the newest 3 jobs" in cast.sign_in(client, "vera").get("/jobs?q=import").text


def test_a_search_reads_no_more_than_its_window(app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    enqueue(title="Import")
    cast.sign_in(client, "vera")
    with recorded(app) as seen:
        assert client.get("/jobs/rows?q=import&state=waiting").status_code == 200
    reads = [statement for statement in seen if re.search(r"\bfrom jobs\b", statement, re.IGNORECASE)]
    assert reads
    for statement in reads:
        assert re.search(r"\blimit\b", statement, re.IGNORECASE), statement
