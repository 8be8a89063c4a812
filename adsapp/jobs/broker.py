"""The broker: Huey carries one JSON message, a job id, and may be flushed at any moment.

The only file that speaks Huey. Its storages carry the messages and its consumer keeps the threads; none of its retries,
schedules, periodic tasks, rate limits, locks, results, revocations or chords is used (docs/adr/0002), so a message
goes past its registry of tasks, which would ask Redis twice more for each.
"""

import itertools
import json
import struct
import threading
import time
import uuid
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from flask import Flask
from huey import PriorityRedisHuey, SqliteHuey
from huey.api import Huey
from huey.consumer import Consumer, Worker
from huey.storage import PriorityRedisStorage

from adsapp.config import Settings
from adsapp.core.logs import get_logger
from adsapp.jobs.states import Queue

WAIT_SECONDS = 0.5  # how long a consumer waits at Redis before it looks whether it should stop
BROKER_AWAY_SECONDS = 0.25  # between two tries of a thread

log = get_logger()


class Source(Protocol):
    """Where a thread gets job ids from."""

    def first(self) -> uuid.UUID | None:
        """The next id; waits for one where the storage can."""

    def more(self, most: int) -> list[uuid.UUID]:
        """Ids that are there already."""


class Line(Protocol):
    """What a thread of a queue does, again and again."""

    def turn(self, source: Source) -> bool:
        """Do the next thing; False where there was nothing to do."""


class RedisStorage(PriorityRedisStorage):  # type: ignore[misc]  # huey publishes no types
    """Huey's, with a way to give and to take several messages at once."""

    def enqueue_all(self, messages: Iterable[tuple[bytes, int]]) -> None:
        """Add messages with their priorities, in their order."""
        now = int(time.time() * 1e6)
        written = (
            (struct.pack(">Q", now + place) + data, -priority) for place, (data, priority) in enumerate(messages)
        )
        self.conn.zadd(self.queue_key, dict(written))

    def enqueue_below(self, most: int, message: bytes, priority: int) -> None:
        """Add a message if fewer than so many lie there: asked and done in one trip."""
        written = struct.pack(">Q", int(time.time() * 1e6)) + message
        self._enqueue_below(keys=[self.queue_key], args=[most, -priority, written])

    @cached_property
    def _enqueue_below(self) -> Any:
        return self.conn.register_script(
            "if redis.call('zcard', KEYS[1]) < tonumber(ARGV[1]) then redis.call('zadd', KEYS[1], ARGV[2], ARGV[3]) end"
        )

    def dequeue_some(self, most: int) -> list[bytes]:
        """Up to so many messages that are there."""
        return [message[8:] for message, _ in self.conn.zpopmin(self.queue_key, most)]  # without their time


class PatientWorker(Worker):  # type: ignore[misc]
    """Huey's worker thread; while the broker is away it waits and says so once, not a thousand times a second."""

    line: Line
    broker_is_away = False

    def loop(self, now: Any = None) -> None:
        """One turn."""
        try:
            found = self.line.turn(self)
        except Exception as error:  # whichever way the client of this shape says that its storage is away
            self._wait_for_broker(error)
            return
        self.broker_is_away = False
        if found:
            self.delay = self.default_delay
        elif not self.huey.storage.blocking:
            self.sleep()

    def first(self) -> uuid.UUID | None:
        """The next id, or None after a while."""
        message = self.huey.storage.dequeue()
        return None if message is None else read_message(message)

    def more(self, most: int) -> list[uuid.UUID]:
        """Ids that are there already."""
        storage = self.huey.storage
        if isinstance(storage, RedisStorage):
            messages = storage.dequeue_some(most)
        else:
            messages = list(itertools.islice(iter(storage.dequeue, None), most))
        return [job_id for job_id in map(read_message, messages) if job_id is not None]

    def _wait_for_broker(self, error: Exception) -> None:
        if not self.broker_is_away:
            log.warning("broker_away", queue=self.huey.name, error=f"{type(error).__name__}: {error}")
            self.broker_is_away = True
        self.stop_flag.wait(BROKER_AWAY_SECONDS)


def write_message(job_id: uuid.UUID) -> bytes:
    """A message is `["<job id>"]` in JSON, and nothing else."""
    return json.dumps([str(job_id)]).encode()


def _as_huey_has_it(job_id: uuid.UUID, priority: int) -> tuple[bytes, int]:
    return write_message(job_id), 5 - priority  # Huey takes the highest first


def read_message(message: bytes) -> uuid.UUID | None:
    """The id; None for anything that is none: it is dropped, and never unpickled."""
    try:
        return uuid.UUID(json.loads(bytes(message))[0])
    except (ValueError, TypeError, AttributeError, LookupError):
        log.warning("not_a_job", size=len(message))
        return None


class QuietConsumer(Consumer):  # type: ignore[misc]
    """Huey's consumer inside our own process: it leaves the signals alone."""

    worker_class = PatientWorker

    def _set_signal_handlers(self) -> None:
        return


class Broker:
    """The four queues of one installation, over SQLite or Redis."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._hueys: dict[Queue, Huey] = {}
        self._lock = threading.Lock()

    def push(self, queue: Queue, job_id: uuid.UUID, priority: int) -> None:
        """Hand a job id to the consumers of a queue; priority 1 is taken first."""
        self._huey(queue).storage.enqueue(*_as_huey_has_it(job_id, priority))

    def push_below(self, most: int, queue: Queue, job_id: uuid.UUID, priority: int) -> None:
        """As `push`, if fewer than `most` ids lie in the broker."""
        storage = self._huey(queue).storage
        if isinstance(storage, RedisStorage):
            storage.enqueue_below(most, *_as_huey_has_it(job_id, priority))
        elif self.pending(queue) < most:
            self.push(queue, job_id, priority)

    def push_all(self, queue: Queue, jobs: Iterable[tuple[uuid.UUID, int]]) -> None:
        """Hand over many: each an id and its priority."""
        messages = [_as_huey_has_it(job_id, priority) for job_id, priority in jobs]
        storage = self._huey(queue).storage
        if isinstance(storage, RedisStorage) and messages:
            storage.enqueue_all(messages)
            return
        for message, priority in messages:
            storage.enqueue(message, priority)

    def pending(self, queue: Queue) -> int:
        """How many ids lie in the broker."""
        count: int = self._huey(queue).pending_count()
        return count

    def flush(self) -> None:
        """Forget every message (tests and repairs): the rows bring them back."""
        for queue in Queue:
            self._huey(queue).storage.flush_queue()

    def consumer(self, queue: Queue, threads: int, line: Line) -> QuietConsumer:
        """A consumer with this many threads, each of which takes turns of `line`; not started yet."""
        # Short, slowly growing waits where the storage must be polled (SQLite); Redis blocks and ignores them.
        consumer = QuietConsumer(
            self._huey(queue), workers=threads, periodic=False, initial_delay=0.01, backoff=1.1, max_delay=0.1
        )
        for worker, _ in consumer.worker_threads:
            worker.line = line
        return consumer

    def _huey(self, queue: Queue) -> Huey:
        with self._lock:
            if queue not in self._hueys:
                self._hueys[queue] = self._open(queue)
            return self._hueys[queue]

    def _open(self, queue: Queue) -> Huey:
        # Huey keeps letters, digits and _ only; written so, no two names can collide.
        name = "adsapp_" + queue.value.replace("-", "_")
        options = {"results": False, "store_none": False, "utc": True}
        if self._settings.distributed:
            return PriorityRedisHuey(
                name, storage_class=RedisStorage, url=self._settings.redis_url, read_timeout=WAIT_SECONDS, **options
            )
        path: Path = self._settings.home / "queue.db"
        path.parent.mkdir(parents=True, exist_ok=True)
        return SqliteHuey(name, filename=str(path), timeout=30, fsync=False, **options)


def init_jobs(app: Flask, settings: Settings) -> None:
    """The broker is opened at its first use."""
    app.extensions["broker"] = Broker(settings)
