"""What benches share: throwaway servers, an application over them, and how figures are printed."""

import json
import os
import platform
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from cryptography.fernet import Fernet
from flask import Flask

import huey_tasks  # noqa: F401  # registers the processors
from adsapp import create_app
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.db import migrations
from adsapp.demo import stage
from adsapp.demo.http import wait_until
from tests.cast import add_organization
from tests.servers import Running, Servers, with_database

# What the suite's PostgreSQL gives up for speed; without these it is as safe as in production.
GIVEN_UP = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")


@contextmanager
def durable_servers() -> Iterator[Servers]:
    """Throwaway PostgreSQL, which loses nothing that it has committed, and Valkey."""
    for name in ("TEST_DATABASE_URL", "TEST_REDIS_URL"):  # nobody else's: they are flushed again and again
        os.environ.pop(name, None)
    running = Running()
    try:
        servers = running.start()
        _make_durable(running)
        yield servers
    finally:
        running.stop()


def _make_durable(running: Running) -> None:
    with psycopg.connect(running._postgres.get_uri(), autocommit=True) as connection:
        for name in GIVEN_UP:
            connection.execute(f"alter system reset {name}".encode())
        connection.execute("select pg_reload_conf()")
    # The reload is taken up a moment later; what is measured before that would be measured without it.
    wait_until(lambda: _is_durable(running._postgres.get_uri()), 10, "PostgreSQL's reload")


def _is_durable(url: str) -> bool:
    with psycopg.connect(url, autocommit=True) as connection:
        shown = [connection.execute(f"show {name}".encode()).fetchone() for name in GIVEN_UP]
    return shown == [("on",)] * len(GIVEN_UP)


def commit_ms(url: str, times: int = 200) -> float:
    """What one durable commit of one row costs here, p50 in ms: the floor under everything that is written."""
    took = []
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table bench_commits (n int)")
        for n in range(times):
            began = time.perf_counter()
            connection.execute("insert into bench_commits values (%s)", (n,))
            took.append(time.perf_counter() - began)
        connection.execute("drop table bench_commits")
    return quantile(took, 0.5) * 1000


@contextmanager
def application(shape: str, **settings: Any) -> Iterator[Flask]:
    """The migrated application, embedded or distributed, on servers of its own."""
    home = Path(tempfile.mkdtemp(prefix="adsapp-bench-"))
    running = Running()
    try:
        chosen: dict[str, Any] = {"home": home, "log_level": "ERROR", **settings}
        if shape == "distributed":
            chosen |= distributed(running.start())
        app = create_app(Settings(**chosen))
        migrations.upgrade(app)
        with app.app_context():
            yield app
            db.session.remove()
            db.db.engine.dispose()
    finally:
        running.stop()
        shutil.rmtree(home, ignore_errors=True)


def distributed(servers: Servers) -> dict[str, Any]:
    """The settings of an installation on these servers."""
    return {
        "database_url": with_database(servers.database_url, servers.template_database),
        "redis_url": servers.redis_url,
        "secret_key": "bench",
        "encryption_keys": (Fernet.generate_key().decode(),),
    }


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make a process run with these settings; those of another shape are empty."""
    return stage.environment(settings) | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
    }


def make_organization(settings: Settings) -> uuid.UUID:
    """Migrate the database and add one organization; its id."""
    app = create_app(settings)
    migrations.upgrade(app)
    made = add_organization(app, "bench")
    with app.app_context():
        db.db.engine.dispose()
    return made


def machine() -> str:
    """The machine in a few words."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def report(name: str, rows: Sequence[tuple[str, str]], figures: dict[str, Any]) -> None:
    """A table for people, then one JSON object."""
    width = max(len(label) for label, _ in rows)
    print(f"\n{name} on {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    for label, value in rows:
        print(f"  {label:{width}}  {value}")
    print()
    print(json.dumps({"bench": name, "cores": os.cpu_count(), **figures}))
