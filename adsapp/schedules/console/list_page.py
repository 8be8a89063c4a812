"""The list of schedules."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from flask import url_for

from adsapp.core.clock import utcnow
from adsapp.core.web.pages import LivePage
from adsapp.jobs import Job
from adsapp.outbound.choices import ZONES
from adsapp.schedules import presenter, queries, uses
from adsapp.schedules.console.week import Week, usual_zone
from adsapp.schedules.models import Schedule, ScheduleState

PER_PAGE = 25
LIST = "schedules.list_schedules"
NAMED = 5  # that are overdue
BROKEN = "broken"  # active, and its next run would fail


@dataclass(frozen=True, slots=True)
class Row:
    """A schedule in the list."""

    id: uuid.UUID
    name: str
    does: str
    state: str
    why: str
    words: str
    zone: str
    next_at: datetime | None
    last_at: datetime | None
    last_state: str
    last_job_id: uuid.UUID | None

    @classmethod
    def of(cls, schedule: Schedule, last: Job | None) -> Row:
        """With the job of its last run, if that is kept."""
        return cls(
            id=schedule.id,
            name=schedule.name,
            does=presenter.does(schedule),
            state=_shown_state(schedule),
            why=schedule.state_reason or "",
            words=presenter.in_words(schedule),
            zone=schedule.time_zone,
            next_at=schedule.next_run_at,
            last_at=schedule.last_fire_at,
            last_state=last.state.value if last else "",
            last_job_id=last.id if last else None,
        )


def _shown_state(schedule: Schedule) -> str:
    state = presenter.state_of(schedule)
    return BROKEN if state is ScheduleState.ACTIVE and uses.why_it_cannot_run(schedule) else state.value


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulesPage(LivePage):
    """All schedules, newest first, and the week from today on."""

    template: ClassVar[str] = "schedules/list.html"
    fragment: ClassVar[str] = "schedules/_list.html"

    rows: tuple[Row, ...]
    overdue: int
    waiting: tuple[tuple[str, str], ...]  # of those that are overdue the first, names and addresses
    week: Week
    zones: Sequence[str] = field(compare=False)
    cursor: str
    next: str
    as_of: datetime = field(compare=False)

    @classmethod
    def of(cls, cursor: str, zone: str) -> SchedulesPage:
        """A page of them; the week by the clock of `zone`, "" for that of most."""
        page = queries.list_schedules(cursor or None, PER_PAGE)
        last = queries.last_jobs(page.items)
        running = queries.those_that_run()
        return cls(
            rows=tuple(Row.of(each, last.get(each.last_job_id)) for each in page.items),
            overdue=queries.count_overdue(),
            waiting=tuple((each.name, _url(each)) for each in queries.overdue(NAMED)),
            week=Week.of(running, zone or usual_zone(running), queries.MOST_IN_A_WEEK),
            zones=ZONES,
            cursor=cursor,
            next=page.next or "",
            as_of=utcnow(),
        )

    @property
    def live_url(self) -> str | None:
        """Its list, for as long as it is looked at."""
        return url_for("schedules.list_fragment", cursor=self.cursor or None, zone=self.week.zone, version=self.version)

    @property
    def next_url(self) -> str | None:
        """Those before."""
        return url_for(LIST, cursor=self.next, zone=self.week.zone) if self.next else None

    @property
    def first_url(self) -> str | None:
        """The newest, if these are not."""
        return url_for(LIST, zone=self.week.zone) if self.cursor else None


def _url(schedule: Schedule) -> str:
    return url_for("schedules.show_schedule", schedule_id=schedule.id)
