"""What logs, figures and traces cost: the same jobs and requests with none of them, with the first two, and with all.

Four installations stand side by side on one PostgreSQL and one Valkey; the second is as the first, and shows what the
figures are worth: how far two that are alike come apart. They get their jobs in turns, a batch each, and
their requests one by one, so that what others do on the machine hits all alike; each batch is compared with that of its
own round, and the median of these ratios counts. Beside what passes in a second, the processor time of the process is
measured for each job and request: it is shaken least.
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
from dataclasses import dataclass, field
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
from bench.support.harness import distributed, durable_servers, environment, make_organization, quantile, report
from tests.collector import collecting
from tests.servers import Servers, create_database, with_database

GOALS = {"told": 1.05, "traced": 1.15}
PAGE = "/api/jobs?limit=50"
LABELS = {
    "seconds": "a job, from commit to commit",
    "job_cpu": "a job, processor time",
    "asked": "a page, p95",
    "page_cpu": "a page, processor time",
}
WORKER = (sys.executable, "-m", "adsapp", "worker", "--queue", "template-processing")


@dataclass
class Kind:
    """One of the installations: what it is told to tell, its processes, and what was measured of it by round."""

    name: str
    app: Flask
    organization: uuid.UUID
    api: Api
    worker: int  # process ids
    web: int
    done: int = 0
    seconds: list[float] = field(default_factory=list)  # for a job
    job_cpu: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)  # for a page
    page_cpu: list[float] = field(default_factory=list)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=800, help="of a batch")
    parser.add_argument("--pages", type=int, default=100, help="of a round")
    parser.add_argument("--rounds", type=int, default=9)
    told = parser.parse_args()
    with contextlib.ExitStack() as stack:
        servers = stack.enter_context(durable_servers())
        collector = stack.enter_context(collecting())
        kinds = [stack.enter_context(_standing(servers, *each)) for each in _told(collector.address).items()]
        for kind in kinds:
            _run_jobs(kind, told.jobs)  # what a start costs is over
            _ask_in_turns([kind], 50)
        for kind in kinds:
            kind.seconds, kind.job_cpu, kind.asked, kind.page_cpu = [], [], [], []
        for turn in range(told.rounds):
            first = turn % len(kinds)
            in_turn = [*kinds[first:], *kinds[:first]]
            for kind in in_turn:
                _run_jobs(kind, told.jobs)
            _ask_in_turns(in_turn, told.pages)
        count = len(collector.bodies)
    _show(*kinds, batches=count)


def _told(collector: str) -> dict[str, Mapping[str, str]]:
    told = {"LOG_LEVEL": "INFO", "LOG_FORMAT": "json"}
    return {
        "off": {"LOG_LEVEL": "ERROR"},
        "alike": {"LOG_LEVEL": "ERROR"},
        "told": told,
        "traced": told | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector},
    }


@contextlib.contextmanager
def _standing(servers: Servers, name: str, told: Mapping[str, str]) -> Iterator[Kind]:
    with tempfile.TemporaryDirectory(prefix="adsapp-bench-") as home, contextlib.ExitStack() as stack:
        database = f"bench_{name}"
        create_database(servers, database)
        own = distributed(servers) | {
            "database_url": with_database(servers.database_url, database),
            "redis_url": servers.redis_db(1 + list(_told("")).index(name)),
        }
        settings = Settings(home=Path(home), port=free_port(), log_level="ERROR", **own)
        organization = make_organization(settings)
        app = create_app(settings)
        more = dict(told) if name in ("off", "alike") else {**told, "METRICS_PORT": str(free_port())}
        worker = stack.enter_context(_running(WORKER, settings, more))
        web = stack.enter_context(_running(web_command(settings), settings, more))
        api = Api(settings.base_url, _token(app, organization))
        wait_until(lambda: api.get("/readyz"), 240, "the start of the web server")
        yield Kind(name, app, organization, api, worker.pid, web.pid)


def _run_jobs(kind: Kind, count: int) -> None:
    with db.organization_context(kind.app, kind.organization):
        jobs.enqueue_many("demo", [{"mood": "succeeds", "steps": 0}] * count)
        began, spent = time.perf_counter(), _processor_seconds(kind.worker)
        db.session.commit()
    kind.done += count
    wait_until(lambda: _completed(kind.app) >= kind.done, 600, "the last job", every=0.02)
    kind.seconds.append((time.perf_counter() - began) / count)
    kind.job_cpu.append((_processor_seconds(kind.worker) - spent) / count)


def _ask_in_turns(kinds: Sequence[Kind], pages: int) -> None:
    spent = [_processor_seconds(kind.web) for kind in kinds]
    asked: list[list[float]] = [[] for _ in kinds]
    for _ in range(pages):
        for kind, took in zip(kinds, asked, strict=True):
            began = time.perf_counter()
            kind.api.get(PAGE)
            took.append(time.perf_counter() - began)
    for kind, before, took in zip(kinds, spent, asked, strict=True):
        kind.asked.append(quantile(took, 0.95))
        kind.page_cpu.append((_processor_seconds(kind.web) - before) / pages)


@contextlib.contextmanager
def _running(command: Sequence[str], settings: Settings, told: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
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
    """To the nanosecond: the clock of another process, as Linux names it."""
    return time.clock_gettime((~pid << 3) | 2)


def _show(off: Kind, *others: Kind, batches: int) -> None:
    rows, figures = [], {}
    for name in ("seconds", "job_cpu", "asked", "page_cpu"):
        base = getattr(off, name)
        rows.append((LABELS[name], f"{statistics.median(base) * 1e6:10,.0f} µs with nothing"))
        for kind in others:
            ratio = _ratio(getattr(kind, name), base)
            rows.append((f"  {kind.name}", f"{ratio:6.3f} of that"))
            figures[f"{kind.name}_{name}"] = round(ratio, 3)
        alone = _ratio(getattr(others[-1], name), getattr(others[-2], name))
        rows.append(("  traces alone", f"{alone:6.3f} of {others[-2].name}"))
        figures[f"traces_{name}"] = round(alone, 3)
    report(
        "what logs and figures (told) and traces as well (traced) cost",
        rows,
        figures | {"goals": GOALS, "batches": batches},
    )


def _ratio(values: Sequence[float], base: Sequence[float]) -> float:
    return statistics.median(value / before for value, before in zip(values, base, strict=True))


if __name__ == "__main__":
    main()
