"""The four systems as the bench sees them: how each is started afresh, fed, worked, and asked how far it is."""

import os
import shutil
import subprocess
import sys
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from adsapp.config import ROOT, Settings
from bench.peers import installing, recording
from tests.servers import Servers, create_database, drop_database, with_database

CONCURRENCY = 10


@dataclass(frozen=True)
class Ground:
    """What every system stands on: the same servers and a folder."""

    servers: Servers
    home: Path
    settings: Settings  # of ours; the database's name changes with each phase
    organization: uuid.UUID


class System(ABC):
    """One queue with all that belongs to it."""

    name: str
    label: str
    takes_many = True  # has a way to enqueue in bulk
    ask_every = 0.05  # seconds between two looks at how far it is; more where looking costs
    processes = 1

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.records = ground.home / "records"
        self.redis = redis.Redis.from_url(ground.servers.redis_url)

    def install(self) -> None:  # noqa: B027  # most need nothing
        """Get what it needs; raises installing.Unavailable."""

    def fresh(self) -> None:
        """Forget every job there ever was."""
        self.redis.flushall()
        self.forget_records()

    def forget_records(self) -> None:
        """Begin to record anew (its workers must be down)."""
        shutil.rmtree(self.records, ignore_errors=True)
        self.records.mkdir()

    def close(self) -> None:
        """Leave nothing behind."""
        self.redis.close()

    @abstractmethod
    def producer(self) -> list[str]:
        """The command that enqueues (see producing.py)."""

    @abstractmethod
    def worker(self) -> list[str]:
        """The command of one worker process."""

    @abstractmethod
    def finished(self) -> int:
        """How many jobs have ended, as the system itself has it written down."""

    def environment(self) -> dict[str, str]:
        """What both commands are told."""
        return {
            "REDIS_URL": self.ground.servers.redis_url,
            "BENCH_RECORDS": str(self.records),
            "BENCH_CONCURRENCY": str(CONCURRENCY),
            "PYTHONPATH": str(ROOT),
        }

    def settle(self) -> None:  # noqa: B027  # databases only
        """What a database would have done by itself by the time so many jobs had come in one by one."""

    def history(self) -> dict[str, int] | None:
        """Rows of history by table; None where the system keeps none that can be counted so."""
        return None


class OnPostgres(System):
    """One whose jobs are rows: every phase gets a database of its own."""

    database = ""
    asking: psycopg.Connection[tuple[int]] | None = None

    def fresh(self) -> None:
        """As it says above."""
        super().fresh()
        self._drop()
        self.database = f"bench_{uuid.uuid4().hex[:12]}"
        self._create()
        self.asking = psycopg.connect(self.url, autocommit=True)

    def close(self) -> None:
        """As it says above."""
        super().close()
        self._drop()

    @property
    def url(self) -> str:
        """The address of this phase's database."""
        return with_database(self.ground.servers.database_url, self.database)

    def settle(self) -> None:
        """As autovacuum would."""
        self._connection.execute("vacuum analyze")

    def count(self, query: str) -> int:
        """The one number that the query gives."""
        row = self._connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]

    @property
    def _connection(self) -> psycopg.Connection[tuple[int]]:
        assert self.asking is not None
        return self.asking

    @abstractmethod
    def _create(self) -> None:
        """Make the database with its tables."""

    def _drop(self) -> None:
        if self.asking is not None:
            self.asking.close()
            drop_database(self.ground.servers, self.database)
            self.asking = None


class Ours(OnPostgres):
    """This project's engine: PostgreSQL, Redis, and everything kept."""

    name = "ours"
    label = "ours"

    def __init__(self, ground: Ground, processes: int = 1) -> None:
        super().__init__(ground)
        self.processes = processes
        if processes > 1:
            self.name, self.label = f"ours_{processes}", f"ours, {processes} processes"

    def producer(self) -> list[str]:
        """As it says above."""
        return [sys.executable, "-m", "bench.peers.ours_producer"]

    def worker(self) -> list[str]:
        """As it says above."""
        return [sys.executable, "-m", "bench.peers.ours_worker"]

    def environment(self) -> dict[str, str]:
        """As it says above."""
        settings = self.ground.settings
        return super().environment() | {
            "ADSAPP_HOME": str(settings.home),
            "DATABASE_URL": self.url,
            "SECRET_KEY": settings.secret_key,
            "ENCRYPTION_KEYS": ",".join(settings.encryption_keys),
            "LOG_LEVEL": "WARNING",
            "WORKERS_TEMPLATE_PROCESSING": str(CONCURRENCY),
            "BENCH_ORGANIZATION": str(self.ground.organization),
        }

    def finished(self) -> int:
        """As it says above."""
        return self.count("select coalesce(sum(count), 0)::int from job_counts where state = 'completed'")

    def history(self) -> dict[str, int]:
        """As it says above."""
        return {
            "completed jobs": self.count("select count(*) from jobs where state = 'completed'"),
            "job_attempts": self.count("select count(*) from job_attempts where outcome = 'completed'"),
            "job_logs": self.count("select count(*) from job_logs where state = 'completed'"),
        }

    def count(self, query: str) -> int:
        """As it says above, across organizations."""
        self._connection.execute("set role adsapp_engine")
        return super().count(query)

    def settle(self) -> None:
        """As it says above."""
        self._connection.execute("reset role")
        super().settle()

    def _create(self) -> None:
        create_database(self.ground.servers, self.database)


class BullMq(System):
    """BullMQ with its defaults: finished jobs stay in Redis."""

    name = "bullmq"
    label = "BullMQ"

    def install(self) -> None:
        """As it says above."""
        self._node, self._home = installing.install_bullmq()

    def producer(self) -> list[str]:
        """As it says above."""
        return [self._node, str(installing.HERE / "bullmq.mjs"), "produce"]

    def worker(self) -> list[str]:
        """As it says above."""
        return [self._node, str(installing.HERE / "bullmq.mjs"), "work"]

    def environment(self) -> dict[str, str]:
        """As it says above."""
        return super().environment() | {"BULLMQ_HOME": str(self._home)}

    def finished(self) -> int:
        """As it says above."""
        return int(self.redis.zcard("bull:bench:completed"))

    def history(self) -> dict[str, int]:
        """As it says above."""
        return {"completed jobs": self.finished()}


class BareHuey(System):
    """Huey alone: a message that was taken is gone."""

    name = "huey"
    label = "Huey, bare"
    takes_many = False

    def producer(self) -> list[str]:
        """As it says above."""
        return [sys.executable, "-m", "bench.peers.huey_app", "produce"]

    def worker(self) -> list[str]:
        """As it says above."""
        return [sys.executable, "-m", "bench.peers.huey_app", "work"]

    def finished(self) -> int:
        """It writes down nothing, so its own count of what it ran must do."""
        return recording.read(self.records).runs


class Procrastinate(OnPostgres):
    """Procrastinate on the same PostgreSQL; jobs and their events are kept."""

    name = "procrastinate"
    label = "Procrastinate"
    ask_every = 0.2

    def install(self) -> None:
        """As it says above."""
        # Imported, not run as the main module, where its tasks would have other names.
        start = "from bench.peers.procrastinate_app import main; main()"
        self._program = [installing.install_procrastinate(), "-c", start]

    def producer(self) -> list[str]:
        """As it says above."""
        return [*self._program, "produce"]

    def worker(self) -> list[str]:
        """As it says above."""
        return [*self._program, "work"]

    def environment(self) -> dict[str, str]:
        """As it says above."""
        return super().environment() | {"DATABASE_URL": self.url}

    def finished(self) -> int:
        """As it says above."""
        return self.count("select count(*) from procrastinate_jobs where status = 'succeeded'")

    def history(self) -> dict[str, int]:
        """As it says above."""
        events = "select count(*) from procrastinate_events where type = 'succeeded'"
        return {"completed jobs": self.finished(), "procrastinate_events": self.count(events)}

    def _create(self) -> None:
        with psycopg.connect(self.ground.servers.database_url, autocommit=True) as connection:
            connection.execute(f"create database {self.database}".encode())
        environment = {**os.environ, **self.environment()}
        subprocess.run([*self._program, "schema"], env=environment, cwd=ROOT, check=True)
