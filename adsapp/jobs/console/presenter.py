"""The page of one job as its templates read it, and a job's figures in words."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from adsapp.core.crypto import UnreadableSecret
from adsapp.core.pagination import Page
from adsapp.core.web.confirmation import Confirmation
from adsapp.core.web.pages import LivePage
from adsapp.core.web.urls import url_for
from adsapp.core.words import plural
from adsapp.jobs import rules
from adsapp.jobs.api.serializers import percent
from adsapp.jobs.bulk import run as bulk_run
from adsapp.jobs.bulk.target import PROCESSOR
from adsapp.jobs.console import dialogs
from adsapp.jobs.console.timeline import Event, timeline
from adsapp.jobs.events import actions_on
from adsapp.jobs.labels import PRIORITY_WORDS, QUEUE_TITLES
from adsapp.jobs.models import Job, JobAttempt
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.items import first_items
from adsapp.jobs.queries.lines import AnyJob, JobLine
from adsapp.jobs.queries.relations import Edge, Relations, relations
from adsapp.jobs.redaction import redact
from adsapp.jobs.registry import ItemRow, subjects
from adsapp.jobs.registry import kind as kind_of
from adsapp.jobs.rules import attempts_granted
from adsapp.jobs.states import FINAL, Priority, State
from adsapp.jobs.wait_reasons import RunConditions, WaitReason, run_conditions, why_waiting
from adsapp.organizations.access import Actor
from adsapp.organizations.policy import Permission

A_MOMENT = timedelta(seconds=1)
ITEMS_SHOWN = 20


# --- one job ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a job goes: things a second, and seconds left; None if it cannot be known."""

    per_second: float | None
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Related:
    """The page of what the job works on."""

    url: str
    words: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The columns of a job that its page shows."""

    id: uuid.UUID
    title: str
    state: State
    is_stopping: bool
    is_finished: bool
    is_tried_again: bool  # it has more than one attempt
    kind: str
    queue: str
    queue_title: str
    priority: str
    created_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempt: int
    tries: str
    timeout_seconds: int
    failed: int
    error: str | None

    @classmethod
    def of(cls, job: Job) -> "Facts":
        """Read them off."""
        return cls(
            id=job.id,
            title=job.title,
            state=job.state,
            is_stopping=job.is_stopping,
            is_finished=job.is_finished,
            is_tried_again=job.max_attempts > 1,
            kind=kind_of(job.processor).title,
            queue=job.queue.value,
            queue_title=QUEUE_TITLES[job.queue],
            priority=PRIORITY_WORDS[Priority(job.priority)],
            created_by=job.created_by,
            created_at=job.created_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            attempt=job.attempt,
            tries=tries(job),
            timeout_seconds=job.timeout_seconds,
            failed=job.progress_failed,
            error=job.error,
        )


@dataclass(frozen=True, slots=True)
class Relative:
    """Another job, in a line; `words` say how the needed one has to end, `is_open` that it has not yet."""

    id: uuid.UUID
    title: str
    state: State
    words: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """The related jobs: what it waits for, what waits for it, its parent, its children. Some of each."""

    parent: Relative | None
    children: Sequence[Relative]
    has_more_children: bool
    needs: Sequence[Relative]
    needed_by: Sequence[Relative]
    awaited: Sequence[Relative]  # what it waits for now, children among them

    @classmethod
    def of(cls, found: Relations) -> "Family":
        """What the page shows of them."""
        return cls(
            parent=_relative(found.parent) if found.parent else None,
            children=tuple(map(_relative, found.children)),
            has_more_children=found.more_children,
            needs=tuple(map(_edge, found.needs)),
            needed_by=tuple(map(_edge, found.needed_by)),
            awaited=tuple(map(_relative, found.pending_needs)),
        )

    @property
    def is_alone(self) -> bool:
        """True for a job without any."""
        return not (self.needs or self.needed_by or self.children or self.parent)

    @property
    def open_needs(self) -> int:
        """How many jobs have to end before this one begins."""
        return sum(each.is_open for each in self.needs)


def _relative(line: JobLine) -> Relative:
    return Relative(line.id, line.title, line.state)


def _edge(edge: Edge) -> Relative:
    return Relative(edge.job.id, edge.job.title, edge.job.state, edge.words, is_open=edge.met is None)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that did not go as wished."""

    key: str
    message: str
    code: str


@dataclass(frozen=True, slots=True)
class Resume:
    """What the button beside a wait sends to end the pause: the queue's own goes before that of one kind."""

    text: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage(LivePage):
    """One job and what may be done to it.

    What people did to it (`timeline`) is read when the page is drawn, and only if they did something: `last_action_at`
    represents it in the version, as `attempts` does for what is told of them. Its data and its result never change
    while the page refreshes itself.
    """

    template: ClassVar[str] = "jobs/job.html"
    fragment: ClassVar[str] = "jobs/_job.html"

    as_of: datetime = field(compare=False)
    row: Job = field(compare=False, repr=False)
    attempt_rows: Sequence[JobAttempt] = field(compare=False, repr=False)
    job: Facts
    attempts: Sequence[tuple[int, str | None, datetime | None]]
    last_action_at: datetime | None
    reason: WaitReason | None
    resume: Resume
    related: Related | None  # None: there is none, or it is gone
    family: Family
    headline: str
    counts: str  # what its figures are figures of, if that needs words
    bar: tuple[int, int | None]
    pace: Pace
    items: Sequence[Item]
    has_more_items: bool
    why_over: str
    may_act: bool
    manages: bool
    sees_numbers: bool
    can_cancel: bool
    can_retry: bool
    can_run_now: bool
    can_prioritize: bool
    why_not_begin: str | None  # why whoever looks may not let it begin, though others may
    messages: bool  # to let it begin may message people: their number is asked about

    @classmethod
    def of(cls, job: Job, actor: Actor) -> "JobPage":
        """The page as this person may see it."""
        attempts, conditions = job_queries.attempts(job), run_conditions()
        found = first_items(job, "failed", ITEMS_SHOWN)
        shown: Page[ItemRow] = found or Page([], None)
        return cls(
            as_of=conditions.now,
            row=job,
            attempt_rows=attempts,
            job=Facts.of(job),
            attempts=tuple((each.attempt, each.outcome, each.ended_at) for each in attempts),
            last_action_at=job.steered_at,
            reason=why_waiting(job, conditions),
            resume=_resume(job, conditions),
            related=related(job) if found else None,
            family=Family.of(relations(job)),
            headline=headline(job),
            counts=kind_of(job.processor).what_it_counts(job) if found else "",
            bar=bar(job),
            pace=pace(job, attempts),
            items=tuple(_item(each) for each in shown.items),
            has_more_items=bool(shown.next),
            why_over=rules.why_not_retriable(job),
            may_act=actor.may(Permission.SEND),
            manages=actor.may(Permission.MANAGE),
            sees_numbers=actor.sees_numbers,
            can_cancel=rules.may_cancel(job),
            can_retry=rules.may_retry(job),
            can_run_now=rules.may_run_now(job),
            can_prioritize=rules.may_prioritize(job),
            why_not_begin=_why_not_begin(job, actor),
            messages=kind_of(job.processor).reach is not None,
        )

    @property
    def live_url(self) -> str | None:
        """None once the job has ended."""
        return None if self.job.is_finished else url_for("jobs.live", job_id=self.job.id, version=self.version)

    @property
    def granted(self) -> str:
        """What a retry grants."""
        return granted(self.row)

    def timeline(self) -> list[Event]:
        """What happened to it, oldest first."""
        return timeline(self.row, self.attempt_rows, actions_on(self.row), self.reason)

    def confirmations(self) -> Sequence[Confirmation]:
        """The dialogs of the page."""
        if not self.may_act or self.job.is_finished:
            return ()
        return (dialogs.cancel_job(self.row), dialogs.prioritize_job(self.row))

    @property
    def data(self) -> str | None:
        """What it was asked to do, as far as it may be shown; None if its key is lost."""
        return _pretty(data(self.row, whole=self.sees_numbers))

    @property
    def result(self) -> str | None:
        """What it gave back, as far as it may be shown."""
        return _pretty(redact(self.row.result, whole=self.sees_numbers)) if self.row.result else None

    @property
    def result_summary(self) -> str | None:
        """What came of an operation, in a sentence; None for the result of another kind of job."""
        return bulk_run.result_summary(self.row.result) if self.row.result and self.row.processor == PROCESSOR else None


def _why_not_begin(job: Job, actor: Actor) -> str | None:
    needed = kind_of(job.processor).needed_for(job)
    return None if actor.may(needed) else f"this kind of job needs the right to {needed}; ask an owner or admin"


def _item(item: ItemRow) -> Item:
    return Item(item.key, item.message, item.code)


def _resume(job: Job, conditions: RunConditions) -> Resume:
    back = {"back": url_for("jobs.show_job", job_id=job.id)}
    if job.queue not in conditions.pauses and (job.queue, job.processor) in conditions.kinds:
        return Resume("Resume it", back | {"processor": job.processor})
    return Resume("Resume the queue", back)


def _pretty(value: Any) -> str | None:
    return None if value is None else json.dumps(value, indent=2, ensure_ascii=False)


# --- a job's figures in words -----------------------------------------------------------------------------------


def pace(job: Job, attempts: Sequence[JobAttempt]) -> Pace:
    """The running attempt's average so far, if it is known: what former attempts did is in `done` already, and a job
    that handed itself back may have paused since."""
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
    """How often it was begun, of how often it may be: 2 of 3."""
    if job.state in (State.COMPLETED, State.CANCELLED) and job.attempt > job.max_attempts:
        return str(job.attempt)  # it no longer tells how many were left
    return f"{job.attempt} of {attempts_granted(job)}"


def granted(job: Job) -> str:
    """What a retry grants: 3 more attempts."""
    return plural(job.max_attempts, "more attempt")


def headline(job: Job) -> str:
    """The figures of the progress card: 142,000 of 200,000; "" if it is over and there was nothing to count."""
    if job.progress_total is None:
        nothing = "" if job.state in FINAL else "Not known yet"
        return f"{job.progress_done:,} done" if job.progress_done else nothing
    return f"{job.progress_done:,} of {job.progress_total:,}"


def bar(job: Job) -> tuple[int, int | None]:
    """Value and maximum of the bar; full only when the job is completed, moving by itself if nothing is known."""
    if job.state == State.COMPLETED:
        return 1, 1
    known = percent(job)
    if known is None:
        return (0, None) if job.state == State.ACTIVE else (0, 1)
    return known, 100


def data(job: Job, *, whole: bool) -> Any:
    """The job's payload as it may be shown; None if its key is lost."""
    try:
        payload = job.payload.open()
        recurs = kind_of(job.processor).recurs
        return redact(recurs.shown(payload) if recurs and recurs.shown else payload, whole=whole)
    except UnreadableSecret:
        return None
