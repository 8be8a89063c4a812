"""API of figures: what each queue has, what ended by day, and whether work is done at all."""

from dataclasses import asdict
from typing import Any

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field

from adsapp.core.clock import iso
from adsapp.core.web.freshness import tagged
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_query
from adsapp.jobs.api.blueprint import api
from adsapp.jobs.api.serializers import job_json
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries import statistics
from adsapp.jobs.queries.health import check_health
from adsapp.jobs.queries.spreads import Spread, spreads
from adsapp.jobs.wait_reasons import pause_json, run_conditions
from adsapp.organizations.access import allow
from adsapp.organizations.policy import Permission


class StatsQuery(BaseModel):
    """How far back."""

    days: int = Field(7, ge=1, le=statistics.MOST_DAYS)


@api.get("/jobs/stats")
@reads(StatsQuery)
@tagged
@allow(Permission.SEE)
def stats() -> ResponseReturnValue:
    """Queues as they are now, what ended by day, and the newest jobs; `?days=7`."""
    days = parse_query(StatsQuery).days
    conditions = run_conditions()
    times = spreads(statistics.hour_ago(conditions.now))
    return {
        "queues": {
            one.queue.value: queue_json(one) | times_json(times[one.queue])
            for one in statistics.queue_stats(conditions)
        },
        "queues_without_worker": [queue.value for queue in statistics.queues_without_worker(conditions)],
        "history": [asdict(day) for day in statistics.history(days, conditions.now)],
        "recent": [job_json(job, conditions) for job in job_queries.recent_jobs()],
        "as_of": iso(conditions.now),
    }


@api.get("/health")
@allow(Permission.SEE)
def health() -> ResponseReturnValue:
    """200 if work is done, 503 with the reasons if it is not."""
    found = check_health()
    return found.as_json(), 503 if found.reasons else 200


def queue_json(one: statistics.QueueStats) -> dict[str, Any]:
    """A queue's figures. The six states add up to `total`; `paused` counts those of the waiting jobs that a pause
    holds back. `pause` is the queue's own, `paused_kinds` those of single kinds; `finished_per_minute` (jobs) and
    `items_per_minute` (what they did) are the last 60 full minutes, oldest first.
    """
    return {
        **{state.value: count for state, count in one.counts.items()},
        "total": one.total,
        "paused": one.paused_count,
        "pause": pause_json(one.pause),
        "paused_kinds": [{"processor": pause.processor, **(pause_json(pause) or {})} for pause in one.paused_kinds],
        "workers": one.workers,
        "waiting_since": iso(one.waiting_since),
        "failed_24h": one.failed_today,
        "finished_per_minute": list(one.finished[: statistics.MINUTES]),
        "items_per_minute": list(one.items[: statistics.MINUTES]),
    }


def times_json(spread: Spread) -> dict[str, Any]:
    """How long the jobs that ended in the last hour had waited and run, in milliseconds to within a tenth; null if
    none did."""
    return {"wait_ms": asdict(spread.wait), "run_ms": asdict(spread.run)}
