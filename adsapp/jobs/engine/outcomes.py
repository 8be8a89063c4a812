"""How an attempt can end, and what is then written of its job."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adsapp.jobs.progress import Claim, Unwritten
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
    """The worker shuts down, or could not begin it soon; the job goes on elsewhere at once, and this was no failure."""

    reason: str = "its worker was shut down"


Outcome = Completed | Failed | Cancelled | HandedBack | Released


@dataclass(frozen=True)
class Completion:
    """An attempt that ended, and the progress it had not written yet."""

    claim: Claim
    outcome: Outcome
    unwritten: Unwritten = field(default_factory=Unwritten)


@dataclass(frozen=True)
class Finished:
    """What became of some completions: for each the job's new state, or None if another worker has its lease."""

    states: list[State | None]
    ended: list[Any]  # rows with ENDED of all jobs that are final now, those with unmet needs among them
