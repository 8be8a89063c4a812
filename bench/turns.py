"""Writing on SQLite beside somebody who commits back to back: with turns, and by SQLite's own way of waiting.

One process commits a transaction of 20 ms after another, as an import does; three others write a row every 0.3 s, as
a heartbeat, a sender and a page do. Both ways take the same engine of ours and the same seconds.
"""

import argparse
import contextlib
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import Engine, create_engine, text

from adsapp.core.db import engine as engines
from bench.support.harness import quantile, report

BUSY_SECONDS = 0.02
SMALL, PAUSE_SECONDS = 3, 0.3
_WRITE = text("insert into written values (1)")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="for each way: %(default)s")
    seconds = parser.parse_args().seconds
    ours = _measure(seconds)
    with mock.patch.object(engines, "in_turn", return_value=contextlib.nullcontext()):
        plain = _measure(seconds)
    figures = {f"ours_{name}": value for name, value in ours.items()} | {
        f"plain_{name}": value for name, value in plain.items()
    }
    figures["wait_ratio"] = round(ours["wait_p50_ms"] / plain["wait_p50_ms"], 3)
    figures["busy_ratio"] = round(ours["busy_commits"] / plain["busy_commits"], 3)
    report("turns", [(name.replace("_", " "), f"{value:,}") for name, value in figures.items()], figures)


def _measure(seconds: float) -> dict[str, Any]:
    """Waits of the small writes in ms, and how many transactions the busy one committed beside them."""
    with tempfile.TemporaryDirectory(prefix="adsapp-bench-") as folder:
        database = Path(folder) / "bench.db"
        with _open(database).begin() as connection:
            connection.execute(text("create table written (n int)"))
        # The children have what was set here, patches included.
        context = multiprocessing.get_context("fork")
        told: SimpleQueue[Any] = context.SimpleQueue()
        works: list[Callable[..., None]] = [_busy, *[_small] * SMALL]
        children = [context.Process(target=work, args=(database, seconds, told)) for work in works]
        for child in children:
            child.start()
        answers = [told.get() for _ in children]
        for child in children:
            child.join()
    waits = sorted(wait for answer in answers if isinstance(answer, list) for wait in answer)
    return {
        "wait_p50_ms": round(quantile(waits, 0.5) * 1000, 1),
        "wait_max_ms": round(waits[-1] * 1000, 1),
        "busy_commits": next(answer for answer in answers if isinstance(answer, int)),
    }


def _busy(database: Path, seconds: float, told: "SimpleQueue[Any]") -> None:
    engine, end, committed = _open(database), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        with engine.begin() as connection:
            connection.execute(_WRITE)
            time.sleep(BUSY_SECONDS)
        committed += 1
    told.put(committed)


def _small(database: Path, seconds: float, told: "SimpleQueue[Any]") -> None:
    engine, end, waits = _open(database), time.monotonic() + seconds, []
    while time.monotonic() < end:
        began = time.monotonic()
        with engine.begin() as connection:
            connection.execute(_WRITE)
        waits.append(time.monotonic() - began)
        time.sleep(PAUSE_SECONDS)
    told.put(waits)


def _open(database: Path) -> Engine:
    engine = create_engine(f"sqlite:///{database}", **engines.engine_options(distributed=False))
    engines.listen(engine)
    return engine


if __name__ == "__main__":
    main()
