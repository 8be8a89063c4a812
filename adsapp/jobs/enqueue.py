"""Adding jobs: one, many of a kind, a flow of jobs that wait for one another, children of a running job.

All in the caller's transaction: the rows are the outbox, and a job exists if and only if what it belongs to does.
"""

import contextlib
import hashlib
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from graphlib import CycleError, TopologicalSorter
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.db.prepared import fetch, own_rows
from adsapp.core.db.rows import insert_rows
from adsapp.core.errors import Conflict, Invalid, TooMany
from adsapp.core.ids import new_id
from adsapp.core.logs import bound, get_logger
from adsapp.core.observing import traces
from adsapp.jobs.broker import Broker
from adsapp.jobs.dependencies import After, Condition, add_dependencies, block_parent, reject_cycle
from adsapp.jobs.engine import job_spans
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.models import Job, JobCount, QueueLimit
from adsapp.jobs.registry import Processor, require_processor
from adsapp.jobs.states import PENDING, On, Priority, Queue, State, get_priority
from adsapp.jobs.wakeups import IDLE_SECONDS

# A nudge skips dispatch, so it is given only while the queue is nearly idle: under load dispatch decides who is
# next, and the broker stays shallow.
NUDGE_BELOW = 20

log = get_logger()

JOBS, LIMITS = cast(Table, Job.__table__), cast(Table, QueueLimit.__table__)
ADD = insert(JOBS)
COLUMNS = tuple(JOBS.c.keys())
DEFAULTS = {c.name: c.default.arg for c in JOBS.c if isinstance(c.default, ScalarElementColumnDefault)}
NOT_BEGUN = select(JOBS.c.id).where(
    own_rows(JOBS.c), JOBS.c.dedupe_key == bindparam("dedupe_key"), JOBS.c.state.in_(PENDING)
)
MOST_WAITING = select(LIMITS.c.waiting).where(own_rows(LIMITS.c), LIMITS.c.queue == bindparam("queue"))


def enqueue(
    processor: str,
    payload: Mapping[str, Any],
    *,
    title: str | None = None,
    subject: str | None = None,
    priority: int = Priority.NORMAL,
    run_at: datetime | None = None,
    dedupe_key: str | None = None,
    idempotency_key: str | None = None,
    digest: str | None = None,
    after: Sequence[After] = (),
    parent: uuid.UUID | None = None,
    created_by: str = "",
    total: int | None = None,
) -> Job:
    """Add a job in the caller's transaction; it starts after the commit.

    - `dedupe_key`: a job of that key which has not begun yet is returned instead of a second one.
    - `idempotency_key`: the job of that key is returned, whatever has become of it, if it was asked for with the same
      payload (or the same `digest`, where the payload does not tell); Conflict with another.
    - `after`: it begins when these have ended as wished; where that cannot happen any more, Conflict.
    - `parent`: the running job whose child it is; a parent that hands itself back goes on when its children ended.

    Raises Invalid for an unknown processor, a payload that does not fit, a priority out of range, a circle of
    dependencies; TooMany if the organization has as many jobs waiting as it allows itself.
    """
    kind = require_processor(processor)
    kind.parse(payload)
    if dedupe_key and (known := _not_begun(dedupe_key)) is not None:
        return known
    if idempotency_key:
        digest = digest or digest_of(processor, payload)
        if (known := find_idempotent(idempotency_key, digest)) is not None:
            return known
    limited = _within_quota(kind, 1)
    with job_spans.enqueueing(kind):
        job = _row(kind, payload, priority=priority, run_at=run_at, created_by=created_by, total=total)
        job.title, job.subject, job.dedupe_key = title or kind.title, subject, dedupe_key
        if idempotency_key:
            job.idempotency_key, job.payload_digest = idempotency_key, digest
        job.parent_id = parent
        reject_cycle(after, parent)
        if not _insert(job):
            return _winner(job)
        add_dependencies(job, after)
        if parent:
            block_parent(parent, job)
    nudge(job, limited=limited)
    return job


def enqueue_for_what_came_in(
    processor: str, payload: Mapping[str, Any], dedupe_key: str, *, within: timedelta, subject: str | None = None
) -> None:
    """Let one job of this key take up what was committed before, with all that comes `within` a moment. Commits.

    One that waits already begins after that commit and sees it: then nothing is written, and nobody waits for a lock.
    """
    with db.read_only():
        if fetch(NOT_BEGUN, dedupe_key=dedupe_key):
            return
    run_at = utcnow() + within
    with contextlib.suppress(Conflict):  # that other job has begun since, but after the commit
        enqueue(processor, payload, subject=subject, priority=Priority.CRITICAL, run_at=run_at, dedupe_key=dedupe_key)
    db.session.commit()


def enqueue_many(
    processor: str,
    payloads: Sequence[Mapping[str, Any]],
    *,
    title: str | None = None,
    priority: int = Priority.NORMAL,
    run_at: datetime | None = None,
    created_by: str = "",
) -> list[uuid.UUID]:
    """Add many jobs of one kind in a few statements; their ids, in the order of the payloads.

    One payload that does not fit refuses them all, with its place.
    """
    kind = require_processor(processor)
    for place, payload in enumerate(payloads):
        _parse_at(kind, payload, place)
    limited = _within_quota(kind, len(payloads))
    with job_spans.enqueueing(kind, len(payloads)):
        rows = [_row(kind, p, priority=priority, run_at=run_at, created_by=created_by, total=None) for p in payloads]
        for row in rows:
            row.title = title or kind.title
        insert_rows(Job, [_columns(row) for row in rows])
    for row in rows[:1]:  # the first begins at once; dispatch brings the others
        nudge(row, limited=limited)
        wake(kind.queue)
    return [row.id for row in rows]


@dataclass(frozen=True)
class Step:
    """One job of a flow. `after` names the steps it waits for and how they must end."""

    processor: str
    payload: Mapping[str, Any]
    after: Mapping[str, On] = field(default_factory=dict)
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    title: str | None = None
    priority: int = Priority.NORMAL


def enqueue_flow(steps: Mapping[str, Step], *, created_by: str = "", subject: str | None = None) -> dict[str, Job]:
    """Add jobs that wait for one another, all or none; the jobs by the names of their steps.

    Raises Invalid that names an unknown step, or shows the circle where steps wait for themselves.
    """
    jobs: dict[str, Job] = {}
    for name in _in_order(steps):
        step = steps[name]
        after = [After(jobs[other].id, on, step.conditions.get(other)) for other, on in step.after.items()]
        jobs[name] = enqueue(
            step.processor,
            step.payload,
            title=step.title,
            priority=step.priority,
            after=after,
            subject=subject,
            created_by=created_by,
        )
    return jobs


def find_idempotent(key: str, digest: str) -> Job | None:
    """The job that was asked for under this key; Conflict if it was asked for with other data."""
    job = db.session.scalars(select(Job).where(Job.idempotency_key == key)).first()
    if job is not None and job.payload_digest != digest:
        raise Conflict(
            f"The idempotency key {key} was used before with other data, for job {job.id}; take a new key",
            code="idempotency_key_reused",
        )
    return job


def digest_of(*parts: Any) -> str:
    """SHA-256 of anything JSON can carry; the order of a mapping's keys does not count."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _parse_at(kind: Processor, payload: Mapping[str, Any], place: int) -> None:
    try:
        kind.parse(payload)
    except Invalid as error:
        raise Invalid(f"Job {place + 1}: {error.detail}", fields=error.fields) from None


def _not_begun(dedupe_key: str) -> Job | None:
    found = fetch(NOT_BEGUN, dedupe_key=dedupe_key)
    return db.session.get(Job, found[0].id) if found else None


def _within_quota(kind: Processor, more: int) -> bool:
    """Whether the organization has limits for this queue; TooMany if they leave no room for so many more."""
    limits = fetch(MOST_WAITING, queue=kind.queue)
    most = limits[0].waiting if limits else None
    if most is None or kind.internal:
        return bool(limits)
    counted = select(func.sum(JobCount.count)).where(JobCount.queue == kind.queue, JobCount.state.in_(PENDING))
    waiting = int(db.session.scalar(counted) or 0)
    if waiting + more > most:
        jobs = "1 job waits" if waiting == 1 else f"{waiting:,} jobs wait"
        raise TooMany(
            f"{jobs} in the queue {QUEUE_TITLES[kind.queue]} already, and this organization allows itself "
            f"{most:,}: wait until some are done, or raise the limit"
        )
    return True


def _row(
    kind: Processor,
    payload: Mapping[str, Any],
    *,
    priority: int,
    run_at: datetime | None,
    created_by: str,
    total: int | None,
) -> Job:
    now = utcnow()
    return Job(
        id=new_id(),
        organization_id=db.require_organization_id(),
        queue=kind.queue,
        processor=kind.name,
        title=kind.title,
        priority=get_priority(priority),
        state=State.DELAYED if run_at and run_at > now else State.WAITING,
        payload=db.SecretJson.of(dict(payload)),
        run_at=run_at or now,
        created_at=now,
        created_by=created_by,
        request_id=bound("request_id"),
        traceparent=traces.carried(),
        max_attempts=kind.attempts or context.settings().job_attempts,
        timeout_seconds=kind.timeout_seconds,
        routine=kind.internal,
        progress_total=total,
        blocked_by=0,
    )


def _columns(row: Job) -> dict[str, Any]:
    return {name: DEFAULTS.get(name) if (value := getattr(row, name)) is None else value for name in COLUMNS}


def _insert(job: Job) -> bool:
    """False if another request came first with the same key."""
    if job.idempotency_key is None and job.dedupe_key is None:
        _add(job)
        return True
    try:
        with db.session.begin_nested():
            _add(job)
    except IntegrityError:
        return False
    return True


def _add(job: Job) -> None:
    """As the session would: but to find out what to write takes it longer than to write it."""
    db.session.execute(ADD, _columns(job), execution_options={"names_organization": True})
    make_transient_to_detached(job)
    db.session.add(job)


def _winner(lost: Job) -> Job:
    job = _not_begun(lost.dedupe_key) if lost.dedupe_key else None
    if job is None and lost.idempotency_key:
        job = find_idempotent(lost.idempotency_key, lost.payload_digest or "")
    if job is None:
        raise Conflict("Another job of this kind was added at the same moment; try again")
    return job


def _in_order(steps: Mapping[str, Step]) -> list[str]:
    for name, step in steps.items():
        unknown = set(step.after) - set(steps)
        if unknown:
            raise Invalid.field(f"steps.{name}.after", f"There is no step {', '.join(sorted(unknown))} in this flow")
    try:
        return list(TopologicalSorter({name: step.after for name, step in steps.items()}).static_order())
    except CycleError as error:
        raise Invalid.field("steps", f"A circle: {' → '.join(reversed(error.args[1]))}") from None


def nudge(job: Job, *, limited: bool) -> None:
    """Push the id once the transaction is committed. A lost nudge costs nothing but time.

    Nothing is pushed that may not begin yet, nor if the organization has limits: there dispatch alone decides, and is
    woken if it has to look sooner than it would by itself.
    """
    if job.blocked_by or job.run_at is None:
        return
    broker: Broker = context.extension("broker")
    queue, job_id, priority, run_at = job.queue, job.id, int(job.priority), job.run_at
    may_begin = job.state == State.WAITING and not limited

    def push() -> None:
        if may_begin:
            broker.push_below(NUDGE_BELOW, queue, job_id, priority)
        elif run_at < utcnow() + timedelta(seconds=IDLE_SECONDS):
            broker.due(queue)

    _once_committed(push, job_id=str(job_id))


def wake(*queues: Queue) -> None:
    """Let dispatch look at these queues once the transaction is committed: not only a new job can make work due."""
    broker: Broker = context.extension("broker")
    for queue in queues:
        _once_committed(partial(broker.due, queue), queue=queue.value)


def _once_committed(tell: Callable[[], None], **about: str) -> None:
    def hook() -> None:
        try:
            tell()
        except Exception as error:  # the broker is down: dispatch brings the row when it is back
            log.warning("nudge_lost", error=type(error).__name__, **about)

    db.after_commit(hook)
