"""The broker: Huey carries one JSON message, a job id, and may be flushed at any moment.

The only file that speaks Huey. None of Huey's retries, schedules, periodic tasks, rate limits, locks, results or
chords is used (docs/adr/0002).
"""

import json
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huey import PriorityRedisHuey, SqliteHuey
from huey.api import Huey
from huey.consumer import Consumer, Worker
from huey.registry import Message
from huey.serializer import Serializer

from adsapp.config import Settings
from adsapp.core.logs import get_logger
from adsapp.jobs.states import Queue

TASK = "run_job"
TASK_NAME = f"{__name__}.{TASK}"  # as Huey's registry calls it
WAIT_SECONDS = 0.5  # how long a consumer waits at Redis before it looks whether it should stop
BROKER_AWAY_SECONDS = 0.25  # between two tries of a thread
Run = Callable[[uuid.UUID], None]

log = get_logger()


class NotAJobMessage(Exception):
    """Something that is no job id lay in the broker; it is dropped. Nothing is ever unpickled."""


class IdSerializer(Serializer):  # type: ignore[misc]  # huey publishes no types
    """A message is `["<job id>", priority]` in JSON, and nothing else."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps([data.args[0], data.priority or 0]).encode()

    def _deserialize(self, data: bytes) -> Any:
        try:
            job_id, priority = json.loads(bytes(data))
            uuid.UUID(job_id)
        except (ValueError, TypeError, AttributeError):
            raise NotAJobMessage("a message in the broker is not a job id; it was dropped") from None
        return Message(job_id, TASK_NAME, None, 0, 0, priority, (job_id,), {}, None, None)


class PatientWorker(Worker):  # type: ignore[misc]
    """Huey's worker thread; while the broker is away it waits and says so once, not a thousand times a second."""

    broker_is_away = False

    def loop(self, now: Any = None) -> None:
        """Take one message and run it."""
        try:
            task = self.huey.dequeue()
        except Exception as error:  # whichever way the client of this shape says that its storage is away
            self._wait_for_broker(error)
            return
        self.broker_is_away = False
        if task is not None:
            self.delay = self.default_delay
            self._execute(task, now)
        elif not self.huey.storage.blocking:
            self.sleep()

    def _execute(self, task: Any, now: Any) -> None:
        try:
            self.huey.execute(task, now)
        except Exception as error:  # the row is the truth, the reaper finds it; the thread goes on
            log.error("job_broke_its_thread", job_id=str(task.id), error=type(error).__name__)

    def _wait_for_broker(self, error: Exception) -> None:
        if not self.broker_is_away and not isinstance(error, NotAJobMessage):
            log.warning("broker_away", queue=self.huey.name, error=type(error).__name__)
            self.broker_is_away = True
        self.stop_flag.wait(0 if isinstance(error, NotAJobMessage) else BROKER_AWAY_SECONDS)


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
        self._tasks: dict[Queue, Any] = {}
        self._runs: dict[Queue, Run] = {}
        self._lock = threading.Lock()

    def push(self, queue: Queue, job_id: uuid.UUID, priority: int) -> None:
        """Hand a job id to the consumers of a queue; priority 1 is taken first."""
        huey = self._huey(queue)
        huey.enqueue(self._tasks[queue].s(str(job_id), priority=5 - priority))  # Huey takes the highest first

    def pending(self, queue: Queue) -> int:
        """How many ids lie in the broker."""
        count: int = self._huey(queue).pending_count()
        return count

    def flush(self) -> None:
        """Forget every message (tests and repairs): the rows bring them back."""
        for queue in Queue:
            self._huey(queue).storage.flush_queue()

    def consumer(self, queue: Queue, threads: int, run: Run) -> QuietConsumer:
        """A consumer with this many threads, which calls `run` with each job id; not started yet."""
        huey = self._huey(queue)
        self._runs[queue] = run
        # Short, slowly growing waits where the storage must be polled (SQLite); Redis blocks and ignores them.
        return QuietConsumer(huey, workers=threads, periodic=False, initial_delay=0.01, backoff=1.1, max_delay=0.1)

    def _huey(self, queue: Queue) -> Huey:
        with self._lock:
            if queue not in self._hueys:
                self._hueys[queue] = self._open(queue)
            return self._hueys[queue]

    def _open(self, queue: Queue) -> Huey:
        # Huey keeps letters, digits and _ only; written so, no two names can collide.
        name = "adsapp_" + queue.value.replace("-", "_")
        options = {"results": False, "store_none": False, "serializer": IdSerializer(), "utc": True}
        if self._settings.distributed:
            huey = PriorityRedisHuey(name, url=self._settings.redis_url, read_timeout=WAIT_SECONDS, **options)
        else:
            path: Path = self._settings.home / "queue.db"
            path.parent.mkdir(parents=True, exist_ok=True)
            huey = SqliteHuey(name, filename=str(path), timeout=30, fsync=False, **options)

        def run_job(job_id: str) -> None:
            self._runs[queue](uuid.UUID(job_id))

        self._tasks[queue] = huey.task(name=TASK, context=False)(run_job)
        return huey
