"""How long the record of jobs is kept: a routine job a day for each organization removes what is older.

A finished job goes with its attempts and items; its end stays in `job_logs` as long as that is kept. On PostgreSQL that
goes by whole months, those of all organizations at once (`core.db.months`). If the pages of what a job works on tell
its state, the job is kept as long as that (`Subject.keeps_jobs`).
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Engine, Table, and_, delete, exists, false, or_, select

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.db import months
from adsapp.core.errors import Invalid
from adsapp.core.ids import first_id_of
from adsapp.jobs.enqueue import enqueue
from adsapp.jobs.models import Job, JobLog, StatsHour, StatsMinute, StatsSpread
from adsapp.jobs.progress import Progress
from adsapp.jobs.registry import subjects
from adsapp.jobs.states import FINAL, Priority
from adsapp.organizations.models import Organization

PROCESSOR = "keep-history"
BATCH = 1000  # rows in one transaction
MINUTES_KEPT_DAYS = 8  # hours and days tell the rest
SPREADS_KEPT_DAYS = 1  # an hour of them is read
JOBS = cast(Table, Job.__table__)


def cleanup_old_job_logs(days: int) -> int:
    """Remove the ends of jobs that are older than so many days; returns how many. As the SQL function of this name."""
    if days < 1:
        raise Invalid.field("days", f"should be 1 or more, not {days}")
    old = select(JobLog.id).where(JobLog.finished_at < utcnow() - timedelta(days=days))
    return _removed(delete(JobLog).where(JobLog.id.in_(old)).returning(JobLog.id))


def remove(job_ids: Sequence[uuid.UUID]) -> int:
    """Remove jobs that ended and belong to nothing that is kept; returns how many."""
    return _removed(delete(Job).where(Job.id.in_(job_ids), Job.state.in_(FINAL), ~is_kept()).returning(Job.id))


def is_kept() -> ColumnElement[bool]:
    """The jobs that are kept as long as what they work on."""
    keeping = [Job.subject.startswith(each.of("")) for each in subjects().values() if each.keeps_jobs]
    return and_(Job.subject.is_not(None), or_(false(), *keeping))


def keep_history(progress: Progress) -> dict[str, int]:
    """Remove what this organization keeps no longer, in short transactions; how many rows of each."""
    now, days = utcnow(), context.settings().history_days
    before = now - timedelta(days=days)
    return {
        "job_logs": in_batches(progress, lambda: _old_logs(before)),
        "jobs": in_batches(progress, lambda: _old_jobs(before)),
        "minutes": in_batches(progress, lambda: _old_sums(StatsMinute.minute, now - timedelta(days=MINUTES_KEPT_DAYS))),
        "spreads": in_batches(progress, lambda: _old_sums(StatsSpread.minute, now - timedelta(days=SPREADS_KEPT_DAYS))),
        "hours": in_batches(progress, lambda: _old_sums(StatsHour.hour, before)),
    }


def in_batches(progress: Progress, remove_some: Callable[[], int]) -> int:
    """Remove some until there are none, in a short transaction each; how many in all."""
    total = 0
    while removed := remove_some():
        progress.commit()
        progress.advance(removed)
        total += removed
    return total


def keep_months(engine: Engine, now: datetime) -> int:
    """Drop the months of the history that are kept no longer, and make those that come; how many were dropped."""
    if not months.are_kept(engine):
        return 0  # nor is the one writer of SQLite kept waiting for nothing
    before = now - timedelta(days=context.settings().history_days)
    with db.engine_transaction(engine) as connection:
        return months.keep(connection, months.JOB_LOGS, now, before)


def _old_logs(before: datetime) -> int:
    before = months.left_over(db.db.engine, before)
    old = select(JobLog.id).where(JobLog.finished_at < before).order_by(JobLog.finished_at).limit(BATCH)
    return _removed(delete(JobLog).where(JobLog.id.in_(old)).returning(JobLog.id))


def _old_jobs(before: datetime) -> int:
    # What ended before was made before, and the key begins with the time: only old jobs are looked at.
    old = select(Job.id).where(Job.id < first_id_of(before), Job.finished_at < before, Job.state.in_(FINAL), ~is_kept())
    return remove(db.session.scalars(old.order_by(Job.id).limit(BATCH)).all())


def _old_sums(moment: Any, before: datetime) -> int:
    return _removed(delete(moment.class_).where(moment < before).returning(moment))


def _removed(statement: Any) -> int:
    return len(db.session.execute(statement, execution_options={"synchronize_session": False}).all())


def without_upkeep(engine: Engine, now: datetime) -> Sequence[uuid.UUID]:
    """Organizations for which nobody has asked for today's job yet."""
    has_one = exists().where(JOBS.c.organization_id == Organization.id, JOBS.c.idempotency_key == _key(now))
    with db.engine_transaction(engine) as connection:
        return connection.execute(select(Organization.id).where(~has_one)).scalars().all()


def ask_for_upkeep(now: datetime) -> Job:
    """Add today's job of the bound organization; however many workers ask, there is one."""
    return enqueue(PROCESSOR, {}, priority=Priority.LOW, idempotency_key=_key(now))


def _key(now: datetime) -> str:
    return f"{PROCESSOR} {now:%Y-%m-%d}"  # with a blank, which no key of the API has
