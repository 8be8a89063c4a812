"""The list of jobs as its templates read it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from adsapp.core.web.pages import LivePage
from adsapp.core.web.urls import url_for
from adsapp.jobs import service
from adsapp.jobs.api.serializers import percent
from adsapp.jobs.bulk.target import APPLIES_TO, BulkAction
from adsapp.jobs.console.presenter import tries
from adsapp.jobs.labels import ACTION_WORDS, QUEUE_TITLES, ActionWords
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.queries.lines import JobLine
from adsapp.jobs.states import FINAL, State
from adsapp.jobs.wait_reasons import WaitReason, run_conditions, why_waiting
from adsapp.organizations.access import Actor
from adsapp.organizations.auditing import NOBODY
from adsapp.organizations.policy import Permission

LISTED_STATES = (State.ACTIVE, State.WAITING, State.DELAYED, State.FAILED, State.COMPLETED, State.CANCELLED)
TICKED_VERBS = (BulkAction.RETRY, BulkAction.CANCEL, BulkAction.PRIORITIZE)


@dataclass(frozen=True, slots=True)
class JobRow:
    """A line of the list. Hashable: a line that was drawn once is kept under what it shows."""

    job: JobLine
    reason: WaitReason | None

    @property
    def queue(self) -> str:
        """The queue's title."""
        return QUEUE_TITLES[self.job.queue]

    @property
    def percent(self) -> int | None:
        """How far it is."""
        return percent(self.job)

    @property
    def tries(self) -> str:
        """How often it was begun."""
        return tries(self.job)


@dataclass(frozen=True, slots=True)
class Chip:
    """A state to narrow the list to, and how many jobs have it."""

    text: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobListPage(LivePage):
    """The jobs that match, a page of them.

    `verbs` are what can be done to ticked rows, nothing for those who only look. Addresses and what follows from other
    fields are made when the page is drawn.
    """

    template: ClassVar[str] = "jobs/list.html"
    fragment: ClassVar[str] = "jobs/_rows.html"

    as_of: datetime = field(compare=False)
    filters: JobFilters
    cursor: str
    newest: str
    rows: Sequence[JobRow]
    next_cursor: str | None
    fresh: int  # jobs that came since the page was opened
    counts: job_queries.StateCounts
    verbs: Sequence[BulkAction]
    not_ticked: str = ""  # what to do first, if ticked rows were asked for and none was

    @classmethod
    def of(cls, filters: JobFilters, cursor: str, newest: str, actor: Actor, not_ticked: str = "") -> "JobListPage":
        """The page as this person may see it; `newest` is the first row when it was opened."""
        found, conditions = job_queries.list_lines(filters, cursor, newest=newest), run_conditions()
        newest = newest or (str(found.items[0].id) if found.items and not cursor else "")
        return cls(
            as_of=conditions.now,
            filters=filters,
            cursor=cursor,
            newest=newest,
            rows=tuple(JobRow(job, why_waiting(job, conditions)) for job in found.items),
            next_cursor=found.next,
            fresh=job_queries.count_newer(filters, newest) if newest and not cursor else 0,
            counts=job_queries.count_by_state(filters),
            verbs=_verbs(filters) if found.items and actor.may(Permission.SEND) else (),
            not_ticked=not_ticked,
        )

    @property
    def live_url(self) -> str:
        """Of the same rows."""
        place = {"cursor": self.cursor} if self.cursor else {"newest": self.newest}
        return url_for("jobs.rows", **self.filters.as_query(**place, version=self.version))

    def may_tick(self, row: JobRow) -> bool:
        """True for a row that some of the verbs fit."""
        return any(service.fits(verb, row.job, by=NOBODY) for verb in self.verbs)

    @property
    def has_ticks(self) -> bool:
        """True if any row can be ticked."""
        return any(map(self.may_tick, self.rows))

    @property
    def buttons(self) -> Sequence[tuple[str, ActionWords]]:
        """What can be done to ticked rows."""
        return [(verb.value, ACTION_WORDS[verb]) for verb in self.verbs]

    @property
    def chips(self) -> Sequence[Chip]:
        """The list's states, all first."""
        return [Chip("all", self._url(state=""), not self.filters.state), *map(self._chip, LISTED_STATES)]

    def _chip(self, state: State) -> Chip:
        count, more = self.counts.of[state], self.counts.more
        text = f"{state.value} {count:,}{'+' if more else ''}" if count or not more else state.value
        return Chip(text, self._url(state=state.value), self.filters.state == state)

    @property
    def matching(self) -> int | None:
        """How many match in all; None if that is not known."""
        if self.filters.search:
            return None
        return self.counts.of[self.filters.state] if self.filters.state else sum(self.counts.of.values())

    @property
    def fresh_is_counted(self) -> bool:
        """False if there may be more new jobs than were counted."""
        return self.fresh < job_queries.NEW_ROWS_COUNTED

    @property
    def window(self) -> int:
        """Among how many of the newest jobs words are looked for."""
        return job_queries.WINDOW

    @property
    def is_failed(self) -> bool:
        """True for the list of what failed."""
        return self.filters.state == State.FAILED

    @property
    def here(self) -> dict[str, Any]:
        """The page's own query."""
        return self.filters.as_query(cursor=self.cursor)

    def _url(self, **changes: Any) -> str:
        return url_for("jobs.list_jobs", **self.filters.as_query(**changes))

    @property
    def list_url(self) -> str:
        """The first page of it."""
        return self._url()

    @property
    def first_url(self) -> str | None:
        """Likewise, from a later one."""
        return self._url() if self.cursor else None

    @property
    def next_url(self) -> str | None:
        """Older ones."""
        return self._url(cursor=self.next_cursor) if self.next_cursor else None

    @property
    def routine_url(self) -> str:
        """With routine work, or without it again."""
        return self._url(routine="" if self.filters.routine else "1")

    @property
    def clean_url(self) -> str:
        """Where finished jobs of these are removed."""
        state = self.filters.state if self.filters.state in FINAL else State.COMPLETED
        return url_for("jobs.ask_to_clean", **self.filters.as_query(state=state.value, q="", routine=""))

    @property
    def retry_all_url(self) -> str:
        """Where all that failed of these are retried."""
        return url_for("jobs.ask_to_act", **self.filters.as_query(verb="retry", scope="all", state="failed"))

    @property
    def queue_options(self) -> Sequence[tuple[str, str]]:
        """The queues to narrow the list to."""
        return queue_options()


def _verbs(filters: JobFilters) -> Sequence[BulkAction]:
    return tuple(verb for verb in TICKED_VERBS if filters.state is None or filters.state in APPLIES_TO[verb])


def queue_options() -> Sequence[tuple[str, str]]:
    """All queues, then each."""
    return [("", "All queues"), *((queue.value, title) for queue, title in QUEUE_TITLES.items())]
