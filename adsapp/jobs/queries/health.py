"""Is work done here: the database, the broker, the workers of each queue, and how long the oldest job waits."""

from dataclasses import dataclass
from datetime import datetime

from adsapp.core import context
from adsapp.core.clock import iso
from adsapp.jobs.broker import Broker
from adsapp.jobs.queries.statistics import QueueStats, queue_stats
from adsapp.jobs.states import Queue
from adsapp.jobs.wait_reasons import RunConditions, pause_json, run_conditions


@dataclass(frozen=True)
class Health:
    """What was found; healthy if there is no reason."""

    reasons: list[str]
    broker_error: str
    queues: list[QueueStats]
    now: datetime

    def as_json(self) -> dict[str, object]:
        """For `GET /api/health`."""
        return {
            "healthy": not self.reasons,
            "reasons": self.reasons,
            "database": {"ok": True},  # it has just been read from
            "queues_without_worker": [stats.queue.value for stats in self.queues if stats.lacks_worker],
            "broker": {"ok": not self.broker_error, "error": self.broker_error or None},
            "queues": {stats.queue.value: self._queue(stats) for stats in self.queues},
            "as_of": iso(self.now),
        }

    def _queue(self, stats: QueueStats) -> dict[str, object]:
        waited = (self.now - stats.waiting_since).total_seconds() if stats.waiting_since else 0.0
        return {
            "workers": stats.workers,
            "paused": stats.pause is not None,
            "pause": pause_json(stats.pause),
            "waiting": stats.of("waiting"),
            "active": stats.of("active"),
            "oldest_wait_seconds": round(max(0.0, waited), 1),
        }


def check_health(conditions: RunConditions | None = None) -> Health:
    """Look at everything once."""
    conditions = conditions or run_conditions()
    queues, broker_error = queue_stats(conditions), _broker_error()
    reasons = [f"The broker does not answer ({broker_error})"] if broker_error else []
    reasons += [f"No worker is running for {stats.queue.value}" for stats in queues if stats.lacks_worker]
    return Health(reasons, broker_error, queues, conditions.now)


def _broker_error() -> str:
    broker: Broker = context.extension("broker")
    try:
        broker.pending(Queue.BULK_MESSAGES)
    except Exception as error:  # whichever way the client of this shape says that its storage is away
        return type(error).__name__
    return ""
