"""What slow clients cost the others: pages, API and webhooks with 500 connections held, beside the same without.

A third of the slow ones send their headers byte by byte, a third their bodies, a third read no answer. The times with
and without them are taken in turn in one run. `--server` measures another server over the same application.
"""

import argparse
import contextlib
import hashlib
import hmac
import itertools
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from adsapp.config import ROOT
from adsapp.core import db
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.organizations.auditing import NOBODY
from adsapp.processes.commands import web_command
from bench.past.looking import Browser, Unexpected
from bench.past.serving import Installation, install, process, wait_for_port
from bench.peers.measuring import family
from bench.support.harness import durable_servers, quantile, report

SHAPES = ("embedded", "distributed")
SECRET = "bench-secret"  # noqa: S105  # of a throwaway account
LARGE = "/static/vendor/htmx.org-2.0.11/htmx.min.js"
PAUSE_SECONDS = 0.05  # between two requests of one of the others
PROMISED_MS = 50.0  # for a webhook
ROUNDS = 2
SETTLE_SECONDS = 5.0  # until what so many connections cost when they come, or go, is over


@dataclass
class Times:
    """Milliseconds of the others' requests, by what they ask for."""

    taken: dict[str, list[float]] = field(default_factory=lambda: {"page": [], "api": [], "webhook": []})
    failed: int = 0

    def p(self, name: str, share: float) -> float:
        """A quantile; infinite if nothing was answered."""
        return quantile(self.taken[name], share) if self.taken[name] else float("inf")


@dataclass(frozen=True)
class Figures:
    """Of one shape."""

    alone: Times
    beside: Times
    start_seconds: float
    memory_mb: float
    memory_held_mb: float

    def rows(self, shape: str) -> list[tuple[str, str]]:
        """For people."""
        return [
            *((f"{shape}: {name}", self._line(name)) for name in self.alone.taken),
            (f"{shape}: not answered", f"{self.alone.failed} alone, {self.beside.failed} beside slow ones"),
            (f"{shape}: memory", f"{self.memory_mb:.0f} MB at rest, {self.memory_held_mb:.0f} MB beside slow ones"),
            (f"{shape}: start", f"{self.start_seconds:.1f} s"),
        ]

    def _line(self, name: str) -> str:
        alone, beside = self.alone, self.beside
        return (
            f"p50 {alone.p(name, 0.5):.1f} → {beside.p(name, 0.5):.1f} ms, "
            f"p95 {alone.p(name, 0.95):.1f} → {beside.p(name, 0.95):.1f} ms, {self.ratio(name):.2f} times"
        )

    def ratio(self, name: str) -> float:
        """The p95 beside slow ones over that without."""
        return self.beside.p(name, 0.95) / self.alone.p(name, 0.95)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "p95_ratio": {name: round(self.ratio(name), 2) for name in self.alone.taken},
            "webhook_within_50_ms": _within(self.beside.taken["webhook"]),
            "not_answered": self.beside.failed,
            "memory_mb": round(self.memory_mb),
        }


def _within(taken: list[float]) -> float:
    return round(sum(each <= PROMISED_MS for each in taken) / max(1, len(taken)), 4)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slow", type=int, default=500, help="connections that are held")
    parser.add_argument("--seconds", type=float, default=20.0, help="for each of the two, in each round")
    parser.add_argument("--shape", choices=(*SHAPES, "both"), default="both")
    parser.add_argument("--server", help="the command of another server; {port} stands for its port")
    told = parser.parse_args()
    shapes = SHAPES if told.shape == "both" else (told.shape,)
    measured = {shape: _measure(shape, told) for shape in shapes}
    rows = [row for shape, figures in measured.items() for row in figures.rows(shape)]
    report("slow", rows, {shape: figures.as_json() for shape, figures in measured.items()})


def _measure(shape: str, told: argparse.Namespace) -> Figures:
    print(f"measuring {shape} …", flush=True)
    home = Path(tempfile.mkdtemp(prefix="adsapp-bench-"))
    try:
        with contextlib.ExitStack() as stack:
            servers = stack.enter_context(durable_servers()) if shape == "distributed" else None
            return _serve(install(home / "one", servers, 1, 200), told)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _serve(installed: Installation, told: argparse.Namespace) -> Figures:
    account, port = _account(installed), installed.settings.port
    command = shlex.split(told.server.format(port=port)) if told.server else web_command(installed.settings)
    began = time.monotonic()
    with process("web", command, installed.environment):
        wait_for_port(port)
        others = _others(installed, account)
        start, memory = time.monotonic() - began, _memory(port)
        alone, beside, held = Times(), Times(), 0.0
        for _ in range(ROUNDS):
            _ask(others, SETTLE_SECONDS, Times())
            _ask(others, told.seconds, alone)
            with _slow(port, told.slow, f"/webhooks/whatsapp/{account}"):
                _ask(others, SETTLE_SECONDS, Times())
                _ask(others, told.seconds, beside)
                held = _memory(port)
    return Figures(alone, beside, start, memory, held)


def _account(installed: Installation) -> uuid.UUID:
    with installed.context():
        made = create_account(AccountIn("100000000000009", "200000000000009", "token", SECRET, "verify"), NOBODY)
        db.session.commit()
        return made.id


@dataclass(frozen=True)
class Other:
    """A client that is not slow."""

    name: str
    client: Browser
    ask: Callable[[], object]


def _others(installed: Installation, account: uuid.UUID) -> list[Other]:
    """One of each kind, each with its own connection."""
    port = installed.settings.port
    person = Browser(port).sign_in()
    program = Browser(port, {"Authorization": f"Bearer {installed.scenery.token}"})
    provider = Browser(port)
    return [
        Other("page", person, lambda: person.get("/")),
        Other("api", program, lambda: program.get("/api/jobs")),
        Other("webhook", provider, lambda: _deliver(provider, account)),
    ]


_numbers = itertools.count()


def _deliver(provider: Browser, account: uuid.UUID) -> None:
    body = json.dumps({"object": "whatsapp_business_account", "entry": [], "number": next(_numbers)}).encode()
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    provider.deliver(f"/webhooks/whatsapp/{account}", body, {"X-Hub-Signature-256": signature})


def _ask(others: list[Other], seconds: float, times: Times) -> None:
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=_repeat, args=(other, until, times)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _repeat(other: Other, until: float, times: Times) -> None:
    while time.monotonic() < until:
        began = time.perf_counter()
        try:
            other.ask()
            times.taken[other.name].append((time.perf_counter() - began) * 1000)
        except (OSError, HTTPException, Unexpected):
            times.failed += 1
            other.client.close()
        time.sleep(PAUSE_SECONDS)


@contextlib.contextmanager
def _slow(port: int, count: int, post: str) -> Iterator[None]:
    """So many slow connections, until the end of the block."""
    command = [sys.executable, "-m", "bench.peers.slow_clients", str(port), str(count), post, LARGE]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as clients:
        assert clients.stdout is not None
        clients.stdout.readline()
        try:
            yield
        finally:
            clients.communicate("")


def _memory(port: int) -> float:
    """Proportional memory of the server and all its processes, whose commands name the port, in MB."""
    ours = [pid for pid in family(os.getpid()) if str(port) in (told := _command(pid)) and "slow_clients" not in told]
    return sum(map(_pss, ours)) / 1024


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def _pss(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    main()
