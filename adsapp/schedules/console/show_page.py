"""One schedule: what it does and when, its next runs in two zones, what became of the last ones, and its week."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from flask import url_for

from adsapp.core.clock import utcnow
from adsapp.core.web.confirmation import Confirmation
from adsapp.core.web.pages import LivePage
from adsapp.core.words import plural, span
from adsapp.jobs import Job
from adsapp.jobs.states import PENDING
from adsapp.organizations.access import Actor
from adsapp.organizations.policy import Permission
from adsapp.schedules import coming, presenter, queries, uses
from adsapp.schedules.coming import Coming
from adsapp.schedules.console import dialogs
from adsapp.schedules.console.week import Week
from adsapp.schedules.models import CatchUp, Overlap, Schedule, ScheduleState
from adsapp.schedules.queries import Run

RUNS = 20
NOT_MINE = "only owners and admins change schedules"

CATCH_UP_WORDS = {
    CatchUp.SKIP: "Runs that came while no worker ran are left out.",
    CatchUp.ONE: "Runs that came while no worker ran are made up for by one.",
    CatchUp.ALL: "Runs that came while no worker ran are made up for one after another, {} at most.",
}
OVERLAP_WORDS = {
    Overlap.SKIP: "A run is left out while the one before has not ended.",
    Overlap.QUEUE: "A run waits until the one before has ended.",
    Overlap.CANCEL: "A run takes the place of one before that has not ended: that is cancelled.",
}


@dataclass(frozen=True, slots=True)
class Past:
    """What was made of one time."""

    id: int
    at: datetime
    state: str
    job_id: uuid.UUID | None
    why: str
    by: str
    made: tuple[str, str] | None  # words and address of what it made

    @classmethod
    def of(cls, run: Run) -> Past:
        """With the state of its job, if that is kept."""
        fire, job = run.fire, run.job
        return cls(
            id=fire.id,
            at=fire.fire_at,
            state=job.state.value if job else fire.state.value,
            job_id=job.id if job else None,
            why=(_why(job) if job else "") or fire.reason,
            by=fire.by,
            made=presenter.made(fire.subject),
        )


def _why(job: Job) -> str:
    """Why it failed, or what it waits for."""
    waits = job.wait_reason if job.state in PENDING else ""
    return job.error or (f"{waits[:1].upper()}{waits[1:]}" if waits else "")


@dataclass(frozen=True, slots=True)
class Button:
    """A verb in the head of the page. `asks`: its question is counted when it is asked."""

    label: str
    icon: str
    url: str
    dialog: str
    kind: str = "secondary"
    why_not: str | None = None
    asks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePage(LivePage):
    """One schedule."""

    template: ClassVar[str] = "schedules/show.html"
    fragment: ClassVar[str] = "schedules/_schedule.html"

    id: uuid.UUID
    name: str
    does: str
    words: str
    when: str
    zone: str
    state: str
    why: str
    cannot_run: str
    paused_until: datetime | None
    due_since: datetime | None
    facts: tuple[str, ...]
    created_by: str
    created_at: datetime
    coming: tuple[Coming, ...]
    runs: tuple[Past, ...]
    cursor: str
    next: str
    week: Week
    may_manage: bool
    buttons: Sequence[Button] = field(compare=False)
    confirmations: Sequence[Confirmation] = field(compare=False)
    as_of: datetime = field(compare=False)

    @classmethod
    def of(cls, schedule: Schedule, actor: Actor, cursor: str = "") -> SchedulePage:
        """As this person sees it; `cursor`: which part of its history."""
        page, state = queries.runs(schedule, cursor or None, RUNS), presenter.state_of(schedule)
        manages = actor.may(Permission.MANAGE)
        return cls(
            id=schedule.id,
            name=schedule.name,
            does=presenter.does(schedule),
            words=presenter.in_words(schedule),
            when=schedule.when,
            zone=schedule.time_zone,
            state=state.value,
            why=schedule.state_reason or "",
            cannot_run=uses.why_it_cannot_run(schedule),
            paused_until=schedule.paused_until if state is ScheduleState.PAUSED else None,
            due_since=schedule.due_since,
            facts=tuple(_facts(schedule)),
            created_by=schedule.created_by,
            created_at=schedule.created_at,
            coming=tuple(coming.next_runs(schedule)),
            runs=tuple(map(Past.of, page.items)),
            cursor=cursor,
            next=page.next or "",
            week=Week.of([schedule], schedule.time_zone, 2),
            may_manage=manages,
            buttons=tuple(_buttons(schedule, state, None if manages else NOT_MINE)),
            confirmations=tuple(_confirmations(schedule, state)) if manages else (),
            as_of=utcnow(),
        )

    @property
    def live_url(self) -> str | None:
        """Itself, for as long as it is looked at."""
        return url_for(
            "schedules.schedule_fragment", schedule_id=self.id, cursor=self.cursor or None, version=self.version
        )

    @property
    def next_url(self) -> str | None:
        """The runs before."""
        return url_for("schedules.show_schedule", schedule_id=self.id, cursor=self.next) if self.next else None

    @property
    def first_url(self) -> str | None:
        """The last runs, if these are not."""
        return url_for("schedules.show_schedule", schedule_id=self.id) if self.cursor else None


def _facts(schedule: Schedule) -> Iterator[str]:
    yield CATCH_UP_WORDS[schedule.catch_up].format(schedule.catch_up_most)
    if schedule.catch_up is not CatchUp.SKIP:
        yield f"If it is more than {span(schedule.grace_minutes)} late, a person is asked first."
    yield OVERLAP_WORDS[schedule.overlap]
    if schedule.jitter_seconds:
        yield f"It begins up to {span(schedule.jitter_seconds // 60)} after its time."
    if schedule.ends_after is not None:
        yield f"It ends after {plural(schedule.ends_after, 'run')} by the clock; {schedule.run_count:,} so far."
    if schedule.ends_at is not None:
        yield f"It ends on {schedule.ends_at:%-d %b %Y, %H:%M} UTC."


def _buttons(schedule: Schedule, state: ScheduleState, not_mine: str | None) -> list[Button]:
    def url(name: str) -> str:
        return url_for(f"schedules.{name}", schedule_id=schedule.id)

    ended = f"it has ended: {schedule.state_reason}" if state is ScheduleState.ENDED else None
    buttons = [Button("Delete", "trash", url("ask_to_delete"), "ask-delete", why_not=not_mine)]
    if state in (ScheduleState.PAUSED, ScheduleState.OVERDUE):
        label = "Leave it out and go on" if state is ScheduleState.OVERDUE else "Resume"
        buttons.append(Button(label, "player-play", url("ask_to_resume"), "ask-resume", why_not=not_mine))
    else:
        buttons.append(Button("Pause", "player-pause", url("ask_to_pause"), "ask-pause", why_not=not_mine or ended))
    if state is ScheduleState.ACTIVE:
        buttons.append(Button("Skip next run", "chevron-right", url("ask_to_skip"), "ask-skip", why_not=not_mine))
    buttons.append(Button("Edit", "pencil", url("edit_schedule"), "", why_not=not_mine))
    why_not = not_mine or ended
    buttons.append(Button("Run now", "bolt", url("ask_to_run"), "", kind="primary", why_not=why_not, asks=True))
    return buttons


def _confirmations(schedule: Schedule, state: ScheduleState) -> list[Confirmation]:
    questions = [dialogs.deletion(schedule)]
    if state in (ScheduleState.PAUSED, ScheduleState.OVERDUE):
        questions.append(dialogs.resume(schedule))
    elif state is ScheduleState.ACTIVE:
        questions += [dialogs.pause(schedule), dialogs.skip(schedule)]
    return questions
