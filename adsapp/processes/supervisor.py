"""Keeps child processes running and stops them cleanly, leaving none behind.

Children get a session of their own, so that Ctrl-C reaches only the supervisor, which then decides in which order they
stop. On Linux the kernel ends them even if the supervisor is killed.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from adsapp.config import ROOT
from adsapp.core.logs import get_logger

log = get_logger()

PR_SET_PDEATHSIG = 1
LOOK_EVERY_SECONDS = 0.5
RESTART_AFTER_SECONDS = 1.0
STOP_MARGIN_SECONDS = 10.0  # beyond a worker's grace: it still has to release its unfinished jobs
DRAINED = 3  # the exit code of a worker that was asked to drain: it is not started again


@dataclass
class Child:
    """A program to keep running."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    not_before: float = 0.0

    def start(self) -> None:
        """Start it, or start it again."""
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env={**os.environ, "TZ": "UTC", **self.env},
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts children in order, restarts those that die, stops them in reverse order."""

    def __init__(
        self, children: Sequence[Child], grace_seconds: float, on_death: Callable[[int], None] = lambda _pid: None
    ) -> None:
        """`on_death` is called with the process id of a child that died by itself."""
        self._children = list(children)
        self._grace = grace_seconds
        self._on_death = on_death
        self._stop = threading.Event()

    def __enter__(self) -> "Supervisor":
        for child in self._children:
            child.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def catch_signals(self) -> None:
        """End `wait` at SIGINT or SIGTERM."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: self._stop.set())

    def wait(self, tick: Callable[[], None] | None = None) -> None:
        """Restart children that died, until a signal comes."""
        while not self._stop.wait(LOOK_EVERY_SECONDS):
            for child in self._children:
                self._look_after(child)
            if tick is not None:
                tick()

    def _look_after(self, child: Child) -> None:
        if child.is_running or time.monotonic() < child.not_before:
            return
        code = child.process.returncode if child.process else None
        if child.process is not None:
            self._on_death(child.process.pid)
        if code == DRAINED:
            return
        log.warning("restarted", process=child.name, exit_code=code)
        child.not_before = time.monotonic() + RESTART_AFTER_SECONDS
        child.start()

    def stop(self) -> None:
        """SIGTERM, the grace, then SIGKILL. In reverse order, so that webhooks the workers caused reach the web."""
        for child in reversed(self._children):
            if child.is_running and child.process is not None:
                child.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + self._grace
        for child in reversed(self._children):
            _end(child, max(0.1, deadline - time.monotonic()))


def _end(child: Child, seconds: float) -> None:
    if child.process is None:
        return
    try:
        child.process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
