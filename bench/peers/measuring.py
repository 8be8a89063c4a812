"""Measures one system: enqueue, drain of a backlog, start of an idle job, memory."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from adsapp.config import ROOT
from adsapp.processes.supervisor import Child
from bench.peers import recording
from bench.peers.systems import System
from bench.support.harness import quantile

ONE_BY_ONE = 2_000  # jobs at most, and at most a quarter of all
IDLE_JOBS = 300
START_SECONDS = 60  # a worker that has begun nothing by then never will
STOP_SECONDS = 40


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    jobs: int
    seconds: float  # for each backlog: a slow system measures fewer jobs


@dataclass
class Figures:
    """Rates a second, latencies in ms, memory in MB; None where the system cannot do it or it was not asked."""

    label: str
    enqueue_per_s: float | None = None
    enqueue_bulk_per_s: float | None = None
    noop_per_s: float | None = None
    noop_jobs: int = 0
    sleep_1ms_per_s: float | None = None
    latency_p50_ms: float | None = None
    latency_p99_ms: float | None = None
    latency_jobs: int = 0
    rss_mb: float | None = None
    pss_mb: float | None = None
    processes: int = 0
    history: dict[str, int] | None = None
    history_whole: bool | None = None
    problems: list[str] = field(default_factory=list)


def measure(system: System, plan: Plan) -> Figures:
    """Everything about one system."""
    figures = Figures(system.label)
    _noop(system, plan, figures)
    _sleep_then_idle(system, plan, figures)
    return figures


def _noop(system: System, plan: Plan, figures: Figures) -> None:
    system.fresh()
    one, seconds = _produce(system, "one", min(plan.jobs // 4, ONE_BY_ONE), 0, plan.seconds)
    figures.enqueue_per_s = one / seconds
    bulk, seconds = _produce(system, "bulk", plan.jobs - one, 0, plan.seconds)
    if system.takes_many and bulk:
        figures.enqueue_bulk_per_s = bulk / seconds
    system.settle()
    with _workers(system):
        figures.noop_jobs, figures.noop_per_s = _drain(system, one + bulk, plan.seconds)
        runs = _runs(system, figures.noop_jobs)
    _check(system, figures, one + bulk, runs)


def _sleep_then_idle(system: System, plan: Plan, figures: Figures) -> None:
    system.fresh()
    jobs, _ = _produce(system, "bulk", plan.jobs // 2, 1, plan.seconds)
    system.settle()
    with _workers(system) as running:
        done, figures.sleep_1ms_per_s = _drain(system, jobs, plan.seconds)
        if done < jobs:
            _wait_until_idle(system, jobs, plan.seconds * 5)
        _latency(system, figures)
        figures.rss_mb, figures.pss_mb, figures.processes = memory(running)


def _runs(system: System, at_least: int) -> int:
    """How many jobs the workers say they began, once their last word is written."""
    give_up = time.monotonic() + 2
    while recording.read(system.records).runs < at_least and time.monotonic() < give_up:
        time.sleep(recording.WRITE_EVERY_SECONDS)
    time.sleep(5 * recording.WRITE_EVERY_SECONDS)  # one that ran twice would be written by now
    return recording.read(system.records).runs


def _check(system: System, figures: Figures, jobs: int, runs: int) -> None:
    """Whole is: each job that ended left one row in each table. All ended: each ran once."""
    figures.history = system.history()
    if figures.history is not None:
        ended = set(figures.history.values())  # where time was up, workers still ended what they had begun
        figures.history_whole = ended == {jobs} if figures.noop_jobs == jobs else len(ended) == 1
        if not figures.history_whole:
            figures.problems.append(f"NOT WHOLE: history of {jobs} jobs: {figures.history}")
    if figures.noop_jobs == jobs and runs != jobs:
        figures.problems.append(f"{jobs:,} jobs ran {runs:,} times")


def _produce(system: System, mode: str, count: int, sleep_ms: float, seconds: float) -> tuple[int, float]:
    """Enqueue in a process of its own; how many there were, and the seconds it took."""
    command = [*system.producer(), mode, str(count), str(sleep_ms), str(seconds)]
    environment = {**os.environ, "TZ": "UTC", **system.environment()}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    said = json.loads(done.stdout.splitlines()[-1])
    return said["count"], said["seconds"] or 1e-9


@contextlib.contextmanager
def _workers(system: System) -> Iterator[list[int]]:
    """The system's worker processes, by pid."""
    children = [Child(f"{system.name} {n}", system.worker(), system.environment()) for n in range(system.processes)]
    try:
        for child in children:
            child.start()
        yield [child.process.pid for child in children if child.process is not None]
    finally:
        for child in children:
            _end(child)


def _end(child: Child) -> None:
    if child.process is None:
        return
    child.process.terminate()
    try:
        child.process.wait(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()


def _drain(system: System, jobs: int, seconds: float) -> tuple[int, float]:
    """Jobs that ended and their rate, from the start of the first one until all are written down or time is up."""
    began = _first_start(system)
    while True:
        done = system.finished()
        now = time.time()
        if done >= jobs or now - began > seconds:
            return done, done / (now - began)
        time.sleep(system.ask_every)


def _first_start(system: System) -> float:
    give_up = time.monotonic() + START_SECONDS
    while (first := recording.read(system.records).first) is None:
        if time.monotonic() > give_up:
            raise TimeoutError(f"no job of {system.label} began within {START_SECONDS} s")
        time.sleep(0.02)
    return first


def _wait_until_idle(system: System, jobs: int, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while system.finished() < jobs:
        if time.monotonic() > give_up:
            raise TimeoutError(f"{system.label} still works on its backlog")
        time.sleep(0.2)


def _latency(system: System, figures: Figures) -> None:
    before = system.finished()
    sent, _ = _produce(system, "idle", IDLE_JOBS, 0, 0)
    _wait_until_idle(system, before + sent + 1, 30)
    time.sleep(5 * recording.WRITE_EVERY_SECONDS)
    delays = [delay * 1000 for delay in recording.read(system.records).delays]
    figures.latency_jobs = len(delays)
    figures.latency_p50_ms, figures.latency_p99_ms = quantile(delays, 0.5), quantile(delays, 0.99)


def memory(pids: list[int]) -> tuple[float, float, int]:
    """RSS and PSS in MB of these processes and all they have started, and how many those are."""
    them = [one for pid in pids for one in family(pid)]
    rolled = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in them]
    return _sum(rolled, "Rss:"), _sum(rolled, "Pss:"), len(them)


def family(pid: int) -> Iterator[int]:
    """A process and all that it has started."""
    yield pid
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listed.read_text().split():
            yield from family(int(child))


def _sum(rolled: list[str], name: str) -> float:
    lines = [line.split() for text in rolled for line in text.splitlines()]
    return sum(int(words[1]) for words in lines if words[0] == name) / 1024
