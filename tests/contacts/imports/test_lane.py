"""One import or undo of an organization writes at a time; the others wait in sight and go on by themselves."""

import itertools
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from adsapp.contacts.imports import chunk
from adsapp.contacts.imports import run as importing
from adsapp.contacts.imports import service as imports
from adsapp.contacts.imports.queries import get_import
from adsapp.contacts.imports.undo import service as undoing
from adsapp.contacts.models import Contact, Import
from adsapp.core import db
from adsapp.jobs import Job
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.wait_reasons import why_waiting
from adsapp.organizations.auditing import By
from tests.cast import Cast

ALICE = By("Alice")


def test_an_undo_that_is_asked_for_while_the_next_import_runs_waits_for_its_end(
    app: Flask,
    cast: Cast,
    worker: WorkerProcess,
    start: Callable[..., uuid.UUID],
    ended: Callable[[uuid.UUID], Import],
    people: Callable[[], dict[str, Contact]],
    finished: Callable[[uuid.UUID], Job],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whom the next one has, too, is left to it."""
    first, stored, undos = ended(start("phone\n+12025550100\n+12025550101\n")), chunk.store_chunk, list[uuid.UUID]()

    def ask() -> uuid.UUID:
        with db.organization_context(app, cast.bakery_id):
            job_id = undoing.ask_undo(get_import(first.id), ALICE).id
            db.session.commit()
            return job_id

    def store(*rows: Any) -> Any:
        with ThreadPoolExecutor(1) as somebody_else:
            undos.append(somebody_else.submit(ask).result())
        return stored(*rows)

    monkeypatch.setattr(importing, "store_chunk", store)
    second = ended(start("phone,name\n+12025550101,Bo\n")).job
    undo = finished(undos[0])
    assert second is not None
    assert second.finished_at is not None
    assert undo.started_at is not None
    assert undo.started_at >= second.finished_at
    assert set(people()) == {"+12025550101"}


@pytest.mark.both
def test_they_write_one_after_another(
    app: Flask,
    cast: Cast,
    start: Callable[..., uuid.UUID],
    look: Callable[[uuid.UUID], Import],
    ended: Callable[[uuid.UUID], Import],
    request: pytest.FixtureRequest,
) -> None:
    one, two, three = (start(f"phone\n+1202555010{n}\n", f"{n}.csv") for n in range(3))

    def waits() -> list[str]:
        with db.organization_context(app, cast.bakery_id), db.reading():
            return [str(why_waiting(get_import(each).job)).partition(":")[0] for each in (one, two, three)]  # type: ignore[arg-type]

    no_worker = "No worker is running for the queue Contact import"
    assert waits() == [no_worker, "Waits for “Import 0.csv”", "Waits for “Import 1.csv”"]
    with db.organization_context(app, cast.bakery_id):
        imports.cancel(get_import(one), ALICE)
        db.session.commit()
    assert waits()[1].startswith(no_worker)
    assert waits()[2] == "Waits for “Import 1.csv”"
    with db.organization_context(app, cast.bakery_id):
        imports.retry(get_import(one), ALICE)  # begun again, it is the last
        db.session.commit()
    assert waits()[0] == "Waits for “Import 2.csv”"

    request.getfixturevalue("worker")
    jobs = [job for each in (two, three, one) if (job := ended(each).job)]
    assert [job.state.value for job in jobs] == ["completed"] * 3
    for before, after in itertools.pairwise(jobs):
        assert before.finished_at is not None
        assert after.started_at is not None
        assert before.finished_at <= after.started_at
