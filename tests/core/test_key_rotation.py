"""What is encrypted comes under a new key while everything runs, and nothing that somebody writes is lost."""

import json
import stat
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import LargeBinary, Table, delete, select, text, update

from adsapp import jobs
from adsapp.config import Settings
from adsapp.core import db, key_rotation
from adsapp.core.clock import utcnow
from adsapp.core.crypto import UnreadableSecret, Vault
from adsapp.core.key_rotation import Count, Keys, Place, Rotation
from adsapp.integrations.models import Account
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import Job, Queue, State, transitions
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.organizations.auditing import NOBODY
from tests.cast import Cast
from tests.waiting import wait_for

NEW, OLD, LOST = (Fernet.generate_key().decode() for _ in range(3))
NOT_SECRET = {
    "webhook_deliveries.body": "what the provider reported; no key is in it, and it goes once it has been applied",
    "email_webhooks.body": "likewise, of e-mails",
}
Values = dict[tuple[str, str], bytes]


@pytest.fixture
def number(app: Flask, cast: Cast) -> uuid.UUID:
    """Harbour Bakery's number and three delayed jobs, a number and a job of Charlie's: all under the old key."""
    app.extensions["vault"] = Vault((OLD,))
    made = _fill(app, cast.bakery_id, count=3)
    _fill(app, cast.other_id, count=1)
    app.extensions["vault"] = Vault((NEW, OLD))
    return made


def _fill(app: Flask, organization_id: uuid.UUID, count: int) -> uuid.UUID:
    with db.organization_context(app, organization_id):
        made = create_account(AccountIn("1065", "1022", "the-token", "the-app-secret", "the-verify-token"), by=NOBODY)
        for _ in range(count):
            jobs.enqueue("demo", {"mood": "succeeds"}, run_at=utcnow() + timedelta(days=1))
        number_id = made.id
        db.session.commit()
    return number_id


def _rotate(app: Flask, cast: Cast, keys: Keys | None = None, **options: object) -> dict[str, Count]:
    rotation = Rotation(app, keys or Keys((NEW, OLD)), **options)  # type: ignore[arg-type]
    organizations = [cast.bakery_id, cast.other_id]
    return {table.name: rotation.run(table, organizations) for table in key_rotation.sealed_tables()}


def _stored(app: Flask, cast: Cast) -> Values:
    """Every sealed value as it is stored, by column and row."""
    return {place: value for each in (cast.bakery_id, cast.other_id) for place, value in _stored_of(app, each)}


def _stored_of(app: Flask, organization_id: uuid.UUID) -> Iterator[tuple[tuple[str, str], bytes]]:
    with db.organization_context(app, organization_id), db.reading():
        for one in db.session.scalars(select(Account)):
            for name in ("token", "app_secret", "verify_token"):
                yield (name, str(one.id)), getattr(one, name).sealed
        for job in db.session.scalars(select(Job)):
            yield ("payload", str(job.id)), job.payload.sealed


def _table(name: str) -> Table:
    return next(table for table in key_rotation.sealed_tables() if table.name == name)


def _opened(app: Flask, cast: Cast, *keys: str) -> list[str]:
    return sorted(Vault(keys).open_text(value) for value in _stored(app, cast).values())


PLAIN = sorted(["the-token", "the-app-secret", "the-verify-token"] * 2 + ['{"mood":"succeeds"}'] * 4)


def test_every_column_of_bytes_is_sealed_or_is_known_to_hold_no_secret() -> None:
    columns = [column for table in db.Base.metadata.tables.values() for column in table.columns]
    plain = {str(each) for each in columns if isinstance(each.type, LargeBinary)}
    assert plain == set(NOT_SECRET)
    assert {str(column) for table in key_rotation.sealed_tables() for column in key_rotation.sealed_columns(table)} == {
        "alert_channels.address",
        "alert_channels.secret",
        "email_accounts.api_key",
        "email_accounts.webhook_secret",
        "job_schedules.params",
        "jobs.payload",
        "whatsapp_accounts.token",
        "whatsapp_accounts.app_secret",
        "whatsapp_accounts.verify_token",
    }


def test_sealed_columns_stand_where_a_rotation_can_walk() -> None:
    for table in key_rotation.sealed_tables():
        assert "organization_id" in table.columns, table.name
        assert len(table.primary_key.columns) == 1, table.name


def test_values_are_readable_before_during_and_after_a_rotation(app: Flask, cast: Cast, number: uuid.UUID) -> None:
    assert _opened(app, cast, NEW, OLD) == PLAIN
    seen: list[list[str]] = []
    counts = _rotate(app, cast, batch=1, on_batch=lambda _count: seen.append(_opened(app, cast, NEW, OLD)))
    assert seen == [PLAIN] * 6
    assert _opened(app, cast, NEW) == PLAIN
    assert counts == {
        "alert_channels": Count("alert_channels"),
        "email_accounts": Count("email_accounts"),
        "job_schedules": Count("job_schedules"),
        "jobs": Count("jobs", values=4, under_old_keys=4, rewritten=4),
        "whatsapp_accounts": Count("whatsapp_accounts", values=6, under_old_keys=6, rewritten=6),
    }


def test_a_second_rotation_rewrites_nothing(app: Flask, cast: Cast, number: uuid.UUID) -> None:
    _rotate(app, cast)
    stored = _stored(app, cast)
    counts = _rotate(app, cast)
    assert _stored(app, cast) == stored
    assert counts["jobs"] == Count("jobs", values=4, current=4)
    assert counts["whatsapp_accounts"] == Count("whatsapp_accounts", values=6, current=6)


def test_a_rotation_that_was_stopped_goes_on_when_it_is_run_again(app: Flask, cast: Cast, number: uuid.UUID) -> None:
    def stop(_count: Count) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _rotate(app, cast, batch=2, on_batch=stop)
    assert _opened(app, cast, NEW, OLD) == PLAIN
    assert _rotate(app, cast)["jobs"] == Count("jobs", values=4, current=2, under_old_keys=2, rewritten=2)
    assert _opened(app, cast, NEW) == PLAIN


def test_counting_changes_nothing(app: Flask, cast: Cast, number: uuid.UUID) -> None:
    stored = _stored(app, cast)
    counts = _rotate(app, cast, write=False)
    assert _stored(app, cast) == stored
    assert counts["jobs"] == Count("jobs", values=4, under_old_keys=4)


class Meddling(Keys):
    """Keys during whose use somebody else does something, as long as `times` lasts."""

    def __init__(self, meddle: Callable[[], None], times: int = 1) -> None:
        super().__init__((NEW, OLD))
        self._meddle = meddle
        self._times = times

    def renew(self, sealed: bytes) -> bytes:
        """As ever, after somebody meddled."""
        new = super().renew(sealed)
        if new != sealed and self._times:
            self._times -= 1
            self._meddle()
        return new


def _enter_token(app: Flask, cast: Cast, number: uuid.UUID, vault: Vault) -> None:
    with db.organization_context(app, cast.bakery_id):
        sealed = db.SecretText(vault.seal_text("the-next-token"))
        db.session.execute(update(Account).where(Account.id == number).values(token=sealed))
        db.session.commit()


@pytest.mark.parametrize("key", [NEW, OLD], ids=["by a new process", "by an old process"])
def test_a_token_that_is_changed_meanwhile_is_kept_and_ends_under_the_first_key(
    app: Flask, cast: Cast, number: uuid.UUID, key: str
) -> None:
    table = Account.metadata.tables["whatsapp_accounts"]
    keys = Meddling(lambda: _enter_token(app, cast, number, Vault((key,))))
    count = Rotation(app, keys).run(table, [cast.bakery_id])
    stored = {place[0]: value for place, value in _stored_of(app, cast.bakery_id) if place[0] != "payload"}
    assert {name: Vault((NEW,)).open_text(value) for name, value in stored.items()} == {
        "token": "the-next-token",
        "app_secret": "the-app-secret",
        "verify_token": "the-verify-token",
    }
    assert count.rewritten == (2 if key == NEW else 3)
    assert not count.changing


def test_a_value_that_changes_at_every_look_is_left_and_counted(app: Flask, cast: Cast, number: uuid.UUID) -> None:
    keys = Meddling(lambda: _enter_token(app, cast, number, Vault((OLD,))), times=100)
    count = Rotation(app, keys).run(_table("whatsapp_accounts"), [cast.bakery_id])
    assert (count.rewritten, count.changing) == (2, 1)
    assert "the-next-token" in _opened(app, cast, NEW, OLD)


def test_a_row_that_is_deleted_meanwhile_is_no_mistake(app: Flask, cast: Cast, number: uuid.UUID) -> None:
    def remove() -> None:
        with db.organization_context(app, cast.bakery_id):
            db.session.execute(delete(Account).where(Account.id == number))
            db.session.commit()

    count = Rotation(app, Meddling(remove)).run(_table("whatsapp_accounts"), [cast.bakery_id])
    assert count == Count("whatsapp_accounts", values=3, under_old_keys=3)


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_a_row_that_somebody_holds_stops_no_other_and_is_written_once_it_is_free(
    app: Flask, cast: Cast, number: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        holder = db.db.engine.connect()
    holder.execute(text("select 1 from jobs where id = (select min(id::text)::uuid from jobs) for update"))
    left: list[int] = []
    write_one = key_rotation._Rows.write_one

    def release_first(rows: key_rotation._Rows, stale: key_rotation._Stale) -> bool:
        payloads = [value for place, value in _stored(app, cast).items() if place[0] == "payload"]
        left.append(sum(not _is_readable(NEW, value) for value in payloads))
        holder.close()
        return write_one(rows, stale)

    monkeypatch.setattr(key_rotation._Rows, "write_one", release_first)
    count = Rotation(app, Keys((NEW, OLD))).run(_table("jobs"), [cast.other_id, cast.bakery_id])
    assert left == [1]
    assert count.rewritten == 4


def _is_readable(key: str, value: bytes) -> bool:
    try:
        Vault((key,)).open(value)
    except UnreadableSecret:
        return False
    return True


def test_values_of_a_lost_key_are_named_and_left(app: Flask, cast: Cast, number: uuid.UUID) -> None:
    _enter_token(app, cast, number, Vault((LOST,)))
    lost = _stored(app, cast)["token", str(number)]
    count = _rotate(app, cast)["whatsapp_accounts"]
    assert count.unreadable == [Place("whatsapp_accounts", "token", str(number))]
    assert (count.values, count.rewritten) == (6, 5)
    assert _stored(app, cast)["token", str(number)] == lost


def test_a_running_worker_finishes_what_was_enqueued_under_the_old_key(
    app: Flask, cast: Cast, number: uuid.UUID
) -> None:
    worker = WorkerProcess(app, list(Queue))
    worker.start()
    try:
        with db.organization_context(app, cast.bakery_id):
            first, *others = db.session.scalars(select(Job).order_by(Job.id)).all()
            transitions.promote(first, by=NOBODY)
            db.session.commit()
            wait_for(lambda: _states(app, cast)[0] is State.COMPLETED, what="the job under the old key ends")
            _rotate(app, cast)
            for job in others:
                transitions.promote(job, by=NOBODY)
            db.session.commit()
        wait_for(lambda: _states(app, cast) == [State.COMPLETED] * 3, what="the jobs under the new key end")
    finally:
        worker.stop()


def _states(app: Flask, cast: Cast) -> list[State]:
    with db.organization_context(app, cast.bakery_id), db.reading():
        return list(db.session.scalars(select(Job.state).order_by(Job.id)))


def test_a_kept_key_stands_first_and_the_file_stays_its_owners(tmp_path: Path) -> None:
    first = Settings(home=tmp_path).secrets
    assert key_rotation.keep_first(tmp_path, NEW) == 2
    after = Settings(home=tmp_path).secrets
    assert after.encryption_keys == (NEW, *first.encryption_keys)
    assert after.secret_key == first.secret_key
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secrets.json"]


def test_keys_that_are_kept_at_once_are_all_kept(tmp_path: Path) -> None:
    first = Settings(home=tmp_path).secrets
    keys = [Fernet.generate_key().decode() for _ in range(16)]
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda key: key_rotation.keep_first(tmp_path, key), keys))
    assert sorted(counts) == list(range(2, 18))
    kept = json.loads((tmp_path / "secrets.json").read_text())["encryption_keys"]
    assert set(kept) == {*keys, *first.encryption_keys}
