"""A worker process: consumers for its queues, one heartbeat, one sweep, one listener, and a stop that loses nothing."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import cast

from flask import Flask
from sqlalchemy import Connection, Engine, Table, bindparam, delete, insert, update
from sqlalchemy.exc import SQLAlchemyError

from adsapp.config import VERSION, Settings
from adsapp.core import db
from adsapp.core.clock import DatabaseClock
from adsapp.core.db import engine_transaction
from adsapp.core.ids import new_id
from adsapp.core.logs import get_logger
from adsapp.core.observing import metrics
from adsapp.core.observing.metrics import Reader
from adsapp.core.observing.process_figures import memory_bytes, read_process
from adsapp.jobs import retention
from adsapp.jobs.broker import Broker, EmbeddedConsumer
from adsapp.jobs.engine import counting, dispatch, reaper
from adsapp.jobs.engine.batching import BatchWriter
from adsapp.jobs.engine.claims import WorkerIdentity
from adsapp.jobs.engine.heartbeat import Heartbeat
from adsapp.jobs.engine.prefetch import Prefetcher
from adsapp.jobs.engine.runner import Runner
from adsapp.jobs.engine.samples import Ring
from adsapp.jobs.models import Worker
from adsapp.jobs.scopes import EVERYONE, Scope
from adsapp.jobs.states import Queue
from adsapp.jobs.wakeups import IDLE_SECONDS

log = get_logger()

WORKERS = cast(Table, Worker.__table__)

REAP_EVERY_SECONDS = 1.0  # at most
MOST_REST_SECONDS = 5.0  # of the reaper; no job that is begun or dispatched after its look can be lost sooner
UPKEEP_EVERY_SECONDS = 600.0  # between two looks whether today's upkeep was asked for
KEEP_LANE_EVERY_SECONDS = 10.0
A_MOMENT_SECONDS = 0.002  # so that a sweep that waits for a job does not come just too early
FORGET_WORKERS_AFTER = timedelta(days=1)

# Something of a feature's that every worker process looks after: it does what is due, and tells for how many seconds
# there is nothing more to do, as far as it knows.
Look = Callable[[Engine, DatabaseClock], float]

# Built once: every process says them again and again, and to build it takes longer than to run it.
SIGN_OF_LIFE = (
    update(WORKERS)
    .where(WORKERS.c.id == bindparam("worker"))
    .values(heartbeat_at=bindparam("now"), memory_mb=bindparam("memory"), busy=bindparam("working"))
    .returning(WORKERS.c.drain_requested_at)
)
SAMPLES = update(WORKERS).where(WORKERS.c.id == bindparam("worker")).values(samples=bindparam("kept"))


def threads_of(settings: Settings, queue: Queue) -> int:
    """How many threads one process gives a queue."""
    count: int = getattr(settings, "workers_" + queue.value.replace("-", "_"))
    return count


class WorkerProcess:
    """Everything one worker process runs. `start`, then `wait` for `stop`."""

    def __init__(
        self, app: Flask, queues: Sequence[Queue], looks: Sequence[Look] = (), scope: Scope = EVERYONE
    ) -> None:
        self._app = app
        self._looks = looks
        self._settings: Settings = app.config["SETTINGS"]
        with app.app_context():
            self._engine = db.job_engine()
        self._broker: Broker = app.extensions["broker"]
        self._queues = list(queues)
        self._scope = scope
        self._threads_of_all = sum(threads_of(self._settings, queue) for queue in self._queues)
        self._ring = Ring(self._threads_of_all)
        self._clock = DatabaseClock()
        self._identity = WorkerIdentity(new_id(), f"{socket.gethostname()}-{os.getpid()}")
        self._heartbeat = Heartbeat(
            self._engine, self._clock, self._settings.lease_seconds, self._settings.heartbeat_seconds
        )
        self._commits = BatchWriter(
            self._engine,
            self._clock,
            self._identity,
            self._settings.lease_seconds,
            self._settings.retry_seconds,
            self._may_be_due,
        )
        self._runner = Runner(app, self._engine, self._clock, self._heartbeat, self._commits)
        self._consumers: list[EmbeddedConsumer] = []
        self._prefetchers: list[Prefetcher] = []
        self._threads: list[threading.Thread] = []
        self._sweepers = [
            dispatch.Sweeper(self._engine, self._clock, self._broker, queue, scope) for queue in self._queues
        ]
        self._patience = self._settings.sweep_seconds  # how long the sweep may wait to be woken
        self._swept_at = 0.0
        self._woken = threading.Event()  # the sweep should look
        self._others_unaware = threading.Event()  # the sweeps of other queues should look too
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self.metrics_port = 0  # where its figures are, if they are wanted

    def start(self) -> None:
        """Register, then begin to work."""
        self._listener = self._broker.listen(self._queues, self._scope.lane)
        self._keep_lane()
        with engine_transaction(self._engine) as connection:
            self._clock.synchronize(connection)
            now = self._clock.now()
            connection.execute(delete(Worker).where(Worker.heartbeat_at < now - FORGET_WORKERS_AFTER))
            connection.execute(
                insert(Worker).values(
                    id=self._identity.id,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    version=VERSION,
                    queues=[queue.value for queue in self._queues],
                    started_at=now,
                    heartbeat_at=now,
                    memory_mb=_memory_mb(),
                    scope=self._scope.as_json(),
                    threads=self._threads_of_all,
                    busy=0,
                )
            )
        self._commits.start()
        for queue in self._queues:
            threads = threads_of(self._settings, queue)
            prefetcher = Prefetcher(threads, self._commits, self._heartbeat, self._runner.run, self._stopping)
            self._prefetchers.append(prefetcher)
            consumer = self._broker.consumer(queue, threads, prefetcher, self._scope.lane)
            consumer.start()
            self._consumers.append(consumer)
        self._background("heartbeat", self._beat, self._settings.heartbeat_seconds)
        self._background("sweep", self._sweep, 0.0)
        self._background("listener", self._listen, 0.0)
        self._background("reaper", self._reap, REAP_EVERY_SECONDS)
        if not self._scope.is_everyone:
            self._background("lane", self._keep_lane, KEEP_LANE_EVERY_SECONDS)
        self._background("upkeep", self._ask_for_upkeep, UPKEEP_EVERY_SECONDS)
        for look in self._looks:
            self._background("look", self._looking(look), 0.0)
        self._show_figures()
        serves = self._scope.in_words()
        log.info("worker_started", worker=self._identity.name, queues=",".join(self._queues), serves=serves)

    def _show_figures(self) -> None:
        """On a port of its own, if figures are wanted: METRICS_PORT and the place of its first queue."""
        if not self._settings.metrics_port:
            return
        from adsapp.core.observing.metrics_port import open_port

        metrics.turn_on(self._settings)
        place = 1 + list(Queue).index(self._queues[0])
        self.metrics_port = open_port(self._settings, place, self.figures)

    def figures(self) -> bytes:
        """What this process counted and does, for Prometheus."""
        threads = {queue: threads_of(self._settings, queue) for queue in self._queues}
        own: list[Reader] = [
            lambda: read_process(self._app),
            lambda: counting.read_worker(self._heartbeat.held(), threads),
        ]
        return metrics.exposition(own)

    def drain(self) -> None:
        """Begin no job any more; what runs goes on to its end, or to the next good place."""
        self._stopping.set()
        for consumer in self._consumers:
            consumer.end()
        for prefetcher in self._prefetchers:
            prefetcher.release()
        for held in self._heartbeat.held():
            held.control.draining = True

    @property
    def is_drained(self) -> bool:
        """True once somebody asked to drain this worker and nothing runs here any more."""
        return self._stopping.is_set() and not self._heartbeat.held()

    def stop(self) -> None:
        """Begin no job any more, give running ones their grace, release the rest for others."""
        self.drain()
        self._wait_for_jobs(self._settings.grace_seconds)
        for held in self._heartbeat.held():
            held.control.stopping = True
        self._wait_for_jobs(5)
        self._ended.set()
        self._woken.set()
        self._listener.interrupt()
        # A consumer that waits for a message wakes up once more; what it then takes is given back, not lost.
        waiting = [thread for consumer in self._consumers for _, thread in consumer.worker_threads]
        for thread in [*self._threads, *waiting]:
            thread.join(timeout=5)
        self._commits.stop()
        self._listener.close()
        self._leave_lane()
        self._tell(Queue)  # what was released
        with engine_transaction(self._engine) as connection:
            connection.execute(
                update(Worker).where(Worker.id == self._identity.id).values(stopped_at=self._clock.now())
            )
        log.info("worker_stopped", worker=self._identity.name)

    def _wait_for_jobs(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self._heartbeat.held() and time.monotonic() < until:
            time.sleep(0.05)

    def _background(self, name: str, work: object, every: float) -> None:
        def loop() -> None:
            while not self._ended.wait(every):
                try:
                    work()  # type: ignore[operator]
                except (SQLAlchemyError, OSError, ConnectionError) as error:
                    log.warning("try_again", what=name, error=type(error).__name__)
                except Exception as error:  # a broker's own errors: keep the thread, say what happened
                    log.error("try_again", what=name, error=f"{type(error).__name__}: {error}")

        thread = threading.Thread(target=loop, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _beat(self) -> None:
        try:
            self._heartbeat.beat()
            with engine_transaction(self._engine) as connection:
                self._clock.synchronize(connection)
                asked_to_drain = self._give_sign_of_life(connection)
        finally:
            self._heartbeat.expire_locally()
            for prefetcher in self._prefetchers:
                prefetcher.release(stale_only=True)
        if asked_to_drain is not None and not self._stopping.is_set():
            log.info("worker_drains", worker=self._identity.name)
            self.drain()

    def _give_sign_of_life(self, connection: Connection) -> datetime | None:
        """How it is; since when it is asked to end, if it is."""
        # What was claimed ahead of the threads is held, too.
        memory, working = _memory_mb(), min(len(self._heartbeat.held()), self._threads_of_all)
        sign = {"worker": self._identity.id, "now": self._clock.now(), "memory": memory, "working": working}
        asked_to_drain = connection.execute(SIGN_OF_LIFE, sign).scalar_one_or_none()
        if (kept := self._ring.note(working, memory)) is not None:
            connection.execute(SAMPLES, {"worker": self._identity.id, "kept": kept})
        return asked_to_drain

    def _keep_lane(self) -> None:
        """Say that it lives to those who wake it; without a broker nobody is woken."""
        try:
            self._broker.keep_lane(self._queues, self._scope.lane)
        except Exception as error:  # whichever way the client says that the broker is away
            log.warning("lane_not_kept", error=type(error).__name__)

    def _leave_lane(self) -> None:
        try:
            self._broker.leave_lane(self._queues, self._scope.lane)
        except Exception as error:  # likewise: it is forgotten by itself
            log.warning("lane_not_left", error=type(error).__name__)

    def _listen(self) -> None:
        """What the one thread of this process does that others wake. If they could not, the sweep finds out."""
        should_sweep = self._listener.wait()
        for consumer in self._consumers:
            consumer.wake()
        if should_sweep:
            self._woken.set()

    def _sweep(self) -> None:
        shortest = self._settings.sweep_seconds
        self._woken.wait(self._patience)
        self._ended.wait(max(0.0, self._swept_at + shortest - time.monotonic()))
        self._woken.clear()
        self._patience, self._swept_at = shortest, time.monotonic()  # also if this look fails
        if self._stopping.is_set():
            return
        rest = min(sweeper.look() for sweeper in self._sweepers) + A_MOMENT_SECONDS
        self._patience = max(shortest, min(rest, IDLE_SECONDS))
        for consumer in self._consumers:
            consumer.wake_if_needed()
        if self._others_unaware.is_set():
            self._others_unaware.clear()
            self._tell(set(Queue) - set(self._queues))

    def _may_be_due(self) -> None:
        """Jobs ended or went back: retries, jobs that waited for them, and others under the same limit may be due."""
        self._others_unaware.set()
        self._woken.set()

    def _tell(self, queues: Iterable[Queue]) -> None:
        try:
            for queue in queues:
                self._broker.due(queue)
        except Exception as error:  # the broker is away: they look by themselves
            log.warning("nudge_lost", error=type(error).__name__)

    def _reap(self) -> None:
        rest = min(reaper.rest(self._engine, self._clock), self._settings.lease_seconds, MOST_REST_SECONDS)
        if rest > 0:
            self._ended.wait(rest - REAP_EVERY_SECONDS)
            return
        lost = reaper.reap(self._engine, self._clock, self._settings.retry_seconds)
        if dispatch.dispatch_again(self._engine, self._clock) or lost:
            self._may_be_due()
            if not self._scope.is_everyone:
                self._tell(self._queues)  # those lost may be somebody's whom we do not serve

    def _looking(self, look: Look) -> Callable[[], None]:
        """Call it when it asked to be called, and now and then besides: what it waits for may have been changed."""
        patience = 0.0

        def once() -> None:
            nonlocal patience
            self._ended.wait(patience)
            patience = REAP_EVERY_SECONDS  # also if this look fails
            if not self._stopping.is_set():
                patience = min(look(self._engine, self._clock), MOST_REST_SECONDS)

        return once

    def _ask_for_upkeep(self) -> None:
        ask_for_upkeep(self._app, self._clock.now())


def ask_for_upkeep(app: Flask, now: datetime) -> int:
    """Ask for today's upkeep of every organization that has none yet; how many. Any worker may, any time.

    What is the same for all organizations is done at once.
    """
    with app.app_context():
        owners = retention.without_upkeep(db.job_engine(), now)
    for owner in owners:
        with db.organization_context(app, owner):
            retention.ask_for_upkeep(now)
            db.session.commit()
    with app.app_context():
        retention.keep_months(db.job_engine(), now)
    return len(owners)


def _memory_mb() -> int:
    return memory_bytes() // (1024 * 1024)
