"""What a run left behind: the tables of jobs, and what the witness saw."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from adsapp.core import db
from adsapp.jobs import Job
from adsapp.jobs.models import JobAttempt, JobCount, JobItem, JobLog, StatsDay, StatsHour, StatsMinute, StatsSpread
from tests.chaos.moods import DEMANDED
from tests.chaos.tasks import Task
from tests.chaos.witness import Event, read_events

SHOWN = (
    "title",
    "state",
    "attempt",
    "failures",
    "max_attempts",
    "handed_back",
    "run_at",
    "dispatched_at",
    "claimed_at",
    "lease_id",
    "lease_until",
    "cancel_requested_at",
    "finished_at",
    "error_code",
    "wait_reason",
    "result",
    "progress_done",
)


@dataclass(frozen=True)
class Hold:
    """What the witness saw of one lease: one hold of one attempt of a job."""

    job: str
    attempt: int
    lease: str
    events: tuple[Event, ...]

    @property
    def began(self) -> int:
        """Monotonic nanoseconds."""
        return self.events[0].at

    @property
    def ended(self) -> int:
        """Of its last sign; one that was killed has no end of its own."""
        return self.events[-1].at

    @property
    def how(self) -> str:
        """How the processor was left: "returned", an exception's name, or empty where it never was."""
        last = self.events[-1]
        return last.value if last.what == "end" else ""

    @property
    def saw(self) -> int | None:
        """How many rows of the job there were when it began; None where it did not get so far."""
        return next((int(event.value) for event in self.events if event.what == "seen"), None)

    def numbers(self, what: str) -> list[str]:
        """Values of its events of a kind."""
        return [event.value for event in self.events if event.what == what]


@dataclass
class Evidence:
    """Rows of all tables of the engine, and the holds of each job in their order."""

    tasks: Sequence[Task]
    repeated_at: int | None  # when all messages were sent once more; nothing may begin after it
    jobs: dict[str, Any]
    attempts: Sequence[Any]
    items: Sequence[Any]
    logs: Sequence[Any]
    counts: Sequence[Any]
    sums: dict[str, Sequence[Any]]
    spread: Sequence[Any]
    holds: dict[str, list[Hold]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.attempts_of = _by_job(sorted(self.attempts, key=lambda each: each.attempt))
        self.items_of = _by_job(self.items)
        self.logs_of = _by_job(self.logs)

    def is_as_demanded(self, task: Task) -> bool:
        """The job ended in a state that its mood allows."""
        job = self.jobs.get(str(task.job_id))
        return job is not None and job.state in DEMANDED[task.mood]

    def of(self, job_id: str) -> str:
        """Everything about a job, for people."""
        row = self.jobs.get(job_id)
        values = {name: getattr(row, name) for name in SHOWN} if row is not None else {}
        known = {name: value for name, value in values.items() if value is not None}
        lines = [f"job {job_id}: " + ", ".join(f"{name}={value}" for name, value in known.items())]
        lines += [f"attempt {a.attempt} {a.outcome}: {a.started_at} – {a.ended_at}" for a in self.attempts_of[job_id]]
        lines += [str(event) for hold in self.holds.get(job_id, []) for event in _short(hold.events)]
        return "\n    ".join(lines)


def gather(witness: Path, tasks: Sequence[Task], repeated_at: int | None) -> Evidence:
    """Read it all (within an application context)."""
    with db.engine_transaction() as connection:
        jobs = _rows(connection, Job)
        evidence = Evidence(
            tasks=tasks,
            repeated_at=repeated_at,
            jobs={str(row.id): row for row in jobs},
            attempts=_rows(connection, JobAttempt),
            items=_rows(connection, JobItem),
            logs=_rows(connection, JobLog),
            counts=_rows(connection, JobCount),
            sums={model.__tablename__: _rows(connection, model) for model in (StatsMinute, StatsHour, StatsDay)},
            spread=_rows(connection, StatsSpread),
        )
    evidence.holds = _holds(read_events(witness))
    return evidence


def _rows(connection: Connection, model: Any) -> Sequence[Any]:
    return connection.execute(select(model.__table__)).all()


def _by_job(rows: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[str(row.job_id)].append(row)
    return found


def _holds(events: Sequence[Event]) -> dict[str, list[Hold]]:
    """By job, in the order of attempts and then of time: an attempt that was handed back has several."""
    by_lease: dict[tuple[str, int, str], list[Event]] = defaultdict(list)
    for event in events:
        by_lease[event.job, event.attempt, event.lease].append(event)
    holds: dict[str, list[Hold]] = defaultdict(list)
    for (job, attempt, lease), its in by_lease.items():
        holds[job].append(Hold(job, attempt, lease, tuple(its)))
    for each in holds.values():
        each.sort(key=lambda hold: (hold.attempt, hold.began))
    return holds


def _short(events: Sequence[Event]) -> Sequence[Event]:
    return events if len(events) <= 8 else (*events[:4], *events[-4:])
