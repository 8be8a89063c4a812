"""Case Q01: a worker is killed in the middle of an import; another one takes it up and the counts are exact."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from adsapp.contacts.imports import uploads
from adsapp.contacts.models import Contact, ContactImport, Import
from adsapp.core import db
from adsapp.core.xlsx import workbook
from adsapp.demo.http import wait_until
from adsapp.jobs import Job, Queue, State
from adsapp.jobs.models import JobAttempt, JobCount, JobLog
from tests.journeys.conftest import Journey
from tests.paths import CASES
from tests.waiting import wait_for

FILE = CASES / "Q01-worker-killed" / "import_2000.csv"
ROWS = 2000
QUEUE = Queue.CONTACT_IMPORT


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small chunks, so that there is a middle to be killed in; and a worker that is told to stop gives back at once."""
    monkeypatch.setenv("IMPORT_CHUNK_ROWS", "20")
    monkeypatch.setenv("GRACE_SECONDS", "0")


def begin(journey: Journey) -> tuple[str, str]:
    """Upload the file through the API; the job's and the import's id."""
    answer = journey.api.upload("/api/jobs/import-contacts", FILE.name, FILE.read_bytes(), {})
    return answer["job"]["id"], answer["import"]["id"]


def rows_read(journey: Journey) -> int:
    with db.organization_context(journey.app, journey.cast.bakery_id), db.reading():
        return db.session.scalars(select(Import.rows_read)).one()


def ended(journey: Journey, job_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        job: dict[str, Any] = journey.api.get(f"/api/jobs/{job_id}")
        return job if job["state"] in ("completed", "failed", "cancelled") else None

    return wait_until(look, 60, "the end of the job")


def outcomes(journey: Journey, job_id: str) -> list[str | None]:
    """How its attempts ended, in their order."""
    mine = select(JobAttempt.outcome).where(JobAttempt.job_id == uuid.UUID(job_id)).order_by(JobAttempt.attempt)
    with db.organization_context(journey.app, journey.cast.bakery_id), db.reading():
        return list(db.session.scalars(mine))


@pytest.mark.usefixtures("slow")
def test_an_import_goes_on_after_a_stop_and_a_kill_and_ends_exact_and_so_does_its_undo(journey: Journey) -> None:
    journey.installation.start_web()
    stopped = journey.installation.start_worker(QUEUE)
    job_id, import_id = begin(journey)
    wait_for(lambda: rows_read(journey) > 0, what="the import begins")
    stopped.terminate()
    stopped.join(20)
    assert stopped.exitcode == 0
    seen = rows_read(journey)
    killed = journey.installation.start_worker(QUEUE)
    wait_for(lambda: rows_read(journey) >= min(seen + ROWS // 4, ROWS - 1), what="another quarter of the import")
    journey.installation.kill(killed)
    assert rows_read(journey) < ROWS, "the import was over before the worker could be killed"
    last = journey.installation.start_worker(QUEUE)
    job = ended(journey, job_id)
    assert job["state"] == "completed"
    assert outcomes(journey, job_id) == ["released", "lost", "completed"]
    assert job["progress"] == {"total": ROWS, "done": ROWS, "failed": 0, "percent": 100}
    with db.organization_context(journey.app, journey.cast.bakery_id):
        batch = db.session.scalars(select(Import)).one()
        assert (batch.rows_read, batch.created, batch.rejected, batch.duplicate) == (ROWS, ROWS, 0, 0)
        assert db.session.scalar(select(func.count()).select_from(Contact)) == ROWS
        assert db.session.scalars(select(JobLog.state)).all() == [State.COMPLETED]
        assert db.session.scalars(select(Job.failures).where(Job.queue == QUEUE)).one() == 0
        counted = {c.state: c.count for c in db.session.scalars(select(JobCount).where(JobCount.queue == QUEUE))}
        assert {state: count for state, count in counted.items() if count} == {State.COMPLETED: 1}
    kill_its_undo(journey, last, import_id)


def kill_its_undo(journey: Journey, worker: Any, import_id: str) -> None:
    """Kill this worker in the middle of undoing; another one brings it to its end."""
    job_id = journey.api.post(f"/api/imports/{import_id}/undo", {})["job"]["id"]

    def deleted() -> int:
        count: int = journey.api.get(f"/api/imports/{import_id}")["undo"]["deleted"]
        return count

    wait_for(lambda: deleted() >= ROWS // 3, what="a third of the undoing")
    journey.installation.kill(worker)
    assert deleted() < ROWS, "it was over before the worker could be killed"
    journey.installation.start_worker(QUEUE)
    job = ended(journey, job_id)
    assert job["state"] == "completed"
    assert outcomes(journey, job_id) == ["lost", "completed"]
    assert deleted() == ROWS
    with db.organization_context(journey.app, journey.cast.bakery_id), db.reading():
        assert db.session.scalar(select(func.count()).select_from(Contact)) == 0
        assert db.session.scalar(select(func.count()).select_from(ContactImport)) == 0


def _is_reading_a_workbook(worker: Any) -> bool:
    children = " ".join(each.read_text() for each in Path(f"/proc/{worker.pid}/task").glob("*/children")).split()
    return any(b"sheets.child" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children)


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_worker_killed_while_it_reads_a_workbook_leaves_nothing_half(journey: Journey) -> None:
    """Each row has columns that are left out: reading them takes a while, importing none."""
    rows = [(f"+1202555{number:04d}", *["x" * 500] * 40) for number in range(500)]
    book = b"".join(workbook(("phone", *(f"c{number}" for number in range(40))), rows, "People"))
    journey.installation.start_web()
    answer = journey.api.upload(
        "/api/jobs/import-contacts", "people.xlsx", book, {"mapping": json.dumps({"phone": "phone"})}
    )
    first = journey.installation.start_worker(QUEUE)
    wait_for(lambda: _is_reading_a_workbook(first), what="the workbook is read")
    journey.installation.kill(first)
    assert rows_read(journey) == 0
    journey.installation.start_worker(QUEUE)
    assert ended(journey, answer["job"]["id"])["attempt"] == 2
    with db.organization_context(journey.app, journey.cast.bakery_id), db.reading():
        assert db.session.scalars(select(Import.created)).one() == len(rows)
        assert list(uploads.own_directory().iterdir()) == []
