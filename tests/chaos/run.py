"""One run of one seed: jobs of all moods come in while blows fall; at the end everything must be as it should."""

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, cast

from flask import Flask
from sqlalchemy import Table, select
from sqlalchemy.exc import DBAPIError

from adsapp import create_app, jobs
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict
from adsapp.jobs import Job, State, transitions
from adsapp.jobs.broker import Broker
from adsapp.jobs.states import FINAL
from adsapp.organizations.auditing import By
from tests.cast import add_organization
from tests.chaos import blows, judging
from tests.chaos.blows import Blow, Fist
from tests.chaos.evidence import gather
from tests.chaos.fleet import Fleet
from tests.chaos.ground import Ground, Place
from tests.chaos.moods import QUEUES, Mood, processor_name, registered
from tests.chaos.tasks import ORGANIZATIONS, Task, make_tasks, sent
from tests.waiting import wait_for

TICK_SECONDS = 0.02
LOCKED_SECONDS = 30  # a frozen worker may hold locks, a crashed database is back before
FAR = timedelta(hours=1)
LAST_WORDS = 1500  # characters
WHILE_ACTIVE = (Mood.CANCELLED_RUNNING, Mood.CANCELLED_LEAVING)  # when these are cancelled
JOBS = cast(Table, Job.__table__)


@dataclass(frozen=True)
class Size:
    """How much happens in a run."""

    jobs: int
    blows: int
    workers: int
    span: float  # seconds over which jobs and blows are spread
    patience: float = 120.0  # seconds after that within which everything must have ended


@dataclass
class Report:
    """How a run went."""

    seed: int
    shape: str
    jobs: int
    blows: dict[str, int] = field(default_factory=dict)
    own_deaths: int = 0  # workers that their own job killed
    attempts: int = 0
    attempts_lost: int = 0
    as_demanded: int = 0
    deadlocks: int = 0  # that PostgreSQL had to break
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list)
    last_words: str = ""  # of the workers' log, where something was violated

    @property
    def kills(self) -> int:
        """Worker processes that were killed, by us or by their own job."""
        return self.blows.get(Blow.KILL, 0) + self.blows.get(Blow.KILL_IN_DISPATCH, 0) + self.own_deaths


def run(ground: Ground, seed: int, size: Size) -> Report:
    """One run; what was violated is in the report."""
    with registered(), ground.place() as place, _application(place) as app:
        return Run(ground, place, app, seed, size).go()


@contextmanager
def _application(place: Place) -> Iterator[Flask]:
    app = create_app(place.settings)
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.db.engine.dispose()


class Run:
    """The driver: sends jobs, cancels some, strikes, replaces who died, and waits for the end."""

    def __init__(self, ground: Ground, place: Place, app: Flask, seed: int, size: Size) -> None:
        rng = random.Random(seed)
        self._place, self._app, self._size = place, app, size
        self._tasks = make_tasks(rng, size.jobs, size.span)
        self._ground = ground
        self._plan = blows.plan(rng, ground.is_distributed, size.blows, size.span)
        self._fleet = Fleet(size.workers, place.environment, place.log)
        self._broker: Broker = app.extensions["broker"]
        self._fist = Fist(rng, ground, self._fleet, self._broker)
        self._struck: Counter[str] = Counter()
        self._report = Report(seed, ground.shape, size.jobs)
        self._organizations = self._make_organizations()
        self._deadlocks_before = ground.deadlocks()

    def go(self) -> Report:
        """Run, and judge."""
        began = time.monotonic()
        repeated_at = None
        try:
            self._fleet.start()
            if self._drive():
                repeated_at = time.monotonic_ns()
                self._repeat_everything()
                self._fleet.dismiss()
        except AssertionError as error:  # a wait that found no end
            self._report.violations.append(str(error))
        finally:
            self._fleet.stop()
        self._report.seconds = round(time.monotonic() - began, 1)
        self._judge(repeated_at)
        return self._report

    def _make_organizations(self) -> list[uuid.UUID]:
        return [add_organization(self._app, f"o{n}") for n in range(ORGANIZATIONS)]

    def _drive(self) -> bool:
        """False where something had not ended when patience had."""
        began = time.monotonic()
        to_send, to_strike = list(self._tasks), list(self._plan)
        while (now := time.monotonic() - began) < self._size.span + self._size.patience:
            while to_send and to_send[0].at <= now:
                self._patiently(self._send, to_send.pop(0))
            while to_strike and to_strike[0][0] <= now and self._strike(to_strike[0][1]):
                to_strike.pop(0)
            self._fleet.replace()
            self._patiently(self._cancel_what_is_ready)
            if not (to_send or to_strike) and self._have_all_ended():
                return True
            time.sleep(TICK_SECONDS)
        return False

    def _strike(self, blow: Blow) -> bool:
        """False where nobody is there to be struck just now; the blow falls when somebody is."""
        is_struck = self._fist.strike(blow, sent(self._tasks))
        self._struck[blow] += is_struck
        return is_struck

    def _patiently(self, do: Callable[..., None], *arguments: Any) -> None:
        """The database may be gone for a moment, or locked by a worker that is frozen."""
        until = time.monotonic() + LOCKED_SECONDS
        while True:
            try:
                return do(*arguments)
            except DBAPIError:
                if time.monotonic() > until:
                    raise
                time.sleep(TICK_SECONDS)

    def _send(self, task: Task) -> None:
        wait = FAR if task.mood is Mood.CANCELLED_WAITING else timedelta(seconds=task.run_in)
        with db.organization_context(self._app, self._organizations[task.organization]):
            job = jobs.enqueue(
                processor_name(task.mood, task.queue),
                asdict(task.params),
                title=f"{task.mood} {task.number}",
                idempotency_key=f"task {task.number}",  # sent again where the answer was lost
                priority=task.priority,
                run_at=utcnow() + wait,
            )
            task.job_id = job.id
            db.session.commit()
        if task.mood in (Mood.RACES, Mood.CANCELLED_WAITING):
            self._cancel(task)

    def _cancel_what_is_ready(self) -> None:
        wanted = {
            task.job_id: task
            for task in self._tasks
            if task.job_id and not task.is_settled and task.mood in (*WHILE_ACTIVE, Mood.CANCELLED_AWAY)
        }
        rows = self._look(JOBS.c.id.in_(wanted)) if wanted else []
        for row in rows:
            task = wanted[row.id]
            is_away = row.state == State.DELAYED and row.handed_back
            if row.state == State.ACTIVE if task.mood in WHILE_ACTIVE else is_away:
                self._cancel(task)

    def _cancel(self, task: Task) -> None:
        with db.organization_context(self._app, self._organizations[task.organization]):
            try:
                transitions.cancel(db.session.get_one(Job, task.job_id), By("chaos"))
                db.session.commit()
            except Conflict as error:
                db.session.rollback()
                if db.session.get_one(Job, task.job_id, populate_existing=True).state not in FINAL:
                    self._report.violations.append(f"refused to cancel {task.job_id}, which has not ended: {error}")
        task.is_settled = True

    def _have_all_ended(self) -> bool:
        try:
            return not self._look(JOBS.c.state.not_in(FINAL))
        except DBAPIError:
            return False

    def _look(self, condition: Any) -> Any:
        with self._app.app_context(), db.reading(), db.engine_transaction() as connection:
            return connection.execute(select(JOBS.c.id, JOBS.c.state, JOBS.c.handed_back).where(condition)).all()

    def _repeat_everything(self) -> None:
        """Every message once more: it must start nothing."""
        for queue, job_id in sent(self._tasks):
            self._broker.push(queue, job_id, 1)
        wait_for(lambda: not any(map(self._broker.pending, QUEUES)), 60, "the broker is empty")

    def _judge(self, repeated_at: int | None) -> None:
        with self._app.app_context():
            evidence = gather(self._place.witness, self._tasks, repeated_at)
        report = self._report
        report.blows = dict(sorted(self._struck.items()))
        report.own_deaths = self._fleet.own_deaths
        report.attempts = len(evidence.attempts)
        report.attempts_lost = sum(attempt.outcome == "lost" for attempt in evidence.attempts)
        report.deadlocks = self._ground.deadlocks() - self._deadlocks_before
        report.as_demanded = sum(map(evidence.is_as_demanded, self._tasks))
        report.violations += judging.judge(evidence)
        if report.violations:
            report.last_words = self._place.log.read_text(encoding="utf-8", errors="replace")[-LAST_WORDS:]
