"""What benches share: throwaway servers, an application over them, and how figures are printed."""

import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from flask import Flask

import huey_tasks  # noqa: F401  # registers the processors
from adsapp import create_app
from adsapp.config import Settings
from adsapp.core import db, migrations
from tests.servers import Running, with_database


@contextmanager
def application(shape: str, **settings: Any) -> Iterator[Flask]:
    """The migrated application, embedded or distributed, on servers of its own."""
    home = Path(tempfile.mkdtemp(prefix="adsapp-bench-"))
    running = Running()
    try:
        chosen: dict[str, Any] = {"home": home, "log_level": "ERROR", **settings}
        if shape == "distributed":
            servers = running.start()
            chosen |= {
                "database_url": with_database(servers.database_url, servers.template_database),
                "redis_url": servers.redis_url,
                "secret_key": "bench",
                "encryption_keys": (Fernet.generate_key().decode(),),
            }
        app = create_app(Settings(**chosen))
        migrations.upgrade(app)
        with app.app_context():
            yield app
            db.session.remove()
            db.db.engine.dispose()
    finally:
        running.stop()
        shutil.rmtree(home, ignore_errors=True)


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
