"""Schedules of a kind of job that only the tests know, put into the database as they are needed."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import DatabaseClock
from adsapp.jobs import Job, Progress, Queue
from adsapp.jobs.registry import Recurring
from adsapp.schedules import firing
from adsapp.schedules.dispatcher import Dispatcher
from adsapp.schedules.firing import Fired
from adsapp.schedules.models import Schedule, ScheduleFire

NINE = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)


@dataclass(frozen=True)
class TickParams:
    """Nothing to say."""


def tick(params: TickParams, progress: Progress) -> None:
    """Tick"""


TICKS = Recurring(
    what="A tick",
    check=lambda params: {},
    words=lambda params: "Ticks.",
    choices=list,
    define=lambda value: {},
    chooses="What ticks?",
    nothing_yet="Nothing ticks",
)


@dataclass
class MovedClock(DatabaseClock):
    """A clock that a test sets."""

    moment: datetime = NINE

    def now(self) -> datetime:
        return self.moment


@dataclass
class Times:
    """The schedules of Harbour Bakery, and a dispatcher whose clock is ours."""

    app: Flask
    organization_id: uuid.UUID
    clock: MovedClock = field(default_factory=MovedClock)

    def add(self, when: str = "0 9 * * *", organization_id: uuid.UUID | None = None, **values: Any) -> uuid.UUID:
        """A schedule that is due at nine on 1 March 2027."""
        with db.organization_context(self.app, organization_id or self.organization_id):
            row = {
                "name": "Tick",
                "processor": "tick",
                "params": db.SecretJson.of({}),
                "time_zone": "UTC",
                "anchor_at": NINE - DAY,
                "next_run_at": NINE,
            }
            schedule = Schedule(organization_id=organization_id or self.organization_id, when=when, **(row | values))
            db.session.add(schedule)
            db.session.commit()
            return schedule.id

    def fire(self, at: datetime | None = None) -> Fired:
        """One look of a dispatcher at this moment."""
        self.clock.moment = at or self.clock.moment
        with self.app.app_context():
            return firing.fire_due(db.job_engine(), self.clock, attempts=3)

    def look(self, at: datetime | None = None) -> float:
        """As a worker process does."""
        self.clock.moment = at or self.clock.moment
        with self.app.app_context():
            engine = db.job_engine()
        return Dispatcher(self.app)(engine, self.clock)

    def read(self, schedule_id: uuid.UUID) -> Schedule:
        """As it stands."""
        with db.organization_context(self.app, self.organization_id), db.reading():
            schedule = db.session.get_one(Schedule, schedule_id)
            db.session.expunge(schedule)
            return schedule

    def fires(self, schedule_id: uuid.UUID) -> Sequence[ScheduleFire]:
        """Oldest first."""
        return self._all(select(ScheduleFire).where(ScheduleFire.schedule_id == schedule_id).order_by(ScheduleFire.id))

    def jobs(self, schedule_id: uuid.UUID | None = None) -> Sequence[Job]:
        """Oldest first."""
        subject = Job.subject == f"schedule:{schedule_id}" if schedule_id else Job.processor == "tick"
        return self._all(select(Job).where(subject).order_by(Job.id))

    def _all(self, query: Any) -> Sequence[Any]:
        with db.organization_context(self.app, self.organization_id), db.reading():
            found = db.session.scalars(query).all()
            db.session.expunge_all()
            return found

    def change_schedule(self, schedule_id: uuid.UUID, **values: Any) -> None:
        """Set columns of a schedule."""
        with db.organization_context(self.app, self.organization_id):
            schedule = db.session.get_one(Schedule, schedule_id)
            for name, value in values.items():
                setattr(schedule, name, value)
            db.session.commit()

    def change_job(self, job_id: uuid.UUID, **values: Any) -> None:
        """Set columns of a job."""
        with db.organization_context(self.app, self.organization_id):
            job = db.session.get_one(Job, job_id)
            for name, value in values.items():
                setattr(job, name, value)
            db.session.commit()


def register_ticks(register: Callable[..., None]) -> None:
    """Let the registry know the kind."""
    register("tick", tick, queue=Queue.TEMPLATE_PROCESSING, recurs=TICKS)
