"""What people do with jobs and queues: the service's change and its line in the audit, for pages and API alike."""

from adsapp.core.errors import Conflict
from adsapp.jobs import service
from adsapp.jobs.models import Job
from adsapp.jobs.states import FINAL, Queue, State
from adsapp.organizations.service import audit


def may_cancel(job: Job) -> bool:
    """True where there is something left to stop, and nobody asked yet."""
    return job.state not in FINAL and job.cancel_requested_at is None


def may_retry(job: Job) -> bool:
    """True for a job that ended without success."""
    return job.state in (State.FAILED, State.CANCELLED)


def may_run_now(job: Job) -> bool:
    """True where only the clock holds the job back; a decision is taken where it is asked for."""
    return job.state == State.DELAYED and job.run_at is not None


def cancel(job: Job, by: str) -> None:
    """Cancel the job or ask it to stop; Conflict where it has ended."""
    service.cancel(job, by)
    audit(by, "cancel job", f"job:{job.id}", title=job.title)


def retry(job: Job, by: str) -> None:
    """Begin the job again; Conflict where it has not ended badly."""
    service.retry(job, by)
    audit(by, "retry job", f"job:{job.id}", title=job.title)


def run_now(job: Job, by: str) -> None:
    """Let a delayed job run at once; Conflict where it is not delayed, or waits for a decision."""
    if job.state == State.DELAYED and job.run_at is None:
        raise Conflict(f"This job waits for a decision, not for the time: {job.wait_reason or 'see what it works on'}")
    service.promote(job)
    audit(by, "run job now", f"job:{job.id}", title=job.title)


def pause_queue(queue: Queue, by: str, reason: str) -> None:
    """Pause a queue for this organization; Invalid without a reason."""
    service.pause_queue(queue, by=by, reason=reason)
    audit(by, "pause queue", f"queue:{queue.value}", reason=reason)


def resume_queue(queue: Queue, by: str) -> None:
    """Let a paused queue go on."""
    service.resume_queue(queue)
    audit(by, "resume queue", f"queue:{queue.value}")
