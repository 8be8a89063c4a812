"""What a trace tells of jobs: a span where one is added, which it keeps, and one for each attempt, wherever that is."""

from typing import Final

from adsapp.core.observing import traces
from adsapp.core.observing.traces import Kind, Span
from adsapp.jobs.engine.outcomes import Failed, Outcome
from adsapp.jobs.progress import Claim
from adsapp.jobs.registry import Processor

LEASE_LOST: Final = "lease_lost"


def enqueueing(kind: Processor, count: int = 1) -> Span:
    """Jobs of a kind that are being added; they go on from here."""
    about = {"adsapp.queue": kind.queue.value, "adsapp.job.kind": kind.name, "adsapp.job.count": count}
    return traces.span(f"enqueue {kind.name}", about, kind=Kind.PRODUCER)


def attempting(claim: Claim) -> Span:
    """An attempt: in which queue, which it is, and how long the job waited until its worker took it."""
    if not traces.is_on():
        return traces.NOTHING
    about: dict[str, str | int | float] = {
        "adsapp.queue": claim.queue.value if claim.queue else "",
        "adsapp.job.kind": claim.processor,
        "adsapp.job.id": str(claim.job_id),
        "adsapp.organization": str(claim.organization_id),
        "adsapp.job.attempt": claim.attempt,
    }
    if claim.run_at is not None and claim.claimed_at is not None:
        about["adsapp.job.waited"] = max(0.0, (claim.claimed_at - claim.run_at).total_seconds())
    return traces.span(f"run {claim.processor}", about, kind=Kind.CONSUMER, parent=claim.traceparent)


def ended(attempt: Span, outcome: Outcome | None, done: int, failed: int) -> None:
    """How it ended; None: another worker has the job."""
    word = type(outcome).__name__.lower() if outcome is not None else LEASE_LOST
    attempt.tell({"adsapp.job.outcome": word, "adsapp.done": done, "adsapp.failed": failed})
    if outcome is None:
        attempt.fail(LEASE_LOST)
    elif isinstance(outcome, Failed):
        attempt.fail(outcome.code)
