"""Whatever `docs/troubleshooting.md` says of a symptom is so: it is provoked, found, mended, and then not found."""

import json
import re
import shutil
import zoneinfo
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import insert, text, update

import adsapp.processes.doctor as checks
from adsapp import create_app, jobs
from adsapp.config import ROOT, Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.crypto import Vault
from adsapp.core.db import migrations
from adsapp.integrations.models import WebhookDelivery
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import Job, Queue, queues
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import Worker
from adsapp.jobs.scopes import Scope, Shard, shard_of
from adsapp.organizations.auditing import NOBODY, By
from adsapp.processes import restored
from adsapp.processes.doctor import Finding, Grade, examine
from tests.cast import Cast
from tests.cli.conftest import Command
from tests.installation import Installation
from tests.live import running_web
from tests.lone_worker import add_lone_worker
from tests.waiting import wait_for

WORK = Queue.TEMPLATE_PROCESSING
GUIDE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
HEAD = "| `./run doctor` says | because | do |"
Usage = namedtuple("Usage", "total used free")


@dataclass
class Patient:
    """An installation to make ill."""

    app: Flask
    cast: Cast
    monkeypatch: pytest.MonkeyPatch
    settings: Settings

    def findings(self, **changes: Any) -> list[Finding]:
        """What is found, perhaps under other settings."""
        if not changes:
            return examine(self.app)
        return examine(create_app(self.settings.model_copy(update=changes)))

    def enqueue(self) -> None:
        with db.organization_context(self.app, self.cast.bakery_id):
            jobs.enqueue("demo", {"mood": "succeeds"})
            db.session.commit()

    def connect_number(self) -> Any:
        with db.organization_context(self.app, self.cast.bakery_id):
            made = create_account(AccountIn("106540352242922", "2", "token", "secret", "verify"), by=NOBODY)
            db.session.commit()
            return made.id


Ill = Callable[[Patient], AbstractContextManager[dict[str, Any]]]
ILLNESSES: dict[str, tuple[str, Ill]] = {}


def ill(says: str, shape: str = "") -> Callable[[Callable[[Patient], Iterator[dict[str, Any]]]], Any]:
    """Under this illness the doctor says so; it yields the settings to look with, and mends what it broke."""

    def note(provoke: Callable[[Patient], Iterator[dict[str, Any]]]) -> Any:
        ILLNESSES[says] = (shape, contextmanager(provoke))
        return provoke

    return note


@ill("No worker serves template-processing; 1 job waits")
def no_worker(patient: Patient) -> Iterator[dict[str, Any]]:
    patient.enqueue()
    yield {}
    add_lone_worker(patient.app, Queue)


@ill("2 serve template-processing, and none of them serves")
def left_out(patient: Patient) -> Iterator[dict[str, Any]]:
    bakery = patient.cast.bakery_id
    left = Shard(3 - shard_of(bakery, 2), 2)
    bound = [WorkerProcess(patient.app, [WORK], scope=Scope(shard=left)) for _ in range(2)]
    for worker in bound:
        worker.start()
    try:
        yield {}
        (found,) = _says(patient.findings(), "none of them serves")
        mine = f"{shard_of(bakery, 2)}/2"
        assert f"no worker has shard {mine}, and more than one has {left}" in found.says
        assert found.cure.endswith(f"worker --queue template-processing --shard {mine}`")
        add_lone_worker(patient.app, Queue)
    finally:
        for worker in bound:
            worker.stop()


@ill("1 serve template-processing, and yet a job has waited for")
def paused(patient: Patient) -> Iterator[dict[str, Any]]:
    patient.enqueue()
    with db.organization_context(patient.app, patient.cast.bakery_id):
        queues.pause_queue(WORK, By("Alice", "lunch"))
        db.session.commit()
        db.session.execute(update(Job).values(run_at=utcnow() - timedelta(hours=1)))
        db.session.commit()
    worker = WorkerProcess(patient.app, [WORK])
    worker.start()
    try:
        yield {}
        with db.organization_context(patient.app, patient.cast.bakery_id):
            queues.resume_queue(WORK)
            db.session.commit()
        wait_for(lambda: not _says(patient.findings(), "and yet a job has waited"), what="the job is run")
    finally:
        worker.stop()


@ill("What sends is paused since a restore")
def restored_lately(patient: Patient) -> Iterator[dict[str, Any]]:
    with db.organization_context(patient.app, patient.cast.bakery_id):
        restored.hold("2026-03-28 09:00 UTC")
        db.session.commit()
    yield {}
    with db.organization_context(patient.app, patient.cast.bakery_id):
        assert restored.let_go_on(NOBODY) == len(restored.HELD)
        db.session.commit()


@ill("Redis does not answer", "distributed")
def no_redis(_patient: Patient) -> Iterator[dict[str, Any]]:
    yield {"redis_url": "redis://127.0.0.1:1"}


@ill("It does not answer, or takes no write", "distributed")
def no_database(_patient: Patient) -> Iterator[dict[str, Any]]:
    yield {"database_url": "postgresql://nobody@127.0.0.1:1/none"}


@ill("The database has schema 0001, this version needs")
def older_schema(patient: Patient) -> Iterator[dict[str, Any]]:
    with patient.monkeypatch.context() as patch:
        patch.setattr(migrations, "current", lambda _connection: "0001")
        yield {}


@ill("cannot be written")
def no_home(patient: Patient) -> Iterator[dict[str, Any]]:
    with patient.monkeypatch.context() as patch:
        patch.setattr("os.access", lambda _folder, _mode: False)  # as for anybody but root
        yield {}


@ill("No key opens the secrets of number")
def lost_key(patient: Patient) -> Iterator[dict[str, Any]]:
    patient.connect_number()
    kept = patient.app.extensions["vault"]
    patient.app.extensions["vault"] = Vault((Fernet.generate_key().decode(),))
    yield {}
    patient.app.extensions["vault"] = kept


@ill("WhatsApp does not answer at")
def no_provider(patient: Patient) -> Iterator[dict[str, Any]]:
    patient.connect_number()
    yield {"whatsapp_api_base_url": "http://127.0.0.1:1"}
    with running_web(patient.app) as answers:  # whatever it answers
        assert not _says(patient.findings(whatsapp_api_base_url=answers), "WhatsApp does not answer")
    patient.app.config["SETTINGS"] = patient.settings


@ill("0.0 GB are free at ADSAPP_HOME")
def full_disk(patient: Patient) -> Iterator[dict[str, Any]]:
    room = {"free": 0}
    patient.monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(10, 10, room["free"]))
    yield {}
    room["free"] = 80_000_000_000  # "80.0 GB" ends as "0.0 GB" does


@ill("Workers of another version run")
def older_worker(patient: Patient) -> Iterator[dict[str, Any]]:
    add_lone_worker(patient.app, Queue)
    yield {}
    with patient.app.app_context(), db.engine_transaction() as connection:
        connection.execute(update(Worker).values(stopped_at=utcnow()))


@ill("Data of time zones are missing")
def no_zones(patient: Patient) -> Iterator[dict[str, Any]]:
    kept = zoneinfo.TZPATH
    with patient.monkeypatch.context() as patch:
        patch.setattr("importlib.resources.files", _no_package)
        patch.setattr("importlib.resources.open_binary", _no_package)
        zoneinfo.reset_tzpath(())
        zoneinfo.ZoneInfo.clear_cache()
        yield {}
        zoneinfo.reset_tzpath(kept)
    zoneinfo.ZoneInfo.clear_cache()


@ill("This machine's clock is 90.0 s ahead of that of the database", "distributed")
def fast_clock(patient: Patient) -> Iterator[dict[str, Any]]:
    with patient.monkeypatch.context() as patch:
        patch.setattr(checks, "utcnow", lambda: utcnow() + timedelta(seconds=90))
        yield {}


@ill("Providers cannot reach http://127.0.0.1")
def no_address(_patient: Patient) -> Iterator[dict[str, Any]]:
    yield {"public_url": ""}


@ill("does not answer from here")
def wrong_address(_patient: Patient) -> Iterator[dict[str, Any]]:
    yield {"public_url": "http://console.invalid"}


@ill("Reports of providers wait for more than 10 minutes")
def late_reports(patient: Patient) -> Iterator[dict[str, Any]]:
    account_id = patient.connect_number()
    delivery = {"account_id": account_id, "digest": "1", "body": b"{}", "received_at": utcnow() - timedelta(hours=1)}
    with db.organization_context(patient.app, patient.cast.bakery_id):
        db.session.execute(insert(WebhookDelivery), [delivery | {"organization_id": patient.cast.bakery_id}])
        db.session.commit()
        yield {}
        db.session.execute(update(WebhookDelivery).values(applied_at=utcnow()))
        db.session.commit()


@ill("Others on this machine may read secrets.json", "embedded")
def open_secrets(patient: Patient) -> Iterator[dict[str, Any]]:
    _ = patient.settings.secrets  # made where there are none
    file = patient.settings.home / "secrets.json"
    file.chmod(0o644)
    yield {}
    file.chmod(0o600)


@ill("Row-level security is off for contacts", "distributed")
def no_row_security(patient: Patient) -> Iterator[dict[str, Any]]:
    def alter(what: str) -> None:
        with patient.app.app_context(), db.db.engine.begin() as connection:
            connection.execute(text(f"alter table contacts {what} row level security"))

    alter("disable")
    yield {}
    alter("enable")
    alter("force")


@ill("PUBLIC_URL is https, and no proxy is trusted")
def no_trusted_proxy(_patient: Patient) -> Iterator[dict[str, Any]]:
    yield {"public_url": "https://console.invalid"}


@ill("SANDBOX_URL is set: no message leaves for WhatsApp")
def left_sandbox(_patient: Patient) -> Iterator[dict[str, Any]]:
    yield {"sandbox_url": "http://127.0.0.1:1"}


def _no_package(*_: object) -> None:
    raise FileNotFoundError


def _says(findings: list[Finding], what: str) -> list[Finding]:
    """What is found ill in these words; what is well may use them too."""
    return [each for each in findings if what in each.says and each.grade is not Grade.OK]


def _told_by_the_guide() -> list[str]:
    rows, inside = [], False
    for line in GUIDE.splitlines():
        inside = line == HEAD or (inside and line.startswith("|"))
        if inside and (found := re.match(r"\| `([^`]+)` \|", line)) and line != HEAD:
            rows.append(found.group(1))
    return rows


def test_the_guide_and_these_tests_know_the_same_symptoms() -> None:
    assert sorted(_told_by_the_guide()) == sorted(ILLNESSES)


@pytest.mark.parametrize("says", sorted(ILLNESSES))
def test_what_is_provoked_is_found_with_its_cure_and_gone_when_it_is_mended(
    app: Flask, cast: Cast, settings: Settings, shape: str, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    only, provoke = ILLNESSES[says]
    if only not in ("", shape):
        return
    patient = Patient(app, cast, monkeypatch, settings)
    monkeypatch.setattr(checks, "PATIENCE", 1.0)
    with provoke(patient) as changes:
        found = _says(patient.findings(**changes), says)
        assert found, patient.findings(**changes)
        assert all(each.cure for each in found)
    if not changes:
        assert _says(patient.findings(), says) == []


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_it_ends_with_0_where_nothing_is_wrong_and_with_1_where_something_is(
    app: Flask, cast: Cast, settings: Settings, command: Command
) -> None:
    told = Installation(settings).environment
    well = command(told, ("doctor", "--offline"))
    assert well.returncode == 0
    assert "WARNING  workers: No worker serves bulk-messages; 0 jobs wait" in well.stdout
    assert "→ Start one: `adsapp worker --queue bulk-messages`" in well.stdout
    with db.organization_context(app, cast.bakery_id):
        jobs.enqueue("demo", {"mood": "succeeds"})
        db.session.commit()
    ill = command(told, ("doctor", "--offline", "--json"))
    assert ill.returncode == 1
    answer = json.loads(ill.stdout)
    assert answer["well"] is False
    wrong = [each for each in answer["findings"] if each["grade"] == "wrong"]
    assert [each["part"] for each in wrong] == ["workers"]
    assert wrong[0]["cure"] == "Start one: `adsapp worker --queue template-processing`"


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_a_process_that_has_loaded_nothing_else_looks_at_every_table(settings: Settings, shape: str) -> None:
    ended = Installation(settings).command("doctor", "--offline", "--json")
    tenants = [each for each in db.Base.registry.mappers if issubclass(each.class_, db.Tenant)]
    said = [each["says"] for each in json.loads(ended.stdout)["findings"] if each["part"] == "logins"]
    assert f"{len(tenants)} tables keep organizations apart" in said
