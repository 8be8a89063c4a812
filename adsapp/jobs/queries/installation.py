"""The queues of the whole installation, for whoever runs it: from counters, and from the heads of an index."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Table, func, select, text

from adsapp.core import context, db
from adsapp.core.observing import metrics
from adsapp.core.observing.metrics import Reading, gauge
from adsapp.jobs.broker import Broker
from adsapp.jobs.engine.dispatch import first_due
from adsapp.jobs.models import Job, JobCount, Worker
from adsapp.jobs.scopes import Scope
from adsapp.jobs.states import Queue, State
from adsapp.jobs.wait_reasons import alive_since, database_now

DEPTH = gauge("adsapp_queue_jobs", "Jobs of all organizations by state", "queue", "state", "organization")
OLDEST = gauge("adsapp_queue_oldest_wait_seconds", "For how long the oldest due job waits, held back or not", "queue")
WORKERS = gauge("adsapp_workers", "Worker processes that live", "queue")
IN_BROKER = gauge("adsapp_broker_messages", "Jobs that lie in the broker", "queue")
BROKER_UP = gauge("adsapp_broker_up", "1 if the broker answers this process")
BROKER_SECONDS = gauge("adsapp_broker_latency_seconds", "What a question to the broker takes")

JOBS, COUNTS, ALIVE = (cast(Table, model.__table__).c for model in (Job, JobCount, Worker))
STATES = (State.WAITING, State.DELAYED, State.ACTIVE)  # those of work to come; how jobs ended is counted by workers


def read_installation() -> Iterator[Reading]:
    """Everything above, as it is now. Each process that is asked shows the same: take one, or the highest."""
    now = database_now()
    with db.reading(), db.engine_transaction() as connection:
        found = [*_depth(connection), *_oldest(connection, now), *_workers(connection, now)]
    yield from found
    yield from _broker(context.extension("broker"))


def _depth(connection: Connection) -> Iterator[Reading]:
    counted: Counter[tuple[str, str, str]] = Counter(
        {(queue.value, state.value, ""): 0 for queue in Queue for state in STATES}
        if not metrics.organization_label("x")
        else {}
    )
    rows = connection.execute(
        select(COUNTS.queue, COUNTS.state, COUNTS.organization_id, func.sum(COUNTS.count))
        .where(COUNTS.state.in_(STATES))
        .group_by(COUNTS.queue, COUNTS.state, COUNTS.organization_id)
    )
    for queue, state, organization_id, count in rows:
        counted[Queue(queue).value, State(state).value, metrics.organization_label(organization_id)] += int(count)
    return (Reading(DEPTH, count, labels) for labels, count in counted.items())


def oldest_due(connection: Connection, now: datetime) -> dict[Queue, float]:
    """For how many seconds the oldest due job of each queue waits, over all organizations; 0 if none does."""
    lying = dict(
        connection.execute(
            select(JOBS.queue, func.min(JOBS.run_at))
            .where(text("state = 'waiting'"), JOBS.dispatched_at.is_not(None))
            .group_by(JOBS.queue)
        ).all()
    )
    oldest: dict[Queue, float] = {}
    for queue in Queue:
        dues = [moment for moment in (first_due(connection, queue), lying.get(queue)) if moment is not None]
        oldest[queue] = max([0.0, *((now - due).total_seconds() for due in dues)])
    return oldest


def living_scopes(connection: Connection, now: datetime) -> dict[Queue, list[Scope]]:
    """Whom the living worker processes of each queue serve, one entry a process; those that drain serve nobody."""
    lives = (ALIVE.stopped_at.is_(None), ALIVE.drain_requested_at.is_(None), ALIVE.heartbeat_at >= alive_since(now))
    found: dict[Queue, list[Scope]] = {queue: [] for queue in Queue}
    for queues, scope in connection.execute(select(ALIVE.queues, ALIVE.scope).where(*lives)):
        for name in queues:
            found[Queue(name)].append(Scope.from_json(scope))
    return found


def _oldest(connection: Connection, now: datetime) -> Iterator[Reading]:
    return (Reading(OLDEST, seconds, (queue.value,)) for queue, seconds in oldest_due(connection, now).items())


def _workers(connection: Connection, now: datetime) -> Iterator[Reading]:
    living = living_scopes(connection, now)
    return (Reading(WORKERS, len(living[queue]), (queue.value,)) for queue in Queue)


def _broker(broker: Broker) -> Iterator[Reading]:
    try:
        began = time.perf_counter()
        pending = {queue: broker.pending_in_all(queue) for queue in Queue}
        spent = (time.perf_counter() - began) / len(pending)
    except Exception:  # whichever way the client of this shape says that its storage is away
        yield Reading(BROKER_UP, 0)
        return
    yield Reading(BROKER_UP, 1)
    yield Reading(BROKER_SECONDS, spent)
    for queue, count in pending.items():
        yield Reading(IN_BROKER, count, (queue.value,))
