"""Our job engine beside BullMQ, bare Huey and Procrastinate, on one machine and the same servers, concurrency 10.

What each promises differs, and so does what it costs: ours and Procrastinate commit every change to a PostgreSQL that
loses nothing; BullMQ keeps jobs in a Redis that is not written to disk here; a job that Huey has taken is gone if its
worker dies. Peers are installed at first use, outside the tree; one that cannot be is left out.
"""

import argparse
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adsapp.config import Settings
from bench.peers import table
from bench.peers.installing import Unavailable
from bench.peers.measuring import Figures, Plan, measure
from bench.peers.systems import BareHuey, BullMq, Ground, Ours, Procrastinate, System
from bench.peers.weighing import weigh_waiting
from bench.support.harness import commit_ms, distributed, durable_servers, make_organization

SYSTEMS: dict[str, Callable[[Ground], System]] = {
    "ours": Ours,
    "ours_2": lambda ground: Ours(ground, processes=2),
    "bullmq": BullMq,
    "huey": BareHuey,
    "procrastinate": Procrastinate,
}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=20_000, help="no-op jobs of each system, half as many that sleep")
    parser.add_argument("--seconds", type=float, default=20.0, help="at most for each backlog; slow systems do fewer")
    parser.add_argument("--only", default=",".join(SYSTEMS), help="systems to measure, comma-separated: %(default)s")
    parser.add_argument("--waiting", type=int, default=1_000_000, help="rows that wait while Redis is weighed; 0: none")
    arguments = parser.parse_args()
    wanted = arguments.only.split(",")
    if unknown := set(wanted) - set(SYSTEMS):
        parser.error(f"no system is called {', '.join(sorted(unknown))}; known: {', '.join(SYSTEMS)}")
    load = os.getloadavg()[0]  # what others do on this machine shakes every figure
    with _ground() as ground:
        commit = commit_ms(ground.servers.database_url)
        measured, missing = _measure_all(ground, wanted, Plan(arguments.jobs, arguments.seconds))
        around = table.Around(commit, load, arguments.waiting, _weigh(ground, arguments.waiting))
    table.show(measured, missing, around)
    print(json.dumps(table.summary(measured, around)))


@contextmanager
def _ground() -> Iterator[Ground]:
    home = Path(tempfile.mkdtemp(prefix="adsapp-bench-"))
    try:
        with durable_servers() as servers:
            settings = Settings(
                home=home,
                log_level="ERROR",
                **distributed(servers),
            )
            yield Ground(servers, home, settings, make_organization(settings))
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure_all(ground: Ground, wanted: Sequence[str], plan: Plan) -> tuple[dict[str, Figures], dict[str, str]]:
    measured, missing = {}, {}
    for name in wanted:
        system = SYSTEMS[name](ground)
        print(f"measuring {system.label} …", flush=True)
        try:
            system.install()
            measured[name] = figures = measure(system, plan)
            print(
                f"  {figures.noop_per_s:,.0f} no-op jobs/s, idle start p50 {figures.latency_p50_ms:.1f} ms", flush=True
            )
        except Unavailable as error:
            missing[system.label] = str(error)
        finally:
            system.close()
    return measured, missing


def _weigh(ground: Ground, count: int) -> float | None:
    if not count:
        return None
    print(f"weighing {count:,} waiting jobs …", flush=True)
    return weigh_waiting(ground, count)


if __name__ == "__main__":
    main()
