"""Tables of schedules, and of what the clock or a person made of each of their times."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Identity, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from adsapp.core.clock import utcnow
from adsapp.core.db import Base, BigId, SecretJson, ShortText, Tenant, text_enum
from adsapp.core.ids import new_id

# Queries repeat these word for word: SQLite uses a partial index for the very same condition only.
DUE = sql("next_run_at is not null")
REPLACING = sql("state = 'replacing'")


class ScheduleState(StrEnum):
    """Whether the clock starts it."""

    ACTIVE = "active"
    PAUSED = "paused"  # until `paused_until`, or until somebody resumes it
    OVERDUE = "overdue"  # later than its grace: a person says whether it still runs
    ENDED = "ended"  # its last run, its end date or its only moment is over


class CatchUp(StrEnum):
    """What becomes of runs that came while no worker ran."""

    SKIP = "skip"
    ONE = "one"  # the last of them runs
    ALL = "all"  # the last `catch_up_most` of them run, one after another


class Overlap(StrEnum):
    """What becomes of a run whose predecessor has not ended."""

    SKIP = "skip"
    QUEUE = "queue"  # it waits for its end
    CANCEL = "cancel"  # the old one is cancelled first


class FireState(StrEnum):
    """What was made of one time."""

    STARTED = "started"
    REPLACING = "replacing"  # started; the run before is still to be cancelled
    SKIPPED = "skipped"
    MISSED = "missed"


class Schedule(Tenant, Base):
    """Work that starts by the clock: which kind of job, with which params, when, and what if that cannot be."""

    __tablename__ = "job_schedules"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        Index("ix_job_schedules_due", "next_run_at", postgresql_where=DUE, sqlite_where=DUE),
        Index("ix_job_schedules_state", "organization_id", "state", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(ShortText)
    processor: Mapped[str] = mapped_column(ShortText)
    params: Mapped[SecretJson]  # as its jobs get them
    when: Mapped[str] = mapped_column(String(100))  # `times.parse` reads it
    time_zone: Mapped[str] = mapped_column(String(60))
    anchor_at: Mapped[datetime] = mapped_column(default=utcnow)  # from when on every so many minutes are counted
    state: Mapped[ScheduleState] = mapped_column(text_enum(ScheduleState), default=ScheduleState.ACTIVE)
    state_reason: Mapped[str | None]
    paused_until: Mapped[datetime | None]
    due_since: Mapped[datetime | None]  # of an overdue one: the first run that was missed
    # When the dispatcher looks at it next; of a paused one the first run after the pause. None: never by itself.
    next_run_at: Mapped[datetime | None]
    catch_up: Mapped[CatchUp] = mapped_column(text_enum(CatchUp), default=CatchUp.ONE)
    catch_up_most: Mapped[int] = mapped_column(SmallInteger, default=1)
    grace_minutes: Mapped[int] = mapped_column(default=60)
    overlap: Mapped[Overlap] = mapped_column(text_enum(Overlap), default=Overlap.SKIP)
    jitter_seconds: Mapped[int] = mapped_column(default=0)
    ends_at: Mapped[datetime | None]
    ends_after: Mapped[int | None]  # runs
    run_count: Mapped[int] = mapped_column(default=0)  # those that the clock started
    last_fire_at: Mapped[datetime | None]
    last_job_id: Mapped[uuid.UUID | None]  # the job of its last run; another run waits for its end
    created_by: Mapped[str] = mapped_column(ShortText, default="")
    created_by_id: Mapped[uuid.UUID | None]  # the person, who is told how what it starts ends
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class ScheduleFire(Tenant, Base):
    """One time of a schedule, once: whoever adds this row starts the job, in the same transaction."""

    __tablename__ = "schedule_fires"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "schedule_id"],
            ["job_schedules.organization_id", "job_schedules.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("organization_id", "schedule_id", "fire_at"),
        Index("ix_schedule_fires_list", "organization_id", "schedule_id", "id"),
        Index("ix_schedule_fires_made", "organization_id", "made_at"),
        Index(
            "ix_schedule_fires_job",
            "organization_id",
            "job_id",
            postgresql_where=sql("job_id is not null"),
            sqlite_where=sql("job_id is not null"),
        ),
        Index("ix_schedule_fires_replacing", "id", postgresql_where=REPLACING, sqlite_where=REPLACING),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    schedule_id: Mapped[uuid.UUID]
    fire_at: Mapped[datetime]  # the time it was for, or when somebody asked for a run
    state: Mapped[FireState] = mapped_column(text_enum(FireState))
    reason: Mapped[str] = mapped_column(default="")  # why it did not start, or was asked for
    by: Mapped[str] = mapped_column(ShortText, default="")  # who asked for it; empty: the clock
    job_id: Mapped[uuid.UUID | None]  # may be gone by now
    work_job_id: Mapped[uuid.UUID | None]  # the job that its job started to do the work
    subject: Mapped[str | None] = mapped_column(ShortText)  # what that made, "campaign:<id>"
    replaces: Mapped[uuid.UUID | None]  # the job of the run before, which is cancelled for this one
    made_at: Mapped[datetime] = mapped_column(default=utcnow)
