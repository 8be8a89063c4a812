"""The history goes by whole months on PostgreSQL: nothing is refused, nothing young is lost, nobody sees another's."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask_migrate import downgrade
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from adsapp import create_app
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db import ddl, migrations, months, parting
from adsapp.core.db.months import JOB_LOGS
from adsapp.core.ids import new_id
from adsapp.jobs.engine.worker import ask_for_upkeep
from adsapp.jobs.models import JobLog
from adsapp.jobs.states import Queue, State
from tests import servers as throwaway
from tests.cast import add_organization
from tests.core.db.test_migrations import add_organization_as_it_was, app, migrate
from tests.servers import Servers

__all__ = ["app"]  # a database of its own for each test

on_postgresql = pytest.mark.parametrize("shape", ["distributed"], indirect=True)

BEFORE = "0031"  # the revision before the table was parted


def end_of_job(owner: uuid.UUID, at: datetime) -> dict[str, Any]:
    return {
        "organization_id": owner, "job_id": new_id(), "queue": Queue.BULK_MESSAGES, "processor": "demo",
        "title": "Job", "state": State.COMPLETED, "priority": 3, "attempts": 1, "created_at": at,
        "finished_at": at, "done": 1, "failed": 0,
    }  # fmt: skip


def end_jobs(app: Flask, owner: uuid.UUID, *moments: datetime) -> None:
    with db.organization_context(app, owner):
        db.session.execute(insert(JobLog), [end_of_job(owner, at) for at in moments])
        db.session.commit()


def seen(app: Flask, owner: uuid.UUID) -> int:
    with db.organization_context(app, owner):
        return db.session.scalar(select(func.count()).select_from(JobLog)) or 0


def parts(app: Flask) -> dict[str, int]:
    """Its parts, and how many rows each has; the owner looks past the policies."""
    with app.app_context(), db.db.engine.connect() as connection:
        named = "select inhrelid::regclass::text from pg_inherits where inhparent = 'job_logs'::regclass order by 1"
        found = {}
        for name in connection.scalars(text(named)).all():
            connection.execute(text(f"alter table {name} no force row level security"))
            found[name] = connection.execute(text(f"select count(*) from {name}")).scalar_one()
        connection.rollback()
        return found


def keep(app: Flask, now: datetime, before: datetime) -> int:
    with app.app_context(), db.engine_transaction() as connection:
        return months.keep(connection, JOB_LOGS, now, before)


def test_the_oldest_part_ends_after_everything_that_is_written_while_the_table_is_parted() -> None:
    for now, bound in (
        (datetime(2026, 11, 29, 12, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
        (datetime(2026, 11, 30, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)),
    ):
        assert parting.bound_of(now) == bound


@on_postgresql
def test_rows_of_before_stay_through_upgrade_and_downgrade(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs, now = new_id(), new_id(), utcnow()
    migrate(app, BEFORE)
    for owner in (ours, theirs):
        add_organization_as_it_was(app, owner)
        end_jobs(app, owner, now - timedelta(days=300), now)
    _gives_up_if_somebody_uses_it(app, monkeypatch)
    migrate(app, "0036")
    bound = parting.bound_of(now)
    oldest = f"job_logs_until_{bound:%Y_%m}"
    assert parts(app)[oldest] == 4
    end_jobs(app, ours, bound, bound + timedelta(days=40), bound + timedelta(days=400))
    assert sorted(parts(app).values()) == [1, 1, 1, 4], "the two months that were made, the rest, and the oldest"
    _is_guarded(app, ours, theirs)
    with app.app_context():
        downgrade(revision=BEFORE)
    assert (seen(app, ours), seen(app, theirs)) == (5, 2)
    with pytest.raises(IntegrityError, match="ck_job_logs_until"):
        migrate(app, "head")  # there are rows of the future
    end_jobs(app, ours, bound + timedelta(days=1))  # and a try that failed is in nobody's way
    with db.organization_context(app, ours):
        db.session.execute(delete(JobLog).where(JobLog.finished_at >= bound))
        db.session.commit()
    migrate(app, "head")
    assert (seen(app, ours), seen(app, theirs)) == (2, 2)
    end_jobs(app, theirs, now)  # ids go on after those that were given
    with db.organization_context(app, theirs):
        ids = db.session.scalars(select(JobLog.id)).all()
        assert len(set(ids)) == 3


def _gives_up_if_somebody_uses_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parting, "WAIT_TO_EXCHANGE", "50ms")
    with app.app_context(), db.db.engine.connect() as reader:
        reader.execute(text("select count(*) from job_logs"))
        with pytest.raises(ddl.InUse, match="run it again"):
            migrations.upgrade(app)
        reader.rollback()
    monkeypatch.undo()


def _is_guarded(app: Flask, ours: uuid.UUID, theirs: uuid.UUID) -> None:
    """Each sees their own through the table, and nobody sees a part past it."""
    assert (seen(app, ours), seen(app, theirs)) == (5, 2)
    with db.organization_context(app, ours), pytest.raises(DBAPIError, match="never changed"):
        db.session.execute(update(JobLog).values(title="Another"))
    with app.app_context(), db.db.engine.connect() as connection:
        guarded = "select bool_and(relrowsecurity and relforcerowsecurity) from pg_class "
        tables = "where relname like 'job_logs%' and relkind in ('r', 'p')"
        assert connection.execute(text(guarded + tables)).scalar_one()
    for name in parts(app):
        for role in (db.APP_ROLE, db.ENGINE_ROLE, db.DOOR_ROLE):
            with app.app_context(), db.db.engine.connect() as connection:
                connection.execute(text(f"set local role {role}"))
                with pytest.raises(DBAPIError, match="permission denied"):
                    connection.execute(text(f"select count(*) from {name}"))


@pytest.fixture
def own(settings: Settings, servers: Servers) -> Iterator[Flask]:
    """The application over a database of its own, with the newest schema: other tests share theirs, with its parts."""
    url = throwaway.create_database(servers, name := f"adsapp_{uuid.uuid4().hex[:12]}")
    app = create_app(settings.model_copy(update={"database_url": url}))
    yield app
    with app.app_context():
        db.session.remove()
        db.db.engine.dispose()
    throwaway.drop_database(servers, name)


@on_postgresql
def test_months_are_made_ahead_take_what_came_too_early_and_go_as_a_whole(own: Flask) -> None:
    owner, now = add_organization(own, "bakery"), parting.bound_of(utcnow())  # some midnight, the first of a month
    later = now + timedelta(days=190)
    end_jobs(own, owner, now - timedelta(days=3), now, now + timedelta(days=5), later, later + timedelta(days=1))
    assert parts(own)["job_logs_rest"] == 2
    ask_for_upkeep(own, now)
    assert parts(own)["job_logs_rest"] == 2
    assert keep(own, later, later - timedelta(days=900)) == 0
    assert parts(own)["job_logs_rest"] == 0
    assert parts(own)[f"job_logs_{later:%Y_%m}"] == 2
    assert keep(own, later, now - timedelta(microseconds=1)) == 0, "not all of it is old"
    assert keep(own, later, now) == 1
    assert f"job_logs_until_{now:%Y_%m}" not in parts(own)
    assert keep(own, later, now + timedelta(days=27)) == 0
    ask_for_upkeep(own, now + timedelta(days=31 + 90))  # as a worker does every ten minutes
    assert f"job_logs_{now:%Y_%m}" not in parts(own)
    assert seen(own, owner) == 2
    end_jobs(own, owner, now - timedelta(days=3))  # a month that is gone
    assert parts(own)["job_logs_rest"] == 1


@on_postgresql
def test_who_holds_the_table_makes_upkeep_give_up_and_loses_nothing(own: Flask) -> None:
    owner, later = add_organization(own, "bakery"), utcnow() + timedelta(days=200)
    end_jobs(own, owner, utcnow())
    with own.app_context(), db.db.engine.connect() as reader:
        reader.execute(text("select count(*) from job_logs"))
        with pytest.raises(OperationalError, match="lock timeout"):
            keep(own, later, later)
        reader.rollback()
        assert seen(own, owner) == 1
        assert keep(own, later, later) > 0
    assert seen(own, owner) == 0
