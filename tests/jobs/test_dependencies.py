"""Jobs that wait for jobs: chains, conditions, fan-out; resolved in the transaction that ends the needed job."""

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.ids import new_id
from adsapp.jobs import After, Condition, Job, On, Progress, Snooze, State, Step, queues, transitions
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import JobAttempt, JobDependency, JobLog
from adsapp.jobs.wait_reasons import why_waiting
from adsapp.organizations.auditing import NOBODY, By
from tests.cast import Cast
from tests.waiting import wait_for

Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]

FINE, BROKEN = {"mood": "succeeds", "steps": 3}, {"mood": "fails_always"}


def test_a_job_begins_when_what_it_needs_has_ended_well(
    worker: WorkerProcess, enqueue: Enqueue, finished: Read, read: Read
) -> None:
    first = enqueue(payload=FINE, run_at=utcnow() + timedelta(seconds=1))
    second = enqueue(payload=FINE, after=[After(first)])
    third = enqueue(payload=FINE, after=[After(first), After(second)])
    assert (read(third).state, read(third).blocked_by) == (State.DELAYED, 2)
    done = [finished(job_id) for job_id in (first, second, third)]
    assert [job.state for job in done] == [State.COMPLETED] * 3
    ends = [(job.started_at, job.finished_at) for job in done]
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(ends))  # type: ignore[operator]


@pytest.mark.parametrize(
    "payload, on, condition, expected",
    [
        (FINE, On.SUCCESS, None, State.COMPLETED),
        (BROKEN, On.SUCCESS, None, State.CANCELLED),
        (FINE, On.FAILURE, None, State.CANCELLED),
        (BROKEN, On.FAILURE, None, State.COMPLETED),
        (FINE, On.ALWAYS, None, State.COMPLETED),
        (BROKEN, On.ALWAYS, None, State.COMPLETED),
        (FINE, On.SUCCESS, Condition("steps", "gt", 2), State.COMPLETED),
        (FINE, On.SUCCESS, Condition("steps", "gt", 3), State.CANCELLED),
        (FINE, On.SUCCESS, Condition("missing", "eq", 1), State.CANCELLED),
        (FINE, On.SUCCESS, Condition("steps", "lt", "many"), State.CANCELLED),
    ],
)
def test_a_job_begins_only_if_the_other_ended_as_wished(
    app: Flask,
    cast: Cast,
    worker: WorkerProcess,
    enqueue: Enqueue,
    finished: Read,
    payload: dict[str, Any],
    on: On,
    condition: Condition | None,
    expected: State,
) -> None:
    first = enqueue(payload=payload, run_at=utcnow() + timedelta(days=1), title="The first")
    second = enqueue(payload=FINE, after=[After(first, on, condition)])
    with db.organization_context(app, cast.bakery_id):
        transitions.promote(db.session.get_one(Job, first), by=NOBODY)
        db.session.commit()
    job = finished(second)
    assert job.state == expected
    if expected == State.CANCELLED:
        assert job.error_code == "dependency_unmet"
        assert "“The first”" in (job.error or "")


def test_what_waits_for_a_cancelled_job_is_cancelled_to_the_end_of_the_chain(
    app: Flask, cast: Cast, enqueue: Enqueue, read: Read
) -> None:
    first = enqueue(run_at=utcnow() + timedelta(days=1))
    second = enqueue(after=[After(first)])
    third = enqueue(after=[After(second)])
    in_any_case = enqueue(after=[After(third, On.ALWAYS)])
    with db.organization_context(app, cast.bakery_id):
        transitions.cancel(db.session.get_one(Job, first), By("Alice"))
        db.session.commit()
        assert db.session.scalars(select(JobLog.job_id).order_by(JobLog.id)).all() == [first, second, third]
    assert [read(each).state for each in (first, second, third)] == [State.CANCELLED] * 3
    assert (read(in_any_case).state, read(in_any_case).blocked_by) == (State.WAITING, 0)


def test_a_needed_job_that_ended_already_counts_at_once(
    app: Flask, cast: Cast, worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    fine, broken = enqueue(payload=FINE), enqueue(payload=BROKEN)
    finished(fine)
    finished(broken)
    assert finished(enqueue(after=[After(fine), After(broken, On.FAILURE)])).state == State.COMPLETED
    with pytest.raises(Conflict, match="which is failed"):
        enqueue(after=[After(broken)])


def test_why_it_waits_is_said_and_it_cannot_be_run_early(app: Flask, cast: Cast, enqueue: Enqueue, read: Read) -> None:
    first = enqueue(run_at=utcnow() + timedelta(days=1))
    second = enqueue(after=[After(first)])
    with db.organization_context(app, cast.bakery_id):
        job = db.session.get_one(Job, second)
        assert str(why_waiting(job)) == "Waits for 1 other job"
        with pytest.raises(Conflict, match="waits for 1 other"):
            transitions.promote(job, by=NOBODY)
    app.extensions["broker"].push(job.queue, second, 1)  # a forged message starts nothing either


def test_needs_of_another_organization_or_of_nobody_are_refused(app: Flask, cast: Cast, enqueue: Enqueue) -> None:
    with db.organization_context(app, cast.other_id):
        theirs = jobs.enqueue("demo", FINE).id
        db.session.commit()
    for stranger in (theirs, new_id()):
        with pytest.raises(Invalid, match="There is no job"):
            enqueue(after=[After(stranger)])


def test_a_flow_runs_in_its_order(app: Flask, cast: Cast, worker: WorkerProcess, finished: Read) -> None:
    steps = {
        "report": Step("demo", FINE, after={"send": On.ALWAYS}),
        "import": Step("demo", FINE),
        "mend": Step("demo", FINE, after={"import": On.FAILURE}),
        "send": Step("demo", FINE, after={"import": On.SUCCESS}, conditions={"import": Condition("steps", "ge", 3)}),
    }
    with db.organization_context(app, cast.bakery_id):
        ids = {name: job.id for name, job in jobs.enqueue_flow(steps, created_by="Alice").items()}
        db.session.commit()
    ended = {name: finished(job_id).state for name, job_id in ids.items()}
    assert ended == {
        "import": State.COMPLETED,
        "send": State.COMPLETED,
        "mend": State.CANCELLED,
        "report": State.COMPLETED,
    }


def test_a_circle_is_refused_and_shown(app: Flask, cast: Cast) -> None:
    circle = {
        "a": Step("demo", FINE, after={"c": On.SUCCESS}),
        "b": Step("demo", FINE, after={"a": On.SUCCESS}),
        "c": Step("demo", FINE, after={"b": On.SUCCESS}),
    }
    with db.organization_context(app, cast.bakery_id):
        with pytest.raises(Invalid, match="A circle: ") as refused:
            jobs.enqueue_flow(circle)
        assert {"a", "b", "c"} <= set(refused.value.detail.split(": ")[1].split(" → "))
        with pytest.raises(Invalid, match="no step nobody"):
            jobs.enqueue_flow({"a": Step("demo", FINE, after={"nobody": On.SUCCESS})})
        assert db.session.scalars(select(Job)).all() == []


@dataclass(frozen=True)
class FanOut:
    """How many children, and of which mood."""

    children: int
    mood: str = "succeeds"


def fan_out(params: FanOut, progress: Progress) -> dict[str, Any]:
    """Fan out into children and add up what they did"""
    children = db.session.scalars(select(Job).where(Job.parent_id == progress.job_id)).all()
    if not children:
        for number in range(params.children):
            jobs.enqueue(
                "demo",
                {"mood": params.mood, "steps": number},
                parent=progress.job_id,
                idempotency_key=f"{progress.job_id}:{number}",
            )
        progress.commit()
        raise Snooze.for_children()
    return {"steps": sum((child.result or {}).get("steps", 0) for child in children), "children": len(children)}


def test_a_parent_goes_on_when_its_children_have_ended(
    app: Flask,
    cast: Cast,
    register: Callable[..., None],
    worker: WorkerProcess,
    enqueue: Enqueue,
    finished: Read,
) -> None:
    register("fan-out", fan_out)
    parent = finished(enqueue("fan-out", {"children": 5}))
    assert (parent.state, parent.result, parent.attempt) == (State.COMPLETED, {"steps": 10, "children": 5}, 1)
    with db.organization_context(app, cast.bakery_id):
        assert len(db.session.scalars(select(JobAttempt).where(JobAttempt.job_id == parent.id)).all()) == 1
        edges = db.session.scalars(select(JobDependency).where(JobDependency.job_id == parent.id)).all()
        assert all(edge.met for edge in edges)
        assert len(edges) == 5


def test_children_that_fail_do_not_hold_their_parent(
    register: Callable[..., None], worker: WorkerProcess, enqueue: Enqueue, finished: Read
) -> None:
    register("fan-out", fan_out)
    assert finished(enqueue("fan-out", {"children": 2, "mood": "fails_always"})).result == {"steps": 0, "children": 2}


def test_children_are_cancelled_with_their_parent(
    app: Flask, cast: Cast, register: Callable[..., None], worker: WorkerProcess, enqueue: Enqueue, read: Read
) -> None:
    register("fan-out", fan_out)
    with db.organization_context(app, cast.bakery_id):
        queues.pause_queue(read_queue(), By("Alice", "hold the children"), processor="demo")
        db.session.commit()
    parent = enqueue("fan-out", {"children": 3})
    wait_for(lambda: read(parent).blocked_by == 3 and read(parent).state == State.DELAYED)
    with db.organization_context(app, cast.bakery_id):
        transitions.cancel(db.session.get_one(Job, parent), By("Alice"))
        db.session.commit()
        states = db.session.scalars(select(Job.state).where(Job.parent_id == parent)).all()
        assert states == [State.CANCELLED] * 3
    assert read(parent).state == State.CANCELLED


def read_queue() -> Any:
    from adsapp.jobs.registry import get_processor

    return get_processor("demo").queue


def test_a_child_that_waits_for_its_parent_is_a_circle(app: Flask, cast: Cast, enqueue: Enqueue) -> None:
    parent = enqueue(run_at=utcnow() + timedelta(days=1))
    waits_for_parent = enqueue(after=[After(parent)])
    for needed in (parent, waits_for_parent):
        with pytest.raises(Invalid, match="A circle"):
            enqueue(parent=parent, after=[After(needed)])


def test_a_condition_that_cannot_be_compared_is_refused() -> None:
    with pytest.raises(Invalid, match="eq, ne, gt"):
        Condition("steps", "about", 3)
