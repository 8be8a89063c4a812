"""Routine work stays out of the lists of jobs, unless somebody asks for it or it fails."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select, update

from adsapp.core import db
from adsapp.jobs import Job, Queue, State
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.queries.statistics import queue_stats
from adsapp.jobs.registry import get_processor
from tests.cast import Cast

Enqueue = Callable[..., uuid.UUID]


def make_routine(app: Flask, cast: Cast, job_id: uuid.UUID, state: State = State.WAITING) -> None:
    """As if the job's processor were marked routine."""
    with db.organization_context(app, cast.bakery_id):
        db.session.execute(update(Job).where(Job.id == job_id).values(routine=True, state=state))
        db.session.commit()


def test_reports_from_whatsapp_are_routine_and_campaigns_are_not() -> None:
    assert get_processor("apply-webhooks").internal
    assert not get_processor("bulk-message").internal


def test_a_job_is_as_routine_as_its_processor(app: Flask, cast: Cast, enqueue: Enqueue) -> None:
    apply, demo = enqueue("apply-webhooks", {"account_id": str(uuid.uuid4())}), enqueue()
    with db.organization_context(app, cast.bakery_id):
        found = {job.id: job.routine for job in db.session.scalars(select(Job))}
    assert found == {apply: True, demo: False}


def test_lists_leave_routine_work_out_until_asked(
    app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    enqueue(title="Import march.csv")
    make_routine(app, cast, enqueue(title="Upkeep"))
    page = cast.sign_in(client, "vera").get("/jobs").text
    assert "Import march.csv" in page
    assert ">Upkeep<" not in page
    assert "waiting 1" in page
    assert "routine=1" in page
    asked = client.get("/jobs?routine=1").text
    assert ">Upkeep<" in asked
    assert "waiting 2" in asked
    assert ">Upkeep<" in client.get("/jobs?routine=1&state=waiting&queue=template-processing").text
    assert "Upkeep" not in client.get("/home/latest").text
    headers = cast.headers("vera")
    assert [job["title"] for job in client.get("/api/jobs", headers=headers).json["jobs"]] == ["Import march.csv"]  # type: ignore[index]
    assert len(client.get("/api/jobs?routine=1", headers=headers).json["jobs"]) == 2  # type: ignore[index]


def test_failed_routine_work_is_always_shown(app: Flask, client: FlaskClient, cast: Cast, enqueue: Enqueue) -> None:
    make_routine(app, cast, enqueue(title="Upkeep"), State.FAILED)
    page = cast.sign_in(client, "vera").get("/jobs").text
    assert ">Upkeep<" in page
    assert "failed 1" in page
    assert ">Upkeep<" in client.get("/jobs?state=failed").text


def test_statistics_stay_complete(app: Flask, cast: Cast, enqueue: Enqueue) -> None:
    enqueue()
    make_routine(app, cast, enqueue())
    with db.organization_context(app, cast.bakery_id), db.reading():
        stats = next(one for one in queue_stats() if one.queue is Queue.TEMPLATE_PROCESSING)
        assert stats.of("waiting") == 2


# SQLite only: it takes a partial index for the very same words alone, while PostgreSQL's plan hangs on the figures.
@pytest.mark.parametrize("shape", ["embedded"])
@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (JobFilters(), "ix_jobs_list"),
        (JobFilters(state=State.COMPLETED), "ix_jobs_by_state"),
        (JobFilters(queue=Queue.BULK_MESSAGES), "ix_jobs_by_queue"),
    ],
)
def test_the_lists_go_along_indexes_without_routine_work(
    app: Flask, cast: Cast, filters: JobFilters, index: str
) -> None:
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        seen.append((statement, parameters))

    with db.organization_context(app, cast.bakery_id), db.reading():
        event.listen(db.db.engine, "before_cursor_execute", note)
        job_queries.list_jobs(filters)
        event.remove(db.db.engine, "before_cursor_execute", note)
        statement, parameters = seen[-1]
        plan = db.session.connection().exec_driver_sql("explain query plan " + statement, parameters).all()
    assert index in str(plan)
