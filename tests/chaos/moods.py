"""The jobs of a chaos run: one processor of many moods, which tells the witness whatever it does.

Each step that is committed is a row in `job_items` with the status "step" and the key `<lease>:<n>`; what is noted
through `progress.item_failed` has the status "noted". So the rows say which hold of the job wrote them.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, JobFailed, Progress, Queue, Snooze, State, registry
from adsapp.jobs.models import JobItem
from tests.chaos.witness import VARIABLE, Witness

ATTEMPTS = 10  # of what should end well: no blow hits one job so often
FEW_ATTEMPTS = 3  # of what always fails
QUEUES = (Queue.BULK_MESSAGES, Queue.TEMPLATE_PROCESSING)


class Mood(StrEnum):
    """How a job behaves, or what happens to it."""

    SUCCEEDS = "succeeds"
    CRAWLS = "crawls"  # many steps, some of them noted as failed; begins anew after a loss
    COMMITS = "commits"  # many steps, each committed; goes on where it stood
    HANDS_BACK = "hands_back"  # commits a step, then goes on later
    FAILS_ONCE = "fails_once"
    FAILS_ALWAYS = "fails_always"
    PERMANENT = "permanent"  # fails so that trying again cannot help
    DELAYED = "delayed"
    DIES = "dies"  # takes its worker along, at its first attempt
    CANCELLED_WAITING = "cancelled_waiting"
    CANCELLED_RUNNING = "cancelled_running"
    CANCELLED_AWAY = "cancelled_away"  # while it is handed back and waits for a decision
    CANCELLED_LEAVING = "cancelled_leaving"  # in the moment in which it fails or hands itself back
    RACES = "races"  # cancelled in the moment in which it is begun


DEMANDED: dict[Mood, frozenset[State]] = {
    **dict.fromkeys(Mood, frozenset({State.COMPLETED})),
    Mood.FAILS_ALWAYS: frozenset({State.FAILED}),
    Mood.PERMANENT: frozenset({State.FAILED}),
    Mood.CANCELLED_WAITING: frozenset({State.CANCELLED}),
    Mood.CANCELLED_RUNNING: frozenset({State.CANCELLED}),
    Mood.CANCELLED_AWAY: frozenset({State.CANCELLED}),
    Mood.CANCELLED_LEAVING: frozenset({State.CANCELLED}),
    Mood.RACES: frozenset({State.COMPLETED, State.CANCELLED}),
}


@dataclass(frozen=True)
class ChaosParams:
    """`steps` steps of `pace` seconds each, in this mood; where there are no steps, their parity chooses a variant."""

    mood: Mood
    steps: int = 1
    pace: float = 0.0


def processor_name(mood: Mood, queue: Queue) -> str:
    """The kind of job for a mood: two kinds in each queue, which differ in how often they are tried."""
    return f"chaos-{'fails' if mood is Mood.FAILS_ALWAYS else 'works'}-{queue.value}"


@contextmanager
def registered() -> Iterator[None]:
    """Within it this process knows the processors of chaos; the rest of the suite does not see them."""
    names = []
    for queue in QUEUES:
        for mood, attempts in ((Mood.SUCCEEDS, ATTEMPTS), (Mood.FAILS_ALWAYS, FEW_ATTEMPTS)):
            names.append(processor_name(mood, queue))
            registry.processor(names[-1], queue=queue, attempts=attempts)(chaos)
    try:
        yield
    finally:
        for name in names:
            registry._processors.pop(name)


@cache
def _witness(_pid: int) -> Witness:
    return Witness(Path(os.environ[VARIABLE]))


@dataclass(frozen=True)
class Hold:
    """One hold of a job, and how it tells the witness."""

    progress: Progress

    def tell(self, what: str, value: object = "") -> None:
        """Write an event of this hold."""
        p = self.progress
        _witness(os.getpid()).tell(str(p.job_id), p.attempt, str(p.lease_id), what, str(value))

    def rows(self) -> list[str]:
        """Keys of the steps that are committed; tells the witness how many rows there are of all kinds.

        One that was frozen may look when a later attempt has begun: what that one writes is no business of its.
        """
        p = self.progress
        mine = select(JobItem.key, JobItem.status).where(JobItem.job_id == p.job_id, JobItem.attempt <= p.attempt)
        with db.reading():
            found = db.session.execute(mine).all()
            db.session.rollback()
        self.tell("seen", len(found))
        return [row.key for row in found if row.status == "step"]

    def commit_step(self, number: int) -> None:
        """One step, committed under the lease."""
        p = self.progress
        key = f"{p.lease_id}:{number}"
        self.tell("step", number)
        db.session.add(
            JobItem(
                organization_id=p.organization_id,
                job_id=p.job_id,
                attempt=p.attempt,
                key=key,
                status="step",
                code="",
                message="",
            )
        )
        p.commit()

    def note(self, number: int) -> None:
        """One step that did not go as wished."""
        self.tell("noted", number)
        self.progress.item_failed(f"{self.progress.lease_id}:{number}", "odd", "An odd step.", status="noted")


def chaos(params: ChaosParams, progress: Progress) -> dict[str, Any]:
    """A job in chaos"""
    hold = Hold(progress)
    hold.tell("begin")
    try:
        result = _work(params, hold)
    except BaseException as error:
        hold.tell("end", type(error).__name__)
        raise
    hold.tell("end", "returned")
    return result


def _work(params: ChaosParams, hold: Hold) -> dict[str, Any]:
    steps = hold.rows()
    match params.mood:
        case Mood.FAILS_ALWAYS:
            raise JobFailed("chaos", "It always fails.")
        case Mood.PERMANENT:
            raise JobFailed("chaos", "It never can.", permanent=True)
        case Mood.FAILS_ONCE if hold.progress.attempt == 1:
            raise JobFailed("chaos", "It fails once.")
        case Mood.DIES if hold.progress.attempt == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        case Mood.CANCELLED_AWAY:
            raise Snooze(None, "waits for a decision")
        case Mood.CANCELLED_LEAVING:
            raise _leave_once_cancelled(params, hold.progress)
        case Mood.COMMITS:
            _commit_steps(params, hold, len(steps))
        case Mood.HANDS_BACK if len(steps) < params.steps:
            hold.commit_step(len(steps))
            raise Snooze(utcnow() + timedelta(seconds=params.pace), "a share is done")
        case Mood.HANDS_BACK:
            pass
        case _:
            _crawl(params, hold)
    return {"lease": str(hold.progress.lease_id), "attempt": hold.progress.attempt, "steps": params.steps}


def _leave_once_cancelled(params: ChaosParams, progress: Progress) -> Exception:
    """Wait until somebody asks the job to stop, and go another way before the engine tells it so."""
    asked = select(Job.cancel_requested_at).where(Job.id == progress.job_id)
    while not progress.is_draining:
        with db.reading():
            is_asked = db.session.scalar(asked) is not None
            db.session.rollback()
        if is_asked:
            return JobFailed("chaos", "It fails.") if params.steps % 2 else Snooze(None, "waits for a decision")
        _pause(params.pace)
    return Snooze(utcnow(), "its worker leaves")


def _pause(seconds: float) -> None:
    threading.Event().wait(seconds)  # the work of a step


def _commit_steps(params: ChaosParams, hold: Hold, done: int) -> None:
    hold.progress.start(params.steps, done=done)
    for number in range(done, params.steps):
        _pause(params.pace)
        hold.commit_step(number)
        hold.progress.advance()


def _crawl(params: ChaosParams, hold: Hold) -> None:
    hold.progress.start(params.steps)
    for number in range(params.steps):
        _pause(params.pace)
        odd = number % 4 == 3
        if odd:
            hold.note(number)
        hold.progress.advance(failed=int(odd))
