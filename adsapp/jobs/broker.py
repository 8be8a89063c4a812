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
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from flask import Flask
from huey import PriorityRedisHuey, SqliteHuey
from huey.api import Huey
from huey.consumer import Consumer, Scheduler, Worker
from huey.storage import PriorityRedisStorage
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from adsapp.config import Settings
from adsapp.core.logs import get_logger
from adsapp.jobs.states import Queue
from adsapp.jobs.wakeups import DUE, MESSAGE, Fifos, Listener

WAIT_SECONDS = 0.5  # how long a consumer waits at Redis before it looks whether it should stop
PING_SECONDS = 1.0
BROKER_AWAY_SECONDS = 0.25  # between two tries of a thread
LANE_SECONDS = 60  # for so long a lane is known after its workers have said that they live
LANE_KEPT_SECONDS = 24 * 3600

log = get_logger()


class Source(Protocol):
    """Where a thread gets job ids from."""

    def take(self) -> uuid.UUID | None:
        """The next id; waits for one if the storage can."""

    def take_many(self, most: int) -> list[uuid.UUID]:
        """Ids that are there already."""

    def call_another(self) -> None:
        """Let another thread look for the next id."""


class Handler(Protocol):
    """What a thread of a queue does, again and again."""

    def run_next(self, source: Source) -> bool:
        """Do the next thing; False if there was nothing to do."""


# Whoever dispatches a queue, in whichever lane. KEYS: the queue's messages, and the lanes that live with their ends.
LIVING = "redis.call('zrangebyscore', KEYS[2], redis.call('time')[1], '+inf')"
SAY_DUE = (
    "local function say(key) if redis.call('llen', key) == 0 then redis.call('rpush', key, 1) end end "
    "say(KEYS[1] .. '.due') for _, lane in ipairs(lanes) do say(lane .. '.due') end"
)


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
        """Add a message if fewer than so many lie there and all workers take what lies there, else say that dispatch
        should look: all in one trip."""
        written = struct.pack(">Q", int(time.time() * 1e6)) + message
        self._enqueue_below(keys=[self.queue_key, self.lanes_key], args=[most, -priority, written])

    def say_due(self) -> None:
        """Wake one process of each lane that dispatches this queue."""
        self._say_due(keys=[self.queue_key, self.lanes_key])

    def keep_lane(self, lane: "RedisStorage") -> None:
        """Tell that somebody works in this lane, for a while."""
        until, _ = self.conn.time()
        with self.conn.pipeline() as pipeline:
            pipeline.zadd(self.lanes_key, {lane.queue_key: until + LANE_SECONDS})
            pipeline.zremrangebyscore(self.lanes_key, "-inf", until - LANE_SECONDS)
            pipeline.expire(lane.queue_key, LANE_KEPT_SECONDS)  # what lies there when nobody comes any more
            pipeline.execute()

    def leave_lane(self, lane: "RedisStorage") -> None:
        """Nobody is known to work in it any more; others who do say so soon."""
        self.conn.zrem(self.lanes_key, lane.queue_key)

    def count_all(self) -> int:
        """How many messages lie there, those of lanes that live included."""
        return int(self._count_all(keys=[self.queue_key, self.lanes_key]))

    @property
    def lanes_key(self) -> str:
        """The lanes beside the common one: the keys of their messages, by the second until which they are known."""
        return f"{self.queue_key}.lanes"

    @property
    def due_key(self) -> str:
        """A list with one element at most, at which those who dispatch wait."""
        return f"{self.queue_key}.due"

    @cached_property
    def _say_due(self) -> Any:
        return self.conn.register_script(f"local lanes = {LIVING} {SAY_DUE}")

    @cached_property
    def _count_all(self) -> Any:
        return self.conn.register_script(
            f"local all = redis.call('zcard', KEYS[1]) for _, lane in ipairs({LIVING}) do "
            "all = all + redis.call('zcard', lane) end return all"
        )

    @cached_property
    def _enqueue_below(self) -> Any:
        return self.conn.register_script(
            f"local lanes = {LIVING} "
            "if #lanes == 0 and redis.call('zcard', KEYS[1]) < tonumber(ARGV[1]) then "
            f"redis.call('zadd', KEYS[1], ARGV[2], ARGV[3]) else {SAY_DUE} end"
        )

    def dequeue_some(self, most: int) -> list[bytes]:
        """Up to so many messages that are there."""
        return [message[8:] for message, _ in self.conn.zpopmin(self.queue_key, most)]  # without their time


class RedisListener:
    """Waits at Redis until dispatch should look; messages themselves wake the threads that wait for them there."""

    def __init__(self, storages: Sequence[RedisStorage], rest: float) -> None:
        self._connection = storages[0].conn
        self._keys = [storage.due_key for storage in storages]
        self._rest = rest
        self._was_woken = False

    def wait(self) -> bool:
        """See Listener."""
        if self._was_woken:
            time.sleep(self._rest)  # dispatch looks no more often than that
        try:
            self._was_woken = self._connection.blpop(self._keys, WAIT_SECONDS) is not None
        except RedisError:
            time.sleep(BROKER_AWAY_SECONDS)
            return True
        return self._was_woken

    def interrupt(self) -> None:
        """See Listener: the wait is short."""

    def close(self) -> None:
        """See Listener: the connection is the storage's."""


class Bell:
    """Threads of one queue wait here for a message. One of them wakes at a ring and calls the next if there is more."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._has_rung = self._has_ended = False

    def ring(self) -> None:
        """Wake one thread, or spare the next its wait."""
        with self._changed:
            self._has_rung = True
            self._changed.notify()

    def wait(self) -> None:
        """Until it rings."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_rung or self._has_ended)
            self._has_rung = False

    def end(self) -> None:
        """Nobody waits here any more."""
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()


class ResilientWorker(Worker):  # type: ignore[misc]
    """Huey's worker thread; while the broker is away it waits and says so once, not a thousand times a second."""

    handler: Handler
    bell: Bell
    broker_is_away = False

    def loop(self, now: Any = None) -> None:
        """Run one job."""
        try:
            self.handler.run_next(self)
        except Exception as error:  # whichever way the client of this shape says that its storage is away
            self._wait_for_broker(error)
            return
        self.broker_is_away = False

    def take(self) -> uuid.UUID | None:
        """The next id, or None after a while."""
        message = self.huey.storage.dequeue()
        if message is not None:
            return read_message(message)
        if not self.huey.storage.blocking:
            self.bell.wait()
        return None

    def take_many(self, most: int) -> list[uuid.UUID]:
        """Ids that are there already."""
        storage = self.huey.storage
        if isinstance(storage, RedisStorage):
            messages = storage.dequeue_some(most)
        else:
            messages = list(itertools.islice(iter(storage.dequeue, None), most))
        return [job_id for job_id in map(read_message, messages) if job_id is not None]

    def call_another(self) -> None:
        """Let another thread look for the next id; at Redis all of them wait for it already."""
        if not self.huey.storage.blocking:
            self.bell.ring()

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


class NoSchedule(Scheduler):  # type: ignore[misc]
    """Huey's schedule is not used, and to ask for it every second takes the lock of the queues' file."""

    def loop(self, now: Any = None) -> None:
        """Until the consumer ends."""
        self.stop_flag.wait()


class EmbeddedConsumer(Consumer):  # type: ignore[misc]
    """Huey's consumer inside our own process: it leaves the signals alone."""

    worker_class = ResilientWorker
    scheduler_class = NoSchedule

    def __init__(self, huey: Huey, threads: int, handler: Handler) -> None:
        super().__init__(huey, workers=threads, periodic=False)
        self.bell = Bell()
        for worker, _ in self.worker_threads:
            worker.handler, worker.bell = handler, self.bell

    def wake(self) -> None:
        """Let a thread look for a message."""
        self.bell.ring()

    def wake_if_needed(self) -> None:
        """Wake a worker if a message is there; Redis itself wakes those that wait."""
        if not self.huey.storage.blocking and self.huey.pending_count():
            self.wake()

    def end(self) -> None:
        """Take no more messages; threads that wait for one wake up."""
        self.stop_flag.set()
        self.bell.end()

    def _set_signal_handlers(self) -> None:
        return


class Broker:
    """The four queues of one installation, over SQLite or Redis."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._hueys: dict[tuple[Queue, str], Huey] = {}
        self._lock = threading.Lock()
        self._fifos = Fifos(settings.home / "wake")  # embedded only; Redis wakes by itself

    def push(self, queue: Queue, job_id: uuid.UUID, priority: int) -> None:
        """Hand a job id to the consumers of a queue; priority 1 is taken first."""
        storage = self._huey(queue).storage
        storage.enqueue(*_as_huey_has_it(job_id, priority))
        if not storage.blocking:
            self._fifos.ring(queue, MESSAGE, "")

    def push_below(self, most: int, queue: Queue, job_id: uuid.UUID, priority: int) -> None:
        """Push the id if fewer than `most` are in the broker; else say that something is due, as `due` does.

        If workers live that serve some organizations only, dispatch alone decides in whose lane it comes."""
        storage = self._huey(queue).storage
        if isinstance(storage, RedisStorage):
            storage.enqueue_below(most, *_as_huey_has_it(job_id, priority))
        elif not self._fifos.lanes(queue) and self.pending(queue) < most:
            self.push(queue, job_id, priority)
        else:
            self.due(queue)

    def push_all(self, queue: Queue, jobs: Iterable[tuple[uuid.UUID, int]], lane: str = "") -> None:
        """Hand over many to those who work in a lane: each an id and its priority."""
        messages = [_as_huey_has_it(job_id, priority) for job_id, priority in jobs]
        if not messages:
            return
        storage = self._huey(queue, lane).storage
        if isinstance(storage, RedisStorage):
            storage.enqueue_all(messages)
            return
        for message, priority in messages:
            storage.enqueue(message, priority)
        self._fifos.ring(queue, MESSAGE, lane)

    def due(self, queue: Queue) -> None:
        """Let a process that works on this queue dispatch now, one of each lane: something may be due."""
        storage = self._huey(queue).storage
        if isinstance(storage, RedisStorage):
            storage.say_due()
        else:
            self._fifos.ring(queue, DUE)

    def listen(self, queues: Sequence[Queue], lane: str = "") -> Listener:
        """What a worker of these queues is woken by."""
        if not self._settings.distributed:
            return self._fifos.listen(queues, lane)
        return RedisListener([self._huey(queue, lane).storage for queue in queues], self._settings.sweep_seconds)

    def keep_lane(self, queues: Sequence[Queue], lane: str) -> None:
        """Say again that workers of this lane live, so that they are woken; a FIFO says so by being there."""
        for storage, ours in self._lanes(queues, lane):
            storage.keep_lane(ours)

    def leave_lane(self, queues: Sequence[Queue], lane: str) -> None:
        """A worker of this lane ends."""
        for storage, ours in self._lanes(queues, lane):
            storage.leave_lane(ours)

    def _lanes(self, queues: Sequence[Queue], lane: str) -> Iterable[tuple[RedisStorage, RedisStorage]]:
        if lane and self._settings.distributed:
            for queue in queues:
                yield self._huey(queue).storage, self._huey(queue, lane).storage

    def pending(self, queue: Queue, lane: str = "") -> int:
        """How many ids lie in a lane of the broker."""
        count: int = self._huey(queue, lane).pending_count()
        return count

    def pending_in_all(self, queue: Queue) -> int:
        """How many ids lie in all lanes of the broker that live."""
        storage = self._huey(queue).storage
        if isinstance(storage, RedisStorage):
            return storage.count_all()
        return sum(self.pending(queue, lane) for lane in ("", *self._fifos.lanes(queue)))

    def why_away(self) -> str:
        """Why Redis does not answer, in a word; empty if it does, or none is used."""
        if not self._settings.distributed:
            return ""
        try:
            self._pinged.ping()
        except RedisError as error:
            return type(error).__name__
        return ""

    @cached_property
    def _pinged(self) -> Redis:
        # Others wait for Redis with patience; whoever asks whether it is there wants to know now.
        limits = {"socket_connect_timeout": PING_SECONDS, "socket_timeout": PING_SECONDS}
        return Redis.from_url(self._settings.redis_url, retry=Retry(NoBackoff(), 0), **limits)

    def flush(self) -> None:
        """Forget every message (tests and repairs): the rows bring them back."""
        lanes = {(queue, lane) for queue in Queue for lane in ("", *self._fifos.lanes(queue))}
        for queue, lane in lanes | set(self._hueys):
            self._huey(queue, lane).storage.flush_queue()

    def consumer(self, queue: Queue, threads: int, handler: Handler, lane: str = "") -> EmbeddedConsumer:
        """A consumer with this many threads, each of which runs jobs by `handler`; not started yet."""
        return EmbeddedConsumer(self._huey(queue, lane), threads, handler)

    def _huey(self, queue: Queue, lane: str = "") -> Huey:
        with self._lock:
            if (queue, lane) not in self._hueys:
                self._hueys[queue, lane] = self._open(queue, lane)
            return self._hueys[queue, lane]

    def _open(self, queue: Queue, lane: str) -> Huey:
        # Huey keeps letters, digits and _ only; written so, no two names can collide.
        name = "adsapp_" + queue.value.replace("-", "_") + (f"__{lane}" if lane else "")
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
