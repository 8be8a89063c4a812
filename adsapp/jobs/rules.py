"""What may be done to a job in the state it is in: cancel, retry, run now, change the priority."""

from sqlalchemy import ColumnElement, and_, or_

from adsapp.jobs.models import Job
from adsapp.jobs.queries.lines import AnyJob
from adsapp.jobs.registry import kind, processors
from adsapp.jobs.states import FINAL, State


def may_cancel(job: Job) -> bool:
    """True if there is something left to stop, and nobody asked yet."""
    return job.state not in FINAL and job.cancel_requested_at is None


def may_retry(job: AnyJob) -> bool:
    """True for a job that failed, and for one that was cancelled unless its kind is final once cancelled."""
    return job.state == State.FAILED or (job.state == State.CANCELLED and not why_not_retriable(job))


def may_run_now(job: Job) -> bool:
    """True if only the clock holds the job back. A job that waits for a decision is let go on by that decision."""
    return job.state == State.DELAYED and job.run_at is not None and not job.blocked_by


def may_prioritize(job: Job) -> bool:
    """True until the job has ended."""
    return job.state not in FINAL


def attempts_granted(job: AnyJob) -> int:
    """How often it may be begun in all, never fewer than it was. Each retry by a person grants `max_attempts` more."""
    if not job.attempt:
        return job.max_attempts
    if job.state in (State.COMPLETED, State.CANCELLED):  # these no longer tell how many were left
        return max(job.attempt, job.max_attempts)
    is_under_way = job.state == State.ACTIVE or job.handed_back
    left = job.max_attempts - job.failures - (1 if is_under_way and job.state != State.FAILED else 0)
    return job.attempt + max(0, left)


def why_not_retriable(job: AnyJob) -> str:
    """Why this cancelled job cannot be retried; empty if it can.

    A job that was cancelled because what it waited for ended otherwise has that as its error. It touched nothing, so
    it may be retried whatever its kind.
    """
    return kind(job.processor).final_if_cancelled if job.state == State.CANCELLED and job.error is None else ""


def retriable() -> ColumnElement[bool]:
    """`may_retry` in SQL."""
    final = [each.name for each in processors() if each.final_if_cancelled]
    may_begin_again = or_(Job.processor.not_in(final), Job.error.is_not(None))
    return or_(Job.state == State.FAILED, and_(Job.state == State.CANCELLED, may_begin_again))
