"""One fire: the schedules that are due move on, and their jobs are added, in one transaction.

A look at all organizations with the engine's role. Schedules are taken in fair turns, each organization's longest due
first, and locked; another dispatcher passes by what is locked. The unique key of `schedule_fires` holds what the lock
cannot: a time that was fired is never fired again, also if the schedule was put back to before it.
"""

import hashlib
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Connection, Engine, Select, Table, bindparam, func, select, text

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import UtcDateTime, engine_transaction, reading
from adsapp.core.db.constructs import any_of
from adsapp.core.db.rows import insert_many, update_many
from adsapp.core.ids import new_id
from adsapp.jobs import across
from adsapp.jobs.across import NewJob
from adsapp.jobs.registry import recurring
from adsapp.jobs.states import FINAL, Queue, State
from adsapp.schedules.models import DUE, FireState, Overlap, Schedule, ScheduleFire, ScheduleState
from adsapp.schedules.plan import Decision, decide
from adsapp.schedules.subject import SCHEDULE

BATCH = 500  # schedules in one transaction
BY = "schedule"

SCHEDULES = cast(Table, Schedule.__table__)
# As the indexes have their conditions, word for word.
_FIRST = text(
    "select (select min(next_run_at) from job_schedules where next_run_at is not null) as due_at, "
    "(select min(id) from schedule_fires where state = 'replacing') as replacing"
).columns(due_at=UtcDateTime())


@dataclass(frozen=True)
class Fired:
    """How many schedules were looked at, and which queues have new jobs."""

    schedules: int = 0
    jobs: int = 0
    queues: frozenset[Queue] = frozenset()


@dataclass(frozen=True)
class Ahead:
    """When the next schedule is due, None if there is none; and whether runs wait for the end of those before."""

    due_at: datetime | None
    replacing: bool


def look_ahead(engine: Engine) -> Ahead:
    """One statement that takes no lock: what a dispatcher at rest asks."""
    with reading(), engine_transaction(engine) as connection:
        first = connection.execute(_FIRST).one()
    return Ahead(first.due_at, first.replacing is not None)


def fire_due(engine: Engine, clock: DatabaseClock, attempts: int) -> Fired:
    """Fire a batch of schedules that are due; call again until there are none. `attempts`: how often a job is tried
    whose kind does not say."""
    with engine_transaction(engine) as connection:
        now = clock.now()
        claimed = connection.execute(_claim(), {"now": now, "processors": list(recurring())}).all()
        if not claimed:
            return Fired()
        batch = _Batch(connection, now)
        batch.add(claimed)
        return batch.write(attempts)


@lru_cache
def _claim() -> Select[Any]:
    turn = func.row_number().over(partition_by=SCHEDULES.c.organization_id, order_by=SCHEDULES.c.next_run_at)
    is_due = (DUE, SCHEDULES.c.next_run_at <= bindparam("now"), any_of(SCHEDULES.c.processor, "processors"))
    due = select(SCHEDULES.c.id, turn.label("turn")).where(*is_due).subquery("due")
    # What is due is asked once more of the row that is locked: another dispatcher may have moved it on meanwhile.
    still = SCHEDULES.c.next_run_at <= bindparam("now")
    rows = select(SCHEDULES).join(due, due.c.id == SCHEDULES.c.id).where(still)
    first = rows.order_by(due.c.turn, SCHEDULES.c.next_run_at, SCHEDULES.c.id).limit(BATCH)
    return first.with_for_update(of=SCHEDULES, skip_locked=True)


@dataclass
class _Batch:
    """What one transaction writes: fires, jobs and how the schedules go on, each in one statement."""

    connection: Connection
    now: datetime
    fires: list[dict[str, Any]] = field(default_factory=list)
    jobs: dict[uuid.UUID, NewJob] = field(default_factory=dict)
    moved: list[dict[str, Any]] = field(default_factory=list)

    def add(self, claimed: Sequence[Any]) -> None:
        """Decide for each; one whose last job is just ending is left for the next look."""
        running = _Running.of(self.connection, claimed)
        self._kinds = recurring()
        self._room = across.room(self.connection, {row.organization_id for row in claimed})
        for row in claimed:
            if row.last_job_id not in running.changing:
                self._add_one(row, decide(row, self.now), running.is_open(row.last_job_id))

    def write(self, attempts: int) -> Fired:
        names = ("schedule_id", "fire_at")
        new = insert_many(self.connection, ScheduleFire, self.fires, only_new=True, returning=names)
        fired = {(row.schedule_id, row.fire_at) for row in new}
        lost = {
            fire["job_id"]
            for fire in self.fires
            if fire["job_id"] and (fire["schedule_id"], fire["fire_at"]) not in fired
        }
        jobs = [job for job in self.jobs.values() if job.id not in lost and job.after not in lost]
        added = across.add_jobs(self.connection, jobs, self.now, attempts)
        update_many(self.connection, Schedule, [_without(row, lost) for row in self.moved], key="id")
        return Fired(len(self.moved), len(jobs), added.queues)

    def _add_one(self, row: Any, decision: Decision, is_running: bool) -> None:
        if decision.missed is not None and decision.state is not ScheduleState.OVERDUE:
            self._note(row, decision.missed, FireState.MISSED, decision.why_missed)
        last, started = row.last_job_id, 0
        for run in decision.starts:
            why_not = self._why_not(row, is_running and not started)
            if why_not:
                self._note(row, run, FireState.SKIPPED, why_not)
                continue
            last = self._start(row, run, after=last if is_running or started else None, first=not started)
            started += 1
        self.moved.append(_moved(row, decision, last, started))

    def _why_not(self, row: Any, is_running: bool) -> str:
        if is_running and row.overlap is Overlap.SKIP:
            return "The run before had not ended"
        place = (row.organization_id, self._kinds[row.processor].queue)
        if self._room.get(place, 1) <= 0:
            return "As many jobs waited in its queue as the organization allows itself"
        if place in self._room:
            self._room[place] -= 1
        return ""

    def _start(self, row: Any, run: datetime, *, after: uuid.UUID | None, first: bool) -> uuid.UUID:
        job_id, kind = new_id(), self._kinds[row.processor]
        assert kind.recurs is not None
        self.jobs[job_id] = NewJob(
            id=job_id,
            organization_id=row.organization_id,
            kind=kind,
            payload=row.params,
            title=row.name,
            subject=SCHEDULE.of(row.id),
            priority=kind.recurs.priority,
            run_at=run + jitter(row.id, run, row.jitter_seconds),
            created_by=f"{BY} {row.name}",
            after=after,
        )
        replaces = after if first and after and row.overlap is Overlap.CANCEL else None
        state = FireState.REPLACING if replaces else FireState.STARTED
        self._note(row, run, state, "", job_id=job_id, replaces=replaces)
        return job_id

    def _note(self, row: Any, fire_at: datetime, state: FireState, reason: str, **more: Any) -> None:
        fire = {"schedule_id": row.id, "organization_id": row.organization_id, "fire_at": fire_at, "state": state}
        empty = {"job_id": None, "work_job_id": None, "subject": None, "replaces": None}
        self.fires.append({**fire, "reason": reason, "by": "", **empty, "made_at": self.now, **more})


@dataclass(frozen=True)
class _Running:
    """Which of the jobs of the runs before have not ended; `changing` are those that nobody may wait for just now."""

    open: frozenset[uuid.UUID]
    changing: frozenset[uuid.UUID]

    @classmethod
    def of(cls, connection: Connection, claimed: Sequence[Any]) -> "_Running":
        states = across.states_of(connection, [row.last_job_id for row in claimed if row.last_job_id])
        unended = {job_id for job_id, state in states.items() if state not in FINAL}
        waited = [row.last_job_id for row in claimed if row.overlap is not Overlap.SKIP and row.last_job_id in unended]
        held: Mapping[uuid.UUID, State] = across.held(connection, waited)
        ended = {job_id for job_id, state in held.items() if state in FINAL}
        return cls(frozenset(unended - ended), frozenset(waited) - held.keys())

    def is_open(self, job_id: uuid.UUID | None) -> bool:
        return job_id in self.open


def _moved(row: Any, decision: Decision, last: uuid.UUID | None, started: int) -> dict[str, Any]:
    is_overdue = decision.state is ScheduleState.OVERDUE
    return {
        "id": row.id,
        "state": decision.state,
        "state_reason": decision.reason,
        "paused_until": None,
        "due_since": decision.missed if is_overdue else None,
        "next_run_at": decision.next_run_at,
        "run_count": row.run_count + started,
        "last_fire_at": decision.starts[-1] if started else row.last_fire_at,
        "last_job_id": last,
        "_before": (row.last_job_id, row.run_count, row.last_fire_at),
    }


def _without(moved: dict[str, Any], lost: Collection[uuid.UUID]) -> dict[str, Any]:
    """As if the run that another had fired before had not been started here."""
    last_job_id, run_count, last_fire_at = moved.pop("_before")
    if moved["last_job_id"] is not None and moved["last_job_id"] in lost:
        moved |= {"last_job_id": last_job_id, "run_count": run_count, "last_fire_at": last_fire_at}
    return moved


def jitter(schedule_id: uuid.UUID, run: datetime, most_seconds: int) -> timedelta:
    """How long after its time a run begins: the same for the same run, and spread evenly over all."""
    if not most_seconds:
        return timedelta()
    seed = hashlib.sha256(f"{schedule_id} {run.isoformat()}".encode()).digest()
    return timedelta(seconds=int.from_bytes(seed[:8]) % (most_seconds + 1))


def replacing(engine: Engine) -> Iterator[tuple[uuid.UUID, int]]:
    """The fires whose runs wait for the cancellation of those before, with whose they are."""
    fires = cast(Table, ScheduleFire.__table__)
    wanted = select(fires.c.organization_id, fires.c.id).where(text("state = 'replacing'")).order_by(fires.c.id)
    with reading(), engine_transaction(engine) as connection:
        found = connection.execute(wanted.limit(BATCH)).all()
    yield from ((row.organization_id, row.id) for row in found)
