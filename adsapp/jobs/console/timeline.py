"""A job's timeline, oldest first: its attempts, what people did to it, and each end it has had. Pure."""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from adsapp.core.words import plural
from adsapp.jobs.events import ActionKind, JobAction
from adsapp.jobs.labels import OUTCOMES, PRIORITY_WORDS
from adsapp.jobs.models import Job, JobAttempt
from adsapp.jobs.states import FINAL, Priority, State
from adsapp.jobs.wait_reasons import WaitReason

ENDS = {
    State.COMPLETED: ("good", "Completed"),
    State.FAILED: ("bad", "Failed for good"),
    State.CANCELLED: ("warning", "Cancelled"),
}


@dataclass(frozen=True)
class Event:
    """One line of it; `mark` good, bad, warning, now or empty. `operation` is the job that did it to many,
    by its id and title."""

    mark: str
    title: str
    at: datetime | None = None
    until: datetime | None = None
    note: str = ""
    text: str = ""
    trace: str = ""
    operation: tuple[uuid.UUID, str] | None = None


def timeline(
    job: Job, attempts: Sequence[JobAttempt], actions: Sequence[JobAction], reason: WaitReason | None = None
) -> list[Event]:
    """What happened to the job, oldest first; what goes on now is last. `reason` is why it waits."""
    queued = Event("good", "Queued", job.created_at, note=f"by {job.created_by}," if job.created_by else "")
    errors = {each.error for each in attempts}
    steered = _steered(actions, errors)
    begun = [_attempt(each, reason, follows=_follows(job, each, attempts)) for each in attempts]
    past = [queued, *begun, *steered, *_cancellation(job, actions), *_end(job)]
    # What has no time goes on now. What is equal keeps its order: a cancellation comes before the end it brings.
    return sorted(past, key=lambda event: (event.at is None, event.at or job.created_at))


def _follows(job: Job, each: JobAttempt, attempts: Sequence[JobAttempt]) -> bool:
    """True if the job went on, or is to go on, after this attempt by itself: not after the last of a job that ended."""
    return each is not attempts[-1] or job.state not in FINAL


def _attempt(each: JobAttempt, reason: WaitReason | None, *, follows: bool) -> Event:
    title = f"Attempt {each.attempt}"
    if each.ended_at is None and reason is not None:  # it handed itself back, and goes on with the same attempt
        word = "is paused" if reason.code in ("paused", "decision") else "waits to go on"
        return Event("warning", f"{title} {word}", each.started_at, note=f"worker {each.worker}, begun")
    if each.ended_at is None:
        return Event("now", title, each.started_at, note=f"worker {each.worker}, since")
    mark, word = OUTCOMES.get(each.outcome or "", ("", each.outcome or "ended"))
    text = each.error or ""
    if each.outcome == "lost" and follows:
        text = f"{text} The job was taken up again from its last commit.".strip()
    note = f"worker {each.worker},"
    return Event(mark, f"{title} {word}", each.started_at, each.ended_at, note, text, each.trace or "")


# --- what people did --------------------------------------------------------------------------------------------


def _steered(actions: Sequence[JobAction], told: Collection[str | None]) -> Iterator[Event]:
    for each in actions:
        ended = each.details.get("ended")
        if ended:
            yield _former_end(ended, told)
        operation = (each.operation_id, each.operation) if each.operation_id and each.operation else None
        text = f"“{each.reason}”" if each.reason else ""
        yield Event(_mark(each), _done(each), each.at, note=_by(each), text=text, operation=operation)


def _former_end(ended: Mapping[str, str], told: Collection[str | None]) -> Event:
    """An end that a retry undid; its error, unless an attempt tells it already."""
    mark, title = ENDS[State(ended["state"])]
    return Event(
        mark, title, datetime.fromisoformat(ended["at"]), text="" if ended["error"] in told else ended["error"]
    )


def _mark(each: JobAction) -> str:
    return "warning" if each.what == ActionKind.CANCEL else ""


def _done(each: JobAction) -> str:
    match each.what:
        case ActionKind.RETRY:
            return "Retried"
        case ActionKind.CANCEL:
            return "Cancel requested"
        case ActionKind.RUN:
            return "Told to run now"
        case ActionKind.MOVE:
            return "Moved to another time"
        case ActionKind.PRIORITIZE:
            before, after = (PRIORITY_WORDS[Priority(each.details[name])] for name in ("before", "after"))
            return f"Priority {before} → {after}"
    return each.what.capitalize()


def _by(each: JobAction) -> str:
    others = each.details.get("among", 1) - 1
    by = f"by {each.by}" if each.by else ""
    if each.details.get("with") == "parent":
        return f"{by} with the job it is a part of,".strip()
    if others:
        return f"{by} with {plural(others, 'other job')},".strip()
    return f"{by}," if by else ""


# --- its state now ----------------------------------------------------------------------------------------------


def _cancellation(job: Job, actions: Sequence[JobAction]) -> list[Event]:
    if job.cancel_requested_at is None:
        return []
    is_told = any(each.what == ActionKind.CANCEL and each.at == job.cancel_requested_at for each in actions)
    asked = Event("warning", "Cancel requested", job.cancel_requested_at, note=f"by {job.cancel_requested_by},")
    stopping = Event(
        "now", "Stopping", text="The worker ends at its next safe place, within seconds, unless the job ends first."
    )
    return ([] if is_told else [asked]) + ([stopping] if job.state == State.ACTIVE else [])


def _end(job: Job) -> list[Event]:
    if job.state not in ENDS:
        return []
    mark, title = ENDS[job.state]
    return [Event(mark, title, job.finished_at, text=_at_the_end(job))]


def _at_the_end(job: Job) -> str:
    match job.state:
        case State.COMPLETED if job.cancel_requested_at is not None:
            return "It was asked to stop, and ended first."
        case State.FAILED if job.cancel_requested_at is not None:
            return "It was asked to stop, and failed first. It is not tried again by itself."
        case State.FAILED:
            return "It is not tried again by itself."
        case State.CANCELLED if job.error:
            return job.error
        case State.CANCELLED:
            done = job.progress_done
            return f"What was done until then is kept: {done:,}." if done else "It had not begun."
    return ""
