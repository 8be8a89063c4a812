"""Installations with a past, and the processes that serve them: the real web server, a worker, the plain reference."""

import contextlib
import socket
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from cryptography.fernet import Fernet
from flask import Flask

import huey_tasks  # noqa: F401  # registers the processors
from adsapp import create_app
from adsapp.config import ROOT, Settings, env_name
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db import migrations
from adsapp.demo.http import wait_until
from adsapp.processes.commands import web_command
from adsapp.processes.supervisor import Child
from bench.past import filling
from bench.past.filling import Past
from bench.past.scenery import Scenery, prepare
from tests.servers import Servers, with_database

TOLD = ("home", "port", "database_url", "redis_url", "secret_key", "log_level")


@dataclass(frozen=True)
class Installation:
    """One with its past in it."""

    app: Flask
    settings: Settings
    past: Past
    scenery: Scenery

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are told."""
        told = {env_name(name): str(value) for name in TOLD if (value := getattr(self.settings, name))}
        if self.settings.encryption_keys:
            told["ENCRYPTION_KEYS"] = ",".join(self.settings.encryption_keys)
        return told | {"PYTHONPATH": str(ROOT), "SIGN_IN_LIMIT": "1000 per minute"}

    @contextlib.contextmanager
    def context(self) -> Iterator[None]:
        """A session of the organization that owns most."""
        with db.organization_context(self.app, self.scenery.organizations[0]):
            yield


def install(home: Path, servers: Servers | None, number: int, count: int) -> Installation:
    """An installation with so many jobs of history, embedded where there are no servers."""
    home.mkdir()
    app = create_app(settings := Settings(home=home, port=free_port(), log_level="ERROR", **_place(servers, number)))
    migrations.upgrade(app)
    with app.app_context():
        scenery = prepare(app)
        past = Past(scenery.organizations, count, utcnow(), scenery.campaigns, scenery.imports)
        payload = db.vault().seal_json({"mood": "succeeds"})
        with db.engine_transaction() as connection:
            filling.fill(connection, past, payload)
    installed = Installation(app, settings, past, scenery)
    settle(installed)
    return installed


def add_failed(installed: Installation, queue: str, wanted: int) -> None:
    """Let a queue of the first organization have so many failed jobs."""
    with installed.app.app_context():
        payload = db.vault().seal_json({"mood": "succeeds"})
        with db.engine_transaction() as connection:
            filling.add_failed(connection, installed.past, payload, queue, wanted)
    settle(installed)


def settle(installed: Installation) -> None:
    """Do what the database would have done by itself by the time so many jobs had come in one by one."""
    with installed.app.app_context():
        db.session.remove()
        db.db.engine.dispose()
    settings = installed.settings
    if settings.distributed:
        with psycopg.connect(settings.database_url, autocommit=True) as server:
            server.execute("vacuum analyze")
    else:
        with contextlib.closing(sqlite3.connect(settings.home / "adsapp.db")) as file:
            file.execute("pragma wal_checkpoint(truncate)")


def _place(servers: Servers | None, number: int) -> dict[str, object]:
    if servers is None:
        return {}
    return {
        "database_url": _new_database(servers),
        "redis_url": servers.redis_db(number),
        "secret_key": "bench",
        "encryption_keys": (Fernet.generate_key().decode(),),
    }


def _new_database(servers: Servers) -> str:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    return with_database(servers.database_url, name)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


@contextlib.contextmanager
def web(installed: Installation) -> Iterator[None]:
    """Its web server, as `adsapp web` starts it, until the end of the block."""
    with process("web", web_command(installed.settings), installed.environment):
        wait_for_port(installed.settings.port)
        yield


@contextlib.contextmanager
def process(name: str, command: list[str], environment: Mapping[str, str]) -> Iterator[None]:
    """A child process until the end of the block."""
    child = Child(name, command, environment)
    child.start()
    assert child.process is not None
    try:
        yield
    finally:
        child.process.terminate()
        child.process.wait(timeout=40)


def wait_for_port(port: int) -> None:
    """Until somebody listens there."""

    def answers() -> bool:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True

    wait_until(answers, 40, f"a server on port {port}")
