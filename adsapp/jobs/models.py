"""Tables of the job engine."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKeyConstraint,
    Identity,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from adsapp.core.clock import utcnow
from adsapp.core.db import Base, BigId, Json, SecretJson, ShortText, Tenant, text_enum
from adsapp.core.ids import new_id
from adsapp.jobs.states import Measure, On, Priority, Queue, State

# What a list of jobs shows unless it is asked for routine work too. Queries repeat it word for word: SQLite uses a
# partial index for the very same condition only.
SHOWN = sql("(not routine or state = 'failed')")
# What dispatch may look at; likewise, and PostgreSQL keeps one plan for it however the values change.
OPEN = sql("state in ('waiting', 'delayed') and dispatched_at is null and blocked_by = 0")


def in_state(*states: State) -> ColumnElement[bool]:
    """`state in (…)` for rows that are named by their ids.

    Written so that no index of one state fits: such an index also holds all that lately was in that state, and to
    walk it for a few ids gets slower with every job that passes through.
    """
    return func.coalesce(Job.__table__.c.state, "").in_([state.value for state in states])


class Job(Tenant, Base):
    """One piece of work. Changed by conditional updates only, so that two workers cannot both believe they own it."""

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        Index(
            "ix_jobs_open",
            "queue",
            "organization_id",
            "processor",
            "priority",
            "run_at",
            postgresql_where=OPEN,
            sqlite_where=OPEN,
        ),
        Index(
            "ix_jobs_dispatched",
            "dispatched_at",
            postgresql_where=sql("state = 'waiting'"),
            sqlite_where=sql("state = 'waiting'"),
        ),
        Index(
            "ix_jobs_lease",
            "lease_until",
            postgresql_where=sql("state = 'active'"),
            sqlite_where=sql("state = 'active'"),
        ),
        Index(
            "ix_jobs_list",
            "organization_id",
            "id",
            postgresql_where=SHOWN,
            sqlite_where=SHOWN,
        ),
        Index(
            "ix_jobs_by_state",
            "organization_id",
            "state",
            "id",
            postgresql_where=SHOWN,
            sqlite_where=SHOWN,
        ),
        Index(
            "ix_jobs_by_queue",
            "organization_id",
            "queue",
            "id",
            postgresql_where=SHOWN,
            sqlite_where=SHOWN,
        ),
        Index(
            "ix_jobs_subject",
            "organization_id",
            "subject",
            postgresql_where=sql("subject is not null"),
            sqlite_where=sql("subject is not null"),
        ),
        Index(
            "ix_jobs_parent",
            "organization_id",
            "parent_id",
            postgresql_where=sql("parent_id is not null"),
            sqlite_where=sql("parent_id is not null"),
        ),
        Index(
            "uq_jobs_dedupe",
            "organization_id",
            "dedupe_key",
            unique=True,
            postgresql_where=sql("state in ('waiting', 'delayed') and dedupe_key is not null"),
            sqlite_where=sql("state in ('waiting', 'delayed') and dedupe_key is not null"),
        ),
        Index(
            "uq_jobs_idempotency",
            "organization_id",
            "idempotency_key",
            unique=True,
            postgresql_where=sql("idempotency_key is not null"),
            sqlite_where=sql("idempotency_key is not null"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    queue: Mapped[Queue] = mapped_column(text_enum(Queue))
    processor: Mapped[str] = mapped_column(ShortText)
    title: Mapped[str] = mapped_column(ShortText)
    subject: Mapped[str | None] = mapped_column(ShortText)  # what it works on: `Subject.of` its id
    priority: Mapped[int] = mapped_column(SmallInteger, default=Priority.NORMAL)  # states.Priority
    state: Mapped[State] = mapped_column(text_enum(State))
    payload: Mapped[SecretJson]  # of the processor's params
    run_at: Mapped[datetime | None]  # None with state delayed: waits for somebody's decision
    wait_reason: Mapped[str | None]
    dedupe_key: Mapped[str | None] = mapped_column(ShortText)  # one of a key that has not begun
    idempotency_key: Mapped[str | None] = mapped_column(ShortText)  # one of a key, as long as the row is kept
    payload_digest: Mapped[str | None] = mapped_column(String(64))  # of what was asked under the idempotency key
    parent_id: Mapped[uuid.UUID | None]  # the job that fanned out into this one
    blocked_by: Mapped[int] = mapped_column(default=0)  # dependencies that have not been met yet
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    created_by: Mapped[str] = mapped_column(ShortText, default="")
    request_id: Mapped[str | None] = mapped_column(String(64))  # of the request that led to it, for the log
    traceparent: Mapped[str | None] = mapped_column(String(55))  # what it belongs to, if traces are on
    dispatched_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]  # since when the first attempt could have begun, known once it has
    started_at: Mapped[datetime | None]  # of the first attempt
    claimed_at: Mapped[datetime | None]  # when its worker took it; the time limit counts from here
    finished_at: Mapped[datetime | None]
    attempt: Mapped[int] = mapped_column(default=0)  # how often it was begun
    failures: Mapped[int] = mapped_column(default=0)  # attempts in a row that failed or were lost
    max_attempts: Mapped[int]
    timeout_seconds: Mapped[int]
    handed_back: Mapped[bool] = mapped_column(default=False)  # the next claim goes on with the same attempt
    lease_id: Mapped[uuid.UUID | None]
    lease_until: Mapped[datetime | None]
    worker_id: Mapped[uuid.UUID | None]
    cancel_requested_at: Mapped[datetime | None]
    cancel_requested_by: Mapped[str | None] = mapped_column(ShortText)
    routine: Mapped[bool] = mapped_column(default=False)  # the program's own upkeep: lists leave it out
    steered_at: Mapped[datetime | None]  # when a person last changed its course; None: it has no `job_events`
    progress_total: Mapped[int | None]
    progress_done: Mapped[int] = mapped_column(default=0)  # includes the failed ones
    progress_failed: Mapped[int] = mapped_column(default=0)
    progress_at: Mapped[datetime | None]
    error_code: Mapped[str | None] = mapped_column(ShortText)
    error: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]

    @property
    def is_finished(self) -> bool:
        """True in a final state."""
        return self.state in (State.COMPLETED, State.FAILED, State.CANCELLED)

    @property
    def is_stopping(self) -> bool:
        """A cancellation was asked for and the worker has not stopped yet."""
        return self.state == State.ACTIVE and self.cancel_requested_at is not None


class JobAttempt(Tenant, Base):
    """One begin of a job by one worker, and how it ended."""

    __tablename__ = "job_attempts"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "job_id"], ["jobs.organization_id", "jobs.id"], ondelete="CASCADE"),
        UniqueConstraint("organization_id", "job_id", "attempt"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    job_id: Mapped[uuid.UUID]
    attempt: Mapped[int]
    worker_id: Mapped[uuid.UUID]
    worker: Mapped[str] = mapped_column(ShortText)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))  # completed, failed, retry, lost, released, cancelled
    error: Mapped[str | None]
    trace: Mapped[str | None]


class JobEvent(Tenant, Base):
    """What somebody did to a job: a retry, a cancellation, another priority, alone or with others. Only ever added.

    A retry forgets how the job had ended, so its row keeps that: `details` has `state`, `at` and `error`.
    """

    __tablename__ = "job_events"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "job_id"], ["jobs.organization_id", "jobs.id"], ondelete="CASCADE"),
        Index("ix_job_events_job", "organization_id", "job_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    job_id: Mapped[uuid.UUID]
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(20))  # events.What
    by: Mapped[str] = mapped_column(ShortText)
    reason: Mapped[str]
    operation_id: Mapped[uuid.UUID | None]  # the job that did it to many; it may be gone by now
    details: Mapped[dict[str, Any]]


class JobDependency(Tenant, Base):
    """A job that waits for another: `job_id` may begin once `needs_id` has ended as `on` says.

    A job's `blocked_by` is the number of its rows here that are not resolved.
    """

    __tablename__ = "job_dependencies"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "job_id"], ["jobs.organization_id", "jobs.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["organization_id", "needs_id"], ["jobs.organization_id", "jobs.id"], ondelete="CASCADE"),
        Index("ix_job_dependencies_needs", "needs_id", "job_id"),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    job_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    needs_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    on: Mapped[On] = mapped_column(text_enum(On))
    condition: Mapped[dict[str, Any] | None]  # dependencies.Condition on the needed job's result
    resolved_at: Mapped[datetime | None]
    met: Mapped[bool | None]


class JobItem(Tenant, Base):
    """One thing of a job that did not go as wished: its key, a code and a plain message."""

    __tablename__ = "job_items"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "job_id"], ["jobs.organization_id", "jobs.id"], ondelete="CASCADE"),
        Index("ix_job_items_job", "organization_id", "job_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    job_id: Mapped[uuid.UUID]
    attempt: Mapped[int]
    key: Mapped[str] = mapped_column(ShortText)
    status: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(ShortText)
    message: Mapped[str]


class JobLog(Tenant, Base):
    """One immutable row for each time a job finished: the history."""

    __tablename__ = "job_logs"
    __table_args__ = (Index("ix_job_logs_finished", "organization_id", "finished_at"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    job_id: Mapped[uuid.UUID] = mapped_column(index=True)
    queue: Mapped[Queue] = mapped_column(text_enum(Queue))
    processor: Mapped[str] = mapped_column(ShortText)
    title: Mapped[str] = mapped_column(ShortText)
    state: Mapped[State] = mapped_column(text_enum(State))
    priority: Mapped[int] = mapped_column(SmallInteger)
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime]
    done: Mapped[int]
    failed: Mapped[int]
    error_code: Mapped[str | None] = mapped_column(ShortText)
    error: Mapped[str | None]


class JobCount(Tenant, Base):
    """Jobs by queue, processor, state and whether they are routine, kept by triggers (core.db.ddl.count_rows).

    A count is the sum over its slots; one slot alone means nothing and may be below zero.
    """

    __tablename__ = "job_counts"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    queue: Mapped[Queue] = mapped_column(text_enum(Queue), primary_key=True)
    processor: Mapped[str] = mapped_column(ShortText, primary_key=True)
    state: Mapped[State] = mapped_column(text_enum(State), primary_key=True)
    routine: Mapped[bool] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, default=0)
    count: Mapped[int] = mapped_column(BigId, default=0)


class Ended:
    """Columns of what ended in some span of time."""

    completed: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[int] = mapped_column(default=0)
    wait_ms: Mapped[int] = mapped_column(BigId, default=0)
    run_ms: Mapped[int] = mapped_column(BigId, default=0)
    items: Mapped[int] = mapped_column(BigId, default=0, server_default="0")  # what jobs did then, ended or not


class StatsMinute(Ended, Tenant, Base):
    """What ended in one minute, by queue: no page ever counts jobs. Kept for some days."""

    __tablename__ = "stats_minute"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    queue: Mapped[Queue] = mapped_column(text_enum(Queue), primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)


class StatsSpread(Tenant, Base):
    """How long the jobs that ended in one minute had waited and run: how many in each bucket (`engine.spread`)."""

    __tablename__ = "stats_spread"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    queue: Mapped[Queue] = mapped_column(text_enum(Queue), primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    measure: Mapped[Measure] = mapped_column(text_enum(Measure), primary_key=True)
    bucket: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class StatsHour(Ended, Tenant, Base):
    """The same by hour, written together with the minute."""

    __tablename__ = "stats_hour"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    queue: Mapped[Queue] = mapped_column(text_enum(Queue), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)


class StatsDay(Ended, Tenant, Base):
    """The same by day (UTC)."""

    __tablename__ = "stats_day"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    queue: Mapped[Queue] = mapped_column(text_enum(Queue), primary_key=True)
    day: Mapped[datetime] = mapped_column(primary_key=True)


class QueueControl(Tenant, Base):
    """A queue, or one kind of job in it, that an organization has paused for itself: why, by whom, until when."""

    __tablename__ = "queue_controls"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    queue: Mapped[Queue] = mapped_column(text_enum(Queue), primary_key=True)
    processor: Mapped[str] = mapped_column(ShortText, primary_key=True, default="")  # empty: the whole queue
    paused_at: Mapped[datetime] = mapped_column(default=utcnow)
    paused_until: Mapped[datetime | None]
    reason: Mapped[str]
    by: Mapped[str] = mapped_column(ShortText)


class QueueLimit(Tenant, Base):
    """What an organization may ask of a queue; None is no limit."""

    __tablename__ = "queue_limits"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    queue: Mapped[Queue] = mapped_column(text_enum(Queue), primary_key=True)
    at_once: Mapped[int | None]  # jobs that run at the same time
    most_at_once: Mapped[int | None]  # likewise, set by whoever runs the installation: the organization cannot lift it
    per_minute: Mapped[int | None]  # jobs that are begun in any 60 seconds
    waiting: Mapped[int | None]  # jobs that may wait; more are refused
    next_at: Mapped[datetime | None]  # when the rate lets the next job begin
    changed_at: Mapped[datetime] = mapped_column(default=utcnow)
    changed_by: Mapped[str] = mapped_column(ShortText)


class Worker(Base):
    """A worker process and its sign of life, by the database's clock."""

    __tablename__ = "workers"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    host: Mapped[str] = mapped_column(ShortText)
    pid: Mapped[int]
    version: Mapped[str] = mapped_column(String(40))
    queues: Mapped[list[str]]
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]
    stopped_at: Mapped[datetime | None]
    memory_mb: Mapped[int | None]  # resident now
    scope: Mapped[dict[str, Any] | None]  # `scopes.Scope` as JSON; None: it serves all organizations
    threads: Mapped[int | None]
    busy: Mapped[int | None]  # threads that ran a job at the last sign of life
    samples: Mapped[list[list[int]] | None] = mapped_column(Json)  # of the last hour, oldest first: `samples.Sample`
    drain_requested_at: Mapped[datetime | None]  # begins nothing more, ends what runs, then ends itself
    drain_requested_by: Mapped[str | None] = mapped_column(ShortText)
