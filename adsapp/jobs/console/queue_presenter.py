"""The pages of a queue and of the worker processes as their templates read them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from adsapp.core import context
from adsapp.core.web.confirmation import Confirmation
from adsapp.core.web.pages import LivePage
from adsapp.core.web.urls import url_for
from adsapp.core.words import plural
from adsapp.jobs.console import dialogs
from adsapp.jobs.engine.samples import Sample
from adsapp.jobs.labels import QUEUE_ITEMS, QUEUE_TITLES
from adsapp.jobs.models import Worker
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries import workers
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.queries.limits import get_limit, limit_values
from adsapp.jobs.queries.spreads import Spread, spreads
from adsapp.jobs.queries.statistics import MINUTE_LABELS, QueueStats, hour_ago, queue_stats, queues_without_worker
from adsapp.jobs.queries.workers import WorkerView
from adsapp.jobs.registry import kind as kind_of
from adsapp.jobs.scopes import Scope
from adsapp.jobs.states import Queue, State
from adsapp.jobs.wait_reasons import Pause, RunConditions, run_conditions
from adsapp.organizations.access import Actor
from adsapp.organizations.policy import Permission

FAILURES_SHOWN = 5


# --- a queue ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PauseNote:
    """What is paused and why; `processor` empty for the whole queue."""

    title: str
    processor: str
    by: str
    reason: str
    paused_at: datetime
    paused_until: datetime | None

    @classmethod
    def of(cls, pause: Pause) -> "PauseNote":
        """With its title."""
        title = kind_of(pause.processor).quoted_title if pause.processor else QUEUE_TITLES[pause.queue]
        return cls(title, pause.processor, pause.by, pause.reason, pause.paused_at, pause.paused_until)


@dataclass(frozen=True, slots=True)
class FailedJob:
    """One of the last failures."""

    id: uuid.UUID
    title: str
    error: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Figures:
    """A queue's figures; the minutes are the last 60 full ones and the running one, oldest first."""

    counts: Mapping[State, int]
    held: int
    failed_today: int
    finished: Sequence[int]
    failed: Sequence[int]
    items: Sequence[int]
    waiting_since: datetime | None
    workers: int

    @classmethod
    def of(cls, stats: QueueStats) -> "Figures":
        """What the page shows of them."""
        return cls(
            stats.counts,
            stats.paused_count,
            stats.failed_today,
            tuple(stats.finished),
            tuple(stats.failed),
            tuple(stats.items),
            stats.waiting_since,
            stats.workers,
        )

    def of_state(self, state: str) -> int:
        """How many jobs are in this state."""
        return self.counts[State(state)]

    @property
    def finished_last_hour(self) -> int:
        """Jobs that ended in the last hour."""
        return sum(self.finished)

    @property
    def items_last_hour(self) -> int:
        """What its jobs did in the last hour, whether they have ended or not."""
        return sum(self.items)


@dataclass(frozen=True, slots=True)
class RunningJob:
    """A job that a worker runs."""

    id: uuid.UUID
    title: str


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker process as it is now."""

    id: uuid.UUID
    name: str
    version: str
    state: str
    queues: Sequence[str]
    serves: str
    threads: int | None
    busy: int | None
    hour: "LastHour"
    memory_mb: int | None
    heartbeat_at: datetime
    started_at: datetime
    drain_requested_by: str | None
    drain_requested_at: datetime | None
    jobs: Sequence[RunningJob]

    @classmethod
    def of(cls, view: WorkerView) -> "WorkerRow":
        """What a page shows of it."""
        worker = view.worker
        return cls(
            id=worker.id,
            name=view.name,
            version=worker.version,
            state=view.state,
            queues=tuple(worker.queues),
            serves=_serves(worker),
            threads=worker.threads,
            busy=worker.busy,
            hour=LastHour.of(worker),
            memory_mb=worker.memory_mb,
            heartbeat_at=worker.heartbeat_at,
            started_at=worker.started_at,
            drain_requested_by=worker.drain_requested_by,
            drain_requested_at=worker.drain_requested_at,
            jobs=tuple(RunningJob(job.id, job.title) for job in view.jobs),
        )


@dataclass(frozen=True, slots=True)
class LastHour:
    """How a worker was, one figure a minute, oldest first: percent of a core, MB, percent of its threads."""

    load: Sequence[int]
    memory: Sequence[int]
    busy: Sequence[int]

    @classmethod
    def of(cls, worker: Worker) -> "LastHour":
        """From the samples in its row."""
        samples = [Sample(*each) for each in worker.samples or ()]
        load, memory, busy = (tuple(getattr(each, name) for each in samples) for name in Sample._fields)
        return cls(load, memory, busy)

    @property
    def minutes(self) -> str:
        """Of how long it tells."""
        return plural(len(self.load), "minute", "minutes")


def _serves(worker: Worker) -> str:
    """Whom, as far as an organization may know of the others."""
    scope = Scope.from_json(worker.scope)
    if scope.is_everyone:
        return "every organization"
    shard = f" (shard {scope.shard})" if scope.shard else ""
    if not workers.serves_us(worker):
        return f"other organizations{shard}"
    return "your organization" if len(scope.only) == 1 else f"your organization and others{shard}"


@dataclass(frozen=True, slots=True)
class WorkerLine:
    """A worker in the queue's own list."""

    name: str
    state: str
    jobs: Sequence[RunningJob]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage(LivePage):
    """The state of a queue, what holds it back, who works on it. `crew` is None for those who do not see workers."""

    template: ClassVar[str] = "queues/queue.html"
    fragment: ClassVar[str] = "queues/_queue.html"

    as_of: datetime = field(compare=False)
    queue: Queue
    status: str
    figures: Figures
    spread: Spread
    pause: PauseNote | None
    paused_kinds: Sequence[PauseNote]
    lacks_worker: bool
    limits: Mapping[str, int | None]
    most_at_once: int | None
    failures: Sequence[FailedJob]
    crew: Sequence[WorkerLine] | None
    manages: bool

    @classmethod
    def of(cls, queue: Queue, actor: Actor) -> "QueuePage":
        """The page as this person may see it."""
        conditions, limit = run_conditions(), get_limit(queue)
        stats = next(one for one in queue_stats(conditions) if one.queue == queue)
        manages = actor.may(Permission.MANAGE)
        return cls(
            as_of=conditions.now,
            queue=queue,
            status=stats.status,
            figures=Figures.of(stats),
            spread=spreads(hour_ago(conditions.now), [queue])[queue],
            pause=PauseNote.of(stats.pause) if stats.pause else None,
            paused_kinds=tuple(map(PauseNote.of, stats.paused_kinds)),
            lacks_worker=stats.lacks_worker,
            limits=limit_values(limit),
            most_at_once=limit.most_at_once if limit else None,
            failures=_failures(queue),
            crew=_crew(conditions, queue) if manages else None,
            manages=manages,
        )

    @property
    def live_url(self) -> str:
        """It never ends."""
        return url_for("jobs.live_queue", name=self.name, version=self.version)

    @property
    def name(self) -> str:
        """As addresses have it."""
        return self.queue.value

    @property
    def title(self) -> str:
        """As people call it."""
        return QUEUE_TITLES[self.queue]

    @property
    def url(self) -> str:
        """The page's own address."""
        return url_for("jobs.show_queue", name=self.name)

    @property
    def start_command(self) -> str:
        """What starts a worker for it."""
        return workers.start_command([self.queue])

    @property
    def series(self) -> Sequence[Mapping[str, Any]]:
        """For `ui.line_chart`."""
        return chart_series(self.figures.finished, self.figures.failed)

    @property
    def item_series(self) -> Sequence[Mapping[str, Any]]:
        """Likewise, of what its jobs did."""
        return ({"label": self.items_are, "kind": "accent", "values": self.figures.items},)

    @property
    def items_are(self) -> str:
        """What its jobs work on, in one word: rows."""
        return QUEUE_ITEMS[self.queue]

    @property
    def chart_labels(self) -> Sequence[str]:
        """A word for each minute."""
        return MINUTE_LABELS

    def confirmations(self) -> Sequence[Confirmation]:
        """The dialogs of the page."""
        return (dialogs.pause_queue(self.queue, self.url), dialogs.limit_queue(self.queue)) if self.manages else ()


def chart_series(finished: Sequence[int], failed: Sequence[int]) -> Sequence[Mapping[str, Any]]:
    """Two lines: jobs that ended well or were cancelled in each minute, and those that failed; each job is in one."""
    well = [all_of_them - bad for all_of_them, bad in zip(finished, failed, strict=True)]
    return (
        {"label": "completed or cancelled", "kind": "accent", "values": well},
        {"label": "failed", "kind": "bad", "values": failed},
    )


def _failures(queue: Queue) -> Sequence[FailedJob]:
    found = job_queries.list_lines(JobFilters(State.FAILED, queue), limit=FAILURES_SHOWN).items
    return tuple(FailedJob(job.id, job.title, job.error or "", job.finished_at) for job in found)


def _crew(conditions: RunConditions, queue: Queue) -> Sequence[WorkerLine]:
    rows = map(WorkerRow.of, workers.list_workers(conditions.now, queue))
    return tuple(WorkerLine(row.name, row.state, row.jobs) for row in rows)


# --- the workers ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkersPage(LivePage):
    """All worker processes that have not stopped; `lacking` are the queues that nobody serves."""

    template: ClassVar[str] = "workers/list.html"
    fragment: ClassVar[str] = "workers/_workers.html"

    as_of: datetime = field(compare=False)
    crew: Sequence[WorkerRow]
    lacking: Sequence[Queue]
    may_drain: bool

    @classmethod
    def read(cls) -> "WorkersPage":
        """The queue as it is now."""
        conditions = run_conditions()
        return cls(
            as_of=conditions.now,
            crew=tuple(map(WorkerRow.of, workers.list_workers(conditions.now))),
            lacking=tuple(queues_without_worker(conditions)),
            may_drain=workers.is_ours_alone(),
        )

    @property
    def live_url(self) -> str:
        """It never ends."""
        return url_for("workers.live", version=self.version)

    @property
    def lacking_titles(self) -> str:
        """Those queues by their titles."""
        return ", ".join(QUEUE_TITLES[queue] for queue in self.lacking)

    @property
    def start_command(self) -> str:
        """What starts a worker for the queues that lack one, or for all."""
        return workers.start_command(self.lacking or tuple(Queue))

    @property
    def command(self) -> str:
        """How a command of ours is called."""
        return context.settings().command

    @property
    def titles(self) -> Mapping[str, str]:
        """The queues' titles by the names that workers have for them."""
        return {queue.value: title for queue, title in QUEUE_TITLES.items()}
