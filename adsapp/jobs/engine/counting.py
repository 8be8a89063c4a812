"""What a worker process counts of the jobs it runs, and what it shows of itself."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from adsapp.core.observing import metrics
from adsapp.core.observing.metrics import LONG_SECONDS, Reading, counter, gauge, histogram
from adsapp.jobs.engine.heartbeat import Held
from adsapp.jobs.engine.outcomes import Completion, Failed
from adsapp.jobs.progress import Claim
from adsapp.jobs.states import Queue, State

ENDED = counter("adsapp_jobs_total", "Jobs that ended", "queue", "kind", "state", "organization")
RETRIES = counter("adsapp_job_retries_total", "Attempts that failed and are tried again", "queue", "kind")
LOST = counter("adsapp_job_leases_lost_total", "Attempts whose worker was silent, or came too late", "queue", "kind")
WAITED = histogram(
    "adsapp_job_wait_seconds", "From when a job could begin to when it began", "queue", buckets=LONG_SECONDS
)
LATE = histogram(
    "adsapp_job_lateness_seconds", "How late a job began that was due at a set time", "queue", buckets=LONG_SECONDS
)
RAN = histogram(
    "adsapp_job_run_seconds", "From when a job first began to its end, waits between included", "queue", "kind",
    buckets=LONG_SECONDS,
)  # fmt: skip
IN_FLIGHT = gauge("adsapp_jobs_in_flight", "Jobs that this worker runs now", "queue")
THREADS = gauge("adsapp_worker_threads", "Jobs that this worker can run at a time", "queue")

ON_TIME = timedelta(seconds=1)  # a job that is due so soon after it was added was added to begin at once


def count_ended(ended: Iterable[Any], now: Any) -> None:
    """Rows with recording.ENDED of jobs that are final, once that is written; those that are alike together."""
    if not metrics.is_on():
        return
    alike: defaultdict[tuple[str, str, str, str], list[Any]] = defaultdict(list)
    for row in ended:
        organization = metrics.organization_label(row.organization_id)
        alike[row.queue, row.processor, row.state, organization].append(row)
    for (queue, kind, state, organization), rows in alike.items():
        queue, state = Queue(queue).value, State(state).value
        ENDED.add(len(rows), queue=queue, kind=kind, state=state, organization=organization)
        _count_times([row for row in rows if row.started_at is not None], queue, kind, now)


def _count_times(begun: Sequence[Any], queue: str, kind: str, now: Any) -> None:
    if not begun:
        return
    due = [row.due_at or row.created_at for row in begun]
    waits = [_seconds(row.started_at - at) for row, at in zip(begun, due, strict=True)]
    late = [wait for wait, row, at in zip(waits, begun, due, strict=True) if at - row.created_at > ON_TIME]
    WAITED.observe_all(waits, queue=queue)
    RAN.observe_all([_seconds(now - row.started_at) for row in begun], queue=queue, kind=kind)
    LATE.observe_all(late, queue=queue)


def count_attempts(completions: Sequence[Completion], states: Sequence[State | None]) -> None:
    """Attempts that failed and are tried again, and those that came too late."""
    if not metrics.is_on():
        return
    for completion, state in zip(completions, states, strict=True):
        if state is None:
            LOST.add(**_labels(completion.claim))
        elif isinstance(completion.outcome, Failed) and state is not State.FAILED:
            RETRIES.add(**_labels(completion.claim))


def count_lost(claims: Iterable[Claim]) -> None:
    """Jobs that the reaper took from silent workers."""
    for claim in claims:
        LOST.add(**_labels(claim))


def read_worker(held: Iterable[Held], threads: Mapping[Queue, int]) -> Iterator[Reading]:
    """What this process does now."""
    running = Counter(each.claim.queue for each in held)
    for queue, count in threads.items():
        yield Reading(IN_FLIGHT, running[queue], (queue.value,))
        yield Reading(THREADS, count, (queue.value,))


def _labels(claim: Claim) -> dict[str, str]:
    return {"queue": claim.queue.value if claim.queue else "", "kind": claim.processor}


def _seconds(span: timedelta) -> float:
    return max(0.0, span.total_seconds())
