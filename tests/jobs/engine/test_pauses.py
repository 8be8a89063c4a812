"""What a pause of a queue must not hold back: operations over many jobs, and routine work."""

import uuid
from collections.abc import Callable

import pytest
from flask import Flask

from adsapp.core import db
from adsapp.jobs import Job, Queue, State, queues
from adsapp.jobs.bulk import operations, target
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.registry import kinds_of
from adsapp.jobs.wait_reasons import why_waiting
from adsapp.organizations.auditing import By
from tests.cast import Cast

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]


def pause_everything(app: Flask, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        for queue in Queue:
            queues.pause_queue(queue, By("Alice", "A recall: stop everything"))
        db.session.commit()


@pytest.mark.parametrize("verb, end", [("cancel", State.CANCELLED), ("prioritize", State.WAITING)])
def test_what_people_do_to_jobs_is_done_while_everything_is_paused(
    app: Flask, cast: Cast, enqueue: Enqueue, read: Read, finished: Read, worker: WorkerProcess, verb: str, end: State
) -> None:
    pause_everything(app, cast)
    held = enqueue(title="Held back")
    with db.organization_context(app, cast.bakery_id):
        priority = 1 if verb == "prioritize" else None
        operation = operations.start(verb, by=By("Alice"), filters=JobFilters(State.WAITING), priority=priority).id
        db.session.commit()
    assert finished(operation).result == {"changed": 1}
    assert read(held).state == end


def test_a_pause_of_operations_themselves_holds_them(app: Flask, cast: Cast, enqueue: Enqueue) -> None:
    enqueue(title="Waits")
    with db.organization_context(app, cast.bakery_id):
        queues.pause_queue(Queue.TEMPLATE_PROCESSING, By("Alice", "A look"), processor=target.PROCESSOR)
        operation = operations.start("cancel", by=By("Alice"), filters=JobFilters())
        db.session.commit()
        reason = why_waiting(operation)
    assert reason is not None
    assert reason.code == "paused"


def test_who_pauses_is_told_which_kinds_go_on() -> None:
    standing, going = kinds_of(Queue.TEMPLATE_PROCESSING), kinds_of(Queue.TEMPLATE_PROCESSING, ignoring_pause=True)
    assert "sync-templates" in standing
    assert {target.PROCESSOR, "apply-webhooks"} <= going.keys()
    assert not standing.keys() & going.keys()
