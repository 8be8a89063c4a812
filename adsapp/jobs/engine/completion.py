"""How attempts end: fenced by the lease id, everything in one transaction, many jobs at once.

State, retry, history, statistics, the attempt's row and whoever waited for the job change together or not at all. A
late worker, whose lease is another's by now, changes nothing.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import Connection, Engine, Table, bindparam, insert, update

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import engine_transaction
from adsapp.core.db.constructs import any_of
from adsapp.jobs import dependencies
from adsapp.jobs.engine import recording
from adsapp.jobs.engine.outcomes import (
    GOES_ON,
    Completion,
    Failed,
    Finished,
    Outcome,
    Snoozed,
    attempt_word,
    job_values,
)
from adsapp.jobs.engine.recording import ENDED, Place
from adsapp.jobs.models import Job, JobAttempt, JobItem, in_state
from adsapp.jobs.progress import Claim
from adsapp.jobs.registry import kind
from adsapp.jobs.states import FINAL, PENDING, State

JOBS = cast(Table, Job.__table__)
ATTEMPTS = cast(Table, JobAttempt.__table__)


_BEGIN_ONCE_MORE = (
    update(JOBS)
    .where(any_of(JOBS.c.id, "job_ids"), JOBS.c.state.in_(PENDING))
    .values(state=GOES_ON, run_at=bindparam("now", type_=JOBS.c.run_at.type), dispatched_at=None)
)


def finish(engine: Engine, clock: DatabaseClock, claim: Claim, outcome: Outcome, retry_seconds: float) -> State | None:
    """End one attempt; the job's new state, or None if another worker has the lease and nothing was changed."""
    with engine_transaction(engine) as connection:
        finished = finish_many(connection, clock, [Completion(claim, outcome)], retry_seconds)
        recording.record(connection, finished.ended, clock.now(), finished.items)
        return finished.states[0]


def expire(connection: Connection, clock: DatabaseClock, claims: Sequence[Claim], retry_seconds: float) -> None:
    """End attempts whose workers are silent, or let their time run out (the reaper holds the rows)."""
    completions = [Completion(claim, _lost(claim, clock.now())) for claim in claims]
    recording.record(connection, finish_many(connection, clock, completions, retry_seconds).ended, clock.now())


def _lost(claim: Claim, now: datetime) -> Failed:
    if claim.claimed_at is not None and (now - claim.claimed_at).total_seconds() > claim.timeout_seconds:
        text = f"The job ran longer than its limit of {claim.timeout_seconds} s and did not stop when it was told to."
        return Failed("timed_out", text, "", outcome="lost")
    return Failed("worker_lost", "The worker stopped without a word, and its lease ended.", "", outcome="lost")


def finish_many(
    connection: Connection, clock: DatabaseClock, completions: Sequence[Completion], retry_seconds: float
) -> Finished:
    """End attempts of different jobs. The caller records what ended (`recording.record`), last in its transaction."""
    now = clock.now()
    rows: dict[Claim, Any] = {}
    for values, group in _group_by_values(completions, now, retry_seconds):
        by_id = {row.id: row for row in _update(connection, values, group)}
        rows |= {each.claim: by_id[each.claim.job_id] for each in group if each.claim.job_id in by_id}
    changed = [each for each in completions if each.claim in rows]
    items: Counter[Place] = Counter()
    for each in changed:
        items[rows[each.claim].organization_id, rows[each.claim].queue] += each.unwritten.more
    _add_items(connection, changed)
    _close_attempts(connection, changed, rows, now)
    rows |= _cancel_as_asked(connection, rows, now)
    ended = resolve_dependents(connection, [row for row in rows.values() if row.state in FINAL], now)
    states = [State(rows[each.claim].state) if each.claim in rows else None for each in completions]
    return Finished(states, ended, +items)


def _cancel_as_asked(connection: Connection, rows: Mapping[Claim, Any], now: datetime) -> dict[Claim, Any]:
    """Somebody asked to cancel while the attempt ended in another way: the job does not go on.

    One whose feature wants to know is begun once more, cancelled from its first moment: what belongs to the
    cancellation (people who are left out) is done among its own organization's rows, which nobody sees from here.
    """
    asked = {row.id: claim for claim, row in rows.items() if row.cancel_requested_at and row.state not in FINAL}
    told = [job_id for job_id, claim in asked.items() if kind(claim.processor).on_cancel]
    if told:
        connection.execute(_BEGIN_ONCE_MORE, {"job_ids": told, "now": now})
    over = asked.keys() - set(told)
    return {asked[row.id]: row for row in cancel_pending(connection, over, now)} if over else {}


def cancel_pending(
    connection: Connection, job_ids: Collection[uuid.UUID], now: datetime, **values: Any
) -> Sequence[Any]:
    """Cancel those of the jobs that no worker holds; their rows with ENDED."""
    rows = connection.execute(
        update(JOBS)
        .where(any_of(JOBS.c.id, job_ids), in_state(*PENDING))
        .values(state=State.CANCELLED, finished_at=now, run_at=None, **values)
        .returning(*ENDED)
    ).all()
    if rows:  # one that was snoozed has an open attempt
        _close(connection, rows, now, State.CANCELLED.value, None, None)
    return rows


def resolve_dependents(connection: Connection, rows: Sequence[Any], now: datetime) -> list[Any]:
    """Tell whoever waited for these jobs (rows with ENDED); all that ended, those with unmet needs included."""
    ended = list(rows)
    while rows:
        unmet = dependencies.resolve(connection, rows, now)
        rows = [row for job_id, why in unmet.items() for row in _cancel_unmet(connection, job_id, why, now)]
        ended += rows
    return ended


def _cancel_unmet(connection: Connection, job_id: uuid.UUID, why: str, now: datetime) -> Sequence[Any]:
    return cancel_pending(connection, [job_id], now, error_code="dependency_unmet", error=why)


def _group_by_values(
    completions: Sequence[Completion], now: datetime, retry_seconds: float
) -> Iterator[tuple[dict[str, Any], list[Completion]]]:
    """What ends alike is written in one statement."""
    groups: dict[str, tuple[dict[str, Any], list[Completion]]] = {}
    for completion in completions:
        values = job_values(completion.claim, completion.outcome, now, retry_seconds) | completion.unwritten.columns
        groups.setdefault(repr(values), (values, []))[1].append(completion)
    yield from groups.values()


def _update(connection: Connection, values: Mapping[str, Any], group: Sequence[Completion]) -> Sequence[Any]:
    # Lease ids are unique, so an id and a lease that belong to two different claims never meet in one row.
    goes_on = values.get("state") is GOES_ON
    statement = _update_of(tuple(values), goes_on)
    claims = [each.claim for each in group]
    named = {f"new_{name}": value for name, value in values.items() if value is not GOES_ON}
    held = {"job_ids": [claim.job_id for claim in claims], "lease_ids": [claim.lease_id for claim in claims]}
    return connection.execute(statement, {**named, **held}).all()


# Statements that every job needs are built once: to build them each time costs more than to run them.


@cache
def _update_of(names: tuple[str, ...], goes_on: bool) -> Any:
    values: dict[str, Any] = {name: bindparam(f"new_{name}", type_=JOBS.c[name].type) for name in names}
    if goes_on:
        values["state"] = GOES_ON
    return (
        update(JOBS)
        .where(
            any_of(JOBS.c.id, "job_ids"),
            any_of(JOBS.c.lease_id, "lease_ids"),
            in_state(State.ACTIVE),
        )
        # It has begun, so its key is free for one that has not: perhaps one of that key waits already.
        .values(lease_id=None, lease_until=None, dispatched_at=None, dedupe_key=None, **values)
        .returning(*ENDED)
    )


_CLOSE = (
    update(ATTEMPTS)
    .where(
        any_of(ATTEMPTS.c.organization_id, "organization_ids"),
        any_of(ATTEMPTS.c.job_id, "job_ids"),
        ATTEMPTS.c.ended_at.is_(None),
    )
    .values(
        {
            name: bindparam(f"new_{name}", type_=ATTEMPTS.c[name].type)
            for name in ("ended_at", "outcome", "error", "trace")
        }
    )
)


def _close(
    connection: Connection, jobs: Iterable[Any], now: datetime, outcome: str, error: str | None, trace: str | None
) -> None:
    """Close the open attempts of these jobs (claims or rows: whatever has the ids); a job has one at most."""
    places = [(each.organization_id, each.job_id if isinstance(each, Claim) else each.id) for each in jobs]
    values = {"new_ended_at": now, "new_outcome": outcome, "new_error": error, "new_trace": trace}
    ids = {"organization_ids": list({place[0] for place in places}), "job_ids": [place[1] for place in places]}
    connection.execute(_CLOSE, values | ids)


def _add_items(connection: Connection, changed: Sequence[Completion]) -> None:
    items = [item for completion in changed for item in completion.unwritten.items]
    if items:
        connection.execute(insert(JobItem), items)


def _close_attempts(
    connection: Connection, changed: Sequence[Completion], ended: Mapping[Claim, Any], now: datetime
) -> None:
    """A job has one open attempt at most, so its id names it; one that was snoozed stays open."""
    groups: dict[tuple[str, str | None, str | None], list[Claim]] = defaultdict(list)
    for completion in changed:
        if isinstance(completion.outcome, Snoozed):
            continue
        failed = completion.outcome if isinstance(completion.outcome, Failed) else None
        word = attempt_word(failed, State(ended[completion.claim].state))
        groups[word, failed.error if failed else None, failed.trace if failed else None].append(completion.claim)
    for (word, error, trace), claims in groups.items():
        _close(connection, claims, now, word, error, trace)
