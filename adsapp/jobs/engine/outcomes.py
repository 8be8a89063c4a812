"""How an attempt can end, and what each end makes of its job: done, tried again after a wait, or failed for good."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case

from adsapp.jobs.engine.recording import Place
from adsapp.jobs.models import Job
from adsapp.jobs.progress import Claim, Unwritten
from adsapp.jobs.states import FINAL, State

LONGEST_WAIT_SECONDS = 3600.0  # before another attempt
MOST_DOUBLINGS = 30  # far beyond the longest wait, and no overflow

# A job that goes on at once, unless it waits for its children or for others.
GOES_ON = case((Job.__table__.c.blocked_by > 0, State.DELAYED.value), else_=State.WAITING.value)


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
class Snoozed:
    """It did its share and goes on later as the same attempt."""

    run_at: datetime | None
    reason: str


@dataclass(frozen=True)
class Released:
    """The worker shuts down, or could not begin it soon; the job goes on elsewhere at once, and this was no failure."""

    reason: str = "its worker was shut down"


Outcome = Completed | Failed | Cancelled | Snoozed | Released


@dataclass(frozen=True)
class Completion:
    """An attempt that ended, and the progress it had not written yet."""

    claim: Claim
    outcome: Outcome
    unwritten: Unwritten = field(default_factory=Unwritten)
    began: float | None = None  # time.monotonic(); None: no thread has begun it
    done: int = 0  # through in the end, the failed ones included
    failed: int = 0


@dataclass(frozen=True)
class Finished:
    """What became of some completions: for each the job's new state, or None if another worker has its lease."""

    states: list[State | None]
    ended: list[Any]  # rows with ENDED of all jobs that are final now, those with unmet needs among them
    items: Mapping[Place, int] = field(default_factory=dict)  # things done that no progress had told


def job_values(claim: Claim, outcome: Outcome, now: datetime, retry_seconds: float) -> dict[str, Any]:
    """The columns of the job that change with this end of an attempt, with their new values."""
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
        case Snoozed(run_at, reason):
            due = run_at is not None and run_at <= now
            return {
                "state": GOES_ON if due else State.DELAYED,
                "run_at": run_at,
                "handed_back": True,
                "wait_reason": reason or None,
                "failures": 0,
            }
        case Released(reason):
            return {
                "state": GOES_ON,
                "run_at": now,
                "handed_back": False,
                "wait_reason": reason,
            }
        case Failed():
            return _failure(claim, outcome, now, retry_seconds)


def _failure(claim: Claim, failed: Failed, now: datetime, retry_seconds: float) -> dict[str, Any]:
    failures = claim.failures + 1
    values: dict[str, Any] = {"failures": failures, "error_code": failed.code, "error": failed.error}
    if failed.permanent or failures >= claim.max_attempts:
        return values | {"state": State.FAILED, "finished_at": now}
    wait = timedelta(seconds=min(retry_seconds * 2 ** min(failures - 1, MOST_DOUBLINGS), LONGEST_WAIT_SECONDS))
    reason = f"attempt {claim.attempt} {'was lost' if failed.outcome == 'lost' else 'failed'}; tried again"
    return values | {"state": State.DELAYED, "run_at": now + wait, "wait_reason": reason}


def attempt_word(failed: Failed | None, state: State) -> str:
    """How the attempt ended, in the word that `job_attempts` keeps."""
    if failed is not None and failed.outcome == "lost":
        return "lost"
    if failed is None and state not in FINAL:
        return "released"
    return "retry" if state == State.DELAYED else state.value
