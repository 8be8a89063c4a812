"""What `bench.jobs` prints: a table with ratios for people, and the same as one object for programs."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bench.peers.measuring import Figures
from bench.peers.systems import CONCURRENCY
from bench.support.harness import machine

# Label, figure, unit, digits.
ROWS = (
    ("enqueue, one by one", "enqueue_per_s", "/s", 0),
    ("enqueue, in bulk", "enqueue_bulk_per_s", "/s", 0),
    ("no-op jobs", "noop_per_s", "/s", 0),
    ("jobs that sleep 1 ms", "sleep_1ms_per_s", "/s", 0),
    ("start of an idle job, p50", "latency_p50_ms", " ms", 1),
    ("start of an idle job, p99", "latency_p99_ms", " ms", 1),
    ("memory, RSS", "rss_mb", " MB", 0),
    ("memory, PSS", "pss_mb", " MB", 0),
)
PEERS = ("bullmq", "huey", "procrastinate")
WIDTH = 21


@dataclass(frozen=True)
class Around:
    """What was measured beside the systems themselves."""

    commit_ms: float
    load: float  # of the machine before the bench began; above some tenths, others were at work
    waiting_jobs: int
    waiting_mb: float | None


def show(measured: Mapping[str, Figures], missing: Mapping[str, str], around: Around) -> None:
    """A column a system; in brackets the ratio to BullMQ, or to the first column where that is not there."""
    base = measured.get("bullmq") or next(iter(measured.values()), None)
    print(f"\njobs on {machine()}; concurrency {CONCURRENCY}")
    print(f"in brackets: ratio to {base.label if base else '-'}\n")
    print(" " * 28 + "".join(f"{figures.label:>{WIDTH}}" for figures in measured.values()))
    for label, name, unit, digits in ROWS:
        against = getattr(base, name, None)
        cells = [_cell(getattr(figures, name), against, unit, digits) for figures in measured.values()]
        print(f"  {label:26}" + "".join(f"{cell:>{WIDTH}}" for cell in cells))
    print(f"  {'processes':26}" + "".join(f"{figures.processes:>{WIDTH}}" for figures in measured.values()))
    print()
    for line in _notes(measured, missing, around):
        print(f"  {line}")
    print()


def _cell(value: float | None, against: float | None, unit: str, digits: int) -> str:
    if value is None:
        return "-"
    ratio = f" ({value / against:.2f})" if against else ""
    return f"{value:,.{digits}f}{unit}{ratio}"


def _notes(measured: Mapping[str, Figures], missing: Mapping[str, str], around: Around) -> list[str]:
    lines = [f"{label} is not measured: {reason}" for label, reason in missing.items()]
    lines.append(f"load of the machine before: {around.load:.1f} (quiet: below 0.3)")
    lines.append(f"one durable commit of PostgreSQL: {around.commit_ms:.2f} ms (p50); Redis writes nothing to disk")
    for figures in measured.values():
        kept = ", ".join(f"{count:,} {table}" for table, count in (figures.history or {}).items()) or "nothing"
        lines.append(f"{figures.label} kept: {kept}")
        lines += [f"{figures.label}: {problem}" for problem in figures.problems]
    if around.waiting_mb is not None:
        lines.append(f"{around.waiting_jobs:,} waiting jobs add to Redis: {around.waiting_mb:.2f} MB")
    return lines


def summary(measured: Mapping[str, Figures], around: Around) -> dict[str, Any]:
    """The JSON object; figures that were not measured are null."""
    ours = measured.get("ours")
    return {
        "bench": "jobs",
        "cores": os.cpu_count(),
        "machine": machine(),
        "load": round(around.load, 2),
        "commit_ms": round(around.commit_ms, 3),
        **{name: _rounded(figures) for name, figures in measured.items()},
        **{f"ratio_to_{peer}": _ratio(ours, measured.get(peer)) for peer in PEERS},
        "ratio_to_bullmq_2_processes": _ratio(measured.get("ours_2"), measured.get("bullmq")),
        "latency_p50_ms": _round(ours.latency_p50_ms if ours else None),
        "latency_p99_ms": _round(ours.latency_p99_ms if ours else None),
        "memory_mb": _round(ours.rss_mb if ours else None),
        "waiting_jobs": around.waiting_jobs,
        "redis_mb_for_waiting_jobs": _round(around.waiting_mb),
    }


def _rounded(figures: Figures) -> dict[str, Any]:
    return {name: _round(value) if isinstance(value, float) else value for name, value in asdict(figures).items()}


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _ratio(ours: Figures | None, peer: Figures | None) -> float | None:
    if ours is None or peer is None or not ours.noop_per_s or not peer.noop_per_s:
        return None
    return round(ours.noop_per_s / peer.noop_per_s, 3)
