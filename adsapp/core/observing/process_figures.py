"""What every process can tell of itself: its version, its memory, its connections to the database and how fast that
answers."""

import platform
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, QueuePool, text
from sqlalchemy.exc import SQLAlchemyError

from adsapp.config import VERSION, Settings
from adsapp.core.db import db, reading
from adsapp.core.observing.metrics import Reading, gauge

BUILD = gauge("adsapp_build_info", "1, with what this process runs", "version", "python", "shape")
MEMORY = gauge("adsapp_process_memory_bytes", "Memory of this process, resident")
CONNECTIONS = gauge("adsapp_db_connections", "Connections of this process to the database", "state")
DATABASE_UP = gauge("adsapp_db_up", "1 if the database answers this process")
DATABASE_SECONDS = gauge("adsapp_db_latency_seconds", "What a statement takes that does nothing")


def memory_bytes() -> int:
    """Resident now if the system tells (Linux), else the most it ever was."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * resource.getpagesize()


def read_process(app: Flask) -> Iterator[Reading]:
    """Everything above, as it is now."""
    settings: Settings = app.config["SETTINGS"]
    shape = "distributed" if settings.distributed else "embedded"
    yield Reading(BUILD, 1, (VERSION, platform.python_version(), shape))
    yield Reading(MEMORY, memory_bytes())
    with app.app_context():
        engine = db.engine
    yield from _connections(engine)
    yield from _latency(engine)


def _connections(engine: Engine) -> Iterator[Reading]:
    if isinstance(engine.pool, QueuePool):
        yield Reading(CONNECTIONS, engine.pool.checkedout(), ("in_use",))
        yield Reading(CONNECTIONS, engine.pool.checkedin(), ("idle",))


def _latency(engine: Engine) -> Iterator[Reading]:
    try:
        with reading(), engine.connect() as connection:
            began = time.perf_counter()
            connection.execute(text("select 1"))
            yield Reading(DATABASE_SECONDS, time.perf_counter() - began)
    except SQLAlchemyError:
        yield Reading(DATABASE_UP, 0)
    else:
        yield Reading(DATABASE_UP, 1)
