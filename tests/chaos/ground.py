"""Where chaos happens: servers of its own, which it may crash, and fresh settings for each run."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from cryptography.fernet import Fernet

from adsapp import create_app
from adsapp.config import Settings, env_name
from adsapp.core import db
from adsapp.core.db import migrations
from tests.chaos.witness import VARIABLE
from tests.servers import Running, Servers, create_database, drop_database, with_database

# Leases and retries as in production, only shorter.
QUICK: dict[str, Any] = {
    "lease_seconds": 1.5,
    "heartbeat_seconds": 0.25,
    "retry_seconds": 0.02,
    "sweep_seconds": 0.05,
    "grace_seconds": 0.5,
    "workers_bulk_messages": 4,
    "workers_template_processing": 4,
    "log_level": "ERROR",
}


@dataclass(frozen=True)
class Place:
    """One run's own: settings over an empty database and an empty broker, and where its processes write."""

    settings: Settings

    @property
    def witness(self) -> Path:
        """What processors saw."""
        return self.settings.home / "witness"

    @property
    def log(self) -> Path:
        """What workers logged."""
        return self.settings.home / "log"

    @property
    def environment(self) -> dict[str, str]:
        """What its worker processes are told."""
        given = self.settings.model_dump(include=self.settings.model_fields_set)
        return (
            os.environ
            | {env_name(name): _as_text(value) for name, value in given.items()}
            | {VARIABLE: str(self.witness)}
        )


def _as_text(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


class Ground:
    """One shape's servers and a migrated template, for many runs. `start`, then `stop`."""

    def __init__(self, shape: str) -> None:
        self.shape = shape
        self._home = Path(tempfile.mkdtemp(prefix="adsapp-chaos-"))
        self._running = Running(own=True)
        self._servers: Servers | None = None
        self._keys = (Fernet.generate_key().decode(),)

    @property
    def is_distributed(self) -> bool:
        """PostgreSQL and Valkey, or SQLite alone."""
        return self.shape == "distributed"

    def start(self) -> None:
        """Start the servers and migrate the template."""
        settings = Settings(home=self._home / "template", log_level="ERROR")
        if self.is_distributed:
            self._servers = self._running.start()
            settings = self._distributed(self._home / "template", self._servers.template_database)
        app = create_app(settings)
        migrations.upgrade(app)
        with app.app_context():
            db.db.engine.dispose()

    def stop(self) -> None:
        """End the servers and remove everything."""
        self._running.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    @contextmanager
    def place(self) -> Iterator[Place]:
        """A fresh place for one run."""
        name = f"chaos_{uuid.uuid4().hex[:12]}"
        home = self._home / name
        home.mkdir()
        if self._servers is None:
            shutil.copy(self._home / "template" / "adsapp.db", home / "adsapp.db")
            yield Place(Settings(home=home, **QUICK))
            return
        create_database(self._servers, name)
        self.flush()
        yield Place(self._distributed(home, name))
        drop_database(self._servers, name)

    def flush(self) -> None:
        """FLUSHALL."""
        assert self._servers is not None
        redis.Redis.from_url(self._servers.redis_url).flushall()

    def crash_broker(self, away: float) -> None:
        """The broker is gone for so long, and everything in it for good."""
        self._running.crash_valkey(away)

    def crash_database(self) -> None:
        """PostgreSQL falls over and comes back."""
        self._running.crash_postgres()

    def deadlocks(self) -> int:
        """How many deadlocks PostgreSQL has broken since its start, by its log."""
        return self._running.postgres_log().count("deadlock detected")

    def _distributed(self, home: Path, database: str) -> Settings:
        assert self._servers is not None
        return Settings(
            home=home,
            database_url=with_database(self._servers.database_url, database),
            redis_url=self._servers.redis_url,
            secret_key="chaos only",
            encryption_keys=self._keys,
            **QUICK,
        )
