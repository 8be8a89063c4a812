"""How an attempt ends: fenced by the lease id, everything in one transaction.

State, retry, history, statistics and the attempt's row change together or not at all. A late worker, whose lease is
another's by now, changes nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert, update
from sqlalchemy.dialects import postgresql, sqlite

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import engine_transaction
from adsapp.jobs.models import Job, JobAttempt, JobLog, StatsMinute
from adsapp.jobs.progress import Claim
from adsapp.jobs.states import State


@dataclass(frozen=True)
class Completed:
    """The processor returned."""

    result: dict[str, Any] | None


@dataclass(frozen=True)
class Failed:
    """The processor raised; `permanent` means that trying again cannot help."""

    code: str
    error: str
    trace: str
    permanent: bool = False
    outcome: str = "failed"


@dataclass(frozen=True)
class Cancelled:
    """It stopped because somebody asked."""


@dataclass(frozen=True)
class HandedBack:
    """It did its share and goes on later as the same attempt."""

    run_at: datetime | None
    reason: str


@dataclass(frozen=True)
class Released:
    """The worker shuts down; the job goes on elsewhere at once, and this was no failure."""


Outcome = Completed | Failed | Cancelled | HandedBack | Released


def finish(engine: Engine, clock: DatabaseClock, claim: Claim, outcome: Outcome, retry_seconds: float) -> State | None:
    """End the attempt; the job's new state, or None where the lease is another's: then nothing was changed."""
    with engine_transaction(engine) as connection:
        return _apply(connection, clock, claim, outcome, retry_seconds)


def take_back(connection: Connection, clock: DatabaseClock, claim: Claim, retry_seconds: float) -> None:
    """End an attempt whose worker is silent (the reaper holds the row)."""
    lost = Failed(
        code="worker_lost",
        error="The worker stopped without a word, and its lease ended.",
        trace="",
        outcome="lost",
    )
    _apply(connection, clock, claim, lost, retry_seconds)


def _apply(
    connection: Connection, clock: DatabaseClock, claim: Claim, outcome: Outcome, retry_seconds: float
) -> State | None:
    now = clock.now()
    values = _values(claim, outcome, now, retry_seconds)
    row = connection.execute(
        update(Job)
        .where(Job.id == claim.job_id, Job.lease_id == claim.lease_id, Job.state == State.ACTIVE)
        .values(lease_id=None, lease_until=None, dispatched_at=None, **values)
        .returning(Job)
    ).one_or_none()
    if row is None:
        return None
    state = State(values["state"])
    if not isinstance(outcome, HandedBack):
        _close_attempt(connection, claim, outcome, state, now)
    if state in (State.COMPLETED, State.FAILED, State.CANCELLED):
        record(connection, row, state, now)
    return state


def _values(claim: Claim, outcome: Outcome, now: datetime, retry_seconds: float) -> dict[str, Any]:
    match outcome:
        case Completed(result):
            return {
                "state": State.COMPLETED,
                "finished_at": now,
                "result": result,
                "failures": 0,
                "error": None,
                "error_code": None,
            }
        case Cancelled():
            return {"state": State.CANCELLED, "finished_at": now}
        case HandedBack(run_at, reason):
            due = run_at is not None and run_at <= now
            return {
                "state": State.WAITING if due else State.DELAYED,
                "run_at": run_at,
                "handed_back": True,
                "wait_reason": reason or None,
                "failures": 0,
            }
        case Released():
            return {
                "state": State.WAITING,
                "run_at": now,
                "handed_back": False,
                "wait_reason": "its worker was shut down",
            }
        case Failed():
            return _failure(claim, outcome, now, retry_seconds)


def _failure(claim: Claim, failed: Failed, now: datetime, retry_seconds: float) -> dict[str, Any]:
    failures = claim.failures + 1
    values: dict[str, Any] = {"failures": failures, "error_code": failed.code, "error": failed.error}
    if failed.permanent or failures >= claim.max_attempts:
        return values | {"state": State.FAILED, "finished_at": now}
    wait = timedelta(seconds=retry_seconds * 2 ** (failures - 1))
    reason = f"attempt {claim.attempt} {'was lost' if failed.outcome == 'lost' else 'failed'}; tried again"
    return values | {"state": State.DELAYED, "run_at": now + wait, "wait_reason": reason}


def _close_attempt(connection: Connection, claim: Claim, outcome: Outcome, state: State, now: datetime) -> None:
    failed = outcome if isinstance(outcome, Failed) else None
    ended = {"lost": "lost"}.get(failed.outcome if failed else "")
    if ended is None:
        ended = {State.WAITING: "released", State.DELAYED: "retry"}.get(state, state.value)
    connection.execute(
        update(JobAttempt)
        .where(
            JobAttempt.organization_id == claim.organization_id,
            JobAttempt.job_id == claim.job_id,
            JobAttempt.attempt == claim.attempt,
        )
        .values(
            ended_at=now,
            outcome=ended,
            error=failed.error if failed else None,
            trace=failed.trace if failed else None,
        )
    )


def record(connection: Connection, row: Any, state: State, now: datetime) -> None:
    """Write the history and the minute's statistics of a job that just finished."""
    connection.execute(
        insert(JobLog).values(
            organization_id=row.organization_id,
            job_id=row.id,
            queue=row.queue,
            processor=row.processor,
            title=row.title,
            state=state,
            priority=row.priority,
            attempts=row.attempt,
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=now,
            done=row.progress_done,
            failed=row.progress_failed,
            error_code=row.error_code,
            error=row.error,
        )
    )
    started = row.started_at or now
    add_to_minute(
        connection,
        row.organization_id,
        row.queue,
        now,
        state,
        wait_ms=_milliseconds(started - row.created_at),
        run_ms=_milliseconds(now - started),
    )


def add_to_minute(
    connection: Connection,
    organization_id: Any,
    queue: Any,
    now: datetime,
    state: State,
    *,
    wait_ms: int,
    run_ms: int,
) -> None:
    """Add one finished job to the statistics of its minute."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    insertion = dialect.insert(StatsMinute).values(
        organization_id=organization_id,
        queue=queue,
        minute=now.replace(second=0, microsecond=0),
        completed=int(state == State.COMPLETED),
        failed=int(state == State.FAILED),
        cancelled=int(state == State.CANCELLED),
        wait_ms=max(0, wait_ms),
        run_ms=max(0, run_ms),
    )
    sums = ("completed", "failed", "cancelled", "wait_ms", "run_ms")
    connection.execute(
        insertion.on_conflict_do_update(
            index_elements=["organization_id", "queue", "minute"],
            set_={name: getattr(StatsMinute, name) + insertion.excluded[name] for name in sums},
        )
    )


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
