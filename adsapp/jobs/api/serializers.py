"""A job as the API shows it; every endpoint that answers with a job uses this one shape."""

from typing import Any

from adsapp.core.clock import iso
from adsapp.core.web.leaving import current_mask
from adsapp.jobs.events import JobAction
from adsapp.jobs.models import Job, JobAttempt
from adsapp.jobs.queries.lines import AnyJob
from adsapp.jobs.redaction import redact
from adsapp.jobs.rules import attempts_granted
from adsapp.jobs.states import PENDING, State
from adsapp.jobs.wait_reasons import RunConditions, why_waiting


def job_json(job: Job, conditions: RunConditions | None = None) -> dict[str, Any]:
    """The job for programs. `conditions` saves the look at pauses and workers if many jobs are shown."""
    reason = why_waiting(job, conditions) if job.state in PENDING else None
    return {
        "id": str(job.id),
        "queue": job.queue.value,
        "processor": job.processor,
        "title": job.title,
        "state": job.state.value,
        "stopping": job.is_stopping,
        "priority": job.priority,
        "progress": progress_json(job),
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "attempts_granted": attempts_granted(job),
        "parent": str(job.parent_id) if job.parent_id else None,
        "blocked_by": job.blocked_by,
        "created_at": iso(job.created_at),
        "created_by": job.created_by,
        "started_at": iso(job.started_at),
        "finished_at": iso(job.finished_at),
        "run_at": iso(job.run_at),
        "waits_because": {"code": reason.code, "message": str(reason)} if reason else None,
        "error": {"code": job.error_code or "", "message": job.error} if job.error else None,
        "result": job.result if current_mask().whole else redact(job.result, whole=False),
        "subject": job.subject,
        "links": _links(job),
    }


def attempt_json(attempt: JobAttempt) -> dict[str, Any]:
    """One begin of a job and how it ended; without the trace, which is for the log."""
    return {
        "attempt": attempt.attempt,
        "worker": attempt.worker,
        "started_at": iso(attempt.started_at),
        "ended_at": iso(attempt.ended_at),
        "outcome": attempt.outcome,
        "error": attempt.error,
    }


def event_json(event: JobAction) -> dict[str, Any]:
    """What somebody did to a job: `what` retry, cancel, run, prioritize; `details` the end that a retry undid, the
    priority before and after, among how many ticked jobs."""
    return {
        "at": iso(event.at),
        "what": event.what,
        "by": event.by,
        "reason": event.reason or None,
        "operation": str(event.operation_id) if event.operation_id else None,
        "details": event.details,
    }


def progress_json(job: Job) -> dict[str, Any]:
    """total (None: not known), done (includes failed), failed, percent (None: not known)."""
    return {
        "total": job.progress_total,
        "done": job.progress_done,
        "failed": job.progress_failed,
        "percent": percent(job),
    }


def percent(job: AnyJob) -> int | None:
    """0 to 99 while it runs, 100 for a completed job only; None if the total is not known."""
    if job.state == State.COMPLETED:
        return 100
    if not job.progress_total:
        return None
    return min(99, job.progress_done * 100 // job.progress_total)


def _links(job: Job) -> dict[str, str]:
    base = f"/api/jobs/{job.id}"
    below = {name: f"{base}/{name}" for name in ("items", "retries", "runs")}
    return {"self": base, **below, "page": f"/jobs/{job.id}"}
