"""What is wrong with an installation, and the cure of each thing: looked at from outside, before anybody complains.

Each check looks at one part and says what it found. One that cannot look, because the database does not answer, is left
out: that the database does not answer is the finding.
"""

import os
import shutil
import ssl
import stat
import tempfile
import time
import urllib.error
import urllib.request
import uuid
import zoneinfo
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import redis
from flask import Flask
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from adsapp.config import VERSION, Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.crypto import UnreadableSecret
from adsapp.core.db import logins, migrations
from adsapp.integrations import email_queries
from adsapp.integrations import queries as account_queries
from adsapp.integrations.models import EmailWebhook, WebhookDelivery
from adsapp.jobs import Queue
from adsapp.jobs.models import JobCount, Worker
from adsapp.jobs.queries import installation
from adsapp.jobs.scopes import Scope
from adsapp.jobs.states import State
from adsapp.jobs.wait_reasons import alive_since, database_now
from adsapp.organizations import queries as organizations
from adsapp.processes import restored

MOST_ORGANIZATIONS: Final = 200  # whose accounts are looked at
MOST_SERVED: Final = 20_000  # of whom it is looked whether a worker serves them
NAMED: Final = 5
SKEW_SECONDS: Final = 2.0  # a webhook's signature, a session and a schedule still count as in time
WRONG_SKEW_SECONDS: Final = 30.0
LITTLE_ROOM, NO_ROOM = 1_000_000_000, 100_000_000  # bytes
LONG_WAIT: Final = 900.0  # seconds; with workers that live
LAG: Final = timedelta(minutes=10)  # of webhooks that were stored and not applied
PATIENCE: Final = 5.0  # seconds for a provider, or our own address, to answer
ZONES: Final = ("Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata")


class Grade(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # it works, and one day it will not
    WRONG = "wrong"  # something does not work


@dataclass(frozen=True)
class Finding:
    """What was found at one part; `cure` is what to do about it."""

    part: str
    grade: Grade
    says: str
    cure: str = ""


Findings = Iterator[Finding]


def examine(app: Flask, *, offline: bool = False) -> list[Finding]:
    """Look at everything. `offline`: nobody outside of this installation is asked."""
    settings: Settings = app.config["SETTINGS"]
    found = [*_settings(settings), *_time_zones(), *_disk(settings), *_broker(settings)]
    database = list(_database(app))
    found += database
    if any(each.grade is Grade.WRONG for each in database):
        return found
    for look in (_logins, _clock, _keys, _workers, _restored, _webhooks):
        found += look(app)
    if not offline:
        found += [*_own_address(settings), *_providers(app)]
    return found


def _ok(part: str, says: str) -> Finding:
    return Finding(part, Grade.OK, says)


def _warning(part: str, says: str, cure: str) -> Finding:
    return Finding(part, Grade.WARNING, says, cure)


def _wrong(part: str, says: str, cure: str) -> Finding:
    return Finding(part, Grade.WRONG, says, cure)


def _settings(settings: Settings) -> Findings:
    part = "settings"
    home = settings.home.resolve()
    if not os.access(home, os.W_OK):
        yield _wrong(
            part, f"ADSAPP_HOME ({home}) cannot be written", "Make it, and let the user of our processes own it"
        )
    secrets = home / "secrets.json"
    if secrets.exists() and stat.S_IMODE(secrets.stat().st_mode) & 0o077:
        yield _wrong(part, "Others on this machine may read secrets.json", f"chmod 600 {secrets}")
    if settings.sandbox_url:
        yield _warning(part, "SANDBOX_URL is set: no message leaves for WhatsApp", "Unset it where people are meant")
    if settings.base_url.startswith("https://") and not settings.trusted_proxies:
        says = "PUBLIC_URL is https, and no proxy is trusted: everybody seems to come from one address"
        yield _warning(part, says, "Set TRUSTED_PROXIES to the number of proxies in front")
    if not (settings.smtp_url or settings.notifications_resend_key):
        yield _warning(part, "Mail to our own users goes nowhere", "Set SMTP_URL or NOTIFICATIONS_RESEND_KEY")
    shape = "PostgreSQL and Redis" if settings.distributed else "SQLite alone"
    yield _ok(part, f"read; {shape}, version {VERSION}")


def _time_zones() -> Findings:
    try:
        for name in ZONES:
            zoneinfo.ZoneInfo(name)
    except zoneinfo.ZoneInfoNotFoundError as error:
        cure = "Install the package tzdata, beside ADSapp or of the system"
        yield _wrong("time zones", f"Data of time zones are missing: {error.args[0]}", cure)
        return
    yield _ok("time zones", f"{len(zoneinfo.available_timezones())} are known")


def _disk(settings: Settings) -> Findings:
    for name, folder in (("ADSAPP_HOME", settings.home.resolve()), ("TMPDIR", Path(tempfile.gettempdir()))):
        yield _room(name, folder)


def _room(name: str, folder: Path) -> Finding:
    free = shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists())).free
    says = f"{free / 1e9:,.1f} GB are free at {name} ({folder})"
    cure = f"Make room there, or set {name} to a larger disk"
    if free < NO_ROOM:
        return _wrong("disk", says, cure)
    return _warning("disk", says, cure) if free < LITTLE_ROOM else _ok("disk", says)


def _broker(settings: Settings) -> Findings:
    part = "broker"
    if not settings.redis_url:
        yield _ok(part, "queues are in SQLite")
        return
    try:
        asked = redis.Redis.from_url(settings.redis_url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE)
        began = time.perf_counter()
        asked.ping()
        spent = time.perf_counter() - began
        seconds, micros = asked.time()
    except redis.RedisError as error:
        says = f"Redis does not answer ({type(error).__name__}): pages go on, jobs wait"
        yield _wrong(part, says, "Start it, or mend REDIS_URL; nothing is lost with its data")
        return
    yield _ok(part, f"Redis answers in {spent * 1000:.1f} ms")
    yield _skew("Redis", utcnow().timestamp() - (seconds + micros / 1_000_000))


def _database(app: Flask) -> Findings:
    part, settings = "database", app.config["SETTINGS"]
    try:
        with app.app_context(), db.db.engine.connect() as connection:
            began = time.perf_counter()
            connection.execute(text("select 1"))
            spent = time.perf_counter() - began
            mismatch = migrations.mismatch(app, connection)
        with app.app_context():
            db.check_writes()
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        yield _wrong(part, f"It does not answer, or takes no write: {cause}", "Start it, or mend DATABASE_URL")
        return
    if mismatch:
        newer = "a process of the version that fits it, or " if "none" not in mismatch else ""
        yield _wrong("schema", mismatch[0].upper() + mismatch[1:], f"Run {newer}`{settings.command} db upgrade`")
        return
    yield _ok(part, f"It answers in {spent * 1000:.1f} ms and takes writes")
    yield _ok("schema", migrations.needed(app))


UNGUARDED = text(
    "select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') "
    "and c.relname = any(:tables) and not (c.relrowsecurity and c.relforcerowsecurity) order by c.relname"
)
ROLES = text("select rolname from pg_roles where rolname = any(:roles)")


def _logins(app: Flask) -> Findings:
    part = "logins"
    with app.app_context(), db.db.engine.connect() as connection:
        if connection.dialect.name != "postgresql":
            yield _ok(part, "SQLite has none")
            return
        wanted = [db.APP_ROLE, db.DOOR_ROLE, db.ENGINE_ROLE]
        missing = set(wanted) - set(connection.execute(ROLES, {"roles": wanted}).scalars())
        tables = [str(each.local_table) for each in db.Base.registry.mappers if issubclass(each.class_, db.Tenant)]
        unguarded = connection.execute(UNGUARDED, {"tables": tables}).scalars().all()
        excesses = logins.excesses(connection)
    upgrade = f"Run `{app.config['SETTINGS'].command} db upgrade` as the owner"
    if missing:
        yield _wrong(part, f"Roles are missing: {', '.join(sorted(missing))}", upgrade)
    if unguarded:
        says = f"Row-level security is off for {', '.join(unguarded)}"
        yield _wrong(part, says, "alter table … enable row level security, force row level security, for each")
    if excesses:
        cure = "Give it less: docs/operations.md, Logins of PostgreSQL"
        yield _warning(part, f"The login of DATABASE_URL {', '.join(excesses)}", cure)
    if not (missing or unguarded):
        yield _ok(part, f"{len(tables)} tables keep organizations apart")


def _clock(app: Flask) -> Findings:
    with app.app_context():
        theirs = database_now()
        db.session.rollback()
    yield _skew("the database", (utcnow() - theirs).total_seconds())


def _skew(whose: str, seconds: float) -> Finding:
    says = f"This machine's clock is {abs(seconds):,.1f} s {'ahead of' if seconds > 0 else 'behind'} that of {whose}"
    cure = "Let NTP set the clocks of all machines (timedatectl set-ntp true)"
    if abs(seconds) >= WRONG_SKEW_SECONDS:
        return _wrong("clock", says, cure)
    return _warning("clock", says, cure) if abs(seconds) >= SKEW_SECONDS else _ok("clock", says)


def _keys(app: Flask) -> Findings:
    """By the secrets of accounts: those are needed first."""
    read, unreadable = 0, []
    for organization_id, slug in _organizations(app):
        with db.organization_context(app, organization_id), db.read_only():
            whatsapp = [("number", each.name, each.token) for each in account_queries.list_accounts()]
            mail = [("e-mail account", each.name, each.api_key) for each in email_queries.list_email_accounts()]
            for kind, name, secret in (*whatsapp, *mail):
                try:
                    secret.open()
                    read += 1
                except UnreadableSecret:
                    unreadable.append(f"{kind} {name} of {slug}")
    if unreadable:
        says = f"No key opens the secrets of {', '.join(unreadable[:5])}"
        cure = (
            "Put the missing key at the end of ENCRYPTION_KEYS on every machine and restart: docs/operations.md, Keys"
        )
        yield _wrong("keys", says, cure)
        return
    yield _ok("keys", f"{read} secrets of accounts could be read")


def _organizations(app: Flask) -> list[tuple[uuid.UUID, str]]:
    with app.app_context():
        return list(organizations.list_organizations(MOST_ORGANIZATIONS))


def _workers(app: Flask) -> Findings:
    with app.app_context():
        now = database_now()
        db.session.rollback()
        with db.reading(), db.engine_transaction() as connection:
            living = installation.living_scopes(connection, now)
            oldest = installation.oldest_due(connection, now)
            waiting = _waiting(connection)
            others = _other_versions(connection, now)
    command = app.config["SETTINGS"].command
    with app.app_context():
        everybody = dict(organizations.list_organizations(MOST_SERVED))
    for queue in Queue:
        left_out = [slug for owner, slug in everybody.items() if not any(one.serves(owner) for one in living[queue])]
        if living[queue] and left_out:
            yield _left_out(queue, living[queue], left_out, command)
        else:
            yield _queue(queue, len(living[queue]), waiting.get(queue, 0), oldest[queue], command)
    if others:
        says = f"Workers of another version run: {', '.join(others)}"
        yield _warning("workers", says, f"Restart them with version {VERSION}")


def _queue(queue: Queue, workers: int, waiting: int, oldest: float, command: str) -> Finding:
    jobs = f"{waiting:,} {'job waits' if waiting == 1 else 'jobs wait'}"
    if not workers:
        cure = f"Start one: `{command} worker --queue {queue.value}`"
        says = f"No worker serves {queue.value}; {jobs}"
        return _wrong("workers", says, cure) if waiting else _warning("workers", says, cure)
    if oldest > LONG_WAIT:
        says = f"{workers} serve {queue.value}, and yet a job has waited for {oldest / 60:,.0f} minutes"
        cure = "A pause or a limit may hold it back (Queues), else give the queue more threads or processes"
        return _warning("workers", says, cure)
    return _ok("workers", f"{workers} serve {queue.value}; {jobs}")


def _left_out(queue: Queue, living: Sequence[Scope], slugs: Sequence[str], command: str) -> Finding:
    """Workers live, yet none of them serves these organizations."""
    more = f" and {len(slugs) - NAMED:,} more" if len(slugs) > NAMED else ""
    says = f"{len(living)} serve {queue.value}, and none of them serves {', '.join(slugs[:NAMED])}{more}"
    given = Counter(str(scope.shard) for scope in living if scope.shard)
    missing = [each for of in _sizes(living) for n in range(1, of + 1) if (each := f"{n}/{of}") not in given]
    twice = [each for each, count in sorted(given.items()) if count > 1]
    if missing:
        says += f"; no worker has shard {', '.join(missing[:NAMED])}"
        says += f", and more than one has {', '.join(twice[:NAMED])}" if twice else ""
    also = f" --shard {missing[0]}" if missing else ""
    cure = f"Start one that serves them: `{command} worker --queue {queue.value}{also}`"
    return _wrong("workers", says, cure)


def _sizes(living: Sequence[Scope]) -> list[int]:
    return sorted({scope.shard.of for scope in living if scope.shard})


def _waiting(connection: Connection) -> dict[Queue, int]:
    counts = JobCount.__table__.c
    rows = connection.execute(
        select(counts.queue, func.sum(counts.count)).where(counts.state == State.WAITING).group_by(counts.queue)
    )
    return {Queue(queue): int(count) for queue, count in rows}


def _other_versions(connection: Connection, now: datetime) -> list[str]:
    worker = Worker.__table__.c
    living = (worker.stopped_at.is_(None), worker.heartbeat_at >= alive_since(now), worker.version != VERSION)
    rows = connection.execute(select(worker.host, worker.pid, worker.version).where(*living).limit(5))
    return [f"{row.host}-{row.pid} ({row.version})" for row in rows]


def _restored(app: Flask) -> Findings:
    held = []
    for organization_id, slug in _organizations(app):
        with db.organization_context(app, organization_id), db.read_only():
            if restored.is_held():
                held.append(slug)
    if held:
        says = f"What sends is paused since a restore: {', '.join(held[:5])}"
        cure = f"Look at what was sent since the backup, then `{app.config['SETTINGS'].command} resume-sends`"
        yield _warning("restore", says, cure)


def _webhooks(app: Flask) -> Findings:
    late = []
    for organization_id, slug in _organizations(app):
        with db.organization_context(app, organization_id), db.read_only():
            before = utcnow() - LAG
            for model in (WebhookDelivery, EmailWebhook):
                open_ones = select(model.id).where(model.applied_at.is_(None), model.received_at < before)
                if db.session.scalar(open_ones.limit(1)) is not None:
                    late.append(slug)
    if late:
        says = f"Reports of providers wait for more than {LAG.seconds // 60} minutes: {', '.join(dict.fromkeys(late))}"
        cure = "See that workers serve template-processing and email-notification, and that their jobs do not fail"
        yield _wrong("webhooks", says, cure)
        return
    yield _ok("webhooks", "what came was applied")


def _own_address(settings: Settings) -> Findings:
    host = urlsplit(settings.base_url).hostname or ""
    if not settings.public_url or host in ("localhost", "127.0.0.1", "::1"):
        cure = "Set PUBLIC_URL to the address by which the internet reaches this console"
        yield _warning("webhooks", f"Providers cannot reach {settings.base_url}: nothing they report arrives", cure)
        return
    if why := _why_unanswered(f"{settings.base_url}/healthz"):
        cure = (
            "See that web runs, and that the proxy and the name of PUBLIC_URL lead to it; from elsewhere it may answer"
        )
        yield _warning("webhooks", f"{settings.base_url} does not answer from here ({why})", cure)
        return
    yield _ok("webhooks", f"{settings.base_url} answers")


def _providers(app: Flask) -> Findings:
    settings: Settings = app.config["SETTINGS"]
    has_number = has_mail = False
    for organization_id, _ in _organizations(app):
        with db.organization_context(app, organization_id), db.read_only():
            has_number = has_number or bool(account_queries.list_accounts())
            has_mail = has_mail or bool(email_queries.list_email_accounts())
    whatsapp = settings.sandbox_url or settings.whatsapp_api_base_url
    for is_used, name, url in (
        (has_number, "WhatsApp", whatsapp),
        (has_mail, "Resend", settings.resend_api_base_url),
    ):
        if is_used:
            yield _provider(name, url)


def _provider(name: str, url: str) -> Finding:
    if why := _why_unanswered(url):
        cure = "See that the firewall and DNS of this machine let it out, and what the provider's status page says"
        return _wrong("providers", f"{name} does not answer at {url} ({why})", cure)
    return _ok("providers", f"{name} answers at {url}")


def _why_unanswered(url: str) -> str:
    """Whatever is answered, be it a refusal, is an answer."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=PATIENCE):  # noqa: S310
            return ""
    except urllib.error.HTTPError:
        return ""
    except urllib.error.URLError as error:
        return type(error.reason).__name__ if isinstance(error.reason, Exception) else str(error.reason)
    except (OSError, ssl.SSLError, ValueError) as error:
        return type(error).__name__
