"""How long jobs waited and ran lately, from counters."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, select

from adsapp.core.db.prepared import fetch, own_rows
from adsapp.jobs.engine.spread import percentile
from adsapp.jobs.models import StatsSpread
from adsapp.jobs.states import Measure, Queue

SPREAD = cast(Table, StatsSpread.__table__).c
SINCE = (
    select(SPREAD.queue, SPREAD.measure, SPREAD.bucket, func.sum(SPREAD.count))
    .where(own_rows(SPREAD), SPREAD.queue.in_(bindparam("queues", expanding=True)))
    .where(SPREAD.minute >= bindparam("since", type_=SPREAD.minute.type))
    .group_by(SPREAD.queue, SPREAD.measure, SPREAD.bucket)
)


@dataclass(frozen=True, slots=True)
class Times:
    """Half of the jobs took `p50` milliseconds at most, 95 of 100 took `p95`; None if none ended. To within a tenth."""

    p50: int | None = None
    p95: int | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """Of the jobs of a queue that ended since some moment: how long they had waited, and how long they ran."""

    wait: Times = Times()
    run: Times = Times()


def spreads(since: datetime, queues: Collection[Queue] = tuple(Queue)) -> dict[Queue, Spread]:
    """Of these queues, in one statement."""
    counted: dict[tuple[Queue, Measure], Counter[int]] = {}
    for queue, measure, bucket, count in fetch(SINCE, since=since, queues=list(queues)):
        counted.setdefault((queue, measure), Counter())[bucket] += int(count)
    return {queue: Spread(*(_times(counted.get((queue, each), {})) for each in Measure)) for queue in queues}


def _times(counts: Any) -> Times:
    return Times(percentile(counts, 0.5), percentile(counts, 0.95))
