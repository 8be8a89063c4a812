"""What logs and figures cost: the same jobs and requests with both on, as in production, and with both off.

Beside what passes in a second, the processor time of the process is measured for each job and request: what others do
on the machine shakes the first, and hardly the second. Runs alternate, and the median of each kind counts.
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from adsapp import create_app, jobs
from adsapp.config import ROOT, Settings
from adsapp.core import db
from adsapp.demo.http import Api, wait_until
from adsapp.demo.stage import free_port
from adsapp.jobs.models import JobCount
from adsapp.jobs.states import State
from adsapp.organizations import service
from adsapp.organizations.auditing import NOBODY
from adsapp.organizations.models import Role
from adsapp.processes.commands import web_command
from bench.harness import distributed, durable_servers, environment, make_organization, quantile, report

TICKS = os.sysconf("SC_CLK_TCK")
OFF = {"LOG_LEVEL": "ERROR"}
GOAL = 1.05
PAGE = "/api/jobs?limit=50"


@dataclass(frozen=True)
class Run:
    """One run of one kind."""

    jobs_per_s: float
    job_us: float  # of processor time
    page_p95_ms: float
    page_us: float


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=4000)
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="adsapp-bench-") as home, durable_servers() as servers:
        settings = Settings(home=Path(home), port=free_port(), **distributed(servers))
        organization = make_organization(settings)
        app = create_app(settings.model_copy(update={"log_level": "ERROR"}))
        token = _token(app, organization)
        runs: dict[str, list[Run]] = {"off": [], "on": []}
        for _ in range(told.rounds):
            for kind, found in runs.items():
                found.append(_measure(app, organization, token, _told(kind), told.jobs, told.pages))
    _show(runs["off"], runs["on"])


def _told(kind: str) -> Mapping[str, str]:
    return OFF if kind == "off" else {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json", "METRICS_PORT": str(free_port())}


def _measure(app: Flask, organization: uuid.UUID, token: str, told: Mapping[str, str], count: int, pages: int) -> Run:
    settings: Settings = app.config["SETTINGS"]
    before = _completed(app)
    with db.organization_context(app, organization):
        jobs.enqueue_many("demo", [{"mood": "succeeds", "steps": 0}] * count)
        db.session.commit()
    worker = [sys.executable, "-m", "adsapp", "worker", "--queue", "template-processing"]
    with _running(worker, settings, told) as process:
        wait_until(lambda: _completed(app) > before, 60, "the first job", every=0.01)
        first, began, spent = _completed(app), time.monotonic(), _processor_seconds(process.pid)
        wait_until(lambda: _completed(app) >= before + count, 600, "the last job", every=0.02)
        done = before + count - first
        rate = done / (time.monotonic() - began)
        each = (_processor_seconds(process.pid) - spent) / done * 1e6
    with _running(web_command(settings), settings, told) as process:
        api = Api(settings.base_url, token)
        wait_until(lambda: api.get("/readyz"), 60, "the start of the web server")
        for _ in range(50):
            api.get(PAGE)
        spent, took = _processor_seconds(process.pid), [_asked(api) for _ in range(pages)]
        page = (_processor_seconds(process.pid) - spent) / pages * 1e6
    return Run(rate, each, quantile(took, 0.95) * 1000, page)


def _asked(api: Api) -> float:
    began = time.perf_counter()
    api.get(PAGE)
    return time.perf_counter() - began


@contextlib.contextmanager
def _running(command: list[str], settings: Settings, told: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as log:
        told = {**os.environ, "TZ": "UTC", **environment(settings), **told}
        process = subprocess.Popen(command, cwd=ROOT, env=told, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=40)


def _token(app: Flask, organization: uuid.UUID) -> str:
    with db.organization_context(app, organization):
        token = service.create_token("bench", Role.ADMIN, by=NOBODY)
        db.session.commit()
    return token


def _completed(app: Flask) -> int:
    with app.app_context(), db.engine_transaction() as connection:
        counted = select(func.sum(JobCount.count)).where(
            JobCount.state == State.COMPLETED, JobCount.processor == "demo"
        )
        return int(connection.scalar(counted) or 0)


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _show(off: list[Run], on: list[Run]) -> None:
    names = ("jobs_per_s", "job_us", "page_p95_ms", "page_us")
    before, after = _medians(off, names), _medians(on, names)
    ratios = {name: after[name] / before[name] for name in names}
    rows = [(name, f"{before[name]:10,.1f} off {after[name]:10,.1f} on {ratios[name]:6.3f}") for name in names]
    figures = {f"{name}_ratio": round(ratio, 3) for name, ratio in ratios.items()}
    report("what logs and figures cost", rows, figures | {"goal": GOAL})


def _medians(runs: Sequence[Run], names: Sequence[str]) -> dict[str, float]:
    return {name: statistics.median(getattr(run, name) for run in runs) for name in names}


if __name__ == "__main__":
    main()
