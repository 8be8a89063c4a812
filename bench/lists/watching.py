"""What an import does to others: the memory of its process, how long it holds transactions or SQLite's only pen."""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from adsapp.config import Settings

EVERY = 0.02  # seconds between two looks
PAGE = os.sysconf("SC_PAGE_SIZE")
MB = 1 << 20
_OPEN = (
    "select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0) from pg_stat_activity "
    "where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
)


@dataclass
class Watched:
    """The most that was seen."""

    memory_mb: float = 0.0  # of the worker and its children together
    processor_seconds: float = 0.0  # of the worker alone: what it would take on a machine with nothing else to do
    transaction_seconds: float = 0.0  # open on PostgreSQL; on SQLite how long another writer had to wait


@contextlib.contextmanager
def watching(settings: Settings, worker: int) -> Iterator[Watched]:
    """Look on until the end of the block."""
    watched, over, before = Watched(), threading.Event(), _processor(worker)
    looks = [_memory(worker), _open_transactions(settings) if settings.distributed else _waiting_writer(settings)]
    names = ("memory_mb", "transaction_seconds")
    threads = [
        threading.Thread(target=_look, args=(look, watched, name, over), daemon=True)
        for look, name in zip(looks, names, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        yield watched
    finally:
        over.set()
        watched.processor_seconds = _processor(worker) - before
        for thread in threads:
            thread.join(timeout=30)


def _look(look: Callable[[], float], watched: Watched, name: str, over: threading.Event) -> None:
    while not over.wait(EVERY):
        setattr(watched, name, max(getattr(watched, name), look()))


def _memory(process: int) -> Callable[[], float]:
    return lambda: sum(map(_resident, [process, *_children(process)])) / MB


def _children(process: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except (OSError, ValueError):
        return []


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def _processor(process: int) -> float:
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _open_transactions(settings: Settings) -> Callable[[], float]:
    connections = threading.local()

    def look() -> float:
        if not hasattr(connections, "own"):
            connections.own = psycopg.connect(settings.database_url, autocommit=True)
        found = connections.own.execute(_OPEN).fetchone()
        return float(found[0]) if found else 0.0

    return look


def _waiting_writer(settings: Settings) -> Callable[[], float]:
    def look() -> float:
        with contextlib.closing(sqlite3.connect(settings.home / "adsapp.db", timeout=60, isolation_level=None)) as file:
            began = time.perf_counter()
            file.execute("begin immediate")
            took = time.perf_counter() - began
            file.execute("rollback")
        time.sleep(10 * EVERY)  # each look keeps others from writing for a moment
        return took

    return look
