"""Real worker processes of a measured installation."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

from adsapp.config import ROOT, Settings
from adsapp.jobs import Queue
from bench.support.harness import environment


@contextlib.contextmanager
def workers_of(
    settings: Settings, queue: Queue, count: int, threads_each: int = 1
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many processes with so many threads each for this queue; ended when the block is left."""
    threads = f"WORKERS_{queue.value.replace('-', '_').upper()}"
    told = environment(settings) | {threads: str(threads_each), "LOG_LEVEL": "ERROR", "LEASE_SECONDS": "30"}
    command = [sys.executable, "-m", "adsapp", "worker", "--queue", queue.value]
    running = [subprocess.Popen(command, cwd=ROOT, env={**os.environ, **told}) for _ in range(count)]
    try:
        yield running
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=30)
