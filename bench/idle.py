"""What an installation costs while nobody wants anything of it, and how soon a job starts all the same.

Sandbox, web, a worker process for each queue and the supervisor over them, as `./run` starts them: first the processor
time of each of them at rest, then jobs one by one with long pauses, from before the enqueue to their first line.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adsapp.config import ROOT, Settings
from adsapp.demo import stage
from adsapp.demo.http import Api, wait_until
from adsapp.processes.supervisor import Child, Supervisor
from bench.peers import ours_processor, recording
from bench.peers.measuring import family
from bench.support.harness import distributed, durable_servers, environment, make_organization, quantile, report

SHAPES = ("embedded", "distributed")
SETTLE_SECONDS = 10.0  # until what a start costs is over
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Figures:
    """Of one shape: percent of one core by process, and milliseconds from enqueue to start."""

    percent: dict[str, float]
    delays: list[float]

    @property
    def whole(self) -> float:
        """Percent of one core for all processes together."""
        return sum(self.percent.values())

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "percent_of_a_core": round(self.whole, 2),
            "processes": {name: round(percent, 2) for name, percent in self.percent.items()},
            "start_p50_ms": round(quantile(self.delays, 0.5), 1),
            "start_p99_ms": round(quantile(self.delays, 0.99), 1),
            "jobs": len(self.delays),
        }

    def rows(self, shape: str) -> list[tuple[str, str]]:
        """For people."""
        each = [(f"  {name}", f"{percent:5.2f} %") for name, percent in self.percent.items()]
        start = f"p50 {quantile(self.delays, 0.5):.1f} ms, p99 {quantile(self.delays, 0.99):.1f} ms"
        return [(f"{shape} at rest, of one core", f"{self.whole:5.2f} %"), *each, ("  start of a job", start)]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="of rest that are measured")
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--shape", choices=(*SHAPES, "both"), default="both")
    arguments = parser.parse_args()
    shapes = SHAPES if arguments.shape == "both" else (arguments.shape,)
    measured = {shape: _measure(shape, arguments.seconds, arguments.jobs) for shape in shapes}
    rows = [row for shape, figures in measured.items() for row in figures.rows(shape)]
    report("idle", rows, {shape: figures.as_json() for shape, figures in measured.items()})


def _measure(shape: str, seconds: float, jobs: int) -> Figures:
    print(f"measuring {shape} …", flush=True)
    with _settings(shape) as settings:
        records = settings.home / "records"
        records.mkdir()
        environment = _environment(settings, records, make_organization(settings))
        children = _children(settings, environment)
        with Supervisor(children, settings.grace_seconds) as supervisor:
            wait_until(lambda: Api(settings.base_url).get("/readyz"), 60, "the start of the web server")
            _rest(supervisor, SETTLE_SECONDS)
            before = _spent(children)
            _rest(supervisor, seconds)
            percent = {name: (spent - before[name]) / seconds * 100 for name, spent in _spent(children).items()}
            return Figures(percent, _delays(environment, records, jobs))


@contextlib.contextmanager
def _settings(shape: str) -> Iterator[Settings]:
    home = Path(tempfile.mkdtemp(prefix="adsapp-bench-"))
    ports = {"port": stage.free_port(), "sandbox_port": stage.free_port(), "log_level": "WARNING"}
    try:
        with contextlib.ExitStack() as stack:
            chosen: dict[str, Any] = {"home": home, "database_url": "", "redis_url": "", **ports}
            if shape == "distributed":
                chosen |= distributed(stack.enter_context(durable_servers()))
            yield stage.demo_settings(Settings(**chosen))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _environment(settings: Settings, records: Path, organization: uuid.UUID) -> dict[str, str]:
    return environment(settings) | {
        "BENCH_RECORDS": str(records),
        "BENCH_ORGANIZATION": str(organization),
    }


def _children(settings: Settings, environment: dict[str, str]) -> list[Child]:
    """As the demo has them; the worker that runs our jobs knows one more processor."""
    config = stage.write_sandbox_config(settings, stage.known_number(settings.home), "http://127.0.0.1:9")
    ours = f"worker {ours_processor.QUEUE}"
    command = [sys.executable, "-m", "bench.peers.ours_worker"]
    children = stage.children(settings, config)
    return [Child(each.name, command if each.name == ours else each.command, environment) for each in children]


class _Over(Exception):
    """Rested long enough."""


def _rest(supervisor: Supervisor, seconds: float) -> None:
    """Do what the supervisor does for so long: it is a part of what is measured."""
    until = time.monotonic() + seconds

    def tick() -> None:
        if time.monotonic() >= until:
            raise _Over

    with contextlib.suppress(_Over):
        supervisor.wait(tick)


def _spent(children: Sequence[Child]) -> dict[str, float]:
    """Seconds of processor time so far, by process with all that it started."""
    running = {each.name: each.process.pid for each in children if each.process is not None}
    spent = {name: sum(map(_seconds, family(pid))) for name, pid in running.items()}
    return {"supervisor": _seconds(os.getpid()), **spent}


def _seconds(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = after_name[11:13]
    return (int(user) + int(system)) / TICKS


def _delays(environment: dict[str, str], records: Path, jobs: int) -> list[float]:
    command = [sys.executable, "-m", "bench.peers.ours_producer", "rest", str(jobs), "0", "0"]
    whole = {**os.environ, "TZ": "UTC", **environment}
    done = subprocess.run(command, cwd=ROOT, env=whole, stdout=subprocess.PIPE, text=True, check=True)
    sent = json.loads(done.stdout.splitlines()[-1])["count"]
    wait_until(lambda: len(recording.read(records).delays) >= sent, 30, "the start of the last job")
    return [delay * 1000 for delay in recording.read(records).delays]


if __name__ == "__main__":
    main()
