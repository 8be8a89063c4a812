"""What the log tells of jobs: a line when one begins, now and then while it runs, and how each attempt ended.

A line names the job by its ids and says how much was done, never what: keys, messages and errors are people's data and
stand on the job's page. The program's own upkeep is told at DEBUG, unless it fails.
"""

import re
import time
from typing import Any

from adsapp.core.logs import Tell, get_logger
from adsapp.jobs.engine.outcomes import Cancelled, Completed, Completion, Failed, Outcome, Released
from adsapp.jobs.progress import Claim
from adsapp.jobs.registry import kind
from adsapp.jobs.states import State

log = get_logger()

_FRAME = re.compile(r'^  File "(?:.*/)?((?:adsapp|huey_tasks)/[\w/.]+)", line (\d+)', re.MULTILINE)


def about(claim: Claim) -> dict[str, Any]:
    """What every line of an attempt has."""
    return {
        "job_id": str(claim.job_id),
        "organization": str(claim.organization_id),
        "attempt": claim.attempt,
        "request_id": claim.request_id,
    }


def began(claim: Claim) -> None:
    """An attempt begins; `total` is how many things there are to do, if that is known yet."""
    tell: Tell = log.debug if kind(claim.processor).internal else log.info
    waited = {"total": claim.progress_total} if claim.progress_total is not None else {}
    tell("job_started", kind=claim.processor, queue=claim.queue and claim.queue.value, **waited)


def ended(completion: Completion, state: State | None) -> None:
    """An attempt has ended and that is written; `state` is the job's new one, None if another worker has its lease."""
    claim, outcome = completion.claim, completion.outcome
    told = {"kind": claim.processor, "done": completion.done, "failed": completion.failed}
    if state is None:
        log.warning("late_finish", **told, **about(claim))
        return
    seconds = time.monotonic() - completion.began if completion.began else 0.0
    tell, event, more = _as_it_ended(claim, outcome, state)
    tell(event, **told, seconds=round(seconds, 3), **more, **about(claim))


def _as_it_ended(claim: Claim, outcome: Outcome, state: State) -> tuple[Tell, str, dict[str, Any]]:
    if isinstance(outcome, Failed):
        what = {"code": outcome.code, "at": _place(outcome.trace)}
        final = state is State.FAILED
        return (log.error if final else log.warning), ("job_failed" if final else "job_retries"), what
    quiet: Tell = log.debug if kind(claim.processor).internal else log.info
    if state is State.CANCELLED or isinstance(outcome, Cancelled):
        return quiet, "job_cancelled", {}
    if isinstance(outcome, Completed):
        return quiet, "job_completed", {}
    return log.debug, "job_released" if isinstance(outcome, Released) else "job_snoozed", {}


def _place(trace: str) -> str | None:
    """Where of our code it broke, file and line: the innermost of the trace."""
    frames = _FRAME.findall(trace)
    return ":".join(frames[-1]) if frames else None
