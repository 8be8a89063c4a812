"""What the log tells of jobs: a line when one begins, now and then while it runs, and how each attempt ended.

A line names the job by its ids and says how much was done, never what: keys, messages and errors are people's data and
stand on the job's page. The program's own upkeep is told at DEBUG, unless it fails.
"""

import logging
import re
import time
from typing import Any

from adsapp.core.logs import get_logger
from adsapp.jobs.engine.outcomes import Cancelled, Completed, Completion, Failed, Outcome, Released
from adsapp.jobs.progress import Claim
from adsapp.jobs.registry import kind
from adsapp.jobs.states import State

log = get_logger()

_FRAME = re.compile(r'^  File "(?:.*/)?((?:adsapp|huey_tasks)/[\w/.]+)", line (\d+)', re.MULTILINE)


def about(claim: Claim) -> dict[str, Any]:
    """What every line of an attempt has."""
    return {
        "job_id": claim.job_id,
        "organization": claim.organization_id,
        "attempt": claim.attempt,
        "request_id": claim.request_id,
    }


def began(claim: Claim) -> None:
    """An attempt begins; `total` is how many things there are to do, if that is known yet."""
    level = _quiet(claim)
    if log.is_enabled_for(level):
        waited = {"total": claim.progress_total} if claim.progress_total is not None else {}
        log.log(level, "job_started", kind=claim.processor, queue=claim.queue and claim.queue.value, **waited)


def ended(completion: Completion, state: State | None) -> None:
    """An attempt has ended and that is written; `state` is the job's new one, None if another worker has its lease."""
    level, event = _as_it_ended(completion.claim, completion.outcome, state)
    if log.is_enabled_for(level):  # a busy worker ends many hundreds a second, and to assemble a line takes its time
        log.log(level, event, **_told(completion), **about(completion.claim))


def _told(completion: Completion) -> dict[str, Any]:
    told = {
        "kind": completion.claim.processor,
        "done": completion.done,
        "failed": completion.failed,
        "seconds": round(time.monotonic() - completion.began, 3) if completion.began else 0.0,
    }
    if isinstance(completion.outcome, Failed):
        told |= {"code": completion.outcome.code, "at": _place(completion.outcome.trace)}
    return told


def _as_it_ended(claim: Claim, outcome: Outcome, state: State | None) -> tuple[int, str]:
    if state is None:
        return logging.WARNING, "late_finish"
    if isinstance(outcome, Failed):
        return (logging.ERROR, "job_failed") if state is State.FAILED else (logging.WARNING, "job_retries")
    if state is State.CANCELLED or isinstance(outcome, Cancelled):
        return _quiet(claim), "job_cancelled"
    if isinstance(outcome, Completed):
        return _quiet(claim), "job_completed"
    return logging.DEBUG, "job_released" if isinstance(outcome, Released) else "job_snoozed"


def _quiet(claim: Claim) -> int:
    return logging.DEBUG if kind(claim.processor).internal else logging.INFO


def _place(trace: str) -> str | None:
    """Where of our code it broke, file and line: the innermost of the trace."""
    frames = _FRAME.findall(trace)
    return ":".join(frames[-1]) if frames else None
