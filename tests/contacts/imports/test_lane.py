"""One import or undo of an organization writes at a time; the others wait in sight and go on by themselves."""

import contextlib
import itertools
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from typing import cast as cast_to

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import select

from adsapp.contacts.imports import chunk
from adsapp.contacts.imports import run as importing
from adsapp.contacts.imports import service as imports
from adsapp.contacts.imports.queries import get_import
from adsapp.contacts.imports.undo import service as undoing
from adsapp.contacts.models import Contact, Import
from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.jobs import Job, Progress, Queue, State
from adsapp.jobs import service as job_service
from adsapp.jobs.bulk import operations
from adsapp.jobs.bulk.run import run_operation
from adsapp.jobs.bulk.target import BulkAction, BulkParams
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.states import FINAL
from adsapp.jobs.wait_reasons import why_waiting
from adsapp.organizations.auditing import By
from tests.campaigns.rehearsal import ByHand
from tests.cast import Cast
from tests.statements import recorded

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


@pytest.mark.both
@pytest.mark.parametrize("how", ["ticked", "in the background"])
def test_those_that_are_begun_again_together_run_one_after_another_in_their_order(
    app: Flask,
    cast: Cast,
    start: Callable[..., uuid.UUID],
    finished: Callable[[uuid.UUID], Job],
    ended: Callable[[uuid.UUID], Import],
    request: pytest.FixtureRequest,
    how: str,
) -> None:
    """Each waited for all others, and none ever ran; whatever was uploaded afterwards waited for them."""
    batches = [start(f"phone\n+1202555010{n}\n", f"{n}.csv") for n in range(4)]
    with db.organization_context(app, cast.bakery_id):
        for each in batches:
            imports.cancel(get_import(each), ALICE)
        db.session.commit()
        ids = [job.id for each in batches if (job := get_import(each).job)]
        if how == "ticked":
            operation = None
            job_service.act_on(BulkAction.RETRY, ids, ALICE)
        else:
            operation = operations.start("retry", by=ALICE, filters=JobFilters(state=State.CANCELLED)).id
        db.session.commit()
    if how == "ticked":
        batches.append(start("phone\n+12025550199\n", "after.csv"))
    request.getfixturevalue("worker")
    if operation:
        finished(operation)
    jobs = [job for each in batches if (job := ended(each).job)]
    assert [job.state.value for job in jobs] == ["completed"] * len(batches)
    for before, after in itertools.pairwise(jobs):
        assert before.finished_at is not None
        assert after.started_at is not None
        assert before.finished_at <= after.started_at


@pytest.mark.both
def test_who_cancels_what_waits_cancels_none_that_this_lets_go(
    app: Flask, cast: Cast, start: Callable[..., uuid.UUID], finished: Callable[[uuid.UUID], Job]
) -> None:
    """The first of a line is waiting, the others are delayed."""
    batches = [start(f"phone\n+1202555010{n}\n", f"{n}.csv") for n in range(3)]
    waiting = JobFilters(state=State.WAITING, queue=Queue.CONTACT_IMPORT)
    with db.organization_context(app, cast.bakery_id):
        asked = operations.start("cancel", by=ALICE, filters=waiting, confirmed=1)
        params = TypeAdapter(BulkParams).validate_python(asked.payload.open())
        db.session.commit()
        assert run_operation(params, cast_to(Progress, ByHand(asked.id))) == {"changed": 1}
        states = [job.state.value for each in batches if (job := get_import(each).job)]
        assert states == ["cancelled", "waiting", "delayed"]


def test_a_longer_line_takes_no_more_statements(app: Flask, cast: Cast, start: Callable[..., uuid.UUID]) -> None:
    numbers = itertools.count(100)

    def another() -> list[str]:
        with recorded(app) as seen:
            start(f"phone\n+12025550{next(numbers)}\n")
        return [each for each in seen if "job_dependencies" in each]

    another()
    behind_one = another()
    for _ in range(12):
        another()
    assert len(another()) == len(behind_one) > 0


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "cancel", "retry"]), st.lists(st.integers(0, 4), min_size=1, unique=True)),
    min_size=2,
    max_size=7,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_cancelled_and_begun_again_exactly_one_of_a_line_may_begin(
    app: Flask, cast: Cast, start: Callable[..., uuid.UUID], steps: list[tuple[str, list[int]]]
) -> None:
    """Never two, which would write at once, and never none, which would wait for one another for good."""
    batches = [start(f"phone\n{next(NUMBERS)}\n") for _ in range(3)]
    for verb, places in steps:
        if verb == "add":
            batches.append(start(f"phone\n{next(NUMBERS)}\n"))
        else:
            _act(app, cast, verb, [batches[place] for place in places if place < len(batches)])
        blocked = _line(app, cast)
        assert not blocked or sorted(blocked) == list(range(len(blocked))), (verb, places)
    _act(app, cast, "cancel", batches)
    assert _line(app, cast) == []


NUMBERS = itertools.count(12025550100)


def _act(app: Flask, cast: Cast, verb: str, batches: list[uuid.UUID]) -> None:
    with db.organization_context(app, cast.bakery_id), contextlib.suppress(Conflict, Invalid):  # none, or none fits
        ids = [job.id for each in batches if (job := get_import(each).job)]
        job_service.act_on(BulkAction(verb), ids, ALICE)
        db.session.commit()


def _line(app: Flask, cast: Cast) -> list[int]:
    """For how many others each of them waits: in a line none, one, two, …."""
    mine = select(Job.blocked_by).where(Job.queue == Queue.CONTACT_IMPORT, Job.state.not_in(FINAL))
    with db.organization_context(app, cast.bakery_id), db.reading():
        return list(db.session.scalars(mine))
