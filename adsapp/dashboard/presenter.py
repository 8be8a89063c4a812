"""The first page as its templates read it: six blocks, each of which asks for itself again."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from adsapp.alerts.concerns import Concern
from adsapp.campaigns import message_minutes
from adsapp.campaigns.console.presenter import Row as CampaignRow
from adsapp.campaigns.message_minutes import MessageMinutes
from adsapp.core.web.pages import LivePage, WebPage
from adsapp.core.web.urls import url_for
from adsapp.dashboard import attention, emails, guide, queries
from adsapp.dashboard.guide import Step
from adsapp.jobs import Queue, State
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.queries.statistics import (
    Minutes,
    QueueStats,
    last_minutes,
    queue_stats,
    queues_at_a_glance,
)
from adsapp.jobs.wait_reasons import run_conditions
from adsapp.organizations.access import Actor

LATEST_JOBS = 6


class Now:
    """What several blocks look at, read once a request, and only by those that need it."""

    def __init__(self, *, by_minute: bool = True) -> None:
        self.conditions, self._by_minute = run_conditions(), by_minute

    @cached_property
    def queues(self) -> list[QueueStats]:
        return queue_stats(self.conditions, self.minutes) if self._by_minute else queues_at_a_glance(self.conditions)

    @cached_property
    def minutes(self) -> Mapping[Queue, Minutes]:
        return last_minutes(self.conditions.now)

    @cached_property
    def emails(self) -> list[emails.Lately]:
        return emails.lately()

    @cached_property
    def scheduled(self) -> list[queries.Scheduled]:
        return queries.scheduled_campaigns()

    @cached_property
    def campaigns(self) -> queries.OpenCampaigns:
        return queries.open_campaigns(self.conditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttentionBlock(LivePage):
    """Greeting, "Needs attention", and the way to the first campaign."""

    template: ClassVar[str] = "dashboard/_attention.html"
    fragment: ClassVar[str] = "dashboard/_attention.html"

    as_of: datetime = field(compare=False)
    first_name: str
    concerns: Sequence[Concern]
    steps: Sequence[Step]  # to the first campaign; none once there has been one
    going_out: int
    emails_going_out: int

    @classmethod
    def of(cls, now: Now, actor: Actor) -> "AttentionBlock":
        """What this person is told."""
        found = attention.concerns(now.queues, now.campaigns.paused, now.emails, now.conditions.now)
        return cls(
            as_of=now.conditions.now,
            first_name=(actor.name.split() or [actor.name])[0],
            concerns=tuple(each for each in found if actor.may(each.only_for)),
            steps=guide.steps(),
            going_out=sum(not each.is_held for each in now.campaigns.going_out),
            emails_going_out=sum(each.status.goes_out for each in now.emails),
        )

    @property
    def live_url(self) -> str:
        """It never ends."""
        return url_for("dashboard.attention_block", version=self.version)


@dataclass(frozen=True, slots=True)
class QueueCard:
    """One queue at a glance; `finished` are jobs in each full minute of the last hour."""

    queue: Queue
    status: str
    waiting: int
    active: int
    delayed: int
    failed: int
    held: int
    waiting_since: datetime | None
    finished: Sequence[int]
    paused_by: str
    paused_at: datetime | None
    pause_reason: str

    @classmethod
    def of(cls, stats: QueueStats) -> "QueueCard":
        """The running minute is left out, which would always look like a sudden stop."""
        pause = stats.pause
        return cls(
            queue=stats.queue,
            status=stats.status,
            waiting=stats.counts[State.WAITING],
            active=stats.counts[State.ACTIVE],
            delayed=stats.counts[State.DELAYED],
            failed=stats.counts[State.FAILED],
            held=stats.paused_count,
            waiting_since=stats.waiting_since,
            finished=tuple(stats.finished[:-1]),
            paused_by=pause.by if pause else "",
            paused_at=pause.paused_at if pause else None,
            pause_reason=pause.reason if pause else "",
        )

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
        """Where its work is: e-mails have a list of their own, else the queue's page."""
        if self.queue is Queue.EMAIL_NOTIFICATION:
            return url_for("emails.list_emails")
        return url_for("jobs.show_queue", name=self.name)

    @property
    def is_paused(self) -> bool:
        """True if the whole queue is."""
        return self.paused_at is not None

    @property
    def is_idle(self) -> bool:
        """True if nothing waits, runs, stands still or failed."""
        return self.status == "idle" and not (self.waiting or self.active or self.failed or self.held)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuesBlock(LivePage):
    """The four queue cards."""

    template: ClassVar[str] = "dashboard/_queues.html"
    fragment: ClassVar[str] = "dashboard/_queues.html"

    as_of: datetime = field(compare=False)
    cards: Sequence[QueueCard]

    @property
    def is_idle(self) -> bool:
        """True if nothing is to be said of any: then they are drawn smaller."""
        return all(card.is_idle for card in self.cards)

    @classmethod
    def of(cls, now: Now) -> "QueuesBlock":
        """All four."""
        return cls(as_of=now.conditions.now, cards=tuple(map(QueueCard.of, now.queues)))

    @property
    def live_url(self) -> str:
        """It never ends."""
        return url_for("dashboard.queues_block", version=self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBlock(LivePage):
    """Campaigns and imports under way."""

    template: ClassVar[str] = "dashboard/_running.html"
    fragment: ClassVar[str] = "dashboard/_running.html"

    as_of: datetime = field(compare=False)
    running: Sequence[queries.Running]
    next: queries.Scheduled | None  # what goes out next, if nothing does now

    @classmethod
    def of(cls, now: Now) -> "RunningBlock":
        """Campaigns first."""
        running = [*queries.running(now.campaigns.going_out, now.conditions), *emails.running(now.emails)]
        upcoming = now.scheduled[0] if now.scheduled and not running else None
        return cls(as_of=now.conditions.now, running=tuple(running), next=upcoming)

    @property
    def live_url(self) -> str:
        """It never ends."""
        return url_for("dashboard.running_block", version=self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignsBlock(LivePage):
    """The newest campaigns and how they went."""

    template: ClassVar[str] = "dashboard/_campaigns.html"
    fragment: ClassVar[str] = "dashboard/_campaigns.html"

    as_of: datetime = field(compare=False)
    rows: Sequence[CampaignRow]

    @classmethod
    def of(cls, now: Now) -> "CampaignsBlock":
        """Newest first."""
        found = queries.latest_campaigns()
        return cls(as_of=now.conditions.now, rows=tuple(CampaignRow.of(*each) for each in found))

    @property
    def live_url(self) -> str:
        """It never ends."""
        return url_for("dashboard.campaigns_block", version=self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartBlock(LivePage):
    """Messages a minute over the last hour, and so far in the running minute."""

    template: ClassVar[str] = "dashboard/_chart.html"
    fragment: ClassVar[str] = "dashboard/_chart.html"

    as_of: datetime = field(compare=False)
    messages: MessageMinutes

    @classmethod
    def of(cls, now: Now) -> "ChartBlock":
        """Of all campaigns together."""
        return cls(as_of=now.conditions.now, messages=message_minutes.of_last_hour(now.conditions.now))

    @property
    def live_url(self) -> str:
        """It never ends."""
        return url_for("dashboard.chart_block", version=self.version)


@dataclass(frozen=True, slots=True)
class LatestJob:
    """One of the newest jobs."""

    id: uuid.UUID
    title: str
    queue: str
    state: State
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestBlock(LivePage):
    """The newest jobs, and what is scheduled."""

    template: ClassVar[str] = "dashboard/_latest.html"
    fragment: ClassVar[str] = "dashboard/_latest.html"

    as_of: datetime = field(compare=False)
    jobs: Sequence[LatestJob]
    scheduled: Sequence[queries.Scheduled]

    @classmethod
    def of(cls, now: Now) -> "LatestBlock":
        """Newest first, and soonest first."""
        lines = job_queries.list_lines(JobFilters(), limit=LATEST_JOBS).items
        jobs = (LatestJob(each.id, each.title, QUEUE_TITLES[each.queue], each.state, each.created_at) for each in lines)
        return cls(as_of=now.conditions.now, jobs=tuple(jobs), scheduled=tuple(now.scheduled))

    @property
    def live_url(self) -> str:
        """It never ends."""
        return url_for("dashboard.latest_block", version=self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage(WebPage):
    """All blocks at once."""

    template: ClassVar[str] = "dashboard/home.html"

    attention: AttentionBlock
    queues: QueuesBlock
    running: RunningBlock
    campaigns: CampaignsBlock
    chart: ChartBlock
    latest: LatestBlock

    @classmethod
    def of(cls, now: Now, actor: Actor) -> "HomePage":
        """As this person may see it."""
        return cls(
            attention=AttentionBlock.of(now, actor),
            queues=QueuesBlock.of(now),
            running=RunningBlock.of(now),
            campaigns=CampaignsBlock.of(now),
            chart=ChartBlock.of(now),
            latest=LatestBlock.of(now),
        )
