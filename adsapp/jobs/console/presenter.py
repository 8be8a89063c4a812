"""A job as its page shows it: rate, time left, its figures, its data. Pure, from rows already read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adsapp.core.crypto import UnreadableSecret
from adsapp.jobs.api.serializers import percent
from adsapp.jobs.lines import AnyJob
from adsapp.jobs.models import Job, JobAttempt
from adsapp.jobs.redaction import redact
from adsapp.jobs.registry import subjects
from adsapp.jobs.states import FINAL, State

A_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True)
class Pace:
    """How fast a job goes: things a second, and seconds left; None where it cannot be known."""

    per_second: float | None
    seconds_left: float | None


@dataclass(frozen=True)
class Related:
    """The page of what the job works on."""

    url: str
    words: str


def pace(job: Job, attempts: Sequence[JobAttempt]) -> Pace:
    """The running attempt's average so far, where it is known: what former attempts did is in `done` already, and a job
    that handed itself back may have stood still since."""
    running = attempts[-1] if attempts and attempts[-1].ended_at is None else None
    if job.state != State.ACTIVE or running is None or job.progress_at is None or len(attempts) > 1:
        return Pace(None, None)
    if job.claimed_at is not None and job.claimed_at - running.started_at > A_MOMENT:
        return Pace(None, None)
    seconds = (job.progress_at - running.started_at).total_seconds()
    if seconds < 1 or not job.progress_done:
        return Pace(None, None)
    per_second = job.progress_done / seconds
    left = None if job.progress_total is None else max(0, job.progress_total - job.progress_done) / per_second
    return Pace(per_second, left)


def related(job: Job) -> Related | None:
    """The page of what this job works on; None if that has none."""
    key, _, subject_id = (job.subject or "").partition(":")
    subject = subjects().get(key)
    return Related(subject.path(subject_id), subject.link) if subject and subject_id else None


def tries(job: AnyJob) -> str:
    """How often it was begun, of how often it may be: 2 of 3. Each retry by a person grants `max_attempts` more."""
    if not job.attempt:
        return f"0 of {job.max_attempts}"
    if job.state in (State.COMPLETED, State.CANCELLED):  # these no longer tell how many were left
        return f"{job.attempt} of {job.max_attempts}" if job.attempt <= job.max_attempts else str(job.attempt)
    is_under_way = job.state == State.ACTIVE or job.handed_back
    left = job.max_attempts - job.failures - (1 if is_under_way and job.state != State.FAILED else 0)
    return f"{job.attempt} of {job.attempt + max(0, left)}"


def granted(job: Job) -> str:
    """What a retry grants: 3 more attempts."""
    return "1 more attempt" if job.max_attempts == 1 else f"{job.max_attempts} more attempts"


def headline(job: Job) -> str:
    """The figures of the progress card: 142,000 of 200,000."""
    if job.progress_total is None:
        nothing = "Nothing to count" if job.state in FINAL else "Not known yet"
        return f"{job.progress_done:,} done" if job.progress_done else nothing
    return f"{job.progress_done:,} of {job.progress_total:,}"


def bar(job: Job) -> tuple[int, int | None]:
    """Value and maximum of the bar; full only when the job is completed, moving by itself where nothing is known."""
    if job.state == State.COMPLETED:
        return 1, 1
    known = percent(job)
    if known is None:
        return (0, None) if job.state == State.ACTIVE else (0, 1)
    return known, 100


def data(job: Job, *, whole: bool) -> Any:
    """The job's payload as it may be shown; None where its key is lost."""
    try:
        return redact(job.payload.open(), whole=whole)
    except UnreadableSecret:
        return None
